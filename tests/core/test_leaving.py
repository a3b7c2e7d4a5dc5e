"""A host that leaves: what is decided of its tasks."""

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.model.tasks import DesiredStatus, StopCode, TaskStatus
from slipway.core.rules import Rules
from slipway.core.tasks.leaving import REASON, decide_leave
from tests.core.records import a_host, a_task, snapshot_of

CONTEXT = Context(now=100.0, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=Rules())


def test_its_tasks_are_to_stop_and_nobody_else_s() -> None:
    here, there = a_task(1, last_status=TaskStatus.RUNNING), a_task(2, host_id="host2")
    snapshot = snapshot_of(a_host(), a_host("host2"), here, there)
    snapshot.apply(decide_leave(snapshot, "host1", CONTEXT).changes)
    assert snapshot.hosts["host1"].is_draining
    assert not snapshot.hosts["host2"].is_draining
    stopped = snapshot.tasks[here.arn]
    assert (stopped.desired_status, stopped.stop_code) == (DesiredStatus.STOPPED, StopCode.TERMINATION_NOTICE)
    assert stopped.stopped_reason == REASON
    assert snapshot.tasks[there.arn] == there


def test_no_stop_is_ordered_before_the_drain() -> None:
    """The task goes the way of every stop: deregistered and drained before its host is told."""
    snapshot = snapshot_of(a_host(), a_task(1, last_status=TaskStatus.RUNNING))
    plan = decide_leave(snapshot, "host1", CONTEXT)
    assert not plan.commands
    snapshot.apply(plan.changes)
    assert all(task.stop_ordered_at is None for task in snapshot.tasks.values())


def test_what_stops_already_keeps_its_reason() -> None:
    stopping = a_task(1, desired_status=DesiredStatus.STOPPED, stop_code=StopCode.USER_INITIATED, stopped_reason="mine")
    snapshot = snapshot_of(a_host(), stopping)
    snapshot.apply(decide_leave(snapshot, "host1", CONTEXT).changes)
    assert snapshot.tasks[stopping.arn] == stopping


def test_a_host_nobody_knows() -> None:
    assert decide_leave(snapshot_of(), "host9", CONTEXT).is_empty

"""What a host's report at its return means for the tasks it names, and for those it does not."""

from typing import Any

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.model.tasks import DesiredStatus, Task, TaskStatus
from slipway.core.observations import HostReport
from slipway.core.observe import observe
from slipway.core.plan import Plan, StartTask
from slipway.core.rules import Rules
from tests.core.records import a_definition, a_host, a_task, snapshot_of

NOW = 100.0
CONTEXT = Context(
    now=NOW, ids=Ids(seed="1", sequence=0), arns=Arns(account="000000000000", region="local"), rules=Rules()
)


def returned_without(task: Task) -> Plan:
    """The plan when the host of a task comes back and does not have it."""
    snapshot = snapshot_of(a_host(), a_definition(), task)
    return observe(snapshot, HostReport(host=a_host(), tasks=(), at=NOW), CONTEXT)


@pytest.mark.parametrize("status", [TaskStatus.PROVISIONING, TaskStatus.PENDING, TaskStatus.ACTIVATING])
def test_a_task_that_was_on_its_way_is_started_again(status: TaskStatus) -> None:
    task = a_task(last_status=status)
    plan = returned_without(task)
    assert [type(command) for command in plan.commands] == [StartTask]
    assert not plan.changes


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"last_status": TaskStatus.RUNNING, "started_at": 50.0}, id="it ran"),
        pytest.param({"desired_status": DesiredStatus.STOPPED}, id="it is to stop"),
    ],
)
def test_a_task_that_is_lost_has_stopped(members: dict[str, Any]) -> None:
    plan = returned_without(a_task(**members))
    (stopped,) = [change.record for change in plan.changes]
    assert isinstance(stopped, Task)
    assert (stopped.last_status, stopped.stopped_at) == (TaskStatus.STOPPED, NOW)
    assert not plan.commands

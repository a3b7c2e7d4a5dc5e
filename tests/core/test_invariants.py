"""Every invariant is seen to break on what breaks it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.invariants import check_decisions, check_moves, check_rest, check_state
from slipway.core.model.deployments import Deployment, DeploymentStatus
from slipway.core.model.load_balancing import TargetState
from slipway.core.model.services import Service
from slipway.core.model.tasks import DesiredStatus, StopCode, Task, TaskStatus
from slipway.core.plan import Put
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from tests.core.records import CLUSTER, a_definition, a_host, a_target, a_task, snapshot_of

SERVICE = Service(
    arn="arn:aws:ecs:local:000000000000:service/default/web",
    name="web",
    cluster_arn=CLUSTER,
    created_at=0,
    desired_count=2,
)
CONTEXT = Context(now=100.0, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=Rules())


def a_deployment(number: int, **members: Any) -> Deployment:
    return Deployment(
        id=f"ecs-svc/{number}",
        service_arn=SERVICE.arn,
        revision_arn=f"revision/{number}",
        service_deployment_arn=f"service-deployment/{number}",
        task_definition_arn=a_definition().arn,
        created_at=0,
        updated_at=0,
        **members,
    )


def ours(number: int, **members: Any) -> Task:
    """A task of the service's first deployment, healthy unless said otherwise."""
    given: dict[str, Any] = {"last_status": TaskStatus.RUNNING, "started_at": 1.0, "healthy_at": 41.0}
    return a_task(number, service_arn=SERVICE.arn, deployment_id="ecs-svc/1", **{**given, **members})


STOPPED_BY_US: dict[str, Any] = {
    "desired_status": DesiredStatus.STOPPED,
    "stop_code": StopCode.SERVICE_SCHEDULER_INITIATED,
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {"last_status": TaskStatus.RUNNING}, {"last_status": TaskStatus.ACTIVATING}, id="status goes back"
        ),
        pytest.param({"last_status": TaskStatus.STOPPED}, {"last_status": TaskStatus.RUNNING}, id="risen from STOPPED"),
        pytest.param(
            {"desired_status": DesiredStatus.STOPPED}, {"desired_status": DesiredStatus.RUNNING}, id="wanted again"
        ),
    ],
)
def test_moves_that_break(before: dict[str, Any], after: dict[str, Any]) -> None:
    old = a_task(1, **before)
    with pytest.raises(AssertionError):
        check_moves({old.arn: old}, [Put(record=replace(old, **after))])


def test_moves_within_one_commit() -> None:
    """A commit may hold several changes of one task: each is compared with the one before it."""
    old = a_task(1, last_status=TaskStatus.RUNNING)
    steps = [replace(old, last_status=status) for status in (TaskStatus.STOPPING, TaskStatus.RUNNING)]
    with pytest.raises(AssertionError, match="STOPPING to RUNNING"):
        check_moves({old.arn: old}, [Put(record=step) for step in steps])


def decided(*tasks: Task, before: tuple[Task, ...], targets: tuple[str, ...] = ()) -> None:
    """Check a commit that left these tasks, with those of `before` as they were."""
    records = [a_target(task_arn=arn) for arn in targets]
    snapshot = snapshot_of(a_definition(), SERVICE, a_deployment(1), *tasks, *records)
    changes = [Put(record=task) for task in tasks if task not in before]
    check_decisions(snapshot, {task.arn: task for task in before}, changes)


def test_healthy_tasks_below_the_minimum() -> None:
    kept, gone = ours(1), ours(2)
    with pytest.raises(AssertionError, match="1 are left, 2 must be"):
        decided(kept, replace(gone, **STOPPED_BY_US), before=(kept, gone))
    decided(
        kept,
        replace(gone, desired_status=DesiredStatus.STOPPED, stop_code=StopCode.USER_INITIATED),
        before=(kept, gone),
    )
    decided(kept, replace(gone, unhealthy_reason="sick", **STOPPED_BY_US), before=(kept, gone))


def test_started_above_the_maximum() -> None:
    tasks = tuple(ours(number) for number in range(1, 6))
    with pytest.raises(AssertionError, match="5 are to run, 4 may"):
        decided(*tasks, before=tasks[:4])
    decided(*tasks[:4], before=tasks[:3])


def test_signalled_while_a_target() -> None:
    task = ours(1, **STOPPED_BY_US)
    with pytest.raises(AssertionError, match="still a target"):
        decided(replace(task, stop_ordered_at=5.0), before=(task,), targets=(task.arn,))
    decided(replace(task, stop_ordered_at=5.0), before=(task,))


def oversold() -> Snapshot:
    return snapshot_of(a_host(cpu=400), a_task(1), a_task(2))


def port_twice() -> Snapshot:
    return snapshot_of(a_host(), a_task(1, host_ports=(80,)), a_task(2, host_ports=(80,)))


def stopped_and_wanted() -> Snapshot:
    return snapshot_of(a_task(1, last_status=TaskStatus.STOPPED))


def signalled_and_wanted() -> Snapshot:
    return snapshot_of(a_task(1, stop_ordered_at=1.0))


def two_primaries() -> Snapshot:
    return snapshot_of(SERVICE, a_deployment(1), a_deployment(2))


def no_primary() -> Snapshot:
    return snapshot_of(SERVICE, a_deployment(1, status=DeploymentStatus.ACTIVE))


def miscounted_phase() -> Snapshot:
    snapshot = snapshot_of(a_host(), SERVICE, a_deployment(1), ours(1))
    snapshot.service_tasks(SERVICE.arn).replace(ours(1), None)
    return snapshot


def misordered_hosts() -> Snapshot:
    snapshot = snapshot_of(a_host())
    snapshot.host_order.discard("host1")
    return snapshot


def miscounted_room() -> Snapshot:
    snapshot = snapshot_of(a_host(), a_task(1))
    snapshot.room("host1").hold(cpu=-1, memory=0, host_ports=())
    return snapshot


@pytest.mark.parametrize(
    "broken",
    [
        oversold,
        port_twice,
        stopped_and_wanted,
        signalled_and_wanted,
        two_primaries,
        no_primary,
        miscounted_phase,
        miscounted_room,
        misordered_hosts,
    ],
)
def test_state_that_breaks(broken: Callable[[], Snapshot]) -> None:
    with pytest.raises(AssertionError):
        check_state(broken())


def test_state_that_holds() -> None:
    target = a_target(task_arn=ours(1).arn, state=TargetState.HEALTHY)
    check_state(snapshot_of(a_host(), SERVICE, a_deployment(1), ours(1), ours(2), target, a_task(3)))


def test_rest_that_breaks() -> None:
    with pytest.raises(AssertionError, match="not at rest"):
        check_rest(snapshot_of(a_task(1, desired_status=DesiredStatus.STOPPED)), CONTEXT)
    with pytest.raises(AssertionError, match="not at rest"):
        check_rest(snapshot_of(a_target(state=TargetState.DRAINING, drain_until=99.0)), CONTEXT)
    check_rest(snapshot_of(a_task(1), a_target(state=TargetState.DRAINING, drain_until=101.0)), CONTEXT)

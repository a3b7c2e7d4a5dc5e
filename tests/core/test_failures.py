"""Which ends of tasks are counted as failures of their deployment, and what is written and told of them."""

from typing import Any

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deployments.failures import FAILURES_KEPT, Account, may_count, note_tasks
from slipway.core.ids import Ids
from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState
from slipway.core.model.services import Service
from slipway.core.model.tasks import StopCode, Task, TaskStatus
from slipway.core.rules import Rules
from tests.core.records import (
    SERVICE_ARN,
    a_definition,
    a_deployment,
    a_revision,
    a_roll_out,
    a_service,
    a_task,
    snapshot_of,
)

BREAKER = DeploymentCircuitBreaker(is_enabled=True)
CONTEXT = Context(now=100.0, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=Rules())
COMPLETED: dict[str, Any] = {"rollout_state": RolloutState.COMPLETED, "is_proven": True}
GOOD = a_deployment(1, **COMPLETED, status=DeploymentStatus.ACTIVE)


def a_failed(number: int = 1, *, deployment_id: str = "ecs-svc/2", **members: Any) -> Task:
    """A task that could not be started for want of its image."""
    given: dict[str, Any] = {
        "service_arn": SERVICE_ARN,
        "deployment_id": deployment_id,
        "last_status": TaskStatus.STOPPED,
        "stop_code": StopCode.TASK_FAILED_TO_START,
        "stopped_reason": "CannotPullContainerError: i/o timeout",
    }
    return a_task(number, **{**given, **members})


def an_account(*deployments: Deployment, service: Service = a_service()) -> Account:
    numbers = [int(one.id.removeprefix("ecs-svc/")) for one in deployments]
    records = [record for number in numbers for record in (a_revision(number), a_roll_out(number))]
    snapshot = snapshot_of(service, a_definition(), *records, *deployments)
    return Account(snapshot=snapshot, service=service, context=CONTEXT)


@pytest.mark.parametrize(
    ("deployment", "task", "expected"),
    [
        pytest.param(a_deployment(2), {}, True, id="of the deployment in progress"),
        pytest.param(a_deployment(2), {"healthy_at": 50.0}, True, id="that had been healthy, in progress"),
        pytest.param(a_deployment(2), {"is_counted": True}, False, id="counted already"),
        pytest.param(a_deployment(2, **COMPLETED), {}, True, id="at rest, never healthy"),
        pytest.param(a_deployment(2, **COMPLETED), {"healthy_at": 50.0}, False, id="at rest, had been healthy"),
        pytest.param(a_deployment(2), {"deployment_id": "ecs-svc/1"}, True, id="of the good old one, never healthy"),
        pytest.param(
            a_deployment(2),
            {"deployment_id": "ecs-svc/1", "healthy_at": 50.0},
            False,
            id="of the good old one, had been healthy",
        ),
        pytest.param(a_deployment(2), {"deployment_id": "ecs-svc/0"}, False, id="of one that is not known any more"),
    ],
)
def test_may_count(deployment: Deployment, task: dict[str, Any], expected: bool) -> None:
    service = a_service()
    snapshot = snapshot_of(service, GOOD, deployment)
    assert may_count(snapshot, service, a_failed(**task)) is expected


def test_old_deployments_that_never_completed_count_nothing() -> None:
    service = a_service()
    superseded = a_deployment(2, status=DeploymentStatus.ACTIVE)
    assert not may_count(snapshot_of(service, GOOD, superseded, a_deployment(3)), service, a_failed())


def test_failures_of_the_old_deployment_are_not_the_new_one_s() -> None:
    account = an_account(GOOD, a_deployment(2), service=a_service(circuit_breaker=BREAKER))
    note_tasks(account, seen=(), healthy=(), failed=[a_failed(deployment_id="ecs-svc/1")])
    assert set(account.deployments) == {"ecs-svc/1"}
    assert account.deployments["ecs-svc/1"].failed_tasks == 1
    assert account.deployments["ecs-svc/1"].failure_count == 0
    assert not account.roll_outs


@pytest.mark.parametrize(
    ("failed_before", "tells"),
    [
        pytest.param(0, "failure 1 of 3: (task T) image: CannotPullContainerError: i/o timeout; next start at once."),
        pytest.param(2, "failure 3 of 3: (task T) image: CannotPullContainerError: i/o timeout."),
    ],
)
def test_each_failure_is_told(failed_before: int, tells: str) -> None:
    deployment = a_deployment(2, failed_tasks=failed_before, failure_count=failed_before)
    account = an_account(deployment, service=a_service(circuit_breaker=BREAKER))
    task = a_failed()
    note_tasks(account, seen=(), healthy=(), failed=[task])
    assert account.messages == [f"(deployment ecs-svc/2) {tells}".replace("T)", f"{task.id})")]
    (roll_out,) = account.roll_outs.values()
    assert roll_out.failure_count == failed_before + 1
    assert [one.task_arn for one in roll_out.failures] == [task.arn]


def test_the_delay_of_the_next_start_is_told_and_written() -> None:
    account = an_account(a_deployment(2, failed_tasks=6, failed_starts=6))
    note_tasks(account, seen=(), healthy=(), failed=[a_failed()])
    assert account.deployments["ecs-svc/2"].retry_at == 108.0
    assert account.messages[0].endswith("; next start in 8 s.")


@pytest.mark.parametrize(
    ("failed_start_at", "created_at", "failed_starts"),
    [
        pytest.param(None, [10.0] * 20, 1, id="the first round, however many tasks"),
        pytest.param(50.0, [49.0], 4, id="started before the last round was counted: it belongs to it"),
        pytest.param(50.0, [50.0], 5, id="started in its stead"),
        pytest.param(50.0, [49.0, 51.0], 5, id="some of both"),
    ],
)
def test_rounds_of_starts(failed_start_at: float | None, created_at: list[float], failed_starts: int) -> None:
    """The delay grows with each round of starts that failed, not with each task."""
    before = a_deployment(2, failed_starts=0 if failed_start_at is None else 4, failed_start_at=failed_start_at)
    account = an_account(before)
    tasks = [a_failed(number, created_at=created) for number, created in enumerate(created_at)]
    note_tasks(account, seen=(), healthy=(), failed=tasks)
    after = account.deployments["ecs-svc/2"]
    assert (after.failed_starts, after.failed_tasks) == (failed_starts, len(tasks))


def test_failed_health_checks_are_no_failed_round_of_starts() -> None:
    account = an_account(a_deployment(2, failed_starts=9))
    sick = a_failed(last_status=TaskStatus.RUNNING, stop_code=None, unhealthy_reason="Task failed ELB health checks")
    note_tasks(account, seen=(), healthy=(), failed=[sick])
    after = account.deployments["ecs-svc/2"]
    assert (after.failed_starts, after.failed_tasks, after.retry_at) == (9, 1, None)
    assert account.messages == [f"(deployment ecs-svc/2) failure 1: (task {sick.id}) health: {sick.unhealthy_reason}."]


def test_a_service_that_never_starts_its_tasks_says_so_once() -> None:
    account = an_account(a_deployment(2, failed_starts=3, failed_start_at=50.0))
    for number, created_at in ((1, 60.0), (2, 100.0)):
        note_tasks(account, seen=(), healthy=(), failed=[a_failed(number, created_at=created_at)])
    assert account.deployments["ecs-svc/2"].failed_starts == 5
    assert account.messages.count("is unable to consistently start tasks successfully.") == 1


def test_signatures_of_the_running_row_are_counted() -> None:
    account = an_account(a_deployment(2))
    missing = "CannotPullContainerError: manifest unknown"
    note_tasks(account, seen=(), healthy=(), failed=[a_failed(1, stopped_reason=missing), a_failed(2)])
    note_tasks(account, seen=(), healthy=(), failed=[a_failed(3, stopped_reason=missing)])
    assert account.deployments["ecs-svc/2"].signatures == {missing: 2}
    note_tasks(account, seen=(), healthy=[a_failed(4)], failed=())
    assert account.deployments["ecs-svc/2"].signatures == {}


@pytest.mark.parametrize(
    ("breaker", "deployment", "failure_count"),
    [
        pytest.param(BREAKER, {}, 0, id="by default"),
        pytest.param(
            DeploymentCircuitBreaker(is_reset_by_healthy_task=False), {}, 2, id="not by the breaker's setting"
        ),
        pytest.param(BREAKER, {"bake_until": 500.0}, 2, id="not while it bakes"),
    ],
)
def test_a_healthy_task_ends_the_row(
    breaker: DeploymentCircuitBreaker, deployment: dict[str, Any], failure_count: int
) -> None:
    """The launch throttle ends in any case."""
    before = a_deployment(2, failed_tasks=2, failure_count=2, retry_at=200.0, **deployment)
    account = an_account(before, service=a_service(circuit_breaker=breaker))
    note_tasks(account, seen=(), healthy=[a_failed()], failed=())
    after = account.deployments["ecs-svc/2"]
    assert (after.failed_tasks, after.failure_count, after.retry_at) == (0, failure_count, None)


def test_a_way_back_s_failures_are_kept_and_do_not_change_the_count_of_what_it_takes_back() -> None:
    back = a_deployment(1, is_proven=True, rolls_back="service-deployment/2")
    failed = a_deployment(2, status=DeploymentStatus.ACTIVE, rollout_state=RolloutState.FAILED)
    account = an_account(back, failed)
    note_tasks(account, seen=(), healthy=(), failed=[a_failed(deployment_id="ecs-svc/1")])
    assert account.deployments["ecs-svc/1"].failure_count == 1
    roll_out = account.roll_outs["service-deployment/2"]
    assert roll_out.failure_count == 0
    assert [one.deployment_id for one in roll_out.failures] == ["ecs-svc/1"]


def test_the_first_failures_are_kept_and_the_rest_is_counted() -> None:
    account = an_account(a_deployment(2))
    note_tasks(account, seen=(), healthy=(), failed=[a_failed(number) for number in range(FAILURES_KEPT + 10)])
    (roll_out,) = account.roll_outs.values()
    assert len(roll_out.failures) == FAILURES_KEPT
    assert roll_out.failure_count == FAILURES_KEPT + 10

"""The end of a deployment that failed: what it goes back to, and what is written of it."""

from typing import Any

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deployments.detection import Detection
from slipway.core.deployments.roll_back import end_deployment, request_roll_back, roll_back_target
from slipway.core.ids import Ids
from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    Detector,
    RolloutState,
    ServiceDeployment,
    ServiceDeploymentStatus,
)
from slipway.core.plan import Record
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from tests.core.records import (
    SERVICE_ARN,
    a_definition,
    a_deployment,
    a_revision,
    a_roll_out,
    a_service,
    snapshot_of,
)

SERVICE = a_service(circuit_breaker=DeploymentCircuitBreaker(is_enabled=True, rolls_back=True))
CONTEXT = Context(now=100.0, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=Rules())
COMPLETED: dict[str, Any] = {"rollout_state": RolloutState.COMPLETED, "status": DeploymentStatus.INACTIVE}
TRIPPED = Detection(
    detector=Detector.CIRCUIT_BREAKER,
    rolls_back=True,
    event="tasks failed to start",
    state_reason="ECS deployment circuit breaker: tasks failed to start.",
    because="the circuit breaker threshold was exceeded",
)


def deployed(*deployments: Deployment, **roll_out: Any) -> Snapshot:
    """A service with these deployments; the members given are those of the last one's service deployment."""
    records: list[Record] = []
    for deployment in deployments:
        number = int(deployment.id.removeprefix("ecs-svc/"))
        members = roll_out if deployment is deployments[-1] else {}
        records += [a_revision(number), a_roll_out(number, **members), deployment]
    return snapshot_of(SERVICE, a_definition(), *records)


@pytest.mark.parametrize(
    ("deployments", "target"),
    [
        pytest.param([], None, id="the first deployment"),
        pytest.param([a_deployment(1, **COMPLETED, completed_at=5.0)], "ecs-svc/1", id="the one before"),
        pytest.param(
            [a_deployment(1, **COMPLETED, completed_at=5.0), a_deployment(2, **COMPLETED, completed_at=9.0)],
            "ecs-svc/2",
            id="the newest of two",
        ),
        pytest.param(
            [a_deployment(1, **COMPLETED, completed_at=20.0), a_deployment(2, **COMPLETED, completed_at=9.0)],
            "ecs-svc/1",
            id="the one that completed last, by a roll-back",
        ),
        pytest.param(
            [a_deployment(1, **COMPLETED, completed_at=5.0), a_deployment(2, rollout_state=RolloutState.FAILED)],
            "ecs-svc/1",
            id="past one that failed",
        ),
        pytest.param(
            [
                a_deployment(1, rollout_state=RolloutState.IN_PROGRESS, completed_at=5.0),
                a_deployment(2, status=DeploymentStatus.ACTIVE),
            ],
            None,
            id="one that was on its way back has not completed",
        ),
        pytest.param(
            [a_deployment(1, **COMPLETED, completed_at=5.0, task_definition_arn="deleted")],
            None,
            id="its task definition was deleted",
        ),
        pytest.param(
            [a_deployment(1, **COMPLETED, completed_at=-5.0, created_at=-9.0)], None, id="a service of the same name"
        ),
    ],
)
def test_target(deployments: list[Deployment], target: str | None) -> None:
    failed = a_deployment(9)
    found = roll_back_target(deployed(*deployments, failed), SERVICE, failed)
    assert (None if found is None else found.id) == target


def ended(snapshot: Snapshot, primary: Deployment, detection: Detection = TRIPPED) -> list[str]:
    """End the deployment; what is told of it."""
    plan = end_deployment(snapshot, SERVICE, primary, detection=detection, context=CONTEXT)
    snapshot.apply(plan.changes)
    return [event.message.removeprefix("(service web) ") for event in plan.events]


def roll_out_of(snapshot: Snapshot, number: int) -> ServiceDeployment:
    return snapshot.service_deployments[f"service-deployment/{number}"]


def test_the_way_back_is_the_old_deployment_under_its_old_id() -> None:
    failed_before: dict[str, Any] = {"failed_tasks": 2, "failure_count": 2, "failed_starts": 2, "signatures": {"x": 1}}
    good = a_deployment(1, **COMPLETED, completed_at=5.0, retry_at=7.0, **failed_before)
    failed = a_deployment(2, failed_tasks=3, failure_count=3, retry_at=120.0, deadline_at=500.0)
    snapshot = deployed(good, failed, failure_count=3)
    assert ended(snapshot, failed) == [
        "(deployment ecs-svc/2) deployment failed: tasks failed to start.",
        "rolling back to deployment ecs-svc/1.",
    ]
    back, gone = snapshot.deployments["ecs-svc/1"], snapshot.deployments["ecs-svc/2"]
    assert snapshot.primary(SERVICE_ARN) == back
    assert (back.rollout_state, back.rolls_back) == (RolloutState.IN_PROGRESS, "service-deployment/2")
    assert (back.failed_tasks, back.failure_count, back.retry_at) == (0, 0, None)
    assert (back.failed_starts, back.signatures) == (0, {})
    assert back.rollout_state_reason == "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
    assert (gone.status, gone.rollout_state) == (DeploymentStatus.ACTIVE, RolloutState.FAILED)
    assert (gone.retry_at, gone.deadline_at) == (None, None)
    roll_out = roll_out_of(snapshot, 2)
    assert roll_out.status is ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS
    assert roll_out.detected_by is Detector.CIRCUIT_BREAKER
    assert roll_out.threshold == 3
    assert roll_out.rollback is not None
    assert roll_out.rollback.revision_arn == "revision/1"
    assert roll_out_of(snapshot, 1).status is ServiceDeploymentStatus.IN_PROGRESS, "the old record is left alone"


def test_nothing_to_go_back_to() -> None:
    failed = a_deployment(1, failure_count=3, retry_at=120.0)
    snapshot = deployed(failed)
    assert ended(snapshot, failed)[-1] == (
        "(deployment ecs-svc/1) is not rolled back: there is no completed deployment to go back to."
    )
    stays = snapshot.primary(SERVICE_ARN)
    assert stays is not None
    assert (stays.id, stays.rollout_state, stays.retry_at) == ("ecs-svc/1", RolloutState.FAILED, None)
    roll_out = roll_out_of(snapshot, 1)
    assert (roll_out.status, roll_out.stopped_at) == (ServiceDeploymentStatus.STOPPED, 100.0)
    assert roll_out.status_reason is not None
    assert "there is no completed deployment to go back to" in roll_out.status_reason


def test_a_detector_that_does_not_roll_back() -> None:
    good, failed = a_deployment(1, **COMPLETED, completed_at=5.0), a_deployment(2)
    snapshot = deployed(good, failed)
    stop = Detection(
        detector=Detector.ALARM,
        rolls_back=False,
        event="alarm detected",
        state_reason="ECS deployment alarms: alarm detected.",
        because="an alarm was detected",
        alarms=("errors",),
    )
    assert ended(snapshot, failed, stop) == ["(deployment ecs-svc/2) deployment failed: alarm detected."]
    roll_out = roll_out_of(snapshot, 2)
    assert roll_out.status is ServiceDeploymentStatus.STOPPED
    assert roll_out.triggered_alarms == ("errors",)
    assert roll_out.rollback is None


def test_a_failure_on_the_way_back() -> None:
    """The verdict is the one of the service deployment that goes back, and keeps what had ended it."""
    older = a_deployment(1, **COMPLETED, completed_at=5.0)
    failed = a_deployment(3, status=DeploymentStatus.ACTIVE, rollout_state=RolloutState.FAILED)
    back = a_deployment(2, completed_at=9.0, rolls_back="service-deployment/3", failure_count=3)
    snapshot = deployed(
        older,
        back,
        failed,
        status=ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS,
        status_reason="Service deployment rolled back because an alarm was detected.",
        detected_by=Detector.ALARM,
        detected_at=50.0,
    )
    assert ended(snapshot, back)[-1] == "(deployment ecs-svc/2) is not rolled back: this was the way back."
    stays = snapshot.primary(SERVICE_ARN)
    assert stays is not None
    assert (stays.id, stays.rollout_state) == ("ecs-svc/2", RolloutState.FAILED)
    roll_out = roll_out_of(snapshot, 3)
    assert (roll_out.status, roll_out.finished_at) == (ServiceDeploymentStatus.ROLLBACK_FAILED, 100.0)
    assert (roll_out.detected_by, roll_out.detected_at) == (Detector.ALARM, 50.0)
    assert roll_out.status_reason == (
        "Service deployment rolled back because an alarm was detected. "
        "The way back failed because the circuit breaker threshold was exceeded."
    )


@pytest.mark.parametrize("status", list(ServiceDeploymentStatus))
def test_request(status: ServiceDeploymentStatus) -> None:
    """Only what has begun, and goes neither back nor is over, is asked to go back."""
    asked = request_roll_back(a_roll_out(status=status), now=7.0)
    is_going = status in (ServiceDeploymentStatus.PENDING, ServiceDeploymentStatus.IN_PROGRESS)
    expected = ServiceDeploymentStatus.ROLLBACK_REQUESTED if is_going else status
    assert asked.status is expected
    assert asked.updated_at == (7.0 if is_going else 1.0)

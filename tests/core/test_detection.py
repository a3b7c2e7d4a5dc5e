"""What ends a deployment before it is complete, and which of several causes decides."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deployments.detection import Detection, detect
from slipway.core.ids import Ids
from slipway.core.model.alarms import AlarmState
from slipway.core.model.deployment_configuration import DeploymentAlarms, DeploymentCircuitBreaker
from slipway.core.model.deployments import Deployment, Detector, RolloutState, ServiceDeploymentStatus
from slipway.core.model.services import Service, ServiceLoadBalancer
from slipway.core.model.tags import Tag
from slipway.core.model.tasks import TaskStatus
from slipway.core.rules import Rules
from tests.core.records import (
    SERVICE_ARN,
    a_deployment,
    a_revision,
    a_roll_out,
    a_service,
    a_task,
    an_alarm,
    snapshot_of,
)

NOW = 1000.0
BREAKER = DeploymentCircuitBreaker(is_enabled=True, rolls_back=True)
ALARMS = DeploymentAlarms(names=("errors", "latency"), is_enabled=True)


def found(
    service: Service,
    primary: Deployment,
    *,
    firing: tuple[str, ...] = (),
    rules: Rules = Rules(),
    **roll_out: Any,
) -> Detection | None:
    """What is detected of a deployment while these alarms fire; the other members are its service deployment's."""
    alarms = [
        an_alarm(name, state=AlarmState.ALARM if name in firing else AlarmState.OK) for name in ("errors", "latency")
    ]
    snapshot = snapshot_of(service, a_revision(), a_roll_out(**roll_out), primary, *alarms)
    context = Context(now=NOW, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=rules)
    return detect(snapshot, service, primary, context)


def detector(*given: Any, **options: Any) -> Detector | None:
    detection = found(*given, **options)
    return None if detection is None else detection.detector


REQUESTED: dict[str, Any] = {"status": ServiceDeploymentStatus.ROLLBACK_REQUESTED}
EVERYTHING = a_service(circuit_breaker=BREAKER, alarms=ALARMS)
FAILING = a_deployment(failed_tasks=3, failure_count=3, deadline_at=NOW)
CERTAIN = replace(FAILING, signatures={"CannotPull: not found": 2})


def test_precedence() -> None:
    """The user's request before certainty, the breaker, an alarm and the deadline."""
    assert detector(EVERYTHING, CERTAIN, firing=("errors",), **REQUESTED) is Detector.USER
    assert detector(EVERYTHING, CERTAIN, firing=("errors",)) is Detector.CERTAINTY
    assert detector(EVERYTHING, FAILING, firing=("errors",)) is Detector.CIRCUIT_BREAKER
    calm = replace(FAILING, failed_tasks=0, failure_count=0)
    assert detector(EVERYTHING, calm, firing=("errors",)) is Detector.ALARM
    assert detector(EVERYTHING, calm) is Detector.DEADLINE
    assert detector(EVERYTHING, replace(calm, deadline_at=NOW + 0.001)) is None


@pytest.mark.parametrize("state", [RolloutState.COMPLETED, RolloutState.FAILED])
def test_what_has_ended_is_not_ended_again(state: RolloutState) -> None:
    over = replace(CERTAIN, rollout_state=state)
    assert found(EVERYTHING, over, firing=("errors",), **REQUESTED) is None


@pytest.mark.parametrize(
    ("failure_count", "desired", "expected"),
    [
        pytest.param(0, 2, None, id="none"),
        pytest.param(2, 2, None, id="one short"),
        pytest.param(3, 2, Detector.CIRCUIT_BREAKER, id="the threshold itself"),
        pytest.param(4, 2, Detector.CIRCUIT_BREAKER, id="two at one instant"),
        pytest.param(3, 8, None, id="more are desired now"),
    ],
)
def test_circuit_breaker(failure_count: int, desired: int, expected: Detector | None) -> None:
    service = a_service(circuit_breaker=BREAKER, desired_count=desired)
    assert detector(service, a_deployment(failure_count=failure_count)) is expected


@pytest.mark.parametrize("rolls_back", [True, False])
def test_the_breaker_that_trips_says_whether_to_go_back(rolls_back: bool) -> None:
    service = a_service(circuit_breaker=replace(BREAKER, rolls_back=rolls_back))
    detection = found(service, a_deployment(failure_count=3))
    assert detection is not None
    assert detection.rolls_back is rolls_back
    assert detection.event == "tasks failed to start"
    assert detection.state_reason == "ECS deployment circuit breaker: tasks failed to start."


def test_a_breaker_that_is_off_detects_nothing() -> None:
    assert found(a_service(), replace(CERTAIN, deadline_at=None)) is None


@pytest.mark.parametrize(
    ("signatures", "is_certain"),
    [
        pytest.param({}, False, id="nothing certain"),
        pytest.param({"app: exit 1 within 2 s": 1}, False, id="once"),
        pytest.param({"app: exit 1 within 2 s": 1, "app: exit 2 within 2 s": 1}, False, id="two different ones"),
        pytest.param({"app: exit 1 within 2 s": 1, "CannotPull: not found": 2}, True, id="twice the same"),
    ],
)
def test_certainty(signatures: dict[str, int], is_certain: bool) -> None:
    """The breaker is far from its threshold of ten: only certainty can end it."""
    service = a_service(circuit_breaker=BREAKER, desired_count=20)
    detection = found(service, a_deployment(signatures=signatures))
    if not is_certain:
        assert detection is None
        return
    assert detection is not None
    assert detection.detector is Detector.CERTAINTY
    assert "(CannotPull: not found)" in detection.because


@pytest.mark.parametrize(
    ("rules", "tags"),
    [
        pytest.param(Rules(fails_on_certainty=False), (), id="by the server's setting"),
        pytest.param(Rules(), (Tag(key="slipway:fail-on-certainty", value="false"),), id="by the service's tag"),
    ],
)
def test_certainty_turned_off(rules: Rules, tags: tuple[Tag, ...]) -> None:
    service = a_service(circuit_breaker=BREAKER, desired_count=20, tags=tags)
    primary = a_deployment(failed_tasks=2, failure_count=2, signatures={"CannotPull: not found": 2})
    assert detector(service, primary, rules=rules) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(TaskStatus.RUNNING, Detector.CERTAINTY, id="a task waits for it"),
        pytest.param(TaskStatus.PENDING, None, id="no task is so far"),
    ],
)
def test_a_target_group_that_is_gone(status: TaskStatus, expected: Detector | None) -> None:
    service = a_service(circuit_breaker=BREAKER)
    binding = ServiceLoadBalancer(target_group_arn="group", container_name="app", container_port=80)
    task = a_task(service_arn=SERVICE_ARN, deployment_id="ecs-svc/1", last_status=status, started_at=1.0)
    primary = a_deployment()
    snapshot = snapshot_of(service, a_revision(load_balancers=(binding,)), a_roll_out(), primary, task)
    context = Context(now=NOW, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=Rules())
    detection = detect(snapshot, service, primary, context)
    assert (None if detection is None else detection.detector) is expected


def test_alarms_name_those_that_fire() -> None:
    detection = found(a_service(alarms=ALARMS), a_deployment(), firing=("latency",))
    assert detection is not None
    assert detection.alarms == ("latency",)
    assert detection.event == "alarm detected"
    assert not detection.rolls_back


@pytest.mark.parametrize(
    ("alarms", "options"),
    [
        pytest.param(replace(ALARMS, is_enabled=False), {}, id="turned off"),
        pytest.param(ALARMS, {"ignores_alarms": True}, id="one fired when it began"),
        pytest.param(replace(ALARMS, names=("latency",)), {}, id="another service's alarm"),
    ],
)
def test_alarms_that_are_not_watched(alarms: DeploymentAlarms, options: dict[str, Any]) -> None:
    assert found(a_service(alarms=alarms), a_deployment(), firing=("errors",), **options) is None


def test_a_way_back_is_watched_by_the_breaker_only() -> None:
    back = a_deployment(rolls_back="service-deployment/1", deadline_at=NOW)
    assert found(EVERYTHING, back, firing=("errors",)) is None
    assert detector(EVERYTHING, replace(back, failure_count=3)) is Detector.CIRCUIT_BREAKER


@pytest.mark.parametrize(("action", "rolls_back"), [("rollback", True), ("stop", False)])
def test_deadline_action(action: str, rolls_back: bool) -> None:
    tag = Tag(key="slipway:deployment-deadline-action", value=action)
    detection = found(a_service(tags=(tag,)), a_deployment(deadline_at=NOW))
    assert detection is not None
    assert detection.rolls_back is rolls_back
    assert detection.event == "not complete by its deadline of 999 s"

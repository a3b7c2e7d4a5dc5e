"""The detectors of `deploymentConfiguration`: read into the service, shown again, refused where they make no sense."""

from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.deployment_configuration import (
    NO_ALARMS,
    NO_CIRCUIT_BREAKER,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    ThresholdType,
)
from slipway.core.model.services import Service
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, register

ON = {"enable": True, "rollback": True}
ALARMS = {"alarmNames": ["errors"], **ON}


def create(caller: Caller, **configuration: Any) -> tuple[Service, dict[str, Any]]:
    """The service's record, and its configuration as it is shown."""
    register(caller)
    caller.call(
        "CreateService",
        serviceName="web",
        taskDefinition="users",
        desiredCount=1,
        deploymentConfiguration=configuration,
    )
    return found(caller)


def update(caller: Caller, **configuration: Any) -> tuple[Service, dict[str, Any]]:
    caller.call("UpdateService", service="web", deploymentConfiguration=configuration)
    return found(caller)


def found(caller: Caller) -> tuple[Service, dict[str, Any]]:
    [shown] = caller.call("DescribeServices", services=["web"])["services"]
    return caller.snapshot.services[shown["serviceArn"]], shown["deploymentConfiguration"]


def threshold(kind: str, value: int) -> dict[str, Any]:
    return {"deploymentCircuitBreaker": {**ON, "thresholdConfiguration": {"type": kind, "value": value}}}


def test_a_service_without_detectors_shows_the_defaults_of_ecs() -> None:
    service, shown = create(ecs_caller())
    assert (service.circuit_breaker, service.alarms, service.bake_time_s) == (NO_CIRCUIT_BREAKER, NO_ALARMS, None)
    assert shown == {
        "strategy": "ROLLING",
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "bakeTimeInMinutes": 0,
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
    }


@pytest.mark.parametrize(
    ("given", "read"),
    [
        pytest.param(ON, DeploymentCircuitBreaker(is_enabled=True, rolls_back=True), id="on"),
        pytest.param({"enable": True, "rollback": False}, DeploymentCircuitBreaker(is_enabled=True), id="no way back"),
        pytest.param({"enable": False, "rollback": False}, NO_CIRCUIT_BREAKER, id="off"),
        pytest.param(
            {**ON, "resetOnHealthyTask": False, "thresholdConfiguration": {"type": "COUNT", "value": 7}},
            DeploymentCircuitBreaker(
                is_enabled=True,
                rolls_back=True,
                is_reset_by_healthy_task=False,
                threshold_type=ThresholdType.COUNT,
                threshold_value=7,
            ),
            id="all members",
        ),
    ],
)
def test_a_circuit_breaker_is_read_and_shown_as_given(given: dict[str, Any], read: DeploymentCircuitBreaker) -> None:
    service, shown = create(ecs_caller(), deploymentCircuitBreaker=given)
    assert service.circuit_breaker == read
    assert shown["deploymentCircuitBreaker"] == given


def test_alarms_are_read_once_each_and_bring_a_bake_time_of_their_own() -> None:
    alarms = {"alarmNames": ["b", "a", "b"], "enable": True, "rollback": False}
    service, shown = create(ecs_caller(), alarms=alarms)
    assert service.alarms == DeploymentAlarms(names=("b", "a"), is_enabled=True)
    assert service.bake_time_s is None
    assert shown["alarms"] == alarms
    assert "bakeTimeInMinutes" not in shown


@pytest.mark.parametrize("minutes", [0, 3, 1440])
def test_a_bake_time_is_read_in_seconds(minutes: int) -> None:
    service, shown = create(ecs_caller(), bakeTimeInMinutes=minutes, alarms=ALARMS)
    assert (service.bake_time_s, shown["bakeTimeInMinutes"]) == (minutes * 60, minutes)


def test_an_update_replaces_the_members_it_gives_as_a_whole_and_leaves_the_others() -> None:
    caller = ecs_caller()
    create(caller, **threshold("COUNT", 5), alarms=ALARMS, bakeTimeInMinutes=2, maximumPercent=150)
    service, shown = update(caller, deploymentCircuitBreaker={"enable": True, "rollback": False})
    assert service.circuit_breaker == DeploymentCircuitBreaker(is_enabled=True)
    assert service.alarms == DeploymentAlarms(names=("errors",), is_enabled=True, rolls_back=True)
    assert (service.bake_time_s, service.maximum_percent) == (120, 150)
    assert shown["deploymentCircuitBreaker"] == {"enable": True, "rollback": False}
    service, _ = update(caller, alarms={"alarmNames": [], "enable": False, "rollback": False})
    assert service.alarms == NO_ALARMS
    assert service.circuit_breaker.is_enabled
    assert len(caller.snapshot.service_history(service.arn)) == 1, "no detector begins a deployment"


PLACE = "deploymentConfiguration."
VALUE = f"{PLACE}deploymentCircuitBreaker.thresholdConfiguration.value is"


@pytest.mark.parametrize(
    ("configuration", "start"),
    [
        pytest.param(threshold("COUNT", 0), f"{VALUE} 0; give at least 1 failure for the type COUNT.", id="count"),
        pytest.param(threshold("BOUNDED_PERCENT", 0), f"{VALUE} 0; give a number from 1 to 100", id="no percent"),
        pytest.param(threshold("BOUNDED_PERCENT", 101), f"{VALUE} 101; give a number from 1 to 100", id="percent"),
        pytest.param(threshold("UNBOUNDED_PERCENT", 101), f"{VALUE} 101; give a number", id="unbounded percent"),
        pytest.param(
            threshold("SHARE", 5),
            f"{PLACE}deploymentCircuitBreaker.thresholdConfiguration.type 'SHARE' is not known; use one of COUNT,",
            id="type",
        ),
        pytest.param(
            {"alarms": {**ALARMS, "alarmNames": []}},
            f"{PLACE}alarms.alarmNames is empty; name the alarms to watch",
            id="no alarms",
        ),
        pytest.param(
            {"alarms": {**ALARMS, "alarmNames": [""]}},
            f"{PLACE}alarms.alarmNames has a name of 0 characters",
            id="an alarm without a name",
        ),
        pytest.param(
            {"alarms": {**ALARMS, "alarmNames": ["x" * 256]}},
            f"{PLACE}alarms.alarmNames has a name of 256 characters",
            id="a long name",
        ),
        pytest.param(
            {"alarms": {**ALARMS, "alarmNames": [str(number) for number in range(101)]}},
            f"{PLACE}alarms.alarmNames has 101 items; give at most 100.",
            id="too many alarms",
        ),
        pytest.param({"bakeTimeInMinutes": -1}, f"{PLACE}bakeTimeInMinutes is -1; give a number from 0", id="negative"),
        pytest.param({"bakeTimeInMinutes": 1441}, f"{PLACE}bakeTimeInMinutes is 1441; give", id="more than a day"),
    ],
)
def test_a_detector_that_makes_no_sense_is_refused_by_name(configuration: dict[str, Any], start: str) -> None:
    caller = ecs_caller()
    with pytest.raises(ApiError) as refused:
        create(caller, **configuration)
    assert refused.value.code == "InvalidParameterException"
    assert refused.value.message.startswith(start)
    assert not caller.snapshot.services
    create(caller, alarms=ALARMS)
    before, _ = found(caller)
    with pytest.raises(ApiError):
        update(caller, **configuration)
    assert found(caller)[0] == before


@pytest.mark.parametrize(
    "configuration",
    [
        pytest.param({"strategy": "CANARY"}, id="strategy"),
        pytest.param({"lifecycleHooks": [{"hookTargetArn": "arn"}]}, id="hooks"),
        pytest.param({"earlySuccessCriteria": {"enable": True, "healthyPercent": 50}}, id="early success"),
        pytest.param({"canaryConfiguration": {"canaryPercent": 5.0}}, id="canary"),
        pytest.param({"linearConfiguration": {"stepPercent": 5.0}}, id="linear"),
    ],
)
def test_what_is_not_served_is_refused(configuration: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match="asks for a strategy other than ROLLING") as refused:
        create(ecs_caller(), **configuration)
    assert refused.value.code == "UnsupportedFeatureException"

"""The detectors of a deployment in `deploymentConfiguration`: the circuit breaker, the alarms, and the bake time."""

from collections.abc import Mapping
from typing import Any

from slipway.api.parameters import choice, invalid
from slipway.core.model.deployment_configuration import (
    NO_ALARMS,
    NO_CIRCUIT_BREAKER,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    ThresholdType,
)

_PLACE = "deploymentConfiguration."
_THRESHOLD = f"{_PLACE}deploymentCircuitBreaker.thresholdConfiguration."
_ALARMS = f"{_PLACE}alarms.alarmNames"

#: ECS API, `DeploymentConfiguration`: a day.
BAKE_TIME_LIMIT_MINUTES = 1440
#: Alarms that ECS can ask for at once (CloudWatch API, DescribeAlarms), and the length of a name (PutMetricAlarm).
ALARMS_LIMIT = 100
ALARM_NAME_LIMIT = 255


def check_detectors(configuration: Mapping[str, Any]) -> None:
    """Check the detectors' members. Raises InvalidParameterException naming the member."""
    threshold = configuration.get("deploymentCircuitBreaker", {}).get("thresholdConfiguration")
    if threshold is not None:
        _check_threshold(threshold)
    if "alarms" in configuration:
        _check_alarms(configuration["alarms"])
    minutes = configuration.get("bakeTimeInMinutes")
    if minutes is not None and not 0 <= minutes <= BAKE_TIME_LIMIT_MINUTES:
        raise invalid(f"{_PLACE}bakeTimeInMinutes is {minutes}; give a number from 0 to {BAKE_TIME_LIMIT_MINUTES}.")


def _check_threshold(threshold: Mapping[str, Any]) -> None:
    kind = ThresholdType(choice(threshold, "type", tuple(ThresholdType), place=_THRESHOLD) or "")
    value = threshold["value"]
    if kind is ThresholdType.COUNT and value < 1:
        raise invalid(f"{_THRESHOLD}value is {value}; give at least 1 failure for the type COUNT.")
    if kind is not ThresholdType.COUNT and not 1 <= value <= 100:
        raise invalid(f"{_THRESHOLD}value is {value}; give a number from 1 to 100 for the type {kind}.")


def _check_alarms(alarms: Mapping[str, Any]) -> None:
    names = alarms["alarmNames"]
    if alarms["enable"] and not names:
        raise invalid(f"{_ALARMS} is empty; name the alarms to watch, or set enable to false.")
    if len(names) > ALARMS_LIMIT:
        raise invalid(f"{_ALARMS} has {len(names)} items; give at most {ALARMS_LIMIT}.")
    for name in names:
        if not 1 <= len(name) <= ALARM_NAME_LIMIT:
            raise invalid(f"{_ALARMS} has a name of {len(name)} characters; give names of 1 to {ALARM_NAME_LIMIT}.")


def circuit_breaker_of(configuration: Mapping[str, Any]) -> DeploymentCircuitBreaker:
    """The circuit breaker that a checked configuration asks for; none is ECS's default."""
    given = configuration.get("deploymentCircuitBreaker")
    if given is None:
        return NO_CIRCUIT_BREAKER
    threshold = given.get("thresholdConfiguration") or {}
    return DeploymentCircuitBreaker(
        is_enabled=given["enable"],
        rolls_back=given["rollback"],
        is_reset_by_healthy_task=given.get("resetOnHealthyTask", NO_CIRCUIT_BREAKER.is_reset_by_healthy_task),
        threshold_type=ThresholdType(threshold.get("type", NO_CIRCUIT_BREAKER.threshold_type)),
        threshold_value=threshold.get("value", NO_CIRCUIT_BREAKER.threshold_value),
    )


def alarms_of(configuration: Mapping[str, Any]) -> DeploymentAlarms:
    """The alarms that a checked configuration has watched, each once."""
    given = configuration.get("alarms")
    if given is None:
        return NO_ALARMS
    return DeploymentAlarms(
        names=tuple(dict.fromkeys(given["alarmNames"])), is_enabled=given["enable"], rolls_back=given["rollback"]
    )


def bake_time_s_of(configuration: Mapping[str, Any]) -> float | None:
    """The bake time of a checked configuration in seconds; None: as the alarms ask for."""
    minutes: int | None = configuration.get("bakeTimeInMinutes")
    return None if minutes is None else minutes * 60.0

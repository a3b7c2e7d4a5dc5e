"""The table of the knobs: the settings of a service, of its target groups and of its containers that can be changed.

A member's limits are those of the API that sets it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slipway.api.detector_form import BAKE_TIME_LIMIT_MINUTES
from slipway.api.elbv2_health_checks import INTERVAL_S, THRESHOLD, TIMEOUT_S
from slipway.api.service_form import DESIRED_COUNT_LIMIT, GRACE_LIMIT_S
from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.load_balancing import DEFAULT_DEREGISTRATION_DELAY_S, HealthCheck, TargetGroup
from slipway.core.model.services import SchedulingStrategy, Service
from slipway.core.model.task_definitions import DEFAULT_STOP_TIMEOUT_S, ContainerDefinition
from slipway.foresight.knob import Knob, OfContainer, OfService, OfTargetGroup, Value

#: The longest deregistration delay, seconds (ELBv2 API, TargetGroupAttribute).
DRAIN_LIMIT_S = 3600

#: The longest stop timeout, seconds: ECS has no limit but on Fargate, and a day is as good as none.
STOP_LIMIT_S = 86_400

_DRAIN = "deregistration_delay.timeout_seconds"


# The members of a service


def _configured(service: Service, shown: Mapping[str, Any]) -> Service:
    """The service with these members of the deployment configuration that it shows."""
    known = service.document.get("deploymentConfiguration", {})
    return replace(service, document={**service.document, "deploymentConfiguration": {**known, **shown}})


def _guarded(service: Service, breaker: DeploymentCircuitBreaker) -> Service:
    known = service.document.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    shown = {**known, "enable": breaker.is_enabled, "rollback": breaker.rolls_back}
    return replace(_configured(service, {"deploymentCircuitBreaker": shown}), circuit_breaker=breaker)


def _bake_minutes(service: Service) -> int | None:
    """None: it is as the alarms ask for."""
    if service.bake_time_s is None:
        return None if service.alarms.is_enabled else 0
    return round(service.bake_time_s / 60)


def _baked(service: Service, minutes: int) -> Service:
    return replace(_configured(service, {"bakeTimeInMinutes": minutes}), bake_time_s=minutes * 60.0)


def _of_replica(value: Callable[[Service], Value]) -> Callable[[Service], Value | None]:
    """What a DAEMON service has no choice in."""
    return lambda service: value(service) if service.scheduling_strategy is SchedulingStrategy.REPLICA else None


# Those of a target group, and of a container


def _checked(read: Callable[[HealthCheck], Value], write: Callable[[HealthCheck, int], HealthCheck]) -> OfTargetGroup:
    """A member of the health check."""
    return OfTargetGroup(
        read=lambda group: read(group.health_check),
        write=lambda group, value: replace(group, health_check=write(group.health_check, int(value))),
    )


def _drained(group: TargetGroup, seconds: Value) -> TargetGroup:
    """Records keep the attributes that differ from their defaults."""
    others = {key: value for key, value in group.attributes.items() if key != _DRAIN}
    given = {} if seconds == DEFAULT_DEREGISTRATION_DELAY_S else {_DRAIN: str(int(seconds))}
    return replace(group, attributes={**others, **given})


def _stop_timeout(container: ContainerDefinition) -> Value:
    return DEFAULT_STOP_TIMEOUT_S if container.stop_timeout_s is None else container.stop_timeout_s


#: The table.
KNOBS: tuple[Knob, ...] = (
    Knob(
        name="desiredCount",
        unit="tasks",
        of=OfService(
            read=_of_replica(lambda service: service.desired_count),
            write=lambda service, value: replace(service, desired_count=int(value)),
        ),
        field="desired",
        terraform="desired_count",
        most=DESIRED_COUNT_LIMIT,
    ),
    Knob(
        name="minimumHealthyPercent",
        unit="percent",
        of=OfService(
            read=lambda service: service.minimum_healthy_percent,
            write=lambda service, value: replace(
                _configured(service, {"minimumHealthyPercent": value}), minimum_healthy_percent=int(value)
            ),
        ),
        field="minimum_healthy_percent",
        terraform="deployment_minimum_healthy_percent",
        most=100,
    ),
    Knob(
        name="maximumPercent",
        unit="percent",
        of=OfService(
            read=_of_replica(lambda service: service.maximum_percent),
            write=lambda service, value: replace(
                _configured(service, {"maximumPercent": value}), maximum_percent=int(value)
            ),
        ),
        field="maximum_percent",
        terraform="deployment_maximum_percent",
        least=100,
    ),
    Knob(
        name="healthCheckGracePeriodSeconds",
        unit="seconds",
        of=OfService(
            read=lambda service: service.health_check_grace_period_s,
            write=lambda service, value: replace(service, health_check_grace_period_s=int(value)),
        ),
        field="health_check_grace_period",
        terraform="health_check_grace_period_seconds",
        most=GRACE_LIMIT_S,
    ),
    Knob(
        name="bakeTimeInMinutes",
        unit="minutes",
        of=OfService(read=_bake_minutes, write=lambda service, value: _baked(service, int(value))),
        field="bake_time",
        terraform="deployment_configuration.bake_time_in_minutes",
        most=BAKE_TIME_LIMIT_MINUTES,
        rollout_unit=60,
    ),
    Knob(
        name="deploymentCircuitBreaker.enable",
        unit="",
        of=OfService(
            read=lambda service: service.circuit_breaker.is_enabled,
            write=lambda service, value: _guarded(service, replace(service.circuit_breaker, is_enabled=bool(value))),
        ),
        field="circuit_breaker",
        terraform="deployment_circuit_breaker.enable",
    ),
    Knob(
        name="deploymentCircuitBreaker.rollback",
        unit="",
        of=OfService(
            read=lambda service: service.circuit_breaker.rolls_back,
            write=lambda service, value: _guarded(service, replace(service.circuit_breaker, rolls_back=bool(value))),
        ),
        field="rollback",
        terraform="deployment_circuit_breaker.rollback",
    ),
    Knob(
        name="HealthCheckIntervalSeconds",
        unit="seconds",
        of=_checked(lambda check: check.interval_s, lambda check, value: replace(check, interval_s=value)),
        field="health_interval",
        terraform="health_check.interval",
        least=INTERVAL_S[0],
        most=INTERVAL_S[1],
    ),
    Knob(
        name="HealthCheckTimeoutSeconds",
        unit="seconds",
        of=_checked(lambda check: check.timeout_s, lambda check, value: replace(check, timeout_s=value)),
        field="health_timeout",
        terraform="health_check.timeout",
        least=TIMEOUT_S[0],
        most=TIMEOUT_S[1],
    ),
    Knob(
        name="HealthyThresholdCount",
        unit="checks",
        of=_checked(
            lambda check: check.healthy_threshold, lambda check, value: replace(check, healthy_threshold=value)
        ),
        field="healthy_threshold",
        terraform="health_check.healthy_threshold",
        least=THRESHOLD[0],
        most=THRESHOLD[1],
    ),
    Knob(
        name="UnhealthyThresholdCount",
        unit="checks",
        of=_checked(
            lambda check: check.unhealthy_threshold, lambda check, value: replace(check, unhealthy_threshold=value)
        ),
        field="unhealthy_threshold",
        terraform="health_check.unhealthy_threshold",
        least=THRESHOLD[0],
        most=THRESHOLD[1],
    ),
    Knob(
        name=_DRAIN,
        unit="seconds",
        of=OfTargetGroup(read=lambda group: int(group.deregistration_delay_s), write=_drained),
        field="deregistration_delay",
        terraform="deregistration_delay",
        most=DRAIN_LIMIT_S,
    ),
    Knob(
        name="stopTimeout",
        unit="seconds",
        of=OfContainer(
            read=_stop_timeout, write=lambda container, value: replace(container, stop_timeout_s=int(value))
        ),
        field="stop_timeout",
        terraform="container_definitions",
        most=STOP_LIMIT_S,
    ),
)

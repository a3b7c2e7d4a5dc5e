"""A service of Amazon ECS, as its API describes it, as a rollout.

The shapes are those of DescribeServices, DescribeTaskDefinition, DescribeTasks and elbv2's DescribeTargetGroups; paths
in comments are those of these answers, or what `Described.names` calls them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from slipway.foresight.imports import Fact, Imported, ImportRefused, in_order
from slipway.foresight.imports_measured import measured_facts

Shape = Mapping[str, Any]

#: ECS computes the bake time of alarms and does not publish how; the guide says "less than 5 minutes".
ALARM_BAKE_S = 300.0

#: Seconds after RUNNING at which a task without any check is healthy.
HEALTHY_AFTER_S = 40.0

#: Defaults of the API, where a value is not set (CreateService, CreateTargetGroup, ContainerDefinition).
_DEFAULTS = {
    "deploymentConfiguration.minimumHealthyPercent": 100,
    "deploymentConfiguration.maximumPercent": 200,
    "healthCheckGracePeriodSeconds": 0,
    "HealthCheckIntervalSeconds": 30,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 5,
    "UnhealthyThresholdCount": 2,
    "deregistration_delay.timeout_seconds": 300,
    "stopTimeout": 30,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is known of a service. Target groups have their attributes in `Attributes`, by key."""

    service: Shape
    task_definition: Shape | None
    target_groups: tuple[Shape, ...]  # those of the service that are described
    tasks: tuple[Shape, ...] = ()  # running and stopped ones; empty: not asked
    room: int | None = None  # tasks of its size that its cluster takes; None: not known
    names: Mapping[str, str] = field(default_factory=dict)  # what a path is called at its source; else as it is
    unknown: frozenset[str] = frozenset()  # paths whose values are there, and nobody knows yet
    unknown_because: str = "it was not described"

    def name(self, path: str) -> str:
        """What the source calls a path."""
        return self.names.get(path, path)


def import_aws(described: Described) -> Imported:
    """The rollout of the service. Raises `ImportRefused` for what cannot be simulated."""
    service = described.service
    name = service.get("serviceName", "the service")
    _refuse(name, service)
    cluster = str(service.get("clusterArn", "")).rpartition("/")[2]
    facts = (
        *_service_facts(described),
        *_room_facts(described),
        *_size_facts(described),
        *_health_facts(described),
        *_stop_facts(described),
        *measured_facts(described.tasks, stop_timeout_s=stop_timeout_s(described)),
    )
    title = f"service {name}{f' in cluster {cluster}' if cluster else ''}"
    return Imported(title=title, facts=in_order(facts), notes=tuple(_notes(described)))


def _refuse(name: str, service: Shape) -> None:
    if service.get("schedulingStrategy") == "DAEMON":
        raise ImportRefused(f"{name} is a DAEMON service; only REPLICA services can be simulated.")
    controller = (service.get("deploymentController") or {}).get("type", "ECS")
    if controller != "ECS":
        raise ImportRefused(f"{name} is deployed by {controller}; only the ECS deployment controller can be simulated.")
    strategy = (service.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise ImportRefused(f"{name} is deployed {strategy}; only ROLLING deployments can be simulated.")
    if service.get("desiredCount") == 0:
        raise ImportRefused(f"{name} has desiredCount 0: there is nothing to roll.")


# The service


def _service_facts(described: Described) -> Iterator[Fact]:
    service = described.service
    configuration = service.get("deploymentConfiguration") or {}
    if service.get("desiredCount") is None:
        lack = _lack(described, "desiredCount", "number of tasks")
        yield Fact(name="desired", value=1, source=lack, is_known=False)
    else:
        yield Fact(name="desired", value=int(service["desiredCount"]), source=described.name("desiredCount"))
    for key, setting in (
        ("minimumHealthyPercent", "minimum_healthy_percent"),
        ("maximumPercent", "maximum_percent"),
    ):
        yield _fact(described, setting, f"deploymentConfiguration.{key}", configuration.get(key))
    breaker = configuration.get("deploymentCircuitBreaker")
    path = "deploymentConfiguration.deploymentCircuitBreaker"
    told = described.name(path) if breaker else f"{described.name(path)} is not set"
    yield Fact(name="circuit_breaker", value=bool((breaker or {}).get("enable")), source=told)
    if breaker and breaker.get("enable"):
        yield Fact(name="rollback", value=bool(breaker.get("rollback")), source=f"{described.name(path)}.rollback")
    yield from _bake_facts(described, configuration)


def _bake_facts(described: Described, configuration: Shape) -> Iterator[Fact]:
    minutes = configuration.get("bakeTimeInMinutes")
    alarms = configuration.get("alarms") or {}
    if minutes is not None:
        source = described.name("deploymentConfiguration.bakeTimeInMinutes")
        yield Fact(name="bake_time", value=60.0 * minutes, source=source)
    elif alarms.get("enable"):
        names = ", ".join(alarms.get("alarmNames", ()))
        lack = f"bake time, which ECS computes from its alarms ({names})"
        yield Fact(name="bake_time", value=ALARM_BAKE_S, source=lack, is_known=False)


# Room and size


def _room_facts(described: Described) -> Iterator[Fact]:
    service = described.service
    if described.room is not None:
        source = "running tasks, and those that fit beside them on the container instances"
        yield Fact(name="room", value=described.room, source=source)
        return
    if is_fargate(service):
        return  # there always is room: what `Rollout` takes without --room
    configuration = service.get("deploymentConfiguration") or {}
    desired = int(service.get("desiredCount") or 1)
    peak = max(desired * int(configuration.get("maximumPercent") or 200) // 100, desired)
    lack = "room of the cluster for tasks of this service"
    yield Fact(name="room", value=peak, source=lack, is_known=False)


def is_fargate(service: Shape) -> bool:
    """Whether its tasks run on Fargate, where there always is room."""
    providers = [one.get("capacityProvider", "") for one in service.get("capacityProviderStrategy") or ()]
    return service.get("launchType") == "FARGATE" or any(one.startswith("FARGATE") for one in providers)


def _size_facts(described: Described) -> Iterator[Fact]:
    for name in ("cpu", "memory"):
        size = task_size(described.task_definition, name)
        if size:
            yield Fact(name=name, value=size, source=f"{described.name('taskDefinition')}: {name}")


def task_size(definition: Shape | None, name: str) -> int:
    """CPU units or MiB of a task (`cpu`, `memory`): its own, else the sum of its containers'; 0: not known."""
    if definition is None:
        return 0
    if own := str(definition.get(name) or ""):
        number, _, unit = own.partition(" ")
        factor = 1024 if unit.lower() in ("vcpu", "gb") else 1
        return round(float(number) * factor)
    alternative = "memoryReservation" if name == "memory" else name
    containers = definition.get("containerDefinitions") or ()
    return sum(int(one.get(alternative) or one.get(name) or 0) for one in containers)


# Health


def _health_facts(described: Described) -> Iterator[Fact]:
    service = described.service
    if not service.get("loadBalancers") and "loadBalancers" not in described.unknown:
        yield Fact(name="load_balancer", value=False, source=f"{described.name('loadBalancers')} is empty")
        yield from _unbalanced_facts(described)
        return
    path = "healthCheckGracePeriodSeconds"
    yield _fact(described, "health_check_grace_period", path, service.get(path))
    slowest = max(described.target_groups, key=_healthy_after_s, default=None)
    of = "" if slowest is None else f" of target group {slowest.get('TargetGroupName', '')}".rstrip()
    for key, setting in (
        ("HealthCheckIntervalSeconds", "health_interval"),
        ("HealthCheckTimeoutSeconds", "health_timeout"),
        ("HealthyThresholdCount", "healthy_threshold"),
        ("UnhealthyThresholdCount", "unhealthy_threshold"),
    ):
        yield _fact(described, setting, key, None if slowest is None else slowest.get(key), of=of, is_described=False)


def _unbalanced_facts(described: Described) -> Iterator[Fact]:
    """Without a load balancer: by container health checks, the first of which that passes makes a container healthy."""
    checks = container_checks(described.task_definition)
    if described.task_definition is None:
        lack = "whether its containers have health checks"
        yield Fact(name="healthy_after", value=HEALTHY_AFTER_S, source=lack, is_known=False)
    elif checks:
        slowest = max(checks, key=lambda check: check.get("interval") or 30)
        source = "healthCheck.interval: the first container health check passes"
        yield Fact(name="healthy_after", value=float(slowest.get("interval") or 30), source=source)


def container_checks(definition: Shape | None) -> list[Shape]:
    """The container health checks of its essential containers."""
    containers = () if definition is None else definition.get("containerDefinitions") or ()
    return [one["healthCheck"] for one in containers if one.get("healthCheck") and one.get("essential", True)]


def _healthy_after_s(group: Shape) -> float:
    interval = group.get("HealthCheckIntervalSeconds") or _DEFAULTS["HealthCheckIntervalSeconds"]
    return float(interval * (group.get("HealthyThresholdCount") or _DEFAULTS["HealthyThresholdCount"]))


# Stopping


def _stop_facts(described: Described) -> Iterator[Fact]:
    key = "deregistration_delay.timeout_seconds"
    if described.service.get("loadBalancers") or "loadBalancers" in described.unknown:
        delays = [
            (int(value), group)
            for group in described.target_groups
            if (value := (group.get("Attributes") or {}).get(key)) not in (None, "")
        ]
        value, group = max(delays, key=lambda one: one[0]) if delays else (None, {})
        of = f" of target group {group.get('TargetGroupName', '')}".rstrip() if delays else ""
        yield _fact(described, "deregistration_delay", key, value, of=of, is_described=False)
        lack = "how long connections go on once a target drains"
        yield Fact(name="connection_age", value=inf, source=lack, is_known=False)
    if described.task_definition is None:
        yield _fact(described, "stop_timeout", "stopTimeout", None, is_described=False)
        return
    containers = described.task_definition.get("containerDefinitions") or ()
    longest = max((one for one in containers if one.get("stopTimeout")), key=_stop_timeout_s, default=None)
    if longest is None:
        yield Fact(name="stop_timeout", value=30, source="no container sets stopTimeout: the default of ECS")
    else:
        source = f"{described.name('stopTimeout')} of container {longest.get('name', '')}"
        yield Fact(name="stop_timeout", value=_stop_timeout_s(longest), source=source)


def _stop_timeout_s(container: Shape) -> int:
    return int(container.get("stopTimeout") or 30)


def stop_timeout_s(described: Described) -> int:
    """The longest stop timeout of its containers, seconds."""
    definition = described.task_definition or {}
    return max((_stop_timeout_s(one) for one in definition.get("containerDefinitions") or ()), default=30)


# What else there is to say


def _notes(described: Described) -> Iterator[str]:
    service = described.service
    if is_fargate(service):
        yield "On Fargate there is room for as many tasks as maximumPercent allows."
    if len(described.target_groups) > 1:
        names = ", ".join(str(group.get("TargetGroupName")) for group in described.target_groups)
        count = len(described.target_groups)
        yield f"Its tasks are in {count} target groups ({names}); for each setting the slowest one counts."
    if service.get("loadBalancers") and container_checks(described.task_definition):
        yield "Its container health checks are not simulated: the target group's are taken to be slower."
    if service.get("serviceRegistries"):
        yield "Its Cloud Map registries are not simulated."


def _fact(
    described: Described, setting: str, path: str, value: Any, *, of: str = "", is_described: bool = True
) -> Fact:
    """A value, or its default. `is_described`: absent means that the default holds; else nobody knows."""
    name = described.name(path)
    if value is not None:
        return Fact(name=setting, value=int(value), source=f"{name}{of}")
    default = _DEFAULTS[path]
    if is_described and path not in described.unknown:
        return Fact(name=setting, value=default, source=f"{name} is not set: the default of ECS")
    return Fact(name=setting, value=default, source=_lack(described, path, f"{name}{of}"), is_known=False)


def _lack(described: Described, path: str, words: str) -> str:
    because = f" ({described.unknown_because})" if path in described.unknown else ""
    return f"{words}{because}"

"""ECS services of a Terraform plan (`terraform show -json PLANFILE`), as rollouts.

The plan's resources are told in the shapes of the AWS API, so that one import reads both. What Terraform calls "known
after apply" is named, and defaulted. Formats: Terraform's "JSON Output Format", the AWS provider's resources.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from slipway.foresight.imports import ImportRefused
from slipway.foresight.imports_aws import Described

Shape = Mapping[str, Any]

AFTER_APPLY = "known after apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of the plan."""

    address: str  # `module.web.aws_ecs_service.this[0]`
    kind: str
    values: Shape  # those that are known before apply
    unknown: Shape  # `after_unknown` of its change: true where a value is not
    expressions: Shape  # of its configuration: what its values refer to


def services_of(plan: Shape) -> tuple[Resource, ...]:
    """The ECS services of a plan. Raises `ImportRefused` if it is no plan."""
    return tuple(one for one in _resources(plan) if one.kind == "aws_ecs_service")


def pick_service(plan: Shape, name: str | None) -> Resource:
    """The service of this name or address, or the only one. Raises `ImportRefused` with those there are."""
    services = services_of(plan)
    if not services:
        raise ImportRefused("The plan has no aws_ecs_service.")
    has_names = all(one.values.get("name") for one in services)
    known = ", ".join(_service_name(one) if has_names else one.address for one in services)
    if name is None:
        if len(services) > 1:
            raise ImportRefused(f"The plan has {len(services)} services: name one of {known} by --service.")
        return services[0]
    found = [one for one in services if name in (one.address, one.values.get("name"))]
    if not found:
        raise ImportRefused(f"The plan has no service {name}; it has {known}.")
    if len(found) > 1:
        raise ImportRefused(f"The plan has {len(found)} services {name}: name one by its address.")
    return found[0]


def describe_planned(plan: Shape, service: Resource) -> Described:
    """The service in the shapes of the API, with what the plan knows of its task definition and target groups."""
    resources = _resources(plan)
    definition = _referred(resources, service, "aws_ecs_task_definition", "task_definition", "arn")
    groups = _target_groups(resources, service)
    shape, unknown = _service_shape(service)
    names = {path: f"{service.address}: {told}" for path, told in _SERVICE_NAMES.items()}
    names |= {path: f"aws_lb_target_group: {told}" for path, told in _GROUP_NAMES.items()}
    if definition is not None:
        names["taskDefinition"] = definition.address
    elif "taskDefinition" not in unknown:
        unknown = unknown | {"taskDefinition"}
    for path in _GROUP_NAMES:
        if any(_is_unknown(group, _GROUP_NAMES[path]) for group in groups):
            unknown = unknown | {path}
    containers = None if definition is None else _containers(definition)
    return Described(
        service=shape,
        task_definition=None if definition is None or containers is None else _definition_shape(definition, containers),
        target_groups=tuple(_group_shape(group) for group in groups),
        names=names,
        unknown=frozenset(unknown | (frozenset() if containers is not None else {"stopTimeout"})),
        unknown_because=AFTER_APPLY,
    )


# Resources


def _resources(plan: Shape) -> tuple[Resource, ...]:
    planned = plan.get("planned_values")
    if not isinstance(planned, Mapping):
        raise ImportRefused("It is no Terraform plan in JSON: make one by `terraform show -json PLANFILE`.")
    unknown = {
        change.get("address"): (change.get("change") or {}).get("after_unknown") or {}
        for change in plan.get("resource_changes") or ()
    }
    expressions = dict(_expressions((plan.get("configuration") or {}).get("root_module") or {}, ""))
    return tuple(
        Resource(
            address=one["address"],
            kind=one["type"],
            values=one.get("values") or {},
            unknown=unknown.get(one["address"]) or {},
            expressions=expressions.get(_without_keys(one["address"]), {}),
        )
        for one in _planned(planned.get("root_module") or {})
    )


def _planned(module: Shape) -> Iterator[Shape]:
    yield from (one for one in module.get("resources") or () if one.get("mode", "managed") == "managed")
    for child in module.get("child_modules") or ():
        yield from _planned(child)


def _expressions(module: Shape, prefix: str) -> Iterator[tuple[str, Shape]]:
    for one in module.get("resources") or ():
        yield f"{prefix}{one['address']}", one.get("expressions") or {}
    for name, call in (module.get("module_calls") or {}).items():
        yield from _expressions(call.get("module") or {}, f"{prefix}module.{name}.")


def _without_keys(address: str) -> str:
    """`module.web.aws_ecs_service.this` of `module.web["eu"].aws_ecs_service.this[0]`."""
    kept, depth = [], 0
    for each in address:
        depth += each == "["
        if not depth:
            kept.append(each)
        depth -= each == "]"
    return "".join(kept)


def _service_name(service: Resource) -> str:
    return str(service.values.get("name") or service.address)


# What refers to what


def _referred(
    resources: tuple[Resource, ...], service: Resource, kind: str, attribute: str, *known: str
) -> Resource | None:
    """The resource that an attribute of the service is: by its value, by what its expression refers to, else the only
    one of its kind; None: nobody can say."""
    value = service.values.get(attribute)
    candidates = [one for one in resources if one.kind == kind]
    for one in candidates:
        if value and value in [one.values.get(name) for name in (*known, "family")]:
            return one
    referred = _by_reference(candidates, service, (service.expressions.get(attribute) or {}).get("references") or ())
    if referred:
        return referred[0]
    return candidates[0] if len(candidates) == 1 and not value else None


def _by_reference(candidates: list[Resource], service: Resource, references: Any) -> list[Resource]:
    module = service.address.rpartition("aws_ecs_service")[0]
    wanted = {_without_keys(f"{module}{reference}") for reference in references}
    return [one for one in candidates if _without_keys(one.address) in wanted]


def _target_groups(resources: tuple[Resource, ...], service: Resource) -> tuple[Resource, ...]:
    candidates = [one for one in resources if one.kind in ("aws_lb_target_group", "aws_alb_target_group")]
    bindings = service.values.get("load_balancer") or ()
    arns = {one.get("target_group_arn") for one in bindings if one.get("target_group_arn")}
    found = [one for one in candidates if one.values.get("arn") in arns]
    blocks: Any = service.expressions.get("load_balancer") or []
    for block in blocks if isinstance(blocks, list) else (blocks,):
        references = (block.get("target_group_arn") or {}).get("references") or ()
        found += [one for one in _by_reference(candidates, service, references) if one not in found]
    if not found and len(candidates) == 1 and (bindings or service.unknown.get("load_balancer")):
        return tuple(candidates)
    return tuple(found)


# In the shapes of the API

#: Paths of the API, and what the provider calls them.
_SERVICE_NAMES = {
    "desiredCount": "desired_count",
    "deploymentConfiguration.minimumHealthyPercent": "deployment_minimum_healthy_percent",
    "deploymentConfiguration.maximumPercent": "deployment_maximum_percent",
    "deploymentConfiguration.deploymentCircuitBreaker": "deployment_circuit_breaker",
    "deploymentConfiguration.bakeTimeInMinutes": "deployment_configuration.bake_time_in_minutes",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "loadBalancers": "load_balancer",
    "taskDefinition": "task_definition",
}
_GROUP_NAMES = {
    "HealthCheckIntervalSeconds": "health_check.interval",
    "HealthCheckTimeoutSeconds": "health_check.timeout",
    "HealthyThresholdCount": "health_check.healthy_threshold",
    "UnhealthyThresholdCount": "health_check.unhealthy_threshold",
    "deregistration_delay.timeout_seconds": "deregistration_delay",
}


def _service_shape(service: Resource) -> tuple[dict[str, Any], frozenset[str]]:
    values = service.values
    breaker, alarms = _block(values, "deployment_circuit_breaker"), _block(values, "alarms")
    configuration = _block(values, "deployment_configuration")
    unknown = {path for path, name in _SERVICE_NAMES.items() if _is_unknown(service, name)}
    shape = {
        "serviceName": _service_name(service),
        "clusterArn": values.get("cluster") or "",
        "desiredCount": _number(values, "desired_count", service),
        "launchType": values.get("launch_type"),
        "capacityProviderStrategy": [
            {"capacityProvider": one.get("capacity_provider") or ""}
            for one in values.get("capacity_provider_strategy") or ()
        ],
        "schedulingStrategy": values.get("scheduling_strategy") or "REPLICA",
        "deploymentController": {"type": _block(values, "deployment_controller").get("type") or "ECS"},
        "healthCheckGracePeriodSeconds": _number(values, "health_check_grace_period_seconds", service),
        "loadBalancers": list(values.get("load_balancer") or ()),
        "deploymentConfiguration": {
            "minimumHealthyPercent": _number(values, "deployment_minimum_healthy_percent", service),
            "maximumPercent": _number(values, "deployment_maximum_percent", service),
            "deploymentCircuitBreaker": breaker or None,
            "alarms": {"enable": alarms.get("enable"), "alarmNames": alarms.get("alarm_names") or ()},
            "strategy": configuration.get("strategy") or "ROLLING",
            "bakeTimeInMinutes": _number(configuration, "bake_time_in_minutes", service),
        },
    }
    return shape, frozenset(unknown)


def _group_shape(group: Resource) -> dict[str, Any]:
    check = _block(group.values, "health_check")
    return {
        "TargetGroupName": group.values.get("name") or group.address,
        "HealthCheckIntervalSeconds": _number(check, "interval", group),
        "HealthCheckTimeoutSeconds": _number(check, "timeout", group),
        "HealthyThresholdCount": _number(check, "healthy_threshold", group),
        "UnhealthyThresholdCount": _number(check, "unhealthy_threshold", group),
        "Attributes": {"deregistration_delay.timeout_seconds": group.values.get("deregistration_delay")},
    }


def _definition_shape(definition: Resource, containers: list[Any]) -> dict[str, Any]:
    return {
        "cpu": definition.values.get("cpu"),
        "memory": definition.values.get("memory"),
        "containerDefinitions": containers,
    }


def _containers(definition: Resource) -> list[Any] | None:
    """The container definitions; None: they are not known before apply."""
    text = definition.values.get("container_definitions")
    if not text:
        return None
    try:
        read = json.loads(text)
    except ValueError as error:
        raise ImportRefused(f"container_definitions of {definition.address} is not JSON: {error}.") from error
    return read if isinstance(read, list) else None


def _block(values: Shape, name: str) -> Shape:
    """The only block of a name; empty where there is none."""
    blocks = values.get(name) or ()
    if isinstance(blocks, Mapping):
        return blocks
    return next(iter(blocks), {}) or {}


def _number(values: Shape, name: str, of: Resource) -> int | None:
    """The whole number of that name, which a plan may have as text; None: it is not set. Raises `ImportRefused`."""
    value = values.get(name)
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = nan
    if not number.is_integer():
        told = f"{name} is {value!r}, and takes a whole number"
        raise ImportRefused(f"{of.address} has a value that the AWS provider does not give: {told}.")
    return int(number)


def _is_unknown(resource: Resource, name: str) -> bool:
    """Whether the plan says of a value (`health_check.timeout`) that it is known after apply."""
    value: Any = resource.unknown
    for part in name.split("."):
        if isinstance(value, list):
            value = next(iter(value), None)
        value = value.get(part) if isinstance(value, Mapping) else value
    return value is True

"""CreateService's and UpdateService's members, checked and turned into a service and the workload of its deployment."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from slipway.api.call import Call
from slipway.api.errors import ApiError
from slipway.api.launch_form import Capacity
from slipway.api.network_form import read_network
from slipway.api.parameters import choice, invalid
from slipway.core.deployments.deploy import Workload
from slipway.core.model.load_balancing import TargetGroup, TargetType
from slipway.core.model.services import ServiceLoadBalancer
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition

#: ECS quotas: tasks a service, target groups a service.
DESIRED_COUNT_LIMIT = 5_000
LOAD_BALANCERS_LIMIT = 5
#: ECS API, CreateService, healthCheckGracePeriodSeconds.
GRACE_LIMIT_S = 2_147_483_647

#: Members that ask for AWS services this version does not have; an empty value is no such wish.
_UNSERVED = {
    "serviceRegistries": "service discovery",
    "volumeConfigurations": "volumes configured at launch",
    "vpcLatticeConfigurations": "VPC Lattice",
    "gatewayConnectors": "gateways",
}

#: Members of a service that are shown again as they were given.
_SHOWN = (
    "placementConstraints",
    "placementStrategy",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
)


def read_name(params: Mapping[str, Any]) -> str:
    """`serviceName`. Raises InvalidParameterException for another form than ECS's."""
    name: str = params["serviceName"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise invalid(f"serviceName '{name}' must have 1 to 255 letters, digits, hyphens and underscores.")
    return name


def read_desired_count(params: Mapping[str, Any]) -> int | None:
    """`desiredCount`; None where it is not given."""
    count: int | None = params.get("desiredCount")
    if count is not None and not 0 <= count <= DESIRED_COUNT_LIMIT:
        raise invalid(f"desiredCount is {count}; give a number from 0 to {DESIRED_COUNT_LIMIT}.")
    return count


def read_grace(params: Mapping[str, Any], *, known: int = 0) -> int:
    """`healthCheckGracePeriodSeconds`, `known` where it is not given.

    It is for the checks of load balancers and of containers alike, and allowed without any: it is unused then (ECS
    Developer Guide, service definition parameters).
    """
    grace: int | None = params.get("healthCheckGracePeriodSeconds")
    if grace is None:
        return known
    if not 0 <= grace <= GRACE_LIMIT_S:
        raise invalid(f"healthCheckGracePeriodSeconds is {grace}; give a number from 0 to {GRACE_LIMIT_S}.")
    return grace


def read_shown(params: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are shown again as given. Raises ApiError for wishes this version cannot grant."""
    for name, what in _UNSERVED.items():
        if params.get(name):
            raise ApiError(
                "UnsupportedFeatureException",
                f"{name} asks for {what}, which this version does not serve; leave it out.",
            )
    if (params.get("serviceConnectConfiguration") or {}).get("enabled"):
        raise ApiError(
            "UnsupportedFeatureException", "Service Connect is not served by this version; set enabled to false."
        )
    if params.get("placementConstraints"):
        raise ApiError(
            "UnsupportedFeatureException", "placementConstraints are not served by this version; leave them out."
        )
    choice(params, "propagateTags", ("TASK_DEFINITION", "SERVICE", "NONE"))
    choice(params, "availabilityZoneRebalancing", ("ENABLED", "DISABLED"))
    return {name: params[name] for name in _SHOWN if params.get(name) is not None}


def read_workload(call: Call, params: Mapping[str, Any], definition: TaskDefinition, capacity: Capacity) -> Workload:
    """What a deployment with these members runs. Raises ApiError for load balancers or networks that do not fit."""
    given = params.get("loadBalancers") or ()
    load_balancers = _read_load_balancers(call, given, definition)
    document = {**read_network(params, definition), **capacity.document}
    if given:
        document["loadBalancers"] = list(given)
    return Workload(
        task_definition_arn=definition.arn,
        launch_type=capacity.launch_type,
        load_balancers=load_balancers,
        document=document,
    )


def _read_load_balancers(
    call: Call, given: Sequence[Mapping[str, Any]], definition: TaskDefinition
) -> tuple[ServiceLoadBalancer, ...]:
    if len(given) > LOAD_BALANCERS_LIMIT:
        raise invalid(f"loadBalancers has {len(given)} items; a service has at most {LOAD_BALANCERS_LIMIT}.")
    return tuple(_read_load_balancer(call, item, definition) for item in given)


def _read_load_balancer(call: Call, item: Mapping[str, Any], definition: TaskDefinition) -> ServiceLoadBalancer:
    if item.get("loadBalancerName"):
        raise invalid("loadBalancers.loadBalancerName names a Classic Load Balancer; give targetGroupArn instead.")
    for name in ("targetGroupArn", "containerName", "containerPort"):
        if item.get(name) is None:
            raise invalid(f"loadBalancers.{name} is missing; give targetGroupArn, containerName and containerPort.")
    if item.get("advancedConfiguration"):
        raise ApiError(
            "UnsupportedFeatureException",
            "loadBalancers.advancedConfiguration is for strategies this version does not serve; leave it out.",
        )
    binding = ServiceLoadBalancer(
        target_group_arn=item["targetGroupArn"],
        container_name=item["containerName"],
        container_port=item["containerPort"],
    )
    _check_group(call, binding.target_group_arn, definition)
    _check_port(binding, definition)
    return binding


def _check_group(call: Call, arn: str, definition: TaskDefinition) -> None:
    group: TargetGroup | None = call.snapshot.target_groups.get(arn)
    if group is None:
        raise invalid(f"The target group {arn} does not exist; create it, or give the ARN of one that does.")
    if not call.snapshot.group_listeners(arn):
        raise invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
    mode = definition.network_mode
    if (mode is NetworkMode.AWSVPC) != (group.target_type is TargetType.IP):
        raise invalid(
            f"The provided target group {arn} has target type {group.target_type}, which is incompatible with the "
            f"{mode} network mode specified in the task definition."
        )


def _check_port(binding: ServiceLoadBalancer, definition: TaskDefinition) -> None:
    container = definition.container(binding.container_name)
    if container is None:
        raise invalid(f"The container {binding.container_name} does not exist in the task definition.")
    if all(mapping.container_port != binding.container_port for mapping in container.port_mappings):
        raise invalid(
            f"The container {binding.container_name} did not have a container port {binding.container_port} defined."
        )

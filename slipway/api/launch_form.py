"""What kind of capacity a task or service asks for: launch type, capacity provider strategy, platform version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.api.capacity_provider_strategy import CAPACITY_PROVIDERS, read_strategy
from slipway.api.errors import ApiError
from slipway.api.parameters import choice, invalid
from slipway.core.model.clusters import Cluster
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import LaunchType

PLATFORM_VERSIONS = ("LATEST", "1.4.0", "1.3.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The launch type, and the members shown again (capacityProviderStrategy, platformVersion)."""

    launch_type: LaunchType
    document: Mapping[str, Any] = field(default_factory=dict)


def read_capacity(params: Mapping[str, Any], cluster: Cluster, definition: TaskDefinition) -> Capacity:
    """The capacity asked for; EC2 where nothing is, or the cluster's default strategy. Raises ApiError."""
    launch_type = choice(params, "launchType", tuple(LaunchType))
    items = params.get("capacityProviderStrategy") or ()
    if launch_type and items:
        raise invalid("Specify launchType or capacityProviderStrategy, not both.")
    if not launch_type and not items:
        items = cluster.document.get("defaultCapacityProviderStrategy") or ()
    document: dict[str, Any] = {}
    if items:
        document["capacityProviderStrategy"] = read_strategy(items, cluster.capacity_providers or CAPACITY_PROVIDERS)
        launch_type = LaunchType.FARGATE
    kind = LaunchType(launch_type or LaunchType.EC2)
    _check_compatible(definition, kind)
    version = params.get("platformVersion")
    if version and kind is not LaunchType.FARGATE:
        raise invalid("The platform version must be null when specifying a launch type other than FARGATE.")
    if version and version not in PLATFORM_VERSIONS:
        raise ApiError("PlatformUnknownException", f"platformVersion '{version}' is not known; use LATEST.")
    if kind is LaunchType.FARGATE:
        document["platformVersion"] = version or "LATEST"
    return Capacity(launch_type=kind, document=document)


def _check_compatible(definition: TaskDefinition, kind: LaunchType) -> None:
    compatible = definition.document.get("compatibilities")
    if compatible is not None and kind.value not in compatible:
        raise invalid(f"Task definition does not support launch_type {kind}.")

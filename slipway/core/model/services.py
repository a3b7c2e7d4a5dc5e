"""Services: keep a number of tasks of one definition running, behind load balancers, and roll them to a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.core.model.deployment_configuration import (
    NO_ALARMS,
    NO_CIRCUIT_BREAKER,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
)
from slipway.core.model.tags import Tag
from slipway.core.model.tasks import LaunchType

#: What a service is blocked by when its percentages let it neither stop nor start a task.
DEPLOYMENT_CONFIGURATION = "DEPLOYMENT_CONFIGURATION"

#: What it is blocked by, with the number of tasks, when tasks that should stop are under scale-in protection.
PROTECTION = "PROTECTION"

#: What it is blocked by, with the group's ARN, when its running tasks wait for the health of targets nobody checks.
TARGET_GROUP = "TARGET_GROUP"


class ServiceStatus(StrEnum):
    """ACTIVE; DRAINING while a deleted service's tasks stop; INACTIVE when they are gone."""

    ACTIVE = "ACTIVE"
    DRAINING = "DRAINING"
    INACTIVE = "INACTIVE"


class SchedulingStrategy(StrEnum):
    """REPLICA keeps `desired_count` tasks; DAEMON keeps one on every container instance."""

    REPLICA = "REPLICA"
    DAEMON = "DAEMON"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLoadBalancer:
    """Which port of which container is a target of which target group."""

    target_group_arn: str
    container_name: str
    container_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service. What belongs to a revision (definition, load balancers, network) is in its `ServiceRevision`.

    `document` holds members shown again as given (deploymentConfiguration's other members, placement …), in AWS's JSON.
    """

    arn: str
    name: str
    cluster_arn: str
    created_at: float
    desired_count: int
    status: ServiceStatus = ServiceStatus.ACTIVE
    scheduling_strategy: SchedulingStrategy = SchedulingStrategy.REPLICA
    launch_type: LaunchType = LaunchType.EC2
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    health_check_grace_period_s: int = 0
    circuit_breaker: DeploymentCircuitBreaker = NO_CIRCUIT_BREAKER
    alarms: DeploymentAlarms = NO_ALARMS
    bake_time_s: float | None = None  # how long a healthy deployment is watched; None: as its alarms ask for
    blocked_by: str | None = None  # cause and host of the last refusal (`RESOURCE:CPU <host>`); None: not blocked
    steady_at: float | None = None  # since when it is in a steady state; None: it is not
    fingerprint: str = ""  # digest of CreateService's parameters: the same call again gives the same service
    document: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The service's ARN."""
        return self.arn

    @property
    def lacks_room(self) -> bool:
        """Whether its last start found no host that could take a task."""
        cause = (self.blocked_by or DEPLOYMENT_CONFIGURATION).partition(" ")[0]
        return cause not in (DEPLOYMENT_CONFIGURATION, PROTECTION, TARGET_GROUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """One line of a service's story, in ECS's wording; the newest hundred are shown."""

    id: str
    service_arn: str
    created_at: float
    message: str

    @property
    def key(self) -> str:
        """The event's UUID."""
        return self.id

"""Task definitions: the immutable, numbered template of a task.

`document` is what the user registered, in AWS's JSON, defaults filled in, and is shown again as it is. The typed fields
beside it are those that decisions read; both are written once, when the definition is registered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slipway.core.model.tags import Tag

#: Seconds between SIGTERM and SIGKILL where a container names none (ECS_CONTAINER_STOP_TIMEOUT of the public agent).
DEFAULT_STOP_TIMEOUT_S = 30


class TaskDefinitionStatus(StrEnum):
    """ACTIVE, then INACTIVE by DeregisterTaskDefinition, then DELETE_IN_PROGRESS by DeleteTaskDefinitions."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


class NetworkMode(StrEnum):
    """How the containers of a task reach the network."""

    BRIDGE = "bridge"
    HOST = "host"
    AWSVPC = "awsvpc"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortMapping:
    """A port of a container. `host_port` 0 asks the host for any free one."""

    container_port: int
    host_port: int = 0
    protocol: str = "tcp"
    name: str | None = None  # None: the mapping was given no name


class DependencyCondition(StrEnum):
    """What a container waits for of another one before it is started."""

    START = "START"
    COMPLETE = "COMPLETE"
    SUCCESS = "SUCCESS"
    HEALTHY = "HEALTHY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerDependency:
    """One entry of `dependsOn`."""

    container_name: str
    condition: DependencyCondition


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHealthCheck:
    """`healthCheck`: a command run in the container. The defaults are ECS's (`HealthCheck` of its API)."""

    command: tuple[str, ...]  # CMD and the words of a command, or CMD-SHELL and one for the container's shell
    interval_s: int = 30
    timeout_s: int = 5
    retries: int = 3
    start_period_s: int = 0  # failures so long after the start do not count


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """`restartPolicy` where it is enabled: which ends of a container are followed by a start in place."""

    ignored_exit_codes: tuple[int, ...] = ()
    attempt_period_s: int = 300  # a container that ran for less is not started again


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerDefinition:
    """What decisions read of one container definition; the whole is in the task definition's document."""

    name: str
    image: str
    essential: bool = True
    cpu: int = 0  # CPU units, 1024 are one vCPU
    memory: int | None = None  # MiB, hard limit; None: bounded by the task only
    memory_reservation: int | None = None  # MiB, soft limit; None: `memory` is what is reserved
    port_mappings: tuple[PortMapping, ...] = ()
    stop_timeout_s: int | None = None  # None: the host's default
    start_timeout_s: int | None = None  # how long those that depend on it wait; None: the host's default
    health_check: ContainerHealthCheck | None = None  # None: it has none
    depends_on: tuple[ContainerDependency, ...] = ()
    restart_policy: RestartPolicy | None = None  # None: what ends stays ended
    is_digest_pinned: bool = True  # versionConsistency: all tasks of a deployment run the image that the first one ran


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """One revision of a family."""

    arn: str
    family: str
    revision: int
    registered_at: float
    containers: tuple[ContainerDefinition, ...]
    document: Mapping[str, Any]
    status: TaskDefinitionStatus = TaskDefinitionStatus.ACTIVE
    deregistered_at: float | None = None  # None: still ACTIVE
    network_mode: NetworkMode = NetworkMode.BRIDGE
    cpu: int | None = None  # CPU units of the task; None: the sum of its containers
    memory: int | None = None  # MiB of the task; None: the sum of its containers
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The definition's ARN."""
        return self.arn

    @property
    def has_health_check(self) -> bool:
        """Whether the health of a task of this definition is told by container health checks (of essential ones)."""
        return any(container.essential and container.health_check is not None for container in self.containers)

    def container(self, name: str) -> ContainerDefinition | None:
        """The container called `name`, or None if the definition has none."""
        return next((container for container in self.containers if container.name == name), None)

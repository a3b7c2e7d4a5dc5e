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

    def container(self, name: str) -> ContainerDefinition | None:
        """The container called `name`, or None if the definition has none."""
        return next((container for container in self.containers if container.name == name), None)

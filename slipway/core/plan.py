"""What a decision is: records to change, and commands to perform after the commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from slipway.core.model.alarms import Alarm
from slipway.core.model.clusters import Cluster
from slipway.core.model.deployments import Deployment, ServiceDeployment, ServiceRevision
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Listener, LoadBalancer, Target, TargetGroup
from slipway.core.model.measured import MeasuredTimes
from slipway.core.model.services import Service, ServiceEvent
from slipway.core.model.task_definitions import (
    ContainerDependency,
    ContainerHealthCheck,
    NetworkMode,
    PortMapping,
    RestartPolicy,
    TaskDefinition,
)
from slipway.core.model.tasks import Task
from slipway.core.model.tokens import ClientToken

Record = (
    Cluster
    | TaskDefinition
    | Service
    | ServiceEvent
    | Deployment
    | ServiceRevision
    | ServiceDeployment
    | Task
    | Host
    | LoadBalancer
    | Listener
    | TargetGroup
    | Target
    | Alarm
    | ClientToken
    | MeasuredTimes
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write `record` under its key. `cause` is the sentence the story keeps; empty: not worth telling."""

    record: Record
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Remove `record`."""

    record: Record
    cause: str = ""


Change = Put | Remove


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPayload:
    """All a host must know to run one container; overrides and defaults are already applied."""

    name: str
    arn: str
    image: str
    image_digest: str | None = None  # run exactly this image, whatever the tag names now; None: what the tag names
    essential: bool
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str | None = None  # None: the image's (docker), the task's own directory (process)
    user: str | None = None  # None: the image's
    cpu: int = 0  # CPU units; 0: a share of the task's
    memory: int | None = None  # MiB, hard limit; None: the task's
    memory_reservation: int | None = None  # MiB; None: none
    port_mappings: tuple[PortMapping, ...] = ()
    stop_timeout_s: float = 30
    start_timeout_s: float | None = None  # from its start, until what others wait for in it is there; None: the host's
    health_check: ContainerHealthCheck | None = None  # None: it has none
    depends_on: tuple[ContainerDependency, ...] = ()
    restart_policy: RestartPolicy | None = None  # None: what ends stays ended
    ulimits: tuple[tuple[str, int, int], ...] = ()  # name, soft, hard
    document: Mapping[str, object] = field(default_factory=dict)  # the container definition in AWS's JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPayload:
    """All a host must know to run a task."""

    task_arn: str
    cluster_name: str
    family: str
    revision: int
    service_name: str | None  # None: a standalone task
    network_mode: NetworkMode
    cpu: int  # CPU units of the whole task
    memory: int  # MiB of the whole task
    containers: tuple[ContainerPayload, ...]

    @property
    def task_id(self) -> str:
        """The 32 hex digits at the end of the ARN."""
        return self.task_arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTask:
    """Have the host run a task. Idempotent: a host that has it already does nothing."""

    host_id: str
    payload: TaskPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTask:
    """Have the host stop a task: SIGTERM, the stop timeout of each container from `ordered_at` on, SIGKILL. Idempotent.

    A host that does not know the task reports it STOPPED.
    """

    host_id: str
    task_arn: str
    ordered_at: float


HostCommand = StartTask | StopTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A decision: changes and events to commit, and commands to perform after that.

    When to decide again is in the records themselves (`wake_at`, `drain_until`), so that a restart forgets no wait.
    """

    changes: tuple[Change, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    commands: tuple[HostCommand, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit and nothing to perform."""
        return not (self.changes or self.events or self.commands)

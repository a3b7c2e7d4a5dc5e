"""Tasks: a running instance of a task definition, one or more containers that live and die together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.core.model.tags import Tag


class TaskStatus(StrEnum):
    """The states of `last_status`, in order; a task only moves forward (ECS task life cycle)."""

    PROVISIONING = "PROVISIONING"
    PENDING = "PENDING"
    ACTIVATING = "ACTIVATING"
    RUNNING = "RUNNING"
    DEACTIVATING = "DEACTIVATING"
    STOPPING = "STOPPING"
    DEPROVISIONING = "DEPROVISIONING"
    STOPPED = "STOPPED"


class DesiredStatus(StrEnum):
    """What we want of a task; written by decisions only."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class HealthStatus(StrEnum):
    """What the container health checks of a task say; UNKNOWN where it has none."""

    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    UNKNOWN = "UNKNOWN"


class StopCode(StrEnum):
    """Why a task stopped, for programs (`stopCode`)."""

    TASK_FAILED_TO_START = "TaskFailedToStart"
    ESSENTIAL_CONTAINER_EXITED = "EssentialContainerExited"
    USER_INITIATED = "UserInitiated"
    SERVICE_SCHEDULER_INITIATED = "ServiceSchedulerInitiated"
    TERMINATION_NOTICE = "TerminationNotice"


class LaunchType(StrEnum):
    """What kind of capacity a task asked for; the local host serves all three alike."""

    EC2 = "EC2"
    FARGATE = "FARGATE"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkBinding:
    """Where a container's port is reached on its host (bridge and host networking, and the process runtime)."""

    bind_ip: str
    container_port: int
    host_port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthProbe:
    """One run of a container's health check."""

    at: float  # when it ended
    exit_code: int | None  # None: it did not end within its timeout, and was killed
    output: str = ""  # the end of what it printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a task, as its host reported it."""

    name: str
    arn: str
    image: str
    last_status: TaskStatus = TaskStatus.PENDING
    runtime_id: str | None = None  # None: not created yet
    image_digest: str | None = None  # None: the runtime knows none
    exit_code: int | None = None  # None: never ran, or still runs
    reason: str | None = None  # None: nothing went wrong
    started_at: float | None = None  # None: never ran
    signalled_at: float | None = None  # when its host sent it SIGTERM; None: it did not, or nobody saw
    stopped_at: float | None = None  # when it ended for good; None: it did not, or nobody saw
    was_killed: bool = False  # it did not end by SIGTERM and got SIGKILL at its stop timeout
    network_bindings: tuple[NetworkBinding, ...] = ()
    health_status: HealthStatus = HealthStatus.UNKNOWN
    passing_since: float | None = None  # when it became HEALTHY, by the run of its check; None: it is not
    health_probes: tuple[HealthProbe, ...] = ()  # the latest before its health last changed, or it ended; oldest first
    restart_count: int = 0  # how often its restart policy started it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task. `…_at` are epoch seconds; the fields named as in `DescribeTasks` mean what they mean there."""

    arn: str
    cluster_arn: str
    task_definition_arn: str
    host_id: str
    containers: tuple[Container, ...]
    cpu: int  # CPU units reserved on the host
    memory: int  # MiB reserved on the host
    host_ports: tuple[int, ...] = ()  # static host ports reserved on the host
    created_at: float
    group: str
    started_by: str | None = None  # None: RunTask named none
    service_arn: str | None = None  # None: a standalone task
    deployment_id: str | None = None  # None: a standalone task
    launch_type: LaunchType = LaunchType.EC2
    desired_status: DesiredStatus = DesiredStatus.RUNNING
    last_status: TaskStatus = TaskStatus.PROVISIONING
    health_status: HealthStatus = HealthStatus.UNKNOWN
    ip_address: str | None = None  # awsvpc: the task's own address; None: reached through its bindings
    pull_started_at: float | None = None  # None: nothing pulled yet
    pull_stopped_at: float | None = None
    started_at: float | None = None  # None: never RUNNING
    ready_at: float | None = None  # when the row of passing checks began by which it first became healthy
    first_healthy_at: float | None = None  # when it first counted as healthy; None: it never did
    healthy_at: float | None = None  # since when it counts as healthy; None: it does not
    unhealthy_reason: str | None = None  # why it is to be replaced; None: it is not
    waits_for_target: str | None = None  # key of a target it is to be registered as, and another still is; None: none
    stop_decided_at: float | None = None  # when desired_status became STOPPED
    stop_ordered_at: float | None = None  # when its host was told to stop it (drain over); None: not yet
    stopping_at: float | None = None
    execution_stopped_at: float | None = None
    stopped_at: float | None = None
    stop_code: StopCode | None = None  # None: not stopping
    is_settled: bool = False  # its end was looked at by its service
    is_counted: bool = False  # it was counted as a failure of its deployment
    protected_until: float | None = None  # no scale-in and no roll stops it before; None: not protected
    wake_at: float | None = None  # when to decide it again though nothing happened; None: no need
    stopped_reason: str | None = None  # None: not stopping
    document: Mapping[str, Any] = field(default_factory=dict)  # overrides, networkConfiguration, platformVersion …
    tags: tuple[Tag, ...] = ()
    version: int = 1

    @property
    def key(self) -> str:
        """The task's ARN."""
        return self.arn

    @property
    def id(self) -> str:
        """The 32 hex digits at the end of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def is_stopped(self) -> bool:
        """Whether its host reported that nothing of it runs any more."""
        return self.last_status is TaskStatus.STOPPED

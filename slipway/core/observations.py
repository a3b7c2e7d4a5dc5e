"""What hosts and load balancers report. Observations are facts with a time; they decide nothing."""

from dataclasses import dataclass
from enum import StrEnum

from slipway.core.model.alarms import AlarmState
from slipway.core.model.hosts import Host
from slipway.core.model.tasks import HealthProbe, HealthStatus, NetworkBinding, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReport:
    """One container of a task, as the host sees it; fields as in `model.tasks.Container`."""

    name: str
    last_status: TaskStatus
    runtime_id: str | None = None
    image_digest: str | None = None
    exit_code: int | None = None
    reason: str | None = None  # "CannotPullContainerError: …", "OutOfMemoryError: …"; None: nothing went wrong
    started_at: float | None = None
    signalled_at: float | None = None
    stopped_at: float | None = None
    was_killed: bool = False
    network_bindings: tuple[NetworkBinding, ...] = ()
    health_status: HealthStatus = HealthStatus.UNKNOWN  # UNKNOWN also where it is not known yet: the last known stays
    health_probes: tuple[HealthProbe, ...] = ()  # the latest, oldest first; empty: the last told stay
    restart_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReport:
    """The whole state of one task on its host, at `at`. Reports may repeat; an older one changes nothing."""

    task_arn: str
    host_id: str
    last_status: TaskStatus  # PENDING, ACTIVATING, RUNNING, STOPPING or STOPPED
    containers: tuple[ContainerReport, ...]
    at: float
    ip_address: str | None = None  # the task's own address (awsvpc); None: reached through its bindings
    pull_started_at: float | None = None
    pull_stopped_at: float | None = None
    started_at: float | None = None  # when all containers had started; None: not yet, or never
    execution_stopped_at: float | None = None  # when the first essential container ended; None: it did not
    reason: str | None = None  # why it stopped or failed to start, where the containers do not say; None: they do


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """A host came up: what it offers, and all tasks it has. Tasks it does not name are not there."""

    host: Host
    tasks: tuple[TaskReport, ...]
    at: float


class CheckOutcome(StrEnum):
    """How one health check of a target ended; the values are ELB's reason codes but for PASSED."""

    PASSED = "Passed"
    RESPONSE_CODE_MISMATCH = "Target.ResponseCodeMismatch"
    TIMEOUT = "Target.Timeout"
    FAILED = "Target.FailedHealthChecks"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCheck:
    """One health check of one target ended."""

    target_key: str
    outcome: CheckOutcome
    at: float
    response_code: int | None = None  # None: there was no response


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDraining:
    """The balancer took a deregistered target out of rotation: it gets no new request."""

    target_key: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDrained:
    """The balancer sees no request in flight to a draining target."""

    target_key: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvaluated:
    """An alarm's metric was looked at, and its state is another than it was."""

    alarm_arn: str
    state: AlarmState
    reason: str  # a sentence for people (`StateReason`)
    at: float
    reason_data: str = ""  # JSON for programs (`StateReasonData`)


Observation = TaskReport | HostReport | TargetCheck | TargetDraining | TargetDrained | AlarmEvaluated

"""A task as a simulated host knows it, and how the host tells of it."""

from dataclasses import dataclass, replace

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import Container, HealthStatus, NetworkBinding, TaskStatus
from slipway.core.observations import ContainerReport, TaskReport
from slipway.core.plan import ContainerPayload, TaskPayload
from slipway.sim.behaviours import Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class SimTask:
    """A task as its host knows it. `…_at` are epoch seconds of virtual time; None: not yet."""

    payload: TaskPayload
    behaviour: Behaviour
    run: int  # number of this start among all of its host
    status: TaskStatus = TaskStatus.ACTIVATING
    pull_started_at: float
    pull_stopped_at: float | None = None
    started_at: float | None = None
    signalled_at: float | None = None
    stop_ordered_at: float | None = None  # from when its stop timeout is measured
    ended_at: float | None = None
    exit_code: int | None = None
    was_killed: bool = False  # it got SIGKILL at its stop timeout
    reason: str | None = None
    ip_address: str | None = None
    health: HealthStatus = HealthStatus.UNKNOWN  # what the health checks of its containers say
    bindings: tuple[tuple[str, NetworkBinding], ...] = ()  # with the name of the container
    known: tuple[Container, ...] = ()  # its containers as they were when it was taken over; empty: it began here

    @property
    def arn(self) -> str:
        """The task's ARN."""
        return self.payload.task_arn

    @property
    def health_check(self) -> ContainerHealthCheck | None:
        """The health check of its containers, the first that has one; None: it has none."""
        checks = (container.health_check for container in self.payload.containers)
        return next((check for check in checks if check is not None), None)

    def is_same_run(self, other: "SimTask | None") -> bool:
        """Whether the other is this task, and was not started anew since."""
        return other is not None and other.arn == self.arn and other.run == self.run


def task_report(task: SimTask, *, host_id: str, now: float) -> TaskReport:
    """What the task's host tells of it at `now`."""
    return TaskReport(
        task_arn=task.arn,
        host_id=host_id,
        last_status=task.status,
        containers=tuple(_container(task, container) for container in task.payload.containers),
        at=now if task.ended_at is None else task.ended_at,
        ip_address=task.ip_address,
        pull_started_at=task.pull_started_at,
        pull_stopped_at=task.pull_stopped_at,
        started_at=task.started_at,
        execution_stopped_at=task.ended_at if task.started_at is not None else None,
        reason=task.reason,
    )


def _container(task: SimTask, container: ContainerPayload) -> ContainerReport:
    """One container as its host sees it; what was known of one that was taken over stays."""
    known = next((one for one in task.known if one.name == container.name), None)
    report = ContainerReport(
        name=container.name,
        last_status=task.status,
        runtime_id=f"sim-{task.payload.task_id}",
        exit_code=task.exit_code,
        reason=task.reason,
        started_at=task.started_at,
        signalled_at=task.signalled_at,
        stopped_at=task.ended_at if task.started_at is not None else None,
        was_killed=task.was_killed,
        health_status=HealthStatus.UNKNOWN if container.health_check is None else task.health,
        network_bindings=tuple(binding for name, binding in task.bindings if name == container.name),
    )
    if known is None:
        return report
    return replace(
        report,
        runtime_id=known.runtime_id or report.runtime_id,
        exit_code=report.exit_code if known.exit_code is None else known.exit_code,
        started_at=report.started_at if known.started_at is None else known.started_at,
        signalled_at=report.signalled_at if known.signalled_at is None else known.signalled_at,
        stopped_at=report.stopped_at if known.stopped_at is None else known.stopped_at,
    )

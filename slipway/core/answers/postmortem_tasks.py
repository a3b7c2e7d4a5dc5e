"""The failed tasks of a post-mortem: how each ended, what its checks said, and the last lines it printed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.arns import resource_name
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.failures import CountedFailure
from slipway.core.model.services import Service
from slipway.core.model.tasks import Container, HealthProbe, HealthStatus, StopCode, Task
from slipway.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The last lines a container printed."""

    lines: tuple[str, ...] = ()
    lack: str | None = None  # why there are none, or not all; None: these are the last ones


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedContainer:
    """How a container of a failed task ended."""

    name: str
    image: str
    exit_code: int | None
    reason: str | None
    restart_count: int
    health_status: HealthStatus
    health_probes: tuple[HealthProbe, ...]  # the transcript of its health check, oldest first
    log: Tail


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    """A task that was counted as a failure. Where its record is gone, only what was counted is known."""

    id: str
    at: float  # when it was counted
    deployment: str
    failure_class: str
    sentence: str
    is_kept: bool  # whether its record is still there
    created_at: float | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    stop_code: StopCode | None = None
    stopped_reason: str | None = None
    unhealthy_reason: str | None = None
    target_health: str | None = None  # what the balancer's checks of it said; None: nothing, or nobody knows
    containers: tuple[FailedContainer, ...] = ()


def failed_tasks(
    snapshot: Snapshot,
    service: Service,
    roll_out: ServiceDeployment,
    tails: Mapping[str, Mapping[str, Tail]],
) -> Iterator[FailedTask]:
    """The tasks that a service deployment counts among its failures, in the order they were counted. `tails` are the
    last lines by task ARN and container."""
    for counted in roll_out.failures:
        if counted.task_arn is None:
            continue
        task = snapshot.tasks.get(counted.task_arn)
        if task is None:
            yield _failed(counted, counted.task_arn)
        else:
            said = _target_health(snapshot, service, task)
            yield _kept(counted, task, tails.get(task.arn, {}), target_health=said)


def _failed(counted: CountedFailure, task_arn: str) -> FailedTask:
    return FailedTask(
        id=resource_name(task_arn),
        at=counted.at,
        deployment=counted.deployment_id,
        failure_class=counted.failure.failure_class,
        sentence=counted.failure.sentence,
        is_kept=False,
    )


def _kept(counted: CountedFailure, task: Task, tails: Mapping[str, Tail], *, target_health: str | None) -> FailedTask:
    nothing = Tail(lack="no log: nothing was kept")
    return FailedTask(
        id=task.id,
        at=counted.at,
        deployment=counted.deployment_id,
        failure_class=counted.failure.failure_class,
        sentence=counted.failure.sentence,
        is_kept=True,
        created_at=task.created_at,
        started_at=task.started_at,
        stopped_at=task.stopped_at,
        stop_code=task.stop_code,
        stopped_reason=task.stopped_reason,
        unhealthy_reason=task.unhealthy_reason,
        target_health=target_health,
        containers=tuple(_container(one, tails.get(one.name, nothing)) for one in task.containers),
    )


def _container(container: Container, log: Tail) -> FailedContainer:
    return FailedContainer(
        name=container.name,
        image=container.image,
        exit_code=container.exit_code,
        reason=container.reason,
        restart_count=container.restart_count,
        health_status=container.health_status,
        health_probes=container.health_probes,
        log=log if container.runtime_id is not None else Tail(lack="no log: it never ran"),
    )


def _target_health(snapshot: Snapshot, service: Service, task: Task) -> str | None:
    """What its targets' checks say, or said in the event of its replacement."""
    for target in snapshot.task_targets(task.arn):
        if target.description is not None:
            return target.description
    head = f"(task {task.id}) (port "
    told = (one.message for one in snapshot.events(service.arn) if head in one.message)
    message = next((one for one in told if "is unhealthy in" in one), None)
    return None if message is None else message.rpartition("(reason ")[2].removesuffix(").")

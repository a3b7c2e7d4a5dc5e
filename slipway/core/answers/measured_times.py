"""What the tasks of a service took: from the record of those that stopped, and from those that are alive now."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from math import ceil
from statistics import median

from slipway.core.model.deployments import Deployment
from slipway.core.model.measured import SAMPLES_KEPT, MeasuredTimes, ProgramStops
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import ContainerDefinition, TaskDefinition
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.measuring import program_of, start_times
from slipway.core.tasks.service_tasks import Phase

#: Tasks that a time is measured on, at most.
SAMPLED = 50
#: The newest tasks of a cluster among which stopped ones of the service are sought.
SOUGHT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """A time that was measured on `count` tasks, in seconds: half of them, and nine tenths, took no longer."""

    p50: float
    p90: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTimes:
    """What the newest tasks of a service took (at most 50 of each kind), in seconds; None: it was never measured."""

    service_arn: str
    pull_s: Quantiles | None = None  # of the images; next to nothing where they were there
    launch_s: Quantiles | None = None  # from the creation of a task to RUNNING, less the pull
    ready_s: Quantiles | None = None  # from RUNNING to the first passing check of the row that made it healthy
    likely_ready_s: Quantiles | None = None  # from RUNNING to when it was likely ready, which no check sees exactly
    healthy_s: Quantiles | None = None  # from RUNNING until it first counted as healthy
    drain_s: Quantiles | None = None  # from the decision to stop to the order, where nothing held it open
    drain_count: int = 0  # drains measured, and those of them that lasted to the deregistration delay
    drains_held: int = 0
    exit_s: Quantiles | None = None  # from SIGTERM to the end of the last container, where none had to be killed
    stop_count: int = 0  # stops measured, and those of them in which a container was killed at its stop timeout
    stops_killed: int = 0
    programs: tuple[ProgramStops, ...] = ()  # how each image, as it is run, ended; that stopped last at the end

    @property
    def is_usually_held(self) -> bool:
        """Whether most drains lasted to the deregistration delay."""
        return self.drains_held * 2 > self.drain_count

    @property
    def ignores_sigterm(self) -> bool:
        """Whether in most stops a container was killed at its stop timeout."""
        return self.stops_killed * 2 > self.stop_count


def measured(snapshot: Snapshot, service: Service) -> ServiceTimes:
    """What is known of the service's tasks now. Tasks that are alive count for their starts, before older ones."""
    kept = snapshot.measured_times.get(service.arn) or MeasuredTimes(service_arn=service.arn)
    alive = _healthy_tasks(snapshot, service, snapshot.service_deployments_of(service.arn))
    starts = [start_times(snapshot, task) for task in alive if task.first_healthy_at is not None]
    return ServiceTimes(
        service_arn=service.arn,
        pull_s=_newest((start.pull_s for start in starts), kept.pull_s),
        launch_s=_newest((start.launch_s for start in starts), kept.launch_s),
        ready_s=_newest((start.ready_s for start in starts), kept.ready_s),
        likely_ready_s=_newest((start.likely_ready_s for start in starts), kept.likely_ready_s),
        healthy_s=_newest((start.healthy_s for start in starts), kept.healthy_s),
        drain_s=quantiles(each.drain_s for each in kept.drains if not each.was_held),
        drain_count=len(kept.drain_s),
        drains_held=sum(kept.was_held),
        exit_s=quantiles(each.exit_s for each in kept.stops if not each.was_killed),
        stop_count=len(kept.exit_s),
        stops_killed=sum(kept.was_killed),
        programs=kept.programs,
    )


def _newest(alive: Iterable[float | None], kept: tuple[float, ...]) -> Quantiles | None:
    known = [each for each in alive if each is not None]
    return quantiles([*known, *reversed(kept)][:SAMPLES_KEPT])


def quantiles(samples: Iterable[float]) -> Quantiles | None:
    """The quantiles of some samples; None: there are none. A quantile is a sample: the lowest that enough keep to."""
    ordered = sorted(samples)
    if not ordered:
        return None
    return Quantiles(p50=_at(ordered, 0.5), p90=_at(ordered, 0.9), count=len(ordered))


def _at(ordered: list[float], share: float) -> float:
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


# How an image ends


def program_stops(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, container: ContainerDefinition
) -> ProgramStops | None:
    """How a container of this definition ended in the service so far: its image, else the newest version of it that is
    run in the same way; None: neither was ever stopped."""
    times = snapshot.measured_times.get(service.arn)
    if times is None:
        return None
    program = program_of(definition, container.name)
    run_so = [each for each in times.programs if each.container == container.name and each.program == program]
    exact = [each for each in run_so if each.image == container.image]
    versions = [each for each in run_so if repository(each.image) == repository(container.image)]
    found = exact or versions
    return found[-1] if found else None


def repository(image: str) -> str:
    """An image's name without its tag and digest: `registry:5000/web:2` is `registry:5000/web`."""
    named = image.partition("@")[0]
    name, colon, tag = named.rpartition(":")
    return name if colon and "/" not in tag else named


# Medians


def time_to_health_s(snapshot: Snapshot, service: Service, *, prefer: Deployment | None = None) -> float | None:
    """The median of the seconds from a task's creation until it counted as healthy: of the deployment preferred, else
    of any; None: no task is known that became healthy."""
    preferred = () if prefer is None else _healthy_tasks(snapshot, service, (prefer,))
    tasks = preferred or _measured_tasks(snapshot, service)
    return _median(at - task.created_at for task in tasks if (at := _healthy_at(task)) is not None)


def start_s(snapshot: Snapshot, service: Service) -> float | None:
    """The median of the seconds from RUNNING until a task counted as healthy; None: none is known that did."""
    kept = snapshot.measured_times.get(service.arn)
    known = [
        at - task.started_at
        for task in _measured_tasks(snapshot, service)
        if (at := _healthy_at(task)) is not None and task.started_at is not None
    ]
    return _median(known or (() if kept is None else kept.healthy_s))


def _healthy_at(task: Task) -> float | None:
    """When a task became healthy; it may have lost its health since, and be healthy again."""
    return task.healthy_at if task.first_healthy_at is None else task.first_healthy_at


def _median(times: Iterable[float]) -> float | None:
    found = list(times)
    return median(found) if found else None


def _measured_tasks(snapshot: Snapshot, service: Service) -> tuple[Task, ...]:
    """Tasks that are healthy now; where there are none, those that were and are still kept."""
    alive = _healthy_tasks(snapshot, service, snapshot.service_deployments_of(service.arn))
    return alive or _past_tasks(snapshot, service)


def _healthy_tasks(snapshot: Snapshot, service: Service, deployments: Iterable[Deployment]) -> tuple[Task, ...]:
    """The newest healthy tasks of these deployments, a bounded number of each."""
    counted = snapshot.service_tasks(service.arn)
    arns = (arn for one in deployments for arn in counted.of(one.id).last(Phase.HEALTHY, SAMPLED))
    return tuple(snapshot.tasks[arn] for arn in arns)


def _past_tasks(snapshot: Snapshot, service: Service) -> tuple[Task, ...]:
    found = (
        task
        for task in snapshot.recent_tasks(service.cluster_arn, SOUGHT)
        if task.service_arn == service.arn and task.healthy_at is not None
    )
    return tuple(islice(found, SAMPLED))

"""The metrics of services and clusters (AWS/ECS): how much of what they reserve their tasks really use.

Names, dimensions and meaning are those of
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html: a service's utilization is of what
its tasks reserve, a cluster's of what its hosts have.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass

from slipway.adapters.metric_sampling import Sampling
from slipway.adapters.task_usage import TaskUsage
from slipway.core.arns import cluster_name, resource_name
from slipway.core.model.tasks import Task
from slipway.core.monitoring.metrics import MetricDatum
from slipway.core.snapshot import Snapshot
from slipway.ports import Clock

NAMESPACE = "AWS/ECS"

#: Seconds between two samples: the shortest period that alarms look at.
INTERVAL_S = 10.0

#: Below a minute: CloudWatch keeps such data in seconds too, and alarms with a period of 10 s can look at them.
RESOLUTION_S = 1

#: CPU units of one core (ECS API, `TaskDefinition.cpu`).
_UNITS_A_CORE = 1024
_BYTES_A_MIB = 1 << 20

Usages = Mapping[str, TaskUsage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a task uses now."""

    units: float | None  # CPU units, on average since the sample before; None: it is not known yet
    mib: float


class ServiceMetrics:
    """Publishes CPUUtilization and MemoryUtilization: one sample of each for each task of a service."""

    def __init__(
        self,
        usage: Callable[[], Awaitable[Usages]],
        snapshot: Callable[[], Snapshot],
        put: Callable[[MetricDatum], None],
        *,
        clock: Clock,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`usage` gives what running tasks use, by ARN (`LocalHost.usage`); `put` takes each datum."""
        self._usage = usage
        self._snapshot = snapshot
        self._put = put
        self._clock = clock
        self._before: Usages = {}
        self._sampling = Sampling("service metrics", self.sample, interval_s=interval_s, clock=clock)

    def open(self) -> None:
        """Publish from now on."""
        self._sampling.open()

    async def close(self) -> None:
        """End the loop. Raises the first fault of ours that it met, if any."""
        await self._sampling.close()

    async def sample(self) -> None:
        """Publish what tasks use now. Processor time needs two samples: a task's first tells its memory only."""
        now = await self._usage()
        before, self._before = self._before, now
        for datum in utilization(self._snapshot(), loads(before, now), at=self._clock.now()):
            self._put(datum)


def loads(before: Usages, now: Usages) -> dict[str, Load]:
    """What each task uses, by ARN. Processor time that fell, as when a container was started again, tells nothing."""
    return {
        arn: Load(units=_units(before.get(arn), usage), mib=usage.memory / _BYTES_A_MIB)
        for arn, usage in sorted(now.items())
    }


def _units(before: TaskUsage | None, now: TaskUsage) -> float | None:
    if before is None or now.at <= before.at or now.cpu_s < before.cpu_s:
        return None
    return (now.cpu_s - before.cpu_s) / (now.at - before.at) * _UNITS_A_CORE


def utilization(snapshot: Snapshot, loads: Mapping[str, Load], *, at: float) -> Iterator[MetricDatum]:
    """The data of services, task by task, and then of clusters, by name."""
    clusters: dict[str, list[Load]] = defaultdict(list)
    for arn, load in loads.items():
        task = snapshot.tasks.get(arn)
        if task is not None:
            clusters[cluster_name(task.cluster_arn)].append(load)
            yield from _of_task(task, load, at=at)
    for name, found in sorted(clusters.items()):
        yield from _of_cluster(name, found, snapshot, at=at)


def _of_task(task: Task, load: Load, *, at: float) -> Iterator[MetricDatum]:
    """A task that reserves nothing has no utilization of it."""
    if task.service_arn is None:
        return
    scope = (("ClusterName", cluster_name(task.cluster_arn)), ("ServiceName", resource_name(task.service_arn)))
    if load.units is not None and task.cpu:
        yield _datum("CPUUtilization", scope, 100 * load.units / task.cpu, at=at)
    if task.memory:
        yield _datum("MemoryUtilization", scope, 100 * load.mib / task.memory, at=at)


def _of_cluster(name: str, found: list[Load], snapshot: Snapshot, *, at: float) -> Iterator[MetricDatum]:
    """Of all that the hosts have, for every host is in every cluster; standalone tasks count too."""
    scope = (("ClusterName", name),)
    cpu = sum(host.cpu for host in snapshot.hosts.values())
    memory = sum(host.memory for host in snapshot.hosts.values())
    known = [load.units for load in found if load.units is not None]
    if known and cpu:
        yield _datum("CPUUtilization", scope, 100 * sum(known) / cpu, at=at)
    if memory:
        yield _datum("MemoryUtilization", scope, 100 * sum(load.mib for load in found) / memory, at=at)


def _datum(name: str, dimensions: tuple[tuple[str, str], ...], percent: float, *, at: float) -> MetricDatum:
    return MetricDatum(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions=dimensions,
        at=at,
        value=percent,
        unit="Percent",
        storage_resolution_s=RESOLUTION_S,
    )

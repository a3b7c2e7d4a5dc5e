"""The metrics of load balancers (AWS/ApplicationELB), from what Envoy counts and from the states of targets.

Names, dimensions and units are ALB's
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html), but for the
Availability Zone, which there is none of. As with ALB, a count that is zero is not published, and each request is a
sample of 1. ALB tells nobody how long whole requests last, though a drain has to wait for them: that is a metric of our
own, in a namespace of our own.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from slipway.adapters.envoy_metrics import (
    EnvoyStats,
    RequestKind,
    dimension,
    grown,
    of_balancers,
    of_groups,
    request_times,
    requests,
    response_times,
)
from slipway.adapters.metric_sampling import Sampling
from slipway.adapters.metric_store import MetricStore
from slipway.core.model.load_balancing import TargetState
from slipway.core.monitoring.longest_request import LongestRequest
from slipway.core.monitoring.metrics import Metric, MetricDatum
from slipway.core.snapshot import Snapshot
from slipway.ports import Clock

NAMESPACE = "AWS/ApplicationELB"

#: Seconds from the first byte of a request to the end of its answer, by target group, rounded up to two digits.
OWN_NAMESPACE = "Slipway"
REQUEST_TIME = "RequestTime"

#: Seconds between two readings; half of the shortest period that alarms look at, so that each such period has data.
INTERVAL_S = 5.0

#: Seconds that one who asks for the longest request waits for Envoy at most.
ASKED_S = 1.0

#: Below a minute: CloudWatch keeps such data in seconds too, and alarms with a period of 10 s can look at them.
RESOLUTION_S = 1

#: The answers made by the load balancer that have metrics of their own, beside those of their class.
_OWN_METRIC = (500, 502, 503, 504)

_LOAD_BALANCER = "LoadBalancer"
_TARGET_GROUP = "TargetGroup"

Dimensions = tuple[tuple[str, str], ...]
Tally = Counter[tuple[str, Dimensions]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """The targets of a group at one moment."""

    load_balancer: str  # the one whose listeners forward to it; as in dimensions, like `target_group`
    target_group: str
    healthy: int
    unhealthy: int

    @property
    def serving(self) -> int:
        """How many targets get requests: the healthy ones, or all where none is (fail-open)."""
        return self.healthy or self.unhealthy


class BalancerMetrics:
    """Publishes the metrics of all load balancers. What was counted before the first reading is left out."""

    def __init__(
        self,
        read: Callable[[], Awaitable[EnvoyStats | None]],
        snapshot: Callable[[], Snapshot],
        put: Callable[[MetricDatum], None],
        *,
        clock: Clock,
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`read` gives Envoy's statistics as they stand (`EnvoyLoadBalancer.stats`), `put` takes each datum."""
        self._read = read
        self._snapshot = snapshot
        self._put = put
        self._clock = clock
        self._before: EnvoyStats | None = None  # the last reading; None: there was none
        self._timed: EnvoyStats | None = None  # the last reading whose request times were published, likewise
        self._reading = asyncio.Lock()  # an older reading must not come after a newer one
        self._sampling = Sampling("balancer metrics", self.sample, interval_s=interval_s, clock=clock)

    def open(self) -> None:
        """Publish from now on."""
        self._sampling.open()

    async def close(self) -> None:
        """End the loop. Raises the first fault of ours that it met, if any."""
        await self._sampling.close()

    async def sample(self) -> None:
        """Publish the states of targets, and what Envoy counted since the last reading. Raises OSError where Envoy
        does not answer: what it counted meanwhile is published with the next reading."""
        groups = group_states(self._snapshot())
        for datum in host_counts(groups, at=self._clock.now()):
            self._put(datum)
        async with self._reading:
            now = await self._read()
            if now is None:
                return
            before, self._before = self._before, now
            for datum in traffic(before, now, groups, at=self._clock.now()):
                self._put(datum)
            self._put_request_times(now)

    async def publish_request_times(self) -> None:
        """Publish how long the requests took that ended since the last reading, for one who asks now for the longest.
        The rest is published at its intervals. What cannot be read in time is left to the next reading."""
        with suppress(OSError):  # a TimeoutError is one
            async with asyncio.timeout(ASKED_S), self._reading:
                now = await self._read()
                if now is not None:
                    self._put_request_times(now)

    def _put_request_times(self, now: EnvoyStats) -> None:
        before, self._timed = self._timed, now
        for datum in _request_times(grown(before, now), at=self._clock.now()):
            self._put(datum)


def group_states(snapshot: Snapshot) -> tuple[GroupState, ...]:
    """The groups that listeners forward to and that have targets, by ARN. A group has one load balancer at most."""
    found = []
    for arn in sorted(snapshot.target_groups):
        listeners, targets = snapshot.group_listeners(arn), snapshot.group_targets(arn)
        if listeners and targets:
            states = Counter(target.state for target in targets)
            found.append(
                GroupState(
                    load_balancer=dimension(listeners[0].load_balancer_arn),
                    target_group=dimension(arn),
                    healthy=states[TargetState.HEALTHY],
                    unhealthy=states[TargetState.UNHEALTHY],
                )
            )
    return tuple(found)


def host_counts(groups: tuple[GroupState, ...], *, at: float) -> Iterator[MetricDatum]:
    """HealthyHostCount and UnHealthyHostCount of each group that has targets."""
    for group in groups:
        scope = _both(group.load_balancer, group.target_group)
        yield _datum("HealthyHostCount", scope, group.healthy, at=at)
        yield _datum("UnHealthyHostCount", scope, group.unhealthy, at=at)


def traffic(
    before: EnvoyStats | None, now: EnvoyStats, groups: tuple[GroupState, ...], *, at: float
) -> Iterator[MetricDatum]:
    """What was counted between two readings, in an order of its own, but for the times of whole requests. `before`
    None: nothing but what is open now."""
    new = grown(before, now)
    tally = _tally_requests(new)
    balancers = {group.target_group: group.load_balancer for group in groups}
    for group, count in of_groups(new, "upstream_cx_connect_fail"):
        for scope in _scopes(balancers.get(group), group):
            tally["TargetConnectionErrorCount", scope] += count
    tally.update(_tally_connections("NewConnectionCount", new, "cx_total", balancers))
    for (name, scope), count in sorted(tally.items()):
        yield _datum(name, scope, 1, at=at, count=count)
    active = _tally_connections("ActiveConnectionCount", now, "cx_active", balancers)
    for (name, scope), count in sorted(active.items()):
        if count:
            yield _datum(name, scope, count, at=at)
    yield from _requests_per_target(tally, groups, at=at)
    yield from _times(new, at=at)


def _tally_requests(stats: EnvoyStats) -> Tally:
    tally: Tally = Counter()
    for kind, count in requests(stats):
        for name in _metrics_of(kind):
            group = None if name.startswith("HTTPCode_ELB") else kind.target_group
            for scope in _scopes(kind.load_balancer, group):
                tally[name, scope] += count
    return tally


def _metrics_of(kind: RequestKind) -> Iterator[str]:
    """The metrics that a request counts in. Only those for which a target was chosen are a RequestCount, as in ALB."""
    if kind.has_target:
        yield "RequestCount"
    hundreds = kind.status // 100
    if kind.is_by_target:
        if hundreds in (2, 3, 4, 5):
            yield f"HTTPCode_Target_{hundreds}XX_Count"
    elif hundreds in (3, 4, 5):
        yield f"HTTPCode_ELB_{hundreds}XX_Count"
        if kind.status in _OWN_METRIC:
            yield f"HTTPCode_ELB_{kind.status}_Count"


def _tally_connections(name: str, stats: EnvoyStats, statistic: str, balancers: Mapping[str, str]) -> Tally:
    """Connections of clients to the load balancer and of the load balancer to targets, as ALB counts them."""
    tally: Tally = Counter()
    for balancer, count in of_balancers(stats, f"downstream_{statistic}"):
        tally[name, _alone(balancer)] += count
    for group, count in of_groups(stats, f"upstream_{statistic}"):
        if group in balancers:
            tally[name, _alone(balancers[group])] += count
    return tally


def _requests_per_target(tally: Tally, groups: tuple[GroupState, ...], *, at: float) -> Iterator[MetricDatum]:
    for group in groups:
        both = _both(group.load_balancer, group.target_group)
        count = tally["RequestCount", both]
        if count and group.serving:
            for scope in (both, ((_TARGET_GROUP, group.target_group),)):
                yield _datum("RequestCountPerTarget", scope, count / group.serving, at=at)


def _times(stats: EnvoyStats, *, at: float) -> Iterator[MetricDatum]:
    for balancer, group, counts in response_times(stats):
        for scope in _scopes(balancer, group):
            for seconds, count in counts.items():
                yield _datum("TargetResponseTime", scope, seconds, at=at, count=count, unit="Seconds")


def _request_times(stats: EnvoyStats, *, at: float) -> Iterator[MetricDatum]:
    for group, counts in request_times(stats):
        for seconds, count in counts.items():
            yield MetricDatum(
                namespace=OWN_NAMESPACE,
                metric_name=REQUEST_TIME,
                dimensions=((_TARGET_GROUP, group),),
                at=at,
                value=seconds,
                count=float(count),
                unit="Seconds",
            )


def longest_request(store: MetricStore, target_group_arn: str) -> LongestRequest | None:
    """The longest request to a target group in the data that are kept (15 days), or None where there was none. One that
    lasts is measured when it ends; upgraded connections (WebSocket) are left out."""
    scope = ((_TARGET_GROUP, dimension(target_group_arn)),)
    metric = Metric(namespace=OWN_NAMESPACE, metric_name=REQUEST_TIME, dimensions=scope)
    found = store.peak(metric, unit="Seconds")
    if found is None:
        return None
    return LongestRequest(
        target_group_arn=target_group_arn,
        seconds=found.maximum,
        at=found.at,
        since=found.since,
        count=int(found.sample_count),
    )


def _scopes(balancer: str | None, group: str | None) -> tuple[Dimensions, ...]:
    """What one thing is counted for: its load balancer, and its group in that."""
    if balancer is None:
        return ()
    return (_alone(balancer),) if group is None else (_alone(balancer), _both(balancer, group))


def _alone(balancer: str) -> Dimensions:
    return ((_LOAD_BALANCER, balancer),)


def _both(balancer: str, group: str) -> Dimensions:
    return (_LOAD_BALANCER, balancer), (_TARGET_GROUP, group)


def _datum(
    name: str, dimensions: Dimensions, value: float, *, at: float, count: int = 1, unit: str = "Count"
) -> MetricDatum:
    return MetricDatum(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions=dimensions,
        at=at,
        value=float(value),
        count=float(count),
        unit=unit,
        storage_resolution_s=RESOLUTION_S,
    )

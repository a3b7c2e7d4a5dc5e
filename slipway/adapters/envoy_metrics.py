"""What Envoy counts of the requests it serves: what it is told to count, and how to read it. Pure.

Envoy's own counters do not tell a target's 503 from one that Envoy made, nor which load balancer a request named. So an
access logger of Envoy counts each request when it ends, by where it went and what came of it, and keeps a histogram of
how long targets took, and how long requests lasted. All are read with its other statistics; nothing here is done for a
single request.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from slipway.adapters.envoy_config import LISTENER_KEY, TYPES, Document

K = TypeVar("K", str, float)

#: Below this are the statistics of the access loggers.
_PREFIX = "slipway"
_REQUESTS = f"{_PREFIX}.requests.of."
_TIMES = f"{_PREFIX}.response_time.of."
_DURATIONS = f"{_PREFIX}.request_time.of."

#: What requests are counted by: each part takes few values, so that there are few counters.
_KIND = f"%ROUTE_NAME%|%FILTER_STATE({LISTENER_KEY}:PLAIN)%|%UPSTREAM_CLUSTER_RAW%|%RESPONSE_CODE%|%RESPONSE_FLAGS%"

#: From the first byte sent to the target to the first one of its answer, as ALB's target_processing_time.
_TIME = "%COMMON_DURATION(US_TX_BEG:US_RX_BEG:us)%"
_MICROSECONDS = 1e6

#: From the first byte of a request to the end of its answer, or to where it was cut: how long a drain must wait for it.
#: What Envoy answers itself, as where no target is healthy, tells nothing of that: it has no address of a target.
_DURATION = "%DURATION%"
_WITH_TARGET = "upstream.address != ''"
_MILLISECONDS = 1e3

#: The status of a connection that became another protocol's (WebSocket): it lasts as long as both sides like.
_SWITCHED = 101

_NO_FLAGS = ("", "-")

#: The status codes of answers that Envoy makes where something went wrong with a target; 0: the client left first.
_MADE_HERE = frozenset({0, 408, 502, 503, 504})

#: Envoy's response flags of requests for which no target could be chosen.
_WITHOUT_TARGET = frozenset({"NC", "NR", "UH", "UMSDR", "UO"})

#: ALB's status code of a client that closes the connection before it is answered (ELB guide, HTTP 460).
_CLIENT_LEFT = 460


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoyStats:
    """Envoy's statistics by name: numbers as they stand, histograms as counts by the middle of a bin."""

    pid: int | None  # whose they are: another Envoy counts from zero; None: no Envoy runs
    values: Mapping[str, int] = field(default_factory=dict)
    histograms: Mapping[str, Mapping[float, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKind:
    """Requests that ended alike. Load balancer and group are named as in CloudWatch's dimensions."""

    load_balancer: str  # app/<name>/<id>
    target_group: str | None  # targetgroup/<name>/<id>; None: it was forwarded to none
    status: int
    is_by_target: bool  # the target answered so; False: the load balancer made the answer
    has_target: bool  # a target was chosen


def access_log() -> list[Document]:
    """The access loggers of a listener: they count, and write nothing."""
    requests = {"name": "requests", "tags": [{"name": "of", "value_format": _KIND}]}
    times = {"name": "response_time", "tags": [{"name": "of", "value_format": "%ROUTE_NAME%|%UPSTREAM_CLUSTER_RAW%"}]}
    durations = {"name": "request_time", "tags": [{"name": "of", "value_format": "%UPSTREAM_CLUSTER_RAW%"}]}
    return [
        _logger({"counters": [{"stat": requests, "value_fixed": 1}]}),
        _timer(times, "Microseconds", _TIME, where="response.code_details == 'via_upstream'"),
        _timer(durations, "Milliseconds", _DURATION, where=f"response.code != {_SWITCHED} && {_WITH_TARGET}"),
    ]


def _timer(stat: Document, unit: str, value: str, *, where: str) -> Document:
    """An access logger that keeps a histogram of the requests for which an expression is true."""
    matcher = {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {
            "@type": f"{TYPES}.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
            "expression": where,
        },
    }
    histogram = {"stat": stat, "unit": unit, "value_format": value}
    return {**_logger({"histograms": [histogram]}), "filter": {"extension_filter": matcher}}


def _logger(stats: Document) -> Document:
    config = {"@type": f"{TYPES}.extensions.access_loggers.stats.v3.Config", "stats_scope": {"prefix": _PREFIX}}
    return {"name": "envoy.access_loggers.stats", "typed_config": {**config, **stats}}


def dimension(arn: str) -> str:
    """A load balancer or target group as CloudWatch's dimensions name it: `app/web/<id>`, `targetgroup/web/<id>`."""
    return arn.rpartition(":")[2].removeprefix("loadbalancer/")


def grown(before: EnvoyStats | None, now: EnvoyStats) -> EnvoyStats:
    """What was counted since `before`; nothing where that is None, for then nobody knows since when.

    A count that fell is another Envoy's, which began at zero.
    """
    if before is None:
        return EnvoyStats(pid=now.pid)
    base = before if before.pid == now.pid else EnvoyStats(pid=now.pid)
    histograms = {
        name: _difference(base.histograms.get(name, {}), counts) for name, counts in sorted(now.histograms.items())
    }
    return EnvoyStats(
        pid=now.pid,
        values=_difference(base.values, now.values),
        histograms={name: counts for name, counts in histograms.items() if counts},
    )


def _difference(before: Mapping[K, int], now: Mapping[K, int]) -> dict[K, int]:
    found = {}
    for key in sorted(now):
        value, had = now[key], before.get(key, 0)
        if value != had:
            found[key] = value - had if value > had else value
    return found


def requests(stats: EnvoyStats) -> Iterator[tuple[RequestKind, int]]:
    """How many requests ended how; those that named no load balancer are left out."""
    for name, count in stats.values.items():
        if name.startswith(_REQUESTS):
            kind = _kind(name.removeprefix(_REQUESTS))
            if kind is not None:
                yield kind, count


def _kind(text: str) -> RequestKind | None:
    route, listener, cluster, code, flags = text.split("|")
    load_balancer = route or _balancer_of(listener)
    if not load_balancer:
        return None
    target_group = _group_of(cluster)
    status = int(code)
    is_clean = flags in _NO_FLAGS or status not in _MADE_HERE
    return RequestKind(
        load_balancer=load_balancer,
        target_group=target_group,
        status=status or _CLIENT_LEFT,
        is_by_target=target_group is not None and is_clean,
        has_target=target_group is not None and not _WITHOUT_TARGET.intersection(flags.split(",")),
    )


def _balancer_of(listener_arn: str) -> str:
    """The load balancer in `…:listener/app/<name>/<id>/<listener>`; empty for a listener of no load balancer."""
    return listener_arn.partition(":listener/")[2].rpartition("/")[0]


def _group_of(cluster: str) -> str | None:
    return dimension(cluster) if ":targetgroup/" in cluster else None


def response_times(stats: EnvoyStats) -> Iterator[tuple[str, str, Mapping[float, int]]]:
    """By load balancer and target group: how often an answer took how many seconds to begin."""
    for name, counts in stats.histograms.items():
        route, _, cluster = name.removeprefix(_TIMES).partition("|")
        target_group = _group_of(cluster)
        if name.startswith(_TIMES) and route and target_group is not None:
            yield route, target_group, {middle / _MICROSECONDS: count for middle, count in counts.items()}


def request_times(stats: EnvoyStats) -> Iterator[tuple[str, Mapping[float, int]]]:
    """By target group: how many requests lasted how many seconds, each rounded up to what Envoy tells apart, which is
    two digits: 8.0 s and 8.1 s, 10 s and 11 s. Connections that were upgraded to another protocol are left out."""
    for name, counts in stats.histograms.items():
        target_group = _group_of(name.removeprefix(_DURATIONS))
        if name.startswith(_DURATIONS) and target_group is not None:
            yield target_group, {_upper(middle) / _MILLISECONDS: count for middle, count in counts.items()}


def _upper(middle: float) -> float:
    """The upper end of the bin of an Envoy histogram: a bin holds the numbers of the same first two digits."""
    if middle <= 0:
        return 0.0
    width = 10.0 ** (math.floor(math.log10(middle)) - 1)
    return round((math.floor(middle / width) + 1) * width, 9)


def of_groups(stats: EnvoyStats, statistic: str) -> Iterator[tuple[str, int]]:
    """A statistic of Envoy's clusters by target group. In their names Envoy writes `_` for the ARN's colons."""
    for name, value in stats.values.items():
        cluster, _, last = name.rpartition(".")
        if last == statistic and cluster.startswith("cluster."):
            yield f"targetgroup/{cluster.rpartition('_targetgroup/')[2]}", value


def of_balancers(stats: EnvoyStats, statistic: str) -> Iterator[tuple[str, int]]:
    """A statistic of connections from clients by load balancer: those to its own address."""
    for name, value in stats.values.items():
        listener, _, last = name.rpartition(".")
        if last == statistic and listener.startswith("http.app/"):
            yield listener.removeprefix("http."), value

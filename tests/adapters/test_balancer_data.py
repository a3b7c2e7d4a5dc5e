"""The data of load balancers: each under its name, dimensions and unit; what restarts and failures do to counts."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from slipway.adapters.balancer_metrics import BalancerMetrics, group_states, host_counts, traffic
from slipway.adapters.envoy_metrics import EnvoyStats
from slipway.adapters.metric_sampling import rest_s
from slipway.core.model.load_balancing import TargetState
from slipway.core.monitoring.metrics import MetricDatum
from tests.adapters.balanced import Balanced, group_arn
from tests.adapters.balanced_site import Clock, Site, with_site
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for

BALANCER = "app/web/50dc6c495c0c9188"
GROUP = "targetgroup/web/000000000000013e"
ALONE = (("LoadBalancer", BALANCER),)
BOTH = (("LoadBalancer", BALANCER), ("TargetGroup", GROUP))


def world(*states: TargetState) -> Balanced:
    balanced = Balanced()
    balanced.balance()
    balanced.group("web")
    balanced.listen(80, web=1)
    for port, state in enumerate(states, start=8001):
        balanced.target("web", port, state)
    return balanced


def published(stats: EnvoyStats, *states: TargetState) -> dict[tuple[str, tuple[tuple[str, str], ...]], MetricDatum]:
    groups = group_states(world(*states).snapshot)
    found = [*traffic(EnvoyStats(pid=None), stats, groups, at=1000)]
    assert {datum.namespace for datum in found} <= {"AWS/ApplicationELB"}
    assert {datum.storage_resolution_s for datum in found} <= {1}
    return {(datum.metric_name, datum.dimensions): datum for datum in found}


def answered(code: int, flags: str = "-", *, count: int) -> EnvoyStats:
    name = f"slipway.requests.of.{BALANCER}|arn|{group_arn('web')}|{code}|{flags}"
    return EnvoyStats(pid=1, values={name: count})


@pytest.mark.parametrize(
    ("stats", "names"),
    [
        pytest.param(
            answered(204, count=3),
            {("RequestCount", ALONE), ("RequestCount", BOTH)}
            | {("HTTPCode_Target_2XX_Count", ALONE), ("HTTPCode_Target_2XX_Count", BOTH)},
            id="the target's answer",
        ),
        pytest.param(
            answered(502, "UC", count=3),
            {("RequestCount", ALONE), ("RequestCount", BOTH)}
            | {("HTTPCode_ELB_5XX_Count", ALONE), ("HTTPCode_ELB_502_Count", ALONE)},
            id="cut by the target",
        ),
        pytest.param(
            answered(503, "UH", count=3),
            {("HTTPCode_ELB_5XX_Count", ALONE), ("HTTPCode_ELB_503_Count", ALONE)},
            id="no target: no RequestCount",
        ),
        pytest.param(
            answered(0, "DC", count=3),
            {("RequestCount", ALONE), ("RequestCount", BOTH), ("HTTPCode_ELB_4XX_Count", ALONE)},
            id="the client left",
        ),
    ],
)
def test_each_request_is_a_sample_of_one(
    stats: EnvoyStats, names: set[tuple[str, tuple[tuple[str, str], ...]]]
) -> None:
    found = published(stats)
    assert found.keys() == names
    assert {(datum.value, datum.count, datum.unit, datum.at) for datum in found.values()} == {(1, 3, "Count", 1000)}


@pytest.mark.parametrize(
    ("states", "per_target"),
    [
        pytest.param((TargetState.HEALTHY, TargetState.HEALTHY, TargetState.UNHEALTHY), 5, id="healthy ones share"),
        pytest.param((TargetState.UNHEALTHY,) * 5, 2, id="all share where none is healthy"),
    ],
)
def test_requests_per_target(states: tuple[TargetState, ...], per_target: float) -> None:
    found = published(answered(200, count=10), *states)
    for scope in (BOTH, (("TargetGroup", GROUP),)):
        datum = found["RequestCountPerTarget", scope]
        assert (datum.value, datum.count) == (per_target, 1)


def test_response_times_are_published_bin_by_bin_in_seconds() -> None:
    name = f"slipway.response_time.of.{BALANCER}|{group_arn('web')}"
    stats = EnvoyStats(pid=1, histograms={name: {1500.0: 90, 2_000_000.0: 10}})
    found = list(traffic(EnvoyStats(pid=None), stats, (), at=1000))
    assert {(datum.metric_name, datum.unit) for datum in found} == {("TargetResponseTime", "Seconds")}
    assert [(datum.dimensions, datum.value, datum.count) for datum in found] == [
        (ALONE, 0.0015, 90),
        (ALONE, 2.0, 10),
        (BOTH, 0.0015, 90),
        (BOTH, 2.0, 10),
    ]


def test_connections_of_clients_and_to_targets_count_for_the_load_balancer() -> None:
    cluster = f"cluster.{group_arn('web').replace(':', '_')}"
    values = {
        f"http.{BALANCER}.downstream_cx_total": 3,
        f"http.{BALANCER}.downstream_cx_active": 2,
        f"{cluster}.upstream_cx_total": 4,
        f"{cluster}.upstream_cx_active": 1,
        f"{cluster}.upstream_cx_connect_fail": 5,
    }
    found = published(EnvoyStats(pid=1, values=values), TargetState.HEALTHY)
    assert {key: (datum.value, datum.count) for key, datum in found.items()} == {
        ("ActiveConnectionCount", ALONE): (3, 1),
        ("NewConnectionCount", ALONE): (1, 7),
        ("TargetConnectionErrorCount", ALONE): (1, 5),
        ("TargetConnectionErrorCount", BOTH): (1, 5),
    }


def test_hosts_are_counted_by_state() -> None:
    balanced = world(TargetState.HEALTHY, TargetState.UNHEALTHY, TargetState.HEALTHY, TargetState.DRAINING)
    balanced.group("unused")
    balanced.target("unused", 8001, TargetState.UNUSED)
    found = host_counts(group_states(balanced.snapshot), at=1000)
    assert [(datum.metric_name, datum.dimensions, datum.value) for datum in found] == [
        ("HealthyHostCount", BOTH, 2),
        ("UnHealthyHostCount", BOTH, 1),
    ]


@pytest.mark.parametrize(
    ("now", "rest"),
    [
        pytest.param(1000.0, 5.0, id="at the edge"),
        pytest.param(1005.0, 10.0, id="in the middle: the next middle"),
        pytest.param(1004.9, 10.1, id="just before it: not twice"),
        pytest.param(1007.0, 8.0, id="late"),
    ],
)
def test_samples_are_taken_in_the_middle_of_an_interval(now: float, rest: float) -> None:
    assert rest_s(now, 10) == pytest.approx(rest)


def test_an_envoy_that_does_not_answer_is_passed_over_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    failure = TimeoutError("no answer")
    answers = [answered(200, count=1), None, failure, failure, answered(200, count=5)]
    over = asyncio.Event()

    async def read() -> EnvoyStats | None:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        if not answers:
            answers.append(answer)
            over.set()
        return answer

    data: list[MetricDatum] = []

    async def run() -> None:
        metrics = BalancerMetrics(read, lambda: world().snapshot, data.append, clock=Clock(), interval_s=0.001)
        metrics.open()
        await asyncio.wait_for(over.wait(), 10)
        await metrics.close()

    asyncio.run(run())
    assert Counter(datum.metric_name for datum in data)["RequestCount"] == 2  # alone and both, once
    assert {datum.count for datum in data if datum.metric_name == "RequestCount"} == {4}
    assert [record.message for record in caplog.records] == [
        "metrics were not read name=balancer metrics reason='no answer'"
    ]


class Gathered:
    """What was published of a site."""

    def __init__(self, site: Site) -> None:
        self.data: list[MetricDatum] = []
        self.metrics = BalancerMetrics(
            lambda: site.balancer.stats(), lambda: site.world.snapshot, self.data.append, clock=Clock()
        )

    def count(self, name: str, scope: tuple[tuple[str, str], ...] = ALONE) -> float:
        return sum(datum.count for datum in self.data if (datum.metric_name, datum.dimensions) == (name, scope))

    async def sees(self, name: str, count: float) -> None:
        async def is_seen() -> bool:
            await self.metrics.sample()
            return self.count(name) >= count

        await wait_for(is_seen, what=f"{count} {name}")


def test_counts_survive_an_envoy_that_dies_and_a_control_plane_that_comes_back(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            gathered = Gathered(site)
            await gathered.metrics.sample()
            await site.serves("one")
            await gathered.sees("RequestCount", 1)
            first = site.balancer.envoy_pid
            assert first is not None
            counted = gathered.count("RequestCount")
            os.kill(first, signal.SIGKILL)
            await wait_for(lambda: site.balancer.envoy_pid not in (None, first), what="another Envoy")
            await site.serves("one")
            await gathered.sees("RequestCount", counted + 1)
            await site.balancer.close()
            site.balancer = site.new_balancer()
            await site.balancer.open(site.world.snapshot)
            later = Gathered(site)
            await later.metrics.sample()
            assert later.count("RequestCount") == 0
            await site.get()
            await later.sees("RequestCount", 1)
            assert later.count("RequestCount") == 1

    with_site(tmp_path, story)

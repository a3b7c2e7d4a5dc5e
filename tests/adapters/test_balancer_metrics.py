"""The metrics of load balancers: what a real Envoy counts, published under ALB's names."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from slipway.adapters.balancer_metrics import BalancerMetrics, longest_request
from slipway.adapters.envoy_metrics import EnvoyStats, grown, request_times, requests
from slipway.adapters.metric_store import MetricStore
from slipway.core.model.load_balancing import TargetState
from slipway.core.monitoring.metrics import MetricDatum
from slipway.core.snapshot import Snapshot
from tests.adapters.balanced import group_arn
from tests.adapters.balanced_site import Clock, Site, with_site
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for

#: How long the request lasts whose time is measured; a second is told from those that are answered at once.
HELD_S = 1.0


class Published:
    """The data that were put, by metric and the names of their dimensions."""

    def __init__(self) -> None:
        self.data: list[MetricDatum] = []

    def sums(self, *dimensions: str) -> Counter[str]:
        """The sum of each metric with just these dimensions."""
        found: Counter[str] = Counter()
        for datum in self.data:
            if tuple(name for name, _ in datum.dimensions) == dimensions:
                assert isinstance(datum.value, float)
                found[datum.metric_name] += int(datum.value * datum.count)
        return found


def metrics_of(site: Site, published: Published) -> BalancerMetrics:
    return BalancerMetrics(
        lambda: site.balancer.stats(), lambda: site.world.snapshot, published.data.append, clock=Clock()
    )


def test_requests_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            published = Published()
            metrics = metrics_of(site, published)
            await metrics.sample()
            assert not published.sums("LoadBalancer")["RequestCount"], "nobody knows since when it was counted"
            for path in ("/", "/", "/", "/status/404", "/status/500", "/status/503"):
                await site.get(path)

            async def is_counted() -> bool:
                await metrics.sample()
                return published.sums("LoadBalancer")["RequestCount"] >= 6 and len(times()) > 0

            def times() -> list[MetricDatum]:
                return [one for one in published.data if one.metric_name == "TargetResponseTime"]

            await wait_for(is_counted, what="six requests to be counted, and how long they took")
            expected = {
                "RequestCount": 6,
                "HTTPCode_Target_2XX_Count": 3,
                "HTTPCode_Target_4XX_Count": 1,
                "HTTPCode_Target_5XX_Count": 2,
            }
            for scope in (("LoadBalancer",), ("LoadBalancer", "TargetGroup")):
                found = published.sums(*scope)
                assert {name: found[name] for name in expected} == expected, scope
                assert not [name for name in found if name.startswith("HTTPCode_ELB")], scope
            assert {datum.unit for datum in times()} == {"Seconds"}
            assert sum(one.count for one in times() if len(one.dimensions) == 1) >= 6

    with_site(tmp_path, story)


def test_the_longest_request_is_known_when_it_has_ended(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            store = MetricStore(None, Clock())
            metrics = BalancerMetrics(site.balancer.stats, lambda: site.world.snapshot, store.put, clock=Clock())
            await metrics.sample()
            loop = asyncio.get_running_loop()
            asked_at = loop.time()
            asking = asyncio.ensure_future(site.get("/hold"))
            await one.held.wait()
            held_at = loop.time()
            await wait_for(lambda: loop.time() - held_at >= HELD_S, what="the request to have lasted")
            held_s = loop.time() - held_at
            await site.get()
            await metrics.sample()
            one.release.set()
            await asking
            whole_s = loop.time() - asked_at

            async def is_measured() -> bool:
                await metrics.sample()
                found = longest_request(store, group_arn("web"))
                return found is not None and found.seconds >= held_s

            await wait_for(is_measured, what="the request that lasted to be measured")
            longest = longest_request(store, group_arn("web"))
            assert longest is not None
            assert longest.seconds <= whole_s * 1.1 + 0.01  # two digits are told, rounded up
            assert longest.count >= 2
            assert longest_request(store, group_arn("api")) is None

    with_site(tmp_path, story)


def test_a_request_is_known_as_soon_as_it_is_asked_for(tmp_path: Path) -> None:
    """Its time is not waited for until the next reading, and counts once."""

    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            store = MetricStore(None, Clock())
            metrics = BalancerMetrics(site.balancer.stats, lambda: site.world.snapshot, store.put, clock=Clock())
            await metrics.sample()
            await metrics.publish_request_times()
            assert longest_request(store, group_arn("web")) is None, "nothing since the first reading"
            await site.get()
            await metrics.publish_request_times()
            found = longest_request(store, group_arn("web"))
            assert found is not None
            assert found.count == 1
            await metrics.publish_request_times()
            await metrics.sample()
            assert longest_request(store, group_arn("web")) == found

    with_site(tmp_path, story)


def test_an_envoy_that_does_not_answer_leaves_it_to_the_next_reading() -> None:
    async def read() -> EnvoyStats | None:
        raise TimeoutError

    async def story() -> None:
        metrics = BalancerMetrics(read, lambda: Snapshot(seed="1"), refuse, clock=Clock())
        await metrics.publish_request_times()

    def refuse(datum: MetricDatum) -> None:
        raise AssertionError(f"nothing was read, and {datum} was put")

    asyncio.run(story())


def test_answers_of_the_balancer_itself_are_told_apart(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        site.group("web")
        site.configure(*site.world.listen(site.port, web=1))
        published = Published()
        metrics = metrics_of(site, published)

        async def is_counted() -> bool:
            await site.answers()
            await metrics.sample()
            return published.sums("LoadBalancer")["HTTPCode_ELB_503_Count"] > 0

        await wait_for(is_counted, what="an answer of the balancer's own to be counted")
        found = published.sums("LoadBalancer")
        assert found["HTTPCode_ELB_5XX_Count"] == found["HTTPCode_ELB_503_Count"]
        assert not found["HTTPCode_Target_5XX_Count"]
        assert not found["RequestCount"], "no target was chosen"

    with_site(tmp_path, story)


def test_only_requests_that_a_target_got_are_timed(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web")
            site.configure(*site.world.listen(site.port, web=1))

            async def is_refused() -> bool:
                answer = await site.answers()
                return answer is not None and answer[0] == 503

            await wait_for(is_refused, what="an answer of the balancer's own")
            site.put("web", one, TargetState.HEALTHY)
            await site.serves("one")

            async def are_timed() -> bool:
                stats = await site.balancer.stats()
                assert stats is not None
                served = sum(count for kind, count in requests(stats) if kind.has_target)
                return served > 0 and sum(sum(counts.values()) for _, counts in request_times(stats)) == served

            await wait_for(are_timed, what="as many requests to be timed as a target got")

    with_site(tmp_path, story)


def test_targets_are_counted_by_their_state(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two, TinyTarget("three") as three:
            site.group("web", one, two)
            site.put("web", three, TargetState.UNHEALTHY)
            site.configure(*site.world.listen(site.port, web=1))
            published = Published()
            await metrics_of(site, published).sample()
            found = published.sums("LoadBalancer", "TargetGroup")
            assert (found["HealthyHostCount"], found["UnHealthyHostCount"]) == (2, 1)

    with_site(tmp_path, story)


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=1, values={"a": 7}), {"a": 2}, id="grew"),
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=1, values={"a": 5}), {}, id="stands still"),
        pytest.param(
            EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=2, values={"a": 7}), {"a": 7}, id="another Envoy's"
        ),
        pytest.param(EnvoyStats(pid=1, values={"a": 5}), EnvoyStats(pid=1, values={"a": 2}), {"a": 2}, id="began anew"),
        pytest.param(None, EnvoyStats(pid=1, values={"a": 5}), {}, id="nobody knows since when"),
    ],
)
def test_what_was_counted_between_two_readings(before: EnvoyStats | None, now: EnvoyStats, new: dict[str, int]) -> None:
    assert grown(before, now).values == new

"""Traffic through the load balancer with a real Envoy: routing, weights, draining, changes under load."""

import asyncio
from collections import Counter
from pathlib import Path

from slipway.core.model.load_balancing import HealthCheck, TargetState
from slipway.core.observations import TargetCheck, TargetDrained, TargetDraining
from tests.adapters.balanced_site import ADDRESS, Site, with_site
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for


def test_requests_reach_the_targets_with_the_headers_of_alb(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            status, text = await site.get("/echo")
            head = text.lower().splitlines()
            assert status == 200
            assert f"host: {ADDRESS}:{site.port}" in head
            assert "x-forwarded-for: 127.0.0.1" in head
            assert "x-forwarded-proto: http" in head
            assert f"x-forwarded-port: {site.port}" in head
            assert "envoy" not in text.lower()

    with_site(tmp_path, story)


def test_the_server_header_is_the_target_s(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            async with site.session.get(f"http://{ADDRESS}:{site.port}/") as answer:
                assert answer.headers["server"] == "tiny"
                assert not [name for name in answer.headers if "envoy" in name.lower()]

    with_site(tmp_path, story)


def test_weights_share_requests_and_zero_gets_none(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("blue") as blue, TinyTarget("green") as green, TinyTarget("idle") as idle:
            for target in (blue, green, idle):
                site.group(target.name, target)
            site.configure(*site.world.listen(site.port, blue=3, green=1, idle=0))
            await site.serves("blue")
            found = Counter([(await site.get())[1] for _ in range(200)])
            assert set(found) == {"blue", "green"}
            assert 10 < found["green"] < 100  # 50 expected; beyond 6 standard deviations of chance
            site.configure(*site.world.listen(site.port, blue=0, green=1))
            await site.serves("green")

    with_site(tmp_path, story)


def test_without_a_usable_target_the_answer_is_503(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web")
            site.put("web", one, TargetState.INITIAL)
            site.configure(*site.world.listen(site.port, web=1))
            await wait_for(site.answers, what="an answer")
            assert (await site.get())[0] == 503
            site.put("web", one, TargetState.UNHEALTHY)
            await site.serves("one")  # fail-open: no target is healthy

    with_site(tmp_path, story)


def test_draining_cuts_no_request_in_flight_and_takes_no_new_one(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("old") as old, TinyTarget("new") as new:
            site.group("web", old)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("old")
            held = asyncio.create_task(site.get("/hold"))
            await old.held.wait()
            site.put("web", new, TargetState.HEALTHY)
            site.put("web", old, TargetState.DRAINING)
            await wait_for(lambda: old.port in site.ports(TargetDraining), what="old draining")
            await site.serves("new")
            assert {(await site.get())[1] for _ in range(20)} == {"new"}
            assert site.ports(TargetDrained) == []
            old.release.set()
            assert await held == (200, "old")
            await site.drained(old)
            assert site.ports(TargetDraining) == site.ports(TargetDrained) == [old.port]

    with_site(tmp_path, story)


def test_a_request_that_outlasts_the_deregistration_delay_is_cut(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("old") as old, TinyTarget("new") as new:
            site.group("web", old)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("old")
            held = asyncio.create_task(site.get("/hold"))
            await old.held.wait()
            site.put("web", new, TargetState.HEALTHY)
            site.put("web", old, TargetState.DRAINING)
            await wait_for(lambda: old.port in site.ports(TargetDraining), what="old draining")
            assert not held.done()
            site.configure(*site.world.untarget("web", old.port))
            assert (await held)[0] == 502
            assert await site.get() == (200, "new")

    with_site(tmp_path, story)


def test_what_drains_in_a_group_that_lost_its_listener_is_let_to_finish(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("blue") as blue, TinyTarget("green") as green:
            site.group("blue", blue)
            site.group("green", green)
            site.configure(*site.world.listen(site.port, blue=1))
            await site.serves("blue")
            held = asyncio.create_task(site.get("/hold"))
            await blue.held.wait()
            site.configure(
                *site.world.listen(site.port, green=1), *site.world.target("blue", blue.port, TargetState.DRAINING)
            )
            await wait_for(lambda: blue.port in site.ports(TargetDraining), what="blue draining")
            await site.serves("green")
            assert site.ports(TargetDrained) == []
            blue.release.set()
            assert await held == (200, "blue")
            await site.drained(blue)

    with_site(tmp_path, story)


def test_a_target_of_a_group_without_listener_is_drained_at_once(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.put("web", one, TargetState.DRAINING)
            await site.drained(one)

    with_site(tmp_path, story)


def test_fifty_changes_under_load_fail_no_request(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            site.group("web", one, two)
            site.configure(*site.world.listen(site.port, web=1))
            await wait_for(site.answers, what="an answer")
            statuses: Counter[int] = Counter()
            async with asyncio.TaskGroup() as load:
                clients = [load.create_task(ask_on(site, statuses)) for _ in range(4)]
                for turn in range(25):
                    target = (one, two)[turn % 2]
                    site.put("web", target, TargetState.DRAINING)
                    await wait_for(lambda turn=turn: len(site.ports(TargetDrained)) == turn + 1, what="a drain")
                    site.put("web", target, TargetState.HEALTHY)
                for client in clients:
                    client.cancel()
            assert set(statuses) == {200}
            assert statuses[200] > 100

    async def ask_on(site: Site, statuses: Counter[int]) -> None:
        while True:
            statuses[(await site.get())[0]] += 1

    with_site(tmp_path, story)


def test_routes_move_to_new_groups_under_load_without_a_failure(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("group0", one)
            site.configure(*site.world.listen(site.port, group0=1))
            await site.serves("one")
            statuses: Counter[int] = Counter()
            async with asyncio.TaskGroup() as load:
                client = load.create_task(ask_on(site, statuses))
                for turn in range(1, 21):
                    site.group(f"group{turn}", one)
                    site.configure(*site.world.listen(site.port, **{f"group{turn}": 1}))
                    asked = statuses.total()
                    await wait_for(lambda asked=asked: statuses.total() > asked + 5, what="more answers")
                client.cancel()
            assert set(statuses) == {200}

    async def ask_on(site: Site, statuses: Counter[int]) -> None:
        while True:
            statuses[(await site.get())[0]] += 1

    with_site(tmp_path, story)


def test_targets_are_checked_and_reported(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            group = site.world.group("web", check=HealthCheck(interval_s=0))
            site.configure(*group, *site.world.listen(site.port, web=1))
            site.put("web", one, TargetState.INITIAL)
            await wait_for(lambda: [item for item in site.reports if isinstance(item, TargetCheck)], what="a check")

    with_site(tmp_path, story)


def test_a_target_that_went_away_between_requests_shows_to_no_client(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            site.group("web", one, two)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("two")
            await two.close()
            assert {await site.get() for _ in range(20)} == {(200, "one")}

    with_site(tmp_path, story)

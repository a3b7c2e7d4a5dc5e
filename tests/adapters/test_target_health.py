"""Health checks as ELB does them, against targets on loopback."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from slipway.adapters.target_health import TargetHealthChecker
from slipway.adapters.target_probe import matches
from slipway.core.model.load_balancing import HealthCheck, TargetState
from slipway.core.observations import CheckOutcome, Observation, TargetCheck
from tests.adapters.balanced import Balanced, group_arn
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for

#: Checks follow each other at once where an interval is this short, so that no test waits for one.
AT_ONCE = 0


class Clock:
    def now(self) -> float:
        return 1000.0


class Checking:
    """A checker that runs, the world it checks, and what it reported."""

    def __init__(self, world: Balanced) -> None:
        self.world = world
        self.reports: list[TargetCheck] = []
        self.checker = TargetHealthChecker(self.report, Clock())

    def report(self, observation: Observation) -> None:
        assert isinstance(observation, TargetCheck)
        self.reports.append(observation)

    async def first(self) -> TargetCheck:
        await wait_for(lambda: self.reports, what="a check")
        return self.reports[0]


def with_checker(world: Balanced, story: Callable[[Checking], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        checking = Checking(world)
        checking.checker.open(world.snapshot)
        loop = asyncio.create_task(checking.checker.run())
        try:
            await story(checking)
        finally:
            loop.cancel()
            await asyncio.wait([loop])

    return run


def checked_world(target: TinyTarget, state: TargetState = TargetState.INITIAL, **check: object) -> Balanced:
    world = Balanced()
    world.balance()
    world.group("web", check=HealthCheck(**{"interval_s": 30, **check}))  # type: ignore[arg-type]  # fields by name
    world.listen(80, web=1)
    world.target("web", target.port, state, address=target.address)
    return world


@pytest.mark.parametrize(
    ("check", "outcome", "code"),
    [
        pytest.param({"path": "/"}, CheckOutcome.PASSED, 200, id="answers"),
        pytest.param({"path": "/status/503"}, CheckOutcome.RESPONSE_CODE_MISMATCH, 503, id="wrong code"),
        pytest.param({"path": "/status/204", "matcher": "200-299"}, CheckOutcome.PASSED, 204, id="range"),
        pytest.param({"path": "/status/302"}, CheckOutcome.RESPONSE_CODE_MISMATCH, 302, id="redirect"),
        pytest.param({"protocol": "TCP"}, CheckOutcome.PASSED, None, id="tcp"),
        pytest.param({"path": "/hold", "timeout_s": 0.01}, CheckOutcome.TIMEOUT, None, id="no answer in time"),
    ],
)
def test_a_check_ends_as_elb_says(check: dict[str, object], outcome: CheckOutcome, code: int | None) -> None:
    async def story() -> None:
        async with TinyTarget("one") as target:

            async def see(checking: Checking) -> None:
                found = await checking.first()
                assert (found.outcome, found.response_code, found.at) == (outcome, code, 1000.0)

            await with_checker(checked_world(target, **check), see)()

    asyncio.run(story())


def test_the_request_is_that_of_elb() -> None:
    async def story() -> None:
        async with TinyTarget("one") as target:

            async def see(checking: Checking) -> None:
                await checking.first()
                lines = target.heads[0].splitlines()
                assert lines[0] == "GET /health HTTP/1.1"
                assert f"Host: 127.0.0.1:{target.port}" in lines
                assert "User-Agent: ELB-HealthChecker/2.0" in lines

            await with_checker(checked_world(target, path="/health"), see)()

    asyncio.run(story())


def test_a_target_that_refuses_or_speaks_no_http_failed() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-what\r\n")
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(babble, "127.0.0.1", 0)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            target = TinyTarget("none")
            for target.port in (server.sockets[0].getsockname()[1], closed.getsockname()[1]):

                async def see(checking: Checking) -> None:
                    found = await checking.first()
                    assert (found.outcome, found.response_code) == (CheckOutcome.FAILED, None)

                await with_checker(checked_world(target), see)()
        server.close()

    asyncio.run(story())


def test_the_port_of_the_health_check_overrides_the_target_s() -> None:
    async def story() -> None:
        async with TinyTarget("traffic") as traffic, TinyTarget("health") as health:

            async def see(checking: Checking) -> None:
                await checking.first()
                assert (sum(traffic.requests.values()), health.requests["/"]) == (0, 1)

            await with_checker(checked_world(traffic, port=str(health.port)), see)()

    asyncio.run(story())


def test_a_healthy_target_is_checked_on_and_only_its_failures_are_told() -> None:
    async def story() -> None:
        async with TinyTarget("one") as target:

            async def see(checking: Checking) -> None:
                await wait_for(lambda: target.requests["/"] >= 3, what="three checks")
                assert checking.reports == []
                target.status = 500
                assert (await checking.first()).response_code == 500

            await with_checker(checked_world(target, TargetState.HEALTHY, interval_s=AT_ONCE), see)()

    asyncio.run(story())


def test_targets_are_checked_from_their_registration_to_their_deregistration() -> None:
    async def story() -> None:
        async with TinyTarget("one") as target, TinyTarget("two") as other:
            world = checked_world(target, TargetState.UNUSED, interval_s=AT_ONCE)

            async def see(checking: Checking) -> None:
                assert checking.reports == []
                checking.checker.update(world.snapshot, world.target("web", target.port, TargetState.INITIAL))
                await checking.first()
                checking.checker.update(world.snapshot, world.target("web", target.port, TargetState.DRAINING))
                checking.checker.update(world.snapshot, world.target("web", other.port, TargetState.INITIAL))
                ended = len(checking.reports)
                await wait_for(lambda: other.requests["/"] >= 3, what="three checks of the other")
                keys = {report.target_key for report in checking.reports[ended:]}
                assert keys == {f"{group_arn('web')} 127.0.0.1:{other.port}"}

            await with_checker(world, see)()

    asyncio.run(story())


def test_a_group_is_checked_once_a_listener_forwards_to_it() -> None:
    async def story() -> None:
        async with TinyTarget("one") as target:
            world = Balanced()
            world.balance()
            world.group("web", check=HealthCheck(interval_s=AT_ONCE))
            world.target("web", target.port, TargetState.INITIAL)

            async def see(checking: Checking) -> None:
                checking.checker.update(world.snapshot, world.listen(80, web=1))
                assert (await checking.first()).outcome is CheckOutcome.PASSED

            await with_checker(world, see)()

    asyncio.run(story())


def test_a_new_target_is_checked_one_interval_after_its_registration() -> None:
    async def story() -> None:
        async with TinyTarget("one") as target:
            world = Balanced()
            world.group("web", check=HealthCheck(interval_s=300))
            world.group("api", check=HealthCheck(interval_s=AT_ONCE))
            world.listen(80, web=1, api=1)

            async def see(checking: Checking) -> None:
                new = [
                    change
                    for group in ("web", "api")
                    for change in world.target(group, target.port, TargetState.INITIAL)
                ]
                checking.checker.update(world.snapshot, new)
                assert "/api/" in (await checking.first()).target_key
                waiting = next(change.record.key for change in new if "/web/" in change.record.key)
                next_at = checking.checker.next_check_at(waiting)
                assert next_at is not None
                assert 1000 < next_at <= 1300
                assert checking.checker.next_check_at("nobody's") is None

            await with_checker(world, see)()

    asyncio.run(story())


def test_many_targets_are_all_checked() -> None:
    async def story() -> None:
        async with TinyTarget("all", address="0.0.0.0") as target:
            world = Balanced()
            world.group("web")
            world.listen(80, web=1)
            for number in range(1, 101):
                world.target("web", target.port, TargetState.INITIAL, address=f"127.0.1.{number}")

            async def see(checking: Checking) -> None:
                await wait_for(lambda: len(checking.reports) >= 100, what="a hundred checks")
                assert len({report.target_key for report in checking.reports}) == 100

            await with_checker(world, see)()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("matcher", "codes"),
    [
        pytest.param("200", {200}, id="one"),
        pytest.param("200,202", {200, 202}, id="list"),
        pytest.param("200-204", {200, 201, 202, 203, 204}, id="range"),
        pytest.param("200-201,404", {200, 201, 404}, id="both"),
    ],
)
def test_a_matcher_names_codes(matcher: str, codes: set[int]) -> None:
    assert {code for code in range(100, 600) if matches(matcher, code)} == codes

"""Load balancers reached by their names: at 127.0.0.1, and at each other's addresses."""

import asyncio
import logging
import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from slipway.adapters.envoy_names import FREE_LOOKS, LoopbackNames, wanted_ports
from slipway.adapters.envoy_watches import watches_of
from slipway.core.model.load_balancing import TargetState
from slipway.core.model.task_definitions import (
    ContainerDefinition,
    NetworkMode,
    PortMapping,
    TaskDefinition,
    TaskDefinitionStatus,
)
from slipway.core.plan import Put
from tests.adapters.balanced import Balanced
from tests.adapters.balanced_site import ADDRESS, Site, free_port, with_site
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for

LOOPBACK = "127.0.0.1"
OTHER_ADDRESS = "127.0.0.10"
SHOP = "shop-50dc6c49.elb.us-east-1.localhost"
WEB = "web-50dc6c49.elb.us-east-1.localhost"


class Names:
    """A site with a second load balancer, `shop`, and a group `one` for `web` and `two` for `shop`."""

    def __init__(self, site: Site, one: TinyTarget, two: TinyTarget, *, address: str = OTHER_ADDRESS) -> None:
        self.site = site
        self.shop = Balanced(name="shop", address=address, snapshot=site.world.snapshot)
        site.configure(*self.shop.balance())
        site.group("one", one)
        site.group("two", two)

    def listen(self) -> None:
        """Both listen on the site's port."""
        self.site.configure(*self.site.world.listen(self.site.port, one=1))
        self.site.configure(*self.shop.listen(self.site.port, two=1))

    async def ask(self, address: str, host: str) -> tuple[int, str] | None:
        """The answer at an address to a Host header; None where nobody listens."""
        try:
            url = f"http://{address}:{self.site.port}/"
            async with self.site.session.get(url, headers={"Host": host}) as answer:
                return answer.status, await answer.text()
        except OSError:
            return None

    async def answers(self, address: str, host: str, answer: tuple[int, str] | None) -> None:
        """Wait until requests are answered so."""

        async def is_answered() -> bool:
            return await self.ask(address, host) == answer

        await wait_for(is_answered, what=f"{answer} at {address} for {host}")

    def definition(self) -> TaskDefinition:
        return definition(self.site.port)


def definition(port: int, mode: NetworkMode = NetworkMode.BRIDGE) -> TaskDefinition:
    mapping = PortMapping(container_port=port, host_port=port)
    container = ContainerDefinition(name="web", image="web", port_mappings=(mapping,))
    arn = "arn:aws:ecs:us-east-1:000000000000:task-definition/web:1"
    return TaskDefinition(
        arn=arn, family="web", revision=1, registered_at=0, containers=(container,), document={}, network_mode=mode
    )


def test_each_name_reaches_its_load_balancer_at_every_address(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            for address in (LOOPBACK, ADDRESS, OTHER_ADDRESS):
                await names.answers(address, WEB, (200, "one"))
                await names.answers(address, SHOP, (200, "two"))
                await names.answers(address, f"{SHOP.upper()}:{site.port}", (200, "two"))
            assert await names.ask(ADDRESS, "example.com") == (200, "one")
            assert await names.ask(OTHER_ADDRESS, "example.com") == (200, "two")
            assert site.balancer.envoy_pid is not None
            assert watches_of(site.balancer.envoy_pid) == 5  # listeners, clusters, two groups, one port

    with_site(tmp_path, story)


def test_a_host_that_is_no_name_is_told_what_to_use(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(LOOPBACK, SHOP, (200, "two"))
            for host in ("localhost", "example.com", LOOPBACK):
                answer = await names.ask(LOOPBACK, host)
                assert answer is not None
                assert answer[0] == 404
                assert "use the DNSName or the address" in answer[1]
                assert "shop" not in answer[1]

    with_site(tmp_path, story)


def test_attributes_are_those_of_the_load_balancer_that_is_named(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.world.balancer = Balanced(
                address=ADDRESS, routing__http__xff_header_processing__mode="remove"
            ).balancer
            site.configure(*site.world.balance())
            site.group("one", one)
            site.configure(*site.world.listen(site.port, one=1))
            names = Names(site, one, one)
            await names.answers(LOOPBACK, WEB, (200, "one"))
            assert f"host: {WEB}" in one.heads[-1].lower()
            assert f"x-forwarded-port: {site.port}" in one.heads[-1].lower()
            assert "x-forwarded-for" not in one.heads[-1].lower()

    with_site(tmp_path, story)


def test_a_deleted_load_balancer_s_name_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(LOOPBACK, SHOP, (200, "two"))
            await names.answers(ADDRESS, SHOP, (200, "two"))
            site.configure(*names.shop.unbalance())
            await names.answers(ADDRESS, SHOP, (200, "one"))  # any other Host: the listener's own
            gone = await names.ask(LOOPBACK, SHOP)
            assert gone is not None
            assert gone[0] == 404
            site.configure(*site.world.unbalance())
            await names.answers(LOOPBACK, WEB, None)

    with_site(tmp_path, story)


def test_a_name_moves_with_its_listener_to_another_port(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(ADDRESS, SHOP, (200, "two"))
            moved, site.port = site.port, free_port()
            site.configure(*names.shop.silence(moved), *names.shop.listen(site.port, two=1))
            await names.answers(LOOPBACK, SHOP, (200, "two"))
            site.port = moved
            await names.answers(ADDRESS, SHOP, (200, "one"))

    with_site(tmp_path, story)


def test_a_request_in_flight_at_a_name_outlives_changes_of_other_load_balancers(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(LOOPBACK, WEB, (200, "one"))
            url = f"http://{LOOPBACK}:{site.port}/hold"
            held = asyncio.create_task(site.session.get(url, headers={"Host": WEB}))
            await one.held.wait()
            site.configure(*names.shop.unbalance())
            await names.answers(ADDRESS, SHOP, (200, "one"))
            one.release.set()
            assert (await held).status == 200

    with_site(tmp_path, story)


def test_a_port_that_a_program_has_is_left_to_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two, TinyTarget("program") as program:
            site.port = program.port
            names = Names(site, one, two)
            names.listen()
            await names.answers(ADDRESS, SHOP, (200, "two"))
            await names.answers(OTHER_ADDRESS, WEB, (200, "one"))
            assert await names.ask(LOOPBACK, SHOP) == (200, "program")
            names.listen()
        assert caplog.text.count("names of load balancers are not served") == 1
        assert f"{LOOPBACK}:{site.port} cannot be bound: it is in use by process" in caplog.text
        assert "envoy refused" not in caplog.text

    with_site(tmp_path, story)


def test_a_port_taken_before_envoy_heard_of_it_is_left_to_the_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(LOOPBACK, WEB, (200, "one"))
            site.port, pid = free_port(), site.balancer.envoy_pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            names.listen()  # the port is free, and Envoy does not read of it yet
            with closing(socket.create_server((LOOPBACK, site.port))):
                os.kill(pid, signal.SIGCONT)
                await names.answers(ADDRESS, SHOP, (200, "two"))
                await wait_for(lambda: "names of load balancers are not served" in caplog.text, what="the refusal")
                listed = (tmp_path / "xds" / "lds.json").read_text()
                assert f"names:{site.port}" not in listed
        assert "envoy refused" not in caplog.text

    with_site(tmp_path, story)


def test_a_load_balancer_whose_own_address_is_127_0_0_1_takes_the_port_over_and_gives_it_back(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two, address=LOOPBACK)
            site.configure(*site.world.listen(site.port, one=1))
            await names.answers(LOOPBACK, WEB, (200, "one"))
            assert site.balancer.bind_error(LOOPBACK, site.port) is None  # ours is not in the way
            site.configure(*names.shop.listen(site.port, two=1))
            await names.answers(LOOPBACK, "example.com", (200, "two"))
            await names.answers(LOOPBACK, WEB, (200, "one"))
            site.configure(*names.shop.silence(site.port))
            await wait_for(lambda: is_refused(names), what="404 for a Host that is no name")
            assert await names.ask(LOOPBACK, WEB) == (200, "one")

    async def is_refused(names: Names) -> bool:
        answer = await names.ask(LOOPBACK, "example.com")
        return answer is not None and answer[0] == 404

    with_site(tmp_path, story)


def test_a_task_definition_with_the_host_port_takes_it_over_at_once(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(LOOPBACK, WEB, (200, "one"))
            site.configure(*site.world.apply(Put(record=names.definition())))
            await names.answers(LOOPBACK, WEB, None)
            with closing(socket.create_server((LOOPBACK, site.port))):
                assert await names.ask(ADDRESS, SHOP) == (200, "two")

    with_site(tmp_path, story)


def test_names_are_served_while_the_control_plane_is_down_and_adopted_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            names = Names(site, one, two)
            names.listen()
            await names.answers(LOOPBACK, SHOP, (200, "two"))
            pid = site.balancer.envoy_pid
            await site.balancer.close()
            written = (tmp_path / "xds" / "lds.json").stat().st_ino
            assert await names.ask(LOOPBACK, SHOP) == (200, "two")
            site.balancer = site.new_balancer()
            await site.balancer.open(site.world.snapshot)
            assert site.balancer.envoy_pid == pid
            assert (tmp_path / "xds" / "lds.json").stat().st_ino == written
            assert await names.ask(LOOPBACK, SHOP) == (200, "two")
        assert "names of load balancers are not served" not in caplog.text

    with_site(tmp_path, story)


# What is wanted, and what is left out


def listening(address: str = "127.0.0.2", *ports: int) -> Balanced:
    world = Balanced(address=address)
    world.balance()
    world.group("web")
    for port in ports or (8080, 8081):
        world.listen(port, web=1)
    return world


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        pytest.param("127.0.0.2", {8080, 8081}, id="an address of its own"),
        pytest.param("127.0.0.1", set(), id="127.0.0.1 itself"),
        pytest.param("0.0.0.0", set(), id="every address"),
    ],
)
def test_names_are_wanted_where_no_load_balancer_is_at_127_0_0_1(address: str, wanted: set[int]) -> None:
    assert wanted_ports(listening(address).snapshot) == wanted


@pytest.mark.parametrize(
    ("mode", "status", "wanted"),
    [
        pytest.param(NetworkMode.BRIDGE, TaskDefinitionStatus.ACTIVE, {8081}, id="bridge"),
        pytest.param(NetworkMode.HOST, TaskDefinitionStatus.ACTIVE, {8081}, id="host"),
        pytest.param(NetworkMode.AWSVPC, TaskDefinitionStatus.ACTIVE, {8080, 8081}, id="an address of its own"),
        pytest.param(NetworkMode.BRIDGE, TaskDefinitionStatus.INACTIVE, {8080, 8081}, id="deregistered"),
    ],
)
def test_static_host_ports_are_left_to_tasks(mode: NetworkMode, status: TaskDefinitionStatus, wanted: set[int]) -> None:
    world = listening()
    of_port = definition(8080, mode)
    world.apply(
        Put(
            record=TaskDefinition(
                arn=of_port.arn,
                family="web",
                revision=1,
                registered_at=0,
                containers=of_port.containers,
                document={},
                network_mode=mode,
                status=status,
            )
        )
    )
    assert wanted_ports(world.snapshot) == wanted


def test_the_port_of_a_target_at_127_0_0_1_is_left_to_it() -> None:
    world = listening()
    world.target("web", 8080, TargetState.UNHEALTHY)
    world.target("web", 8081, TargetState.HEALTHY, address="127.0.0.3")
    assert wanted_ports(world.snapshot) == {8081}


def test_a_port_that_was_taken_is_served_once_it_is_free_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    world = listening("127.0.0.2", port)
    names = LoopbackNames((), envoy_pid=lambda: None)
    with caplog.at_level(logging.WARNING), closing(socket.create_server((LOOPBACK, port))):
        assert names.choose(world.snapshot) == set()
        assert [names.look(world.snapshot) for _ in range(FREE_LOOKS + 1)] == [False] * (FREE_LOOKS + 1)
    assert [names.look(world.snapshot) for _ in range(FREE_LOOKS - 1)] == [False] * (FREE_LOOKS - 1)
    with closing(socket.create_server((LOOPBACK, port))):
        assert not names.look(world.snapshot)  # it was only started again: counted from the beginning
    assert [names.look(world.snapshot) for _ in range(FREE_LOOKS)] == [False] * (FREE_LOOKS - 1) + [True]
    assert names.choose(world.snapshot) == {port}
    assert len(caplog.records) == 1


def test_what_claims_a_port_later_is_seen_at_the_next_look() -> None:
    port = free_port()
    world = listening("127.0.0.2", port)
    names = LoopbackNames((), envoy_pid=lambda: None)
    assert names.choose(world.snapshot) == {port}
    assert not names.look(world.snapshot)
    world.target("web", port, TargetState.INITIAL)
    assert names.look(world.snapshot)
    assert names.choose(world.snapshot) == set()
    assert not names.look(world.snapshot)

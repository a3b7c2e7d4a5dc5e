"""Envoy's life beside the control plane's: started, adopted, restarted, stopped; ports that are taken."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from slipway.core.model.load_balancing import TargetState
from slipway.core.observations import TargetDrained
from tests.adapters.balanced_site import ADDRESS, Site, with_site
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for


def test_without_a_load_balancer_no_envoy_runs_and_targets_drain_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        site = Site(tmp_path)
        await site.balancer.open(site.world.snapshot)
        site.configure(*site.world.group("web"), *site.world.target("web", 8001, TargetState.DRAINING))
        await wait_for(lambda: site.ports(TargetDrained) == [8001], what="the target drained")
        assert site.balancer.envoy_pid is None
        assert not (tmp_path / "envoy.pid").exists()
        await site.session.close()
        await site.balancer.stop()

    asyncio.run(story())


def test_an_envoy_that_is_killed_is_started_again(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            killed = site.balancer.envoy_pid
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            await wait_for(lambda: site.balancer.envoy_pid not in (None, killed), what="another Envoy")
            await site.serves("one")

    with_site(tmp_path, story)


def test_envoy_serves_on_without_a_control_plane_and_is_adopted_by_the_next(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            pid = site.balancer.envoy_pid
            held = asyncio.create_task(site.get("/hold"))
            await one.held.wait()
            await site.balancer.close()
            assert await site.get() == (200, "one")
            site.world.target("web", one.port, TargetState.DRAINING)
            site.world.target("web", two.port, TargetState.HEALTHY)
            site.balancer = site.new_balancer()
            await site.balancer.open(site.world.snapshot)
            assert site.balancer.envoy_pid == pid
            await site.serves("two")
            assert site.ports(TargetDrained) == []
            one.release.set()
            assert await held == (200, "one")
            await site.drained(one)

    with_site(tmp_path, story)


def test_files_that_cannot_be_written_are_written_once_they_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one, TinyTarget("two") as two:
            site.group("web", one)
            site.configure(*site.world.listen(site.port, web=1))
            await site.serves("one")
            (tmp_path / "staging").rename(tmp_path / "elsewhere")
            site.put("web", one, TargetState.DRAINING)
            site.put("web", two, TargetState.HEALTHY)
            assert await site.get() == (200, "one")  # by the files it has
            (tmp_path / "elsewhere").rename(tmp_path / "staging")
            await site.serves("two")
            await site.drained(one)
        assert caplog.text.count("could not be written") == 1

    with_site(tmp_path, story)


def test_stop_ends_envoy_and_leaves_no_socket(tmp_path: Path) -> None:
    async def story(site: Site) -> None:
        pid = site.balancer.envoy_pid
        assert pid is not None
        await site.balancer.stop()
        assert not Path(f"/proc/{pid}").exists()
        assert not (tmp_path / "admin.sock").exists()

    with_site(tmp_path, story)


def test_a_long_directory_has_its_socket_elsewhere(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 30)

    async def story(site: Site) -> None:
        socket_path = Path((directory / "admin.path").read_text())
        assert socket_path.is_socket()
        assert oct(socket_path.parent.stat().st_mode & 0o777) == "0o700"
        await site.balancer.stop()
        assert not socket_path.parent.exists()

    with_site(directory, story)


def test_a_listener_whose_port_was_taken_is_told_and_bound_once_the_port_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(site: Site) -> None:
        async with TinyTarget("one") as one:
            site.group("web", one)
            with socket.socket() as taken:
                taken.bind((ADDRESS, site.port))
                taken.listen()
                sentence = site.balancer.bind_error(ADDRESS, site.port)
                assert sentence is not None
                assert f"in use by process {os.getpid()}" in sentence
                site.configure(*site.world.listen(site.port, web=1))
                await wait_for(lambda: "envoy refused a listener" in caplog.text, what="the refusal")
            await site.serves("one")
            assert caplog.text.count("envoy refused a listener") == 1
            assert site.balancer.bind_error(ADDRESS, site.port) is None  # our own Envoy holds it

    with_site(tmp_path, story)

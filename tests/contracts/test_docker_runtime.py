"""The docker runtime on a real engine: the contract that all runtimes keep, and what only docker has."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker import DockerRuntime
from slipway.adapters.docker_engine import Engine, default_address
from slipway.adapters.docker_images import PullBehavior
from slipway.core.model.task_definitions import NetworkMode, PortMapping
from tests.contracts.docker_bench import (
    GRACEFUL,
    SERVE,
    STUBBORN,
    Bench,
    WallClock,
    get,
    inspected,
    opened,
    play,
    sweep,
)
from tests.contracts.docker_proxy import DockerProxy
from tests.contracts.docker_subject import DockerSubject

pytest.register_assert_rewrite(
    "tests.contracts.runtime_contract", "tests.contracts.watching_contract", "tests.contracts.restart_contract"
)

from tests.contracts.restart_contract import RestartContract  # noqa: E402
from tests.contracts.runtime_contract import RuntimeContract, RuntimeFactory  # noqa: E402
from tests.contracts.watching_contract import WatchingContract  # noqa: E402

pytestmark = pytest.mark.docker


@pytest.fixture
def subject() -> DockerSubject:
    return DockerSubject()


@pytest.fixture
def runtime_factory() -> Iterator[RuntimeFactory]:
    data_id = f"test-{secrets.token_hex(6)}"
    yield lambda: DockerRuntime(data_id, PullBehavior.DEFAULT, WallClock())
    asyncio.run(sweep(data_id))


class TestContract(RuntimeContract):
    """Run over the docker runtime."""


class TestRestart(RestartContract):
    """Run over the docker runtime."""


class TestWatching(WatchingContract):
    """Run over the docker runtime."""


def test_bridge_is_reached_at_its_binding() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=SERVE, port_mappings=(PortMapping(container_port=8080, name="http"),))
        task = bench.task(app)
        await bench.runtime.pull(app)
        started = await bench.runtime.start(task, app)
        (binding,) = started.network_bindings
        assert (binding.bind_ip, binding.container_port, started.ip_address) == ("127.0.0.1", 8080, None)
        assert await get(f"http://127.0.0.1:{binding.host_port}/") == "pong\n"

    play(scenario)


def test_awsvpc_has_an_address_that_its_containers_share() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=SERVE, port_mappings=(PortMapping(container_port=8080),))
        side = bench.container("side", command=("sh", "-c", "until wget -qO- http://127.0.0.1:8080/; do :; done"))
        task = bench.task(app, side, mode=NetworkMode.AWSVPC)
        first, second = [await bench.runtime.start(task, each) for each in task.containers]
        assert first.ip_address == second.ip_address
        assert first.network_bindings == ()
        assert (await bench.runtime.wait(task.task_arn, "side")).exit_code == 0
        assert (await bench.lines(task, "side"))[-1] == b"pong\n"  # after refused attempts, if it was the faster
        assert await get(f"http://{first.ip_address}:8080/") == "pong\n"

    play(scenario)


def test_many_awsvpc_tasks_at_once_make_one_network() -> None:
    async def scenario(bench: Bench) -> None:
        tasks = [bench.task(bench.container(), mode=NetworkMode.AWSVPC) for _ in range(4)]
        started = await asyncio.gather(*(bench.runtime.start(task, task.containers[0]) for task in tasks))
        assert len({each.ip_address for each in started}) == 4

    play(scenario)


def test_host_mode_shows_its_ports_as_they_are() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(port_mappings=(PortMapping(container_port=8080),))
        started = await bench.runtime.start(bench.task(app, mode=NetworkMode.HOST), app)
        (binding,) = started.network_bindings
        assert (binding.container_port, binding.host_port) == (8080, 8080)

    play(scenario)


def test_a_program_that_handles_its_stop_signal_tells_its_code() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=GRACEFUL)
        task = bench.task(app)
        await bench.runtime.start(task, app)
        await bench.until_ready(task)
        await bench.runtime.stop(task.task_arn, "app", timeout_s=60)
        ended = await bench.runtime.wait(task.task_arn, "app")
        assert (ended.exit_code, ended.reason, ended.was_killed) == (3, None, False)

    play(scenario)


def test_one_that_ignores_it_is_killed() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=STUBBORN)
        task = bench.task(app)
        await bench.runtime.start(task, app)
        await bench.until_ready(task)
        await bench.runtime.stop(task.task_arn, "app", timeout_s=0.3)
        ended = await bench.runtime.wait(task.task_arn, "app")
        assert (ended.exit_code, ended.was_killed) == (137, True)

    play(scenario)


def test_memory_that_runs_out_is_told() -> None:
    async def scenario(bench: Bench) -> None:
        # It lives for a moment first: Engine 20.10 misses a kill that comes before it has begun to watch for one.
        greedy = "sleep 1; exec dd if=/dev/zero of=/dev/null bs=500M count=1"
        app = bench.container(command=("sh", "-c", greedy), memory=8)
        task = bench.task(app)
        await bench.runtime.start(task, app)
        ended = await bench.runtime.wait(task.task_arn, "app")
        assert (ended.exit_code, ended.reason) == (137, "OutOfMemoryError: Container killed due to memory usage")
        assert not ended.was_killed

    play(scenario)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        pytest.param(("no-such-program",), "no-such-program.*not found", id="not found"),
        pytest.param(("/tmp",), "permission denied|is a directory", id="not a program"),
    ],
)
def test_what_cannot_be_started_is_said_and_removed(command: tuple[str, ...], sentence: str) -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=command)
        task = bench.task(app)
        with pytest.raises(RuntimeFault, match=f"CannotStartContainerError: .*({sentence})"):
            await bench.runtime.start(task, app)
        with pytest.raises(RuntimeFault):
            await bench.runtime.wait(task.task_arn, "app")
        again = bench.container()  # the name is free
        await bench.runtime.start(bench.task(again), again)

    play(scenario)


def test_an_image_that_is_nowhere_is_said() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(image="registry.invalid/nobody/none:v0")
        with pytest.raises(
            RuntimeFault, match=r"CannotPullContainerError: registry.invalid/nobody/none:v0: .*build it"
        ):
            await bench.runtime.pull(app)
        with pytest.raises(RuntimeFault, match=r"CannotCreateContainerError: .*No such image"):
            await bench.runtime.start(bench.task(app), app)

    play(scenario)


def test_a_taken_port_is_named() -> None:
    async def scenario(bench: Bench) -> None:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        app = bench.container(port_mappings=(PortMapping(container_port=80, host_port=port),))
        async with server:
            with pytest.raises(RuntimeFault, match=f"CannotStartContainerError: host port {port} is already in use"):
                await bench.runtime.start(bench.task(app), app)
        first = await bench.runtime.start(bench.task(app), app)
        assert [binding.host_port for binding in first.network_bindings] == [port]
        with pytest.raises(RuntimeFault, match=f"host port {port} is already in use"):
            await bench.runtime.start(bench.task(app), app)

    play(scenario)


def test_starting_twice_is_starting_once() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container()
        task = bench.task(app)
        started = await asyncio.gather(*(bench.runtime.start(task, app) for _ in range(3)))
        assert len({each.runtime_id for each in started}) == 1

    play(scenario)


def test_a_restarted_control_plane_finds_its_own_containers_only() -> None:
    async def scenario(bench: Bench) -> None:
        runs, ends = bench.container(), bench.container("quick", command=("sh", "-c", "exit 7"))
        task = bench.task(runs, ends)
        started = {each.name: await bench.runtime.start(task, each) for each in task.containers}
        await bench.runtime.wait(task.task_arn, "quick")
        await bench.runtime.close()
        async with opened() as stranger:
            assert stranger.found == ()
        bench.runtime = DockerRuntime(bench.data_id, PullBehavior.PREFER_CACHED, WallClock())
        found = {each.container_name: each for each in await bench.runtime.open()}
        assert [each.payload for each in found.values()] == [task, task]
        assert {name: each.started.runtime_id for name, each in found.items()} == {
            name: each.runtime_id for name, each in started.items()
        }
        assert (await bench.runtime.wait(task.task_arn, "quick")).exit_code == 7
        await bench.runtime.stop(task.task_arn, "app", timeout_s=0)
        assert (await bench.runtime.wait(task.task_arn, "app")).exit_code == 137

    play(scenario)


def test_a_container_made_and_never_started_is_started() -> None:
    """The control plane was killed between the two requests; the order to start comes again."""

    async def scenario(bench: Bench) -> None:
        app = bench.container(command=("sh", "-c", "exit 5"))
        task = bench.task(app)
        engine = Engine()
        await engine.open()
        body = {"Image": app.image, "Cmd": list(app.command), "Labels": {"io.slipway.data": bench.data_id}}
        made = await engine.call(
            "POST", "/containers/create", params={"name": f"slipway-{task.task_id}-app"}, body=body
        )
        await engine.close()
        assert (await bench.runtime.start(task, app)).runtime_id == made["Id"]
        assert (await bench.runtime.wait(task.task_arn, "app")).exit_code == 5

    play(scenario)


def test_output_outlives_its_task() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container(command=("sh", "-c", "echo one; echo two >&2; printf three"))
        task = bench.task(app)
        await bench.runtime.start(task, app)
        with pytest.raises(RuntimeFault, match="is not on this host"):
            await bench.runtime.wait(task.task_arn, "other")
        assert sorted(await bench.lines(task, follow=True)) == [b"one\n", b"three", b"two\n"]
        await bench.runtime.wait(task.task_arn, "app")
        await bench.runtime.remove(task.task_arn)
        assert len(await bench.lines(task)) == 3
        assert await bench.lines(task, tail=1) == [b"three"]
        await bench.runtime.close()
        bench.runtime = DockerRuntime(bench.data_id, PullBehavior.PREFER_CACHED, WallClock())
        assert await bench.runtime.open() == ()
        assert len(await bench.lines(task)) == 3

    play(scenario)


def test_a_running_task_is_not_forgotten() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container()
        task = bench.task(app)
        await bench.runtime.start(task, app)
        with pytest.raises(RuntimeFault, match=r"app of .* still runs; stop it"):
            await bench.runtime.remove(task.task_arn)

    play(scenario)


def test_limits_and_options_reach_the_engine() -> None:
    async def scenario(bench: Bench) -> None:
        document = {
            "readonlyRootFilesystem": True,
            "linuxParameters": {"initProcessEnabled": True, "tmpfs": [{"containerPath": "/scratch", "size": 1}]},
            "extraHosts": [{"hostname": "db", "ipAddress": "127.0.0.9"}],
        }
        app = bench.container(
            command=("sh", "-c", "id -u; pwd; touch /x 2>/dev/null || echo read-only; cat /etc/hosts; echo $WHO"),
            environment={"WHO": "ada"},
            user="1000",
            working_directory="/scratch",
            memory=32,
            cpu=128,
            ulimits=(("nofile", 100, 200),),
            document=document,
        )
        task = bench.task(app)
        started = await bench.runtime.start(task, app)
        await bench.runtime.wait(task.task_arn, "app")
        output = await bench.lines(task)
        assert output[:3] == [b"1000\n", b"/scratch\n", b"read-only\n"]
        assert b"127.0.0.9\tdb\n" in output
        assert output[-1] == b"ada\n"
        config = (await inspected(started.runtime_id))["HostConfig"]
        assert (config["Memory"], config["CpuShares"], config["Init"]) == (32 * 1024 * 1024, 128, True)

    play(scenario)


def test_what_ends_while_the_engine_is_away_is_known_when_it_is_back(tmp_path: Path) -> None:
    async def run() -> None:
        proxy = DockerProxy(tmp_path / "docker.sock", default_address())
        await proxy.mend()
        async with asyncio.timeout(90), opened(proxy.address) as bench:
            app, late = bench.container(), bench.container("late", command=STUBBORN)
            task = bench.task(app, late)
            started = [await bench.runtime.start(task, each) for each in task.containers]
            await bench.until_ready(task, "late")
            waiting = asyncio.create_task(bench.runtime.wait(task.task_arn, "app"))
            stopping = asyncio.create_task(bench.runtime.stop(task.task_arn, "late", timeout_s=1))
            await proxy.cut()
            with pytest.raises(RuntimeFault, match="CannotGetDockerclientError: Cannot reach the Docker engine"):
                await bench.runtime.start(bench.task(app), app)
            engine = Engine()
            await engine.open()
            await engine.call("POST", f"/containers/{started[0].runtime_id}/kill")
            await engine.close()
            assert not waiting.done()
            await proxy.mend()
            assert (await waiting).exit_code == 137
            await stopping
            assert (await bench.runtime.wait(task.task_arn, "late")).exit_code == 137
            await bench.runtime.start(bench.task(app), app)
            await bench.runtime.close()
            await proxy.cut()

    asyncio.run(run())


def test_one_that_is_taken_away_is_told() -> None:
    async def scenario(bench: Bench) -> None:
        app = bench.container()
        task = bench.task(app)
        started = await bench.runtime.start(task, app)
        engine = Engine()
        await engine.open()
        await engine.call("DELETE", f"/containers/{started.runtime_id}", params={"force": "1"})
        await engine.close()
        ended = await bench.runtime.wait(task.task_arn, "app")
        assert ended.exit_code in (137, None)  # None: it was gone before it could be looked at

    play(scenario)

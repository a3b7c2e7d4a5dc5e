"""The process runtime: the contract, and what only processes can do."""

import asyncio
import os
import signal
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.process import ProcessRuntime
from slipway.core.model.task_definitions import NetworkMode, PortMapping
from slipway.core.plan import ContainerPayload

pytest.register_assert_rewrite(
    "tests.contracts.runtime_contract", "tests.contracts.watching_contract", "tests.contracts.restart_contract"
)

from tests.contracts.process_subject import ProcessSubject  # noqa: E402
from tests.contracts.restart_contract import RestartContract  # noqa: E402
from tests.contracts.runtime_contract import RuntimeContract, RuntimeFactory, Stage, play, task_of  # noqa: E402
from tests.contracts.watching_contract import WatchingContract  # noqa: E402

#: The bits of a signal mask from here on are of the C library's own signals.
LIBC_SIGNALS = 1 << 31

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def subject() -> ProcessSubject:
    return ProcessSubject()


@pytest.fixture
def runtime_factory(tmp_path: Path) -> RuntimeFactory:
    return lambda: ProcessRuntime(tmp_path)


class TestContract(RuntimeContract):
    """Run over the process runtime."""

    @pytest.fixture(autouse=True)
    def can_bound_memory(self, request: pytest.FixtureRequest) -> None:
        if "memory" in request.node.name and os.geteuid() != 0:
            pytest.skip("only memory groups kill, and making one needs root")


class TestRestart(RestartContract):
    """Run over the process runtime."""


class TestWatching(WatchingContract):
    """Run over the process runtime."""


class TestPorts:
    """Every port mapping gets a port, and programs are told."""

    def test_each_mapping_is_told_by_variables(self, runtime_factory: RuntimeFactory, subject: ProcessSubject) -> None:
        async def scene(stage: Stage) -> None:
            mappings = (PortMapping(container_port=80), PortMapping(container_port=9090))
            command = ("sh", "-c", "echo $PORT $PORT_80 $PORT_9090")
            task = stage.task(command, port_mappings=mappings, environment={"PORT": "80"})
            first, second = (await stage.start(task)).network_bindings
            assert await stage.output(task) == [f"{first.host_port} {first.host_port} {second.host_port}"]

        play(runtime_factory, subject, scene)

    @pytest.mark.parametrize(
        ("ports", "environment", "told"),
        [
            pytest.param((80,), {}, "127.0.0.1", id="where its ports are"),
            pytest.param((80,), {"HOST": "0.0.0.0"}, "0.0.0.0", id="where its definition says"),
            pytest.param((), {}, "none", id="nothing without ports"),
        ],
    )
    def test_a_program_is_told_where_to_listen(
        self, runtime_factory: RuntimeFactory, ports: tuple[int, ...], environment: dict[str, str], told: str
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(
                ("sh", "-c", "echo ${HOST:-none}"),
                port_mappings=tuple(PortMapping(container_port=port) for port in ports),
                environment=environment,
            )
            await stage.start(task)
            assert await stage.output(task) == [told]

        play(runtime_factory, ProcessSubject(), scene)

    def test_tasks_started_at_once_get_different_ports(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            tasks = [
                stage.task(subject.runs_on(), port_mappings=(PortMapping(container_port=80),) * 2) for _ in range(20)
            ]
            started = await asyncio.gather(*map(stage.start, tasks))
            await stage.reopen()
            started.append(
                await stage.start(stage.task(subject.runs_on(), port_mappings=(PortMapping(container_port=80),)))
            )
            ports = [binding.host_port for one in started for binding in one.network_bindings]
            assert len(ports) == len(set(ports)) == 41

        play(runtime_factory, subject, scene)

    def test_a_static_port_is_used_once(self, runtime_factory: RuntimeFactory, subject: ProcessSubject) -> None:
        async def scene(stage: Stage) -> None:
            with closing(socket.create_server(("127.0.0.1", 0))) as other:
                port = other.getsockname()[1]
                mappings = (PortMapping(container_port=80, host_port=port),)
                with pytest.raises(RuntimeFault, match=f"hostPort {port} .* another program has it"):
                    await stage.start(stage.task(subject.runs_on(), port_mappings=mappings))
            first = stage.task(subject.runs_on(), port_mappings=mappings)
            assert (await stage.start(first)).network_bindings[0].host_port == port
            with pytest.raises(RuntimeFault, match=f"hostPort {port} .* a task has it") as caught:
                await stage.start(stage.task(subject.runs_on(), port_mappings=mappings))
            assert caught.value.name == "CannotStartContainerError"
            await stage.runtime.stop(first.task_arn, "app", timeout_s=60)
            assert await stage.start(stage.task(subject.runs_on(), port_mappings=mappings))

        play(runtime_factory, subject, scene)

    def test_tasks_with_awsvpc_share_the_loopback_address(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            mappings = (PortMapping(container_port=8080, host_port=8080),)
            containers = stage.task(subject.runs_on(), port_mappings=mappings).containers
            starts = [await stage.start(task_of(*containers, mode=NetworkMode.AWSVPC)) for _ in range(2)]
            assert {started.ip_address for started in starts} == {"127.0.0.1"}
            assert len({started.network_bindings[0].host_port for started in starts}) == 2

        play(runtime_factory, subject, scene)


class TestPrograms:
    """What a program finds when it is run, and how it ends."""

    def test_signals_have_their_default_effects(self, runtime_factory: RuntimeFactory, subject: ProcessSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("cat", "/proc/self/status"))
            await stage.start(task)
            pairs = (line.split(":") for line in await stage.output(task))
            masks = {
                name: int(mask, 16) % LIBC_SIGNALS for name, mask in pairs if name in ("SigBlk", "SigIgn", "SigCgt")
            }
            assert masks == {"SigBlk": 0, "SigIgn": 0, "SigCgt": 0}

        started_by = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)  # nohup, and a script with `&`, ignore these
        before = {number: signal.signal(number, signal.SIG_IGN) for number in started_by}
        try:
            play(runtime_factory, subject, scene)
        finally:
            for number, effect in before.items():
                signal.signal(number, effect)

    def test_nothing_of_the_server_is_inherited(self, runtime_factory: RuntimeFactory, subject: ProcessSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("sh", "-c", "ls /proc/self/fd; env"), environment={"stat": "mine"})
            await stage.start(task)
            output = await stage.output(task)
            assert [line for line in output if "=" not in line] == ["0", "1", "2", "3"]  # 3 is the folder ls reads
            names = {line.partition("=")[0] for line in output if "=" in line}
            assert names - {"PWD", "OLDPWD", "SHLVL", "_", "HOME", "LANG", "PATH"} == {"stat"}

        play(runtime_factory, subject, scene)

    def test_variables_that_no_shell_knows_are_passed(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("printenv", "spring.datasource"), environment={"spring.datasource": "db"})
            await stage.start(task)
            assert await stage.output(task) == ["db"]

        play(runtime_factory, subject, scene)

    def test_limits_are_set(self, runtime_factory: RuntimeFactory, subject: ProcessSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("sh", "-c", "ulimit -S -n; ulimit -H -n"), ulimits=(("nofile", 100, 200),))
            await stage.start(task)
            assert await stage.output(task) == ["100", "200"]

        play(runtime_factory, subject, scene)

    @needs_root
    @pytest.mark.parametrize(("user", "ids"), [("nobody", "65534 65534"), ("1234:56", "1234 56")])
    def test_the_user_is_changed(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, user: str, ids: str
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("sh", "-c", "echo $(id -u) $(id -g)"), user=user, working_directory="/")
            await stage.start(task)
            assert await stage.output(task) == [ids]
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 0

        play(runtime_factory, subject, scene)

    def test_a_program_that_the_kernel_refuses_could_not_be_started(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path
    ) -> None:
        async def scene(stage: Stage) -> None:
            program = tmp_path / "program"
            program.write_bytes(b"\0\1no program")
            program.chmod(0o755)
            task = stage.task((str(program),))
            await stage.start(task)
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert (ended.exit_code, ended.reason) == (
                126,
                f"CannotStartContainerError: container app: {program}: Exec format error",
            )

        play(runtime_factory, subject, scene)

    def test_a_program_that_ends_as_if_it_were_not_found_was_started(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("sh", "-c", "no-such-program"))
            await stage.start(task)
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert (ended.exit_code, ended.reason) == (127, None)

        play(runtime_factory, subject, scene)

    def test_a_stop_right_after_the_start_is_not_lost(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            for _ in range(20):
                task = stage.task(subject.runs_on())
                await stage.start(task)
                await stage.runtime.stop(task.task_arn, "app", timeout_s=60)
                assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 143

        play(runtime_factory, subject, scene)

    def test_a_stop_right_after_a_restart_is_not_lost(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            for _ in range(10):
                task = stage.task(subject.runs_on())
                await stage.start(task)
                await stage.reopen()  # before the shim has said who it is
                await stage.runtime.stop(task.task_arn, "app", timeout_s=60)
                assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 143

        play(runtime_factory, subject, scene)

    def test_a_kill_right_after_a_restart_is_not_lost(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            for _ in range(10):
                task = stage.task(subject.ignores_sigterm())
                await stage.start(task)
                await stage.reopen()
                await stage.runtime.stop(task.task_arn, "app", timeout_s=0)
                assert (await stage.runtime.wait(task.task_arn, "app")).exit_code in (137, 143)

        play(runtime_factory, subject, scene)

    def test_what_a_program_leaves_behind_ends_with_it(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("sh", "-c", "sleep 600 & echo $!; exit 4"))
            await stage.start(task)
            (left,) = await stage.output(task)
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 4
            await gone(int(left))

        play(runtime_factory, subject, scene)

    def test_a_shim_that_is_killed_takes_its_program_along(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(("sh", "-c", "echo $PPID $$; exec sleep 600"))
            await stage.start(task)
            async for line in stage.lines(task):
                shim, program = map(int, line.split())
                break
            os.kill(shim, 9)
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 137
            await gone(program)

        play(runtime_factory, subject, scene)


async def gone(pid: int) -> None:
    """Wait until a process is no more, or is but a zombie that nobody has reaped yet."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)


class TestFaults:
    """What cannot be run is refused with a sentence that names it."""

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            pytest.param(
                {"command": ("/etc/passwd",)}, "/etc/passwd is not executable: permission denied", id="not-executable"
            ),
            pytest.param({"command": ("./none",)}, "none: no such file or directory", id="no-file"),
            pytest.param({"working_directory": "/none"}, "working directory /none does not exist", id="no-folder"),
            pytest.param({"user": "no-such-user"}, "user no-such-user does not exist", id="no-user"),
            pytest.param({"user": "0:no-such-group"}, "group no-such-group does not exist", id="no-group"),
            pytest.param({"ulimits": (("locks", 1, 1),)}, "ulimit locks is not known", id="no-ulimit"),
            pytest.param({"environment": {"BIG": "x" * 200_000}}, "Argument list too long", id="big-variable"),
        ],
    )
    def test_a_start_that_cannot_be(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, fields: dict[str, Any], sentence: str
    ) -> None:
        async def scene(stage: Stage) -> None:
            with pytest.raises(RuntimeFault, match=sentence) as caught:
                await stage.start(stage.task(**{"command": subject.runs_on(), **fields}))
            assert caught.value.name == "CannotStartContainerError"

        play(runtime_factory, subject, scene)

    def test_a_container_without_a_command_is_told_what_to_do(self, runtime_factory: RuntimeFactory) -> None:
        container = ContainerPayload(name="web", arn="web", image="nginx:latest", essential=True)
        with pytest.raises(RuntimeFault, match=r"web has no command, and image nginx:latest .* --runtime docker"):
            asyncio.run(runtime_factory().pull(container))

    def test_a_disk_that_cannot_be_written(
        self, runtime_factory: RuntimeFactory, subject: ProcessSubject, tmp_path: Path
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on())
            (tmp_path / "tasks" / task.task_id / "app.json").mkdir(parents=True)
            with pytest.raises(RuntimeFault, match="container app: Is a directory") as caught:
                await stage.start(task)
            assert caught.value.name == "CannotCreateContainerError"

        play(runtime_factory, subject, scene)

"""What every container runtime must do: the one suite that docker and process pass.

A module that runs it subclasses `RuntimeContract` and gives two fixtures: `subject`, the programs in the form its
runtime runs, and `runtime_factory`, which builds a runtime, not opened, each time over the same data.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import pytest

from slipway.adapters.container_runtime import ContainerRuntime, RuntimeFault, StartedContainer
from slipway.core.model.task_definitions import NetworkMode, PortMapping
from slipway.core.plan import ContainerPayload, TaskPayload

RuntimeFactory = Callable[[], ContainerRuntime]
Command = tuple[str, ...]

#: No test of one container takes this long: beyond it, one that hangs says where.
HANG_S = 60
PORT = 8080
MEMORY_MIB = 32


class ContractSubject(Protocol):
    """The programs of the contract, each as a command line of `image`."""

    @property
    def image(self) -> str:
        """The image all commands are run in."""

    def runs_on(self) -> Command:
        """Prints `ready`, then runs until SIGTERM ends it."""

    def ignores_sigterm(self) -> Command:
        """Prints `ready` once it ignores SIGTERM, then runs on."""

    def exits_with(self, code: int) -> Command:
        """Ends at once."""

    def prints(self, lines: int) -> Command:
        """Prints `line 1` … `line <lines>`, then runs until SIGTERM ends it."""

    def prints_variable(self, name: str) -> Command:
        """Prints the value of one environment variable, and ends."""

    def prints_folder(self) -> Command:
        """Prints the folder it runs in, and ends."""

    def exits_when_called(self, code: int) -> Command:
        """Prints `ready` once it listens on its port, answers one TCP connection with `hello` and a newline, ends."""

    def takes_memory(self, mib: int) -> Command:
        """Writes to `mib` MiB of memory, prints `done`, and ends."""

    def is_missing(self) -> Command:
        """Names a program that does not exist."""

    def cannot_be_pulled(self) -> ContainerPayload:
        """A container whose pull fails."""


class Stage:
    """A runtime over one data folder, and the containers a test put there."""

    def __init__(self, factory: RuntimeFactory, subject: ContractSubject) -> None:
        self._factory = factory
        self._subject = subject
        self.runtime = factory()
        self.tasks: list[TaskPayload] = []

    def task(self, command: Command, **fields: Any) -> TaskPayload:
        """A task of one container, called app."""
        container = ContainerPayload(
            name="app", arn="arn:app", image=self._subject.image, essential=True, command=command, **fields
        )
        return task_of(container)

    async def start(self, task: TaskPayload) -> StartedContainer:
        """Pull and start the task's one container."""
        self.tasks.append(task)
        await self.runtime.pull(task.containers[0])
        return await self.runtime.start(task, task.containers[0])

    async def output(self, task: TaskPayload) -> list[str]:
        """All lines of a container that ends by itself."""
        return [line.decode().rstrip() async for line in self.lines(task)]

    async def until_line(self, task: TaskPayload, line: str) -> None:
        """Wait until the container has printed `line`."""
        async for printed in self.lines(task):
            if printed.decode().rstrip() == line:
                return
        raise AssertionError(f"the container ended without printing {line!r}")

    def lines(self, task: TaskPayload, *, tail: int | None = None, follow: bool = True) -> AsyncIterator[bytes]:
        return self.runtime.logs(task.task_arn, "app", tail=tail, follow=follow)

    async def reopen(self) -> dict[str, StartedContainer]:
        """Let go, as a restart does, and give what a new runtime found, by task ARN."""
        await self.runtime.close()
        self.runtime = self._factory()
        return {found.payload.task_arn: found.started for found in await self.runtime.open()}

    async def clear(self) -> None:
        """Leave nothing behind."""
        for task in self.tasks:
            with suppress(RuntimeFault):  # what a test made on purpose was never started
                await self.runtime.stop(task.task_arn, "app", timeout_s=0)
            await self.runtime.remove(task.task_arn)


def task_of(*containers: ContainerPayload, mode: NetworkMode = NetworkMode.BRIDGE) -> TaskPayload:
    """A standalone task of these containers, with an ARN of its own."""
    return TaskPayload(
        task_arn=f"arn:aws:ecs:us-east-1:000000000000:task/default/{secrets.token_hex(16)}",
        cluster_name="default",
        family="contract",
        revision=1,
        service_name=None,
        network_mode=mode,
        cpu=0,
        memory=0,
        containers=containers,
    )


@asynccontextmanager
async def staged(factory: RuntimeFactory, subject: ContractSubject) -> AsyncIterator[Stage]:
    """An open stage, cleared at the end."""
    stage = Stage(factory, subject)
    await stage.runtime.open()
    try:
        yield stage
    finally:
        await stage.clear()
        await stage.runtime.close()


def play(factory: RuntimeFactory, subject: ContractSubject, scene: Callable[[Stage], Awaitable[None]]) -> None:
    """Run a scene on a stage of its own."""

    async def run() -> None:
        async with asyncio.timeout(HANG_S), staged(factory, subject) as stage:
            await scene(stage)

    asyncio.run(run())


async def call(port: int, address: str = "127.0.0.1") -> str:
    """What a program says to who connects."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        return (await reader.readline()).decode().rstrip()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


class RuntimeContract:
    """Subclass it as `Test…` beside the fixtures `subject` and `runtime_factory`."""

    @pytest.mark.parametrize("code", [0, 3])
    def test_an_end_is_told_with_its_exit_code(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject, code: int
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_with(code))
            started = await stage.start(task)
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert (ended.exit_code, ended.reason) == (code, None)
            assert ended.at >= started.started_at - 1

        play(runtime_factory, subject, scene)

    def test_stop_lets_a_program_end_by_sigterm(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on())
            await stage.start(task)
            await stage.until_line(task, "ready")
            await stage.runtime.stop(task.task_arn, "app", timeout_s=HANG_S)
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert ended.exit_code in (0, 143)
            assert not ended.was_killed

        play(runtime_factory, subject, scene)

    def test_a_program_that_ignores_sigterm_is_killed(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.ignores_sigterm())
            await stage.start(task)
            await stage.until_line(task, "ready")
            await stage.runtime.stop(task.task_arn, "app", timeout_s=0.2)
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert (ended.exit_code, ended.reason, ended.was_killed) == (137, None, True)

        play(runtime_factory, subject, scene)

    def test_the_environment_is_passed_unchanged(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        value = "a 'quoted' $VALUE \"with\" = and ünïcode"

        async def scene(stage: Stage) -> None:
            task = stage.task(subject.prints_variable("GREETING"), environment={"GREETING": value})
            await stage.start(task)
            assert await stage.output(task) == [value]

        play(runtime_factory, subject, scene)

    def test_the_working_directory_is_entered(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.prints_folder(), working_directory="/tmp")
            await stage.start(task)
            assert await stage.output(task) == ["/tmp"]

        play(runtime_factory, subject, scene)

    def test_a_port_is_reached_at_its_binding(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_when_called(0), port_mappings=(PortMapping(container_port=PORT),))
            (binding,) = (await stage.start(task)).network_bindings
            assert (binding.bind_ip, binding.container_port, binding.protocol) == ("127.0.0.1", PORT, "tcp")
            await stage.until_line(task, "ready")
            assert await call(binding.host_port) == "hello"

        play(runtime_factory, subject, scene)

    def test_what_runs_is_adopted(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on(), port_mappings=(PortMapping(container_port=PORT),))
            started = await stage.start(task)
            await stage.until_line(task, "ready")
            found = (await stage.reopen())[task.task_arn]
            assert (found.runtime_id, found.network_bindings) == (started.runtime_id, started.network_bindings)
            await stage.runtime.stop(task.task_arn, "app", timeout_s=HANG_S)
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code in (0, 143)

        play(runtime_factory, subject, scene)

    def test_an_end_that_nobody_watched_is_known(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_when_called(7), port_mappings=(PortMapping(container_port=PORT),))
            (binding,) = (await stage.start(task)).network_bindings
            await stage.until_line(task, "ready")
            await stage.runtime.close()
            assert await call(binding.host_port) == "hello"
            assert task.task_arn in await stage.reopen()
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 7

        play(runtime_factory, subject, scene)

    def test_a_found_payload_is_the_one_ordered(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on(), ulimits=(("nofile", 512, 512),), document={"logConfiguration": {}})
            await stage.start(task)
            await stage.runtime.close()
            stage.runtime = runtime_factory()
            (found,) = await stage.runtime.open()
            assert (found.payload, found.container_name) == (task, "app")

        play(runtime_factory, subject, scene)

    def test_a_start_repeated_starts_once(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.prints(1))
            first = await stage.start(task)
            assert await stage.start(task) == first
            await stage.until_line(task, "line 1")
            await stage.reopen()
            assert (await stage.start(task)).runtime_id == first.runtime_id
            await stage.runtime.stop(task.task_arn, "app", timeout_s=HANG_S)
            assert (await stage.output(task)).count("line 1") == 1

        play(runtime_factory, subject, scene)

    def test_a_pull_that_fails_is_a_fault(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            with pytest.raises(RuntimeFault) as caught:
                await stage.runtime.pull(subject.cannot_be_pulled())
            assert caught.value.name == "CannotPullContainerError"

        play(runtime_factory, subject, scene)

    def test_a_program_that_does_not_exist_is_named(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            with pytest.raises(RuntimeFault, match=subject.is_missing()[0]) as caught:
                await stage.start(stage.task(subject.is_missing()))
            assert caught.value.name == "CannotStartContainerError"

        play(runtime_factory, subject, scene)

    @pytest.mark.parametrize(
        ("tail", "expected"),
        [
            pytest.param(None, range(1, 301), id="all"),
            pytest.param(2, range(299, 301), id="tail"),
            pytest.param(0, range(0), id="none"),
            pytest.param(1000, range(1, 301), id="more-than-there-is"),
        ],
    )
    def test_logs_are_told_by_line(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject, tail: int | None, expected: range
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.prints(300))
            await stage.start(task)
            await stage.until_line(task, "line 300")
            lines = [line async for line in stage.lines(task, tail=tail, follow=False)]
            assert lines == [b"line %d\n" % number for number in expected]

        play(runtime_factory, subject, scene)

    def test_a_log_followed_ends_with_its_container(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.prints(3))
            await stage.start(task)
            lines = []
            async for line in stage.lines(task):
                lines.append(line)
                if line == b"line 3\n":
                    await stage.runtime.stop(task.task_arn, "app", timeout_s=HANG_S)
            assert lines == [b"line 1\n", b"line 2\n", b"line 3\n"], lines

        play(runtime_factory, subject, scene)

    def test_memory_is_bounded(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.takes_memory(8 * MEMORY_MIB), memory=MEMORY_MIB)
            await stage.start(task)
            ended = await stage.runtime.wait(task.task_arn, "app")
            assert ended.exit_code == 137
            assert ended.reason == "OutOfMemoryError: Container killed due to memory usage"
            assert not ended.was_killed  # at the end of a stop timeout, that is

        play(runtime_factory, subject, scene)

    def test_a_removed_task_is_not_found_again(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_with(0))
            await stage.start(task)
            await stage.runtime.wait(task.task_arn, "app")
            await stage.runtime.remove(task.task_arn)
            await stage.runtime.remove(task.task_arn)
            assert await stage.reopen() == {}

        play(runtime_factory, subject, scene)

"""What every container runtime must tell of a container that runs: its health checks, and what it uses.

It is run as `runtime_contract.py` is, over the same fixtures.
"""

from contextlib import aclosing

import pytest

from slipway.adapters.container_runtime import ContainerUsage
from slipway.core.model.task_definitions import ContainerHealthCheck, PortMapping
from slipway.core.model.tasks import HealthProbe
from slipway.core.plan import TaskPayload
from tests.contracts.runtime_contract import HANG_S, PORT, ContractSubject, RuntimeFactory, Stage, play
from tests.waiting import wait_for

BUSY = ("sh", "-c", "trap 'exit 0' TERM; while :; do :; done")
MIB = 1 << 20


def shell(command: str, *, timeout_s: int = 10) -> ContainerHealthCheck:
    """A check once a second."""
    return ContainerHealthCheck(command=("CMD-SHELL", command), interval_s=1, timeout_s=timeout_s)


async def first_probes(stage: Stage, task: TaskPayload, number: int = 1) -> list[HealthProbe]:
    """The first runs that the runtime tells from now on."""
    check = task.containers[0].health_check
    assert check is not None
    told: list[HealthProbe] = []
    async with aclosing(stage.runtime.probes(task.task_arn, "app", check)) as probes:  # type: ignore[type-var]
        async for probe in probes:
            told.append(probe)
            if len(told) == number:
                break
    return told


class WatchingContract:
    """Subclass it as `Test…` beside the fixtures `subject` and `runtime_factory`."""

    @pytest.mark.parametrize(
        ("check", "code", "output"),
        [
            pytest.param(shell("echo well; exit 0"), 0, "well", id="passes"),
            pytest.param(shell("echo ill >&2; exit 3"), 3, "ill", id="fails"),
            pytest.param(shell('echo "$GREETING $PWD"'), 0, "hi there /tmp", id="environment and folder"),
            pytest.param(shell("sleep 600", timeout_s=1), None, None, id="outlasts its timeout"),
            pytest.param(
                ContainerHealthCheck(command=("CMD", "echo", "$HOME", "it's"), interval_s=1),
                0,
                "$HOME it's",
                id="words",
            ),
            pytest.param(
                ContainerHealthCheck(command=("CMD", "no-such-check"), interval_s=1), 127, None, id="cannot be begun"
            ),
            pytest.param(shell("printf '%02999d' 7"), 0, "0" * 1023 + "7", id="long output"),
        ],
    )
    def test_a_check_is_run_as_the_program_is(
        self,
        runtime_factory: RuntimeFactory,
        subject: ContractSubject,
        check: ContainerHealthCheck,
        code: int | None,
        output: str | None,
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(
                subject.runs_on(),
                health_check=check,
                environment={"GREETING": "hi there"},
                working_directory="/tmp",
            )
            started = await stage.start(task)
            first, second = await first_probes(stage, task, 2)
            assert first.exit_code == second.exit_code == code
            assert first.output == (first.output if output is None else output)
            assert started.started_at + check.interval_s <= first.at <= second.at - check.interval_s

        play(runtime_factory, subject, scene)

    def test_a_check_that_fails_says_why(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            check = ContainerHealthCheck(command=("CMD", "no-such-check"), interval_s=1)
            task = stage.task(subject.runs_on(), health_check=check)
            await stage.start(task)
            (probe,) = await first_probes(stage, task)
            assert "no-such-check" in probe.output

        play(runtime_factory, subject, scene)

    def test_a_check_is_told_the_port(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            mappings = (PortMapping(container_port=PORT),)
            task = stage.task(subject.runs_on(), port_mappings=mappings, health_check=shell("echo $PORT"))
            (binding,) = (await stage.start(task)).network_bindings
            (probe,) = await first_probes(stage, task)
            assert probe.output in (str(binding.host_port), str(binding.container_port))

        play(runtime_factory, subject, scene)

    def test_a_check_that_prints_without_end_is_killed(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            endless = shell("while :; do echo more; done", timeout_s=1)
            task = stage.task(subject.runs_on(), health_check=endless)
            await stage.start(task)
            (probe,) = await first_probes(stage, task)
            assert (probe.exit_code, len(probe.output) <= 1024) == (None, True)

        play(runtime_factory, subject, scene)

    def test_probes_end_with_their_container(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            check = shell("exit 0")
            task = stage.task(subject.runs_on(), health_check=check)
            await stage.start(task)
            async for _ in stage.runtime.probes(task.task_arn, "app", check):
                await stage.runtime.stop(task.task_arn, "app", timeout_s=HANG_S)

        play(runtime_factory, subject, scene)

    def test_probes_go_on_after_a_restart_of_the_control_plane(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on(), health_check=shell("exit 4"))
            await stage.start(task)
            await stage.reopen()
            assert [probe.exit_code for probe in await first_probes(stage, task, 2)] == [4, 4]

        play(runtime_factory, subject, scene)

    def test_what_a_container_uses_is_told_while_it_runs(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(BUSY)

            async def busy() -> ContainerUsage | bool:
                usage = await stage.runtime.usage(task.task_arn, "app")
                return usage if usage is not None and usage.cpu_s > 0.1 else False

            assert await stage.runtime.usage(task.task_arn, "app") is None
            started = await stage.start(task)
            usage = await wait_for(busy, what="some processor time")
            assert isinstance(usage, ContainerUsage)
            assert usage.at >= started.started_at
            assert 0 < usage.memory < 100 * MIB
            await stage.runtime.stop(task.task_arn, "app", timeout_s=HANG_S)
            assert await stage.runtime.usage(task.task_arn, "app") is None

        play(runtime_factory, subject, scene)

    def test_a_container_that_runs_has_an_image(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            assert await stage.runtime.image_lack(subject.image) is None

        play(runtime_factory, subject, scene)

    def test_a_stop_timeout_of_hours_is_kept(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            command = ("sh", "-c", "trap 'sleep 1; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
            task = stage.task(command, stop_timeout_s=7200)
            await stage.start(task)
            await stage.until_line(task, "ready")
            await stage.runtime.stop(task.task_arn, "app", timeout_s=7200)
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 5

        play(runtime_factory, subject, scene)

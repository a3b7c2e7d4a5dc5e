"""What every container runtime must do when a container is restarted in place.

It is run as `runtime_contract.py` is, over the same fixtures.
"""

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.model.task_definitions import NetworkMode, PortMapping, RestartPolicy
from slipway.core.plan import TaskPayload
from tests.contracts.runtime_contract import PORT, ContractSubject, RuntimeFactory, Stage, call, play, task_of
from tests.waiting import wait_for

AT_ONCE = RestartPolicy(attempt_period_s=0)


def restartable(stage: Stage, subject: ContractSubject, mode: NetworkMode = NetworkMode.BRIDGE) -> TaskPayload:
    """A task that ends with 7 when it is called at its port."""
    mappings = (PortMapping(container_port=PORT),)
    task = stage.task(subject.exits_when_called(7), port_mappings=mappings, restart_policy=AT_ONCE)
    return task_of(*task.containers, mode=mode)


async def until_ready(stage: Stage, task: TaskPayload, *, runs: int) -> None:
    """Wait until so many runs of the container have said that they are ready."""

    async def are_ready() -> bool:
        lines = [line async for line in stage.lines(task, follow=False)]
        return lines.count(b"ready\n") == runs

    assert await wait_for(are_ready)


class RestartContract:
    """Subclass it as `Test…` beside the fixtures `subject` and `runtime_factory`."""

    @pytest.mark.parametrize("mode", [NetworkMode.BRIDGE, NetworkMode.AWSVPC])
    def test_a_restarted_container_is_where_it_was(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject, mode: NetworkMode
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = restartable(stage, subject, mode)
            first = await stage.start(task)
            for number in range(2):
                await until_ready(stage, task, runs=number + 1)
                (port,) = [binding.host_port for binding in first.network_bindings] or [PORT]
                assert await call(port, first.ip_address or "127.0.0.1") == "hello"
                assert (await stage.runtime.wait(task.task_arn, "app")).exit_code == 7
                again = await stage.runtime.restart(task.task_arn, "app")
                assert (again.runtime_id, again.network_bindings, again.ip_address) == (
                    first.runtime_id,
                    first.network_bindings,
                    first.ip_address,
                )
                assert again.started_at > first.started_at
            await stage.runtime.stop(task.task_arn, "app", timeout_s=0)
            assert (await stage.runtime.wait(task.task_arn, "app")).exit_code in (137, 143)

        play(runtime_factory, subject, scene)

    def test_a_container_that_runs_is_not_restarted(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.runs_on(), restart_policy=AT_ONCE)
            assert await stage.start(task) == await stage.runtime.restart(task.task_arn, "app")

        play(runtime_factory, subject, scene)

    def test_a_restarted_container_is_adopted(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.exits_with(3), restart_policy=AT_ONCE)
            await stage.start(task)
            first = await stage.runtime.wait(task.task_arn, "app")
            again = await stage.runtime.restart(task.task_arn, "app")
            found = (await stage.reopen())[task.task_arn]
            assert found.started_at == again.started_at
            second = await stage.runtime.wait(task.task_arn, "app")
            assert (second.exit_code, second.at > first.at) == (3, True)
            assert (await stage.runtime.restart(task.task_arn, "app")).started_at > again.started_at

        play(runtime_factory, subject, scene)

    def test_what_is_not_here_is_not_restarted(self, runtime_factory: RuntimeFactory, subject: ContractSubject) -> None:
        async def scene(stage: Stage) -> None:
            with pytest.raises(RuntimeFault):
                await stage.runtime.restart(stage.task(subject.runs_on()).task_arn, "app")

        play(runtime_factory, subject, scene)

    def test_a_memory_that_ran_out_once_is_not_told_again(
        self, runtime_factory: RuntimeFactory, subject: ContractSubject
    ) -> None:
        async def scene(stage: Stage) -> None:
            task = stage.task(subject.takes_memory(256), memory=32, restart_policy=AT_ONCE)
            await stage.start(task)
            assert "OutOfMemoryError" in ((await stage.runtime.wait(task.task_arn, "app")).reason or "")
            await stage.runtime.restart(task.task_arn, "app")
            await stage.runtime.stop(task.task_arn, "app", timeout_s=0)
            assert (await stage.runtime.wait(task.task_arn, "app")).reason is None

        play(runtime_factory, subject, scene)

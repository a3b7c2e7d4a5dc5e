"""What running tasks use, asked of the runtime by the local host."""

from slipway.adapters.container_runtime import ContainerUsage, RuntimeFault
from slipway.adapters.task_usage import ASKED_AT_ONCE, TaskUsage
from slipway.core.model.tasks import TaskStatus
from tests.contracts.local_world import HANG_S, World, container, play, start, task


def used(cpu_s: float, memory: int, at: float = 1000) -> ContainerUsage:
    return ContainerUsage(cpu_s=cpu_s, memory=memory, at=at)


def test_a_task_uses_what_its_containers_do() -> None:
    payload = task(container("app"), container("proxy"), container("log"))

    async def scene(world: World) -> None:
        world.runtime.used = {"app": used(1.5, 100, 1001), "proxy": used(0.25, 20, 1002)}
        world.runtime.faults["usage log"] = [RuntimeFault("CannotInspectContainerError", "engine busy")]
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        assert await world.host.usage() == {payload.task_arn: TaskUsage(cpu_s=1.75, memory=120, at=1002)}

    play(scene)


def test_tasks_that_do_not_run_and_those_nobody_knows_of_are_left_out() -> None:
    stopped, unknown, pulling = task(container("app"), number=1), task(container("log"), number=2), task(number=3)

    async def scene(world: World) -> None:
        world.runtime.used = {"app": used(1, 1)}
        world.host.perform(start(stopped))
        await world.until(TaskStatus.RUNNING)
        world.stop(stopped)
        await world.until(TaskStatus.STOPPED)
        world.host.perform(start(unknown))
        await world.until(TaskStatus.RUNNING, count=2)
        world.runtime.held.add("image")
        world.host.perform(start(pulling))
        assert await world.host.usage() == {}

    play(scene, keep_stopped_s=HANG_S)


def test_the_runtime_is_not_asked_about_all_at_once() -> None:
    payloads = [task(container("app"), container("log"), number=number) for number in range(1, 31)]

    async def scene(world: World) -> None:
        world.runtime.used = {"app": used(1, 1), "log": used(2, 2)}
        for payload in payloads:
            world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING, count=len(payloads))
        usage = await world.host.usage()
        assert usage == {one.task_arn: TaskUsage(cpu_s=3, memory=3, at=1000) for one in payloads}
        assert world.runtime.most_asking == ASKED_AT_ONCE

    play(scene)

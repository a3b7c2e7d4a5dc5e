"""Containers of a task that depend on each other, brought up and stopped by the local host."""

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import TaskStatus
from slipway.core.plan import ContainerPayload, TaskPayload
from tests.contracts.local_world import World, container, found, on, play, start, task
from tests.waiting import wait_for

CHECK = ContainerHealthCheck(command=("CMD", "true"))


def db(*, start_timeout_s: float | None = None) -> ContainerPayload:
    return container("db", health_check=CHECK, start_timeout_s=start_timeout_s)


def setup(*, start_timeout_s: float | None = None) -> ContainerPayload:
    """A container that is to run once, before another."""
    return container("setup", essential=False, start_timeout_s=start_timeout_s)


def calls(world: World, *verbs: str) -> list[str]:
    """What the runtime was asked by these verbs, in order."""
    return [call for call in world.runtime.calls if call.split()[0] in verbs]


def test_containers_start_as_what_they_depend_on_is_there() -> None:
    payload = task(
        container("app", depends_on=on("migrate", "SUCCESS")),
        container("migrate", essential=False, depends_on=on("db", "HEALTHY")),
        container("log"),
        db(),
    )

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe db")
        assert calls(world, "start") == ["start log", "start db"]
        await world.runtime.probe(payload.task_arn, "db", 0)
        await world.runtime.until("start migrate")
        assert "start app" not in world.runtime.calls
        await world.runtime.end(payload.task_arn, "migrate", 0)
        report = await world.until(TaskStatus.RUNNING)
        assert calls(world, "start") == ["start log", "start db", "start migrate", "start app"]
        assert [one.last_status.value for one in report.containers] == ["RUNNING", "STOPPED", "RUNNING", "RUNNING"]
        assert report.reason is None

    play(scene)


def test_images_are_pulled_before_anything_is_started() -> None:
    payload = task(container("app", image="a", depends_on=on("setup", "COMPLETE")), setup())

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("start setup")
        assert world.runtime.calls == ["pull a", "pull image", "start setup"]

    play(scene)


@pytest.mark.parametrize("exit_code", [0, 3])
def test_a_completed_container_holds_nobody_and_stops_nothing(exit_code: int) -> None:
    payload = task(setup(), container("app", depends_on=on("setup", "COMPLETE")))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("start setup")
        world.clock.at = 1010
        await world.runtime.end(payload.task_arn, "setup", exit_code)
        report = await world.until(TaskStatus.RUNNING)
        assert world.statuses() == ["ACTIVATING", "ACTIVATING", "ACTIVATING", "RUNNING"]
        assert [(one.last_status.value, one.exit_code) for one in report.containers] == [
            ("STOPPED", exit_code),
            ("RUNNING", None),
        ]
        assert (report.started_at, report.execution_stopped_at) == (1010, None)

    play(scene)


def test_what_comes_up_step_by_step_is_told() -> None:
    payload = task(container("app", depends_on=on("db", "HEALTHY")), db())

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe db")
        await world.runtime.probe(payload.task_arn, "db", 0)
        await world.until(TaskStatus.RUNNING)
        told = [" ".join(one.last_status.value for one in report.containers) for report in world.reports]
        assert told == [
            "ACTIVATING ACTIVATING",
            "ACTIVATING RUNNING",
            "ACTIVATING RUNNING",  # db is HEALTHY
            "RUNNING RUNNING",
        ]

    play(scene)


def test_a_failed_dependency_stops_the_task_and_says_why() -> None:
    payload = task(
        setup(),
        container("app", depends_on=on("setup", "SUCCESS")),
        container("log", essential=False),
        container("proxy", essential=False),
    )

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.ACTIVATING, count=2)
        await world.runtime.end(payload.task_arn, "setup", 3)
        report = await world.until(TaskStatus.STOPPED)
        reason = "TaskDependencyError: container app depends on SUCCESS of container setup, which exited with code 3"
        assert report.reason == reason
        assert [one.reason for one in report.containers] == [None, reason, None, None]
        assert [one.exit_code for one in report.containers] == [3, None, 143, 143]
        assert report.started_at is None
        assert calls(world, "start") == ["start setup", "start log", "start proxy"]
        assert calls(world, "stop") == ["stop proxy 30", "stop log 30"]
        assert world.statuses() == ["ACTIVATING", "ACTIVATING", "ACTIVATING", "STOPPING", "STOPPED"]

    play(scene)


def test_an_unhealthy_dependency_stops_the_task() -> None:
    payload = task(container("app", depends_on=on("db", "HEALTHY")), db())

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe db")
        await world.runtime.probe(payload.task_arn, "db", 1, 1, 1)
        report = await world.until(TaskStatus.STOPPED)
        assert report.reason == (
            "TaskDependencyError: container app depends on HEALTHY of container db, which is UNHEALTHY"
        )
        assert [probe.exit_code for probe in report.containers[1].health_probes] == [1, 1, 1]

    play(scene)


def test_health_lost_after_the_start_stops_nothing() -> None:
    payload = task(container("app", depends_on=on("db", "HEALTHY")), db())

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe db")
        await world.runtime.probe(payload.task_arn, "db", 0)
        await world.until(TaskStatus.RUNNING)
        await world.runtime.probe(payload.task_arn, "db", 1, 1, 1)
        await world.until(TaskStatus.RUNNING, count=2)
        assert calls(world, "stop") == []

    play(scene)


def test_a_start_timeout_that_is_over_stops_the_task() -> None:
    payload = task(
        setup(start_timeout_s=1000),
        container("app", depends_on=on("setup", "COMPLETE")),
        container("log", essential=False),
    )

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("start setup", "start log")
        world.clock.at = 2000
        await world.runtime.end(payload.task_arn, "log", 0)  # looked at again, whatever it is that happens
        report = await world.until(TaskStatus.STOPPED)
        assert report.reason == (
            "TaskDependencyError: container app depends on COMPLETE of container setup, "
            "which was not there within its start timeout of 1000 s"
        )

    play(scene)


def test_the_end_of_a_start_timeout_is_noticed_though_nothing_happens() -> None:
    payload = task(db(start_timeout_s=0.02), container("app", depends_on=on("db", "HEALTHY")))

    async def scene(world: World) -> None:
        world.clock.run()
        world.host.perform(start(payload))
        report = await world.until(TaskStatus.STOPPED)
        assert report.reason is not None
        assert report.reason.startswith("TaskDependencyError: ")

    play(scene)


def test_a_stop_ordered_while_it_waits_for_a_dependency_stops_it() -> None:
    payload = task(container("app", depends_on=on("setup", "SUCCESS")), setup())

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.ACTIVATING, count=2)
        world.stop(payload)
        report = await world.until(TaskStatus.STOPPED)
        assert calls(world, "start", "stop") == ["start setup", "stop setup 30"]
        assert [one.exit_code for one in report.containers] == [None, 143]
        assert report.reason is None

    play(scene)


def test_an_essential_end_while_another_waits_stops_the_task() -> None:
    payload = task(container("app", depends_on=on("setup", "SUCCESS")), setup(), container("db"))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("start setup", "start db")
        await world.runtime.end(payload.task_arn, "db", 1)
        report = await world.until(TaskStatus.STOPPED)
        assert [one.exit_code for one in report.containers] == [None, 143, 1]
        assert "start app" not in world.runtime.calls

    play(scene)


@pytest.mark.parametrize(
    ("exit_code", "status"), [pytest.param(0, TaskStatus.RUNNING, id="0"), pytest.param(3, TaskStatus.STOPPED, id="3")]
)
def test_a_task_found_half_started_goes_on_by_how_its_dependencies_ended(exit_code: int, status: TaskStatus) -> None:
    payload = task(container("app", depends_on=on("setup", "SUCCESS")), setup(start_timeout_s=30))

    async def scene(world: World) -> None:
        world.runtime.has_ended(payload.task_arn, "setup", exit_code)
        (report,) = (await world.host.open()).tasks
        assert report.last_status is TaskStatus.ACTIVATING
        report = await world.until(status)
        assert (report.reason is None) is (exit_code == 0)
        assert ("start app" in world.runtime.calls) is (exit_code == 0)

    play(scene, found=found(payload, "setup"), is_open=False)


def test_a_found_container_is_healthy_when_its_check_has_said_so_again() -> None:
    payload = task(container("app", depends_on=on("db", "HEALTHY")), db(start_timeout_s=60))

    async def scene(world: World) -> None:
        await world.host.open()
        await world.runtime.until("probe db")
        await world.runtime.probe(payload.task_arn, "db", 0)
        await world.until(TaskStatus.RUNNING)
        assert calls(world, "start") == ["start app"]

    play(scene, found=found(payload, "db"), is_open=False)


def stopping_in_order() -> TaskPayload:
    return task(
        container("db", stop_timeout_s=60),
        container("app", stop_timeout_s=20, depends_on=on("db", "START")),
        container("proxy", stop_timeout_s=10, depends_on=on("app", "START")),
        container("log", essential=False),
    )


def test_each_container_is_stopped_after_those_that_depend_on_it() -> None:
    payload = stopping_in_order()

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.runtime.held |= {"proxy", "app"}
        world.stop(payload)
        await world.runtime.until("stop log 30", "stop proxy 10")
        assert calls(world, "stop") == ["stop log 30", "stop proxy 10"]
        world.clock.at = 1007
        await world.runtime.release("proxy")
        await world.runtime.until("stop app 20")
        assert "stop db 60" not in world.runtime.calls
        world.clock.at = 1027
        await world.runtime.release("app")
        await world.until(TaskStatus.STOPPED)
        assert calls(world, "stop")[2:] == ["stop app 20", "stop db 60"]

    play(scene)


def test_an_essential_end_stops_the_others_in_the_same_order() -> None:
    payload = stopping_in_order()

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.clock.at = 1010
        await world.runtime.end(payload.task_arn, "app", 1)
        report = await world.until(TaskStatus.STOPPED)
        assert calls(world, "stop") == ["stop log 30", "stop proxy 10", "stop db 60"]
        assert [one.exit_code for one in report.containers] == [143, 1, 143, 143]
        assert report.execution_stopped_at == 1010

    play(scene)


def test_one_that_depends_through_another_that_has_ended_is_stopped_first() -> None:
    payload = task(
        container("db"),
        container("migrate", essential=False, depends_on=on("db", "START")),
        container("app", depends_on=on("migrate", "SUCCESS")),
    )

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("start migrate")
        await world.runtime.end(payload.task_arn, "migrate", 0)
        await world.until(TaskStatus.RUNNING)
        world.stop(payload)
        await world.until(TaskStatus.STOPPED)
        assert calls(world, "stop") == ["stop app 30", "stop db 30"]

    play(scene)


def test_the_stop_timeout_of_a_found_container_goes_on_from_the_end_of_those_that_depend_on_it() -> None:
    payload = task(container("db", stop_timeout_s=60), container("app", depends_on=on("db", "START")))

    async def scene(world: World) -> None:
        world.runtime.has_ended(payload.task_arn, "app", 1)  # at 1000
        world.clock.at = 1015
        await world.host.open()
        await world.until(TaskStatus.STOPPED)
        assert calls(world, "stop") == ["stop db 45"]

    play(scene, found=found(payload, "db", "app"), is_open=False)


def test_a_stop_that_never_works_does_not_hold_what_it_depends_on() -> None:
    payload = task(container("db"), container("app", depends_on=on("db", "START")))

    async def scene(world: World) -> None:
        world.runtime.faults["stop app"] = [RuntimeFault("CannotStopContainerError", "engine gone")] * 5
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.stop(payload)
        report = await world.until(TaskStatus.STOPPED)
        assert calls(world, "stop") == ["stop app 30"] * 5 + ["stop db 30"]
        assert report.containers[1].reason == "CannotStopContainerError: engine gone"

    play(scene)


def test_after_a_defect_what_runs_is_stopped_in_order_too() -> None:
    payload = task(container("db"), container("app", depends_on=on("db", "START")), container("proxy"))

    async def scene(world: World) -> None:
        world.runtime.faults["start proxy"] = [ZeroDivisionError("of ours")]
        world.host.perform(start(payload))
        report = await world.until(TaskStatus.STOPPED)
        assert report.reason == "InternalError: ZeroDivisionError: of ours"
        assert calls(world, "stop") == ["stop app 30", "stop db 30"]
        await wait_for(lambda: world.host.background.failures)
        world.host.background.failures.clear()

    play(scene)

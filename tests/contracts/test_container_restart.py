"""Restart policies, carried out by the local host."""

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.model.task_definitions import ContainerHealthCheck, RestartPolicy
from slipway.core.model.tasks import HealthStatus, TaskStatus
from slipway.core.observations import TaskReport
from tests.contracts.local_world import World, container, found, on, play, start, task

POLICY = RestartPolicy(ignored_exit_codes=(7,), attempt_period_s=60)
CHECK = ContainerHealthCheck(command=("CMD", "true"))


def restarts(world: World) -> list[str]:
    return [call for call in world.runtime.calls if call.startswith("restart")]


def only(report: TaskReport) -> tuple[str, int | None, int]:
    """Status, exit code and count of restarts of the only container."""
    (one,) = report.containers
    return one.last_status.value, one.exit_code, one.restart_count


def test_a_container_that_ran_long_enough_is_started_again_in_place() -> None:
    payload = task(container("app", restart_policy=POLICY))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        first = await world.until(TaskStatus.RUNNING)
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "app", 1)
        second = await world.until(TaskStatus.RUNNING, count=2)
        assert restarts(world) == ["restart app"]
        assert only(second) == ("RUNNING", None, 1)
        assert (first.containers[0].started_at, second.containers[0].started_at) == (1000, 1060)
        assert (second.started_at, second.execution_stopped_at) == (1000, None)
        assert first.containers[0].runtime_id == second.containers[0].runtime_id

    play(scene)


@pytest.mark.parametrize(
    ("exit_code", "at"),
    [
        pytest.param(1, 1059, id="ended-within-the-attempt-period"),
        pytest.param(7, 2000, id="ignored-exit-code"),
    ],
)
def test_an_essential_container_not_started_again_ends_the_task(exit_code: int, at: float) -> None:
    payload = task(container("app", restart_policy=POLICY))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.clock.at = at
        await world.runtime.end(payload.task_arn, "app", exit_code)
        report = await world.until(TaskStatus.STOPPED)
        assert (only(report), restarts(world)) == (("STOPPED", exit_code, 0), [])

    play(scene)


def test_the_attempt_period_is_measured_from_the_last_restart() -> None:
    payload = task(container("app", restart_policy=POLICY))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        for number, at in enumerate((1060, 1120), start=2):
            world.clock.at = at
            await world.runtime.end(payload.task_arn, "app", 1)
            await world.until(TaskStatus.RUNNING, count=number)
        world.clock.at = 1179
        await world.runtime.end(payload.task_arn, "app", 1)
        report = await world.until(TaskStatus.STOPPED)
        assert only(report) == ("STOPPED", 1, 2)

    play(scene)


def test_health_begins_anew() -> None:
    payload = task(container("app", restart_policy=POLICY, health_check=CHECK))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe app")
        await world.runtime.probe(payload.task_arn, "app", 0, 1, 1)
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "app", 1)
        report = await world.until(TaskStatus.RUNNING, count=3)
        assert [one.containers[0].health_status for one in world.reports[-2:]] == [
            HealthStatus.HEALTHY,
            HealthStatus.UNKNOWN,
        ]
        await world.runtime.probe(payload.task_arn, "app", 1, 1)
        assert world.reports[-1] is report  # two failures of the run before do not count
        await world.runtime.probe(payload.task_arn, "app", 1)
        report = await world.until(TaskStatus.RUNNING, count=4)
        assert report.containers[0].health_status is HealthStatus.UNHEALTHY

    play(scene)


def test_those_that_depend_on_it_do_not_see_the_end_that_is_followed_by_a_start() -> None:
    payload = task(
        container("app", depends_on=on("db", "HEALTHY")), container("db", restart_policy=POLICY, health_check=CHECK)
    )

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe db")
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "db", 1)
        await world.runtime.until("restart db")
        await world.runtime.probe(payload.task_arn, "db", 0)
        report = await world.until(TaskStatus.RUNNING)
        assert report.reason is None

    play(scene)


@pytest.mark.parametrize("reason", [None, "OutOfMemoryError: Container killed due to memory usage"])
def test_a_restart_that_fails_ends_the_container(reason: str | None) -> None:
    payload = task(container("app", restart_policy=POLICY))

    async def scene(world: World) -> None:
        world.runtime.faults["restart app"] = [RuntimeFault("CannotStartContainerError", "no engine")]
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "app", 137, reason)
        report = await world.until(TaskStatus.STOPPED)
        assert only(report) == ("STOPPED", 137, 0)
        assert report.containers[0].reason == (reason or "CannotStartContainerError: no engine")
        assert report.execution_stopped_at == 1060

    play(scene)


def test_a_container_that_is_to_stop_is_not_started_again() -> None:
    payload = task(container("db", restart_policy=POLICY), container("app", depends_on=on("db", "START")))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.runtime.held.add("app")
        world.stop(payload)
        await world.runtime.until("stop app 30")
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "db", 1)  # by itself, before it is signalled
        await world.runtime.release("app")
        report = await world.until(TaskStatus.STOPPED)
        assert restarts(world) == []
        assert "stop db 30" not in world.runtime.calls
        assert [one.exit_code for one in report.containers] == [1, 143]

    play(scene)


def test_a_stop_ordered_during_a_restart_waits_for_it() -> None:
    payload = task(container("app", restart_policy=POLICY))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.runtime.held.add("app")
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "app", 1)
        await world.runtime.until("restart app")
        world.stop(payload)
        await world.until(TaskStatus.STOPPING)
        assert world.runtime.calls[-1] == "restart app"
        await world.runtime.release("app")
        report = await world.until(TaskStatus.STOPPED)
        assert world.runtime.calls[-2:] == ["restart app", "stop app 30"]
        assert only(report) == ("STOPPED", 143, 1)

    play(scene)


def test_a_container_found_ended_is_started_again() -> None:
    payload = task(container("app", restart_policy=POLICY))

    async def scene(world: World) -> None:
        world.runtime.has_ended(payload.task_arn, "app", 1)  # started at 900, ended at 1000
        world.clock.at = 5000
        await world.host.open()
        await world.runtime.until("restart app")
        world.clock.at = 5059
        await world.runtime.end(payload.task_arn, "app", 1)
        report = await world.until(TaskStatus.STOPPED)
        assert only(report) == ("STOPPED", 1, 1)

    play(scene, found=found(payload, "app"), is_open=False)

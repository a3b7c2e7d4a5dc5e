"""Container health checks, watched by the local host."""

import asyncio
import logging

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.model.task_definitions import ContainerHealthCheck, RestartPolicy
from slipway.core.model.tasks import HealthStatus, TaskStatus
from slipway.core.observations import TaskReport
from tests.contracts.local_world import World, container, found, on, play, start, task

CHECK = ContainerHealthCheck(command=("CMD", "true"), retries=2)
HEALTHY, UNHEALTHY, UNKNOWN = HealthStatus


def health(report: TaskReport) -> list[HealthStatus]:
    return [one.health_status for one in report.containers]


def transcript(report: TaskReport) -> list[int | None]:
    """What the kept runs of the first container's check ended with."""
    return [probe.exit_code for probe in report.containers[0].health_probes]


def test_a_change_of_health_is_reported_once_with_its_runs() -> None:
    payload = task(container("app", health_check=CHECK))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.runtime.until("probe app")
        await world.runtime.probe(payload.task_arn, "app", 1, 0, 0, 0, 1, 0, 1, None, 1, 1)
        assert world.statuses() == ["ACTIVATING", "RUNNING", "RUNNING", "RUNNING"]
        assert [health(report) for report in world.reports] == [[UNKNOWN], [UNKNOWN], [HEALTHY], [UNHEALTHY]]
        assert [transcript(report) for report in world.reports] == [[], [], [1, 0], [0, 1, 0, 1, None]]

    play(scene)


@pytest.mark.parametrize("is_essential", [True, False])
def test_essential_or_not_each_container_with_a_check_is_watched(is_essential: bool) -> None:
    payload = task(container("app"), container("log", essential=is_essential, health_check=CHECK))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe log")
        await world.runtime.probe(payload.task_arn, "log", 0)
        assert health(world.reports[-1]) == [UNKNOWN, HEALTHY]
        assert "probe app" not in world.runtime.calls

    play(scene)


def test_the_last_runs_are_told_with_the_end() -> None:
    payload = task(container("app", health_check=CHECK))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.runtime.until("probe app")
        await world.runtime.probe(payload.task_arn, "app", 0, 1)
        assert transcript(world.reports[-1]) == [0]
        await world.runtime.end(payload.task_arn, "app", 3)
        report = await world.until(TaskStatus.STOPPED)
        assert (health(report), transcript(report)) == ([HEALTHY], [0, 1])
        assert report.containers[0].health_probes[1].output == "run 1"

    play(scene)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(RuntimeFault("CannotInspectContainerError", "engine gone"), id="fault"),
        pytest.param(None, id="end"),
    ],
)
def test_checks_that_break_off_are_begun_again_and_say_nothing_of_health(
    fault: RuntimeFault | None, caplog: pytest.LogCaptureFixture
) -> None:
    payload = task(container("app", health_check=CHECK))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.runtime.until("probe app")
        await world.runtime.probe(payload.task_arn, "app", 0, 1)
        for _ in range(3):
            await world.runtime.break_probes(payload.task_arn, "app", fault)
        assert health(world.reports[-1]) == [HEALTHY]
        await world.runtime.probe(payload.task_arn, "app", 1)
        assert health(world.reports[-1]) == [UNHEALTHY]

    with caplog.at_level(logging.WARNING):
        play(scene)
    assert caplog.text.count("container not checked") == (0 if fault is None else 1)


def test_a_check_that_hangs_does_not_hold_a_stop_and_is_given_up_with_the_order() -> None:
    payload = task(container("app", health_check=CHECK))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.runtime.until("probe app")
        world.runtime.held.add("app")
        world.stop(payload)
        await world.runtime.until("stop app 30", "probed app")
        await world.runtime.release("app")
        report = await world.until(TaskStatus.STOPPED)
        assert report.containers[0].exit_code == 143

    play(scene)


def test_a_container_started_again_while_its_task_was_ordered_to_stop_is_not_checked() -> None:
    policy = RestartPolicy(attempt_period_s=60)
    payload = task(
        container("db", health_check=CHECK, restart_policy=policy), container("app", depends_on=on("db", "START"))
    )

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.runtime.until("probe db")
        world.runtime.held |= {"db", "app"}
        world.clock.at = 1060
        await world.runtime.end(payload.task_arn, "db", 1)
        await world.runtime.until("restart db")
        world.stop(payload)
        await world.runtime.until("stop app 30")
        await world.runtime.release("db")
        for _ in range(20):  # turns of the event loop in which a check would begin
            await asyncio.sleep(0)
        await world.runtime.release("app")
        await world.until(TaskStatus.STOPPED)
        assert world.runtime.calls.count("probe db") == 1

    play(scene)


def test_a_found_container_is_checked_again_from_unknown() -> None:
    payload = task(container("app", health_check=CHECK))

    async def scene(world: World) -> None:
        (report,) = (await world.host.open()).tasks
        assert (health(report), transcript(report)) == ([UNKNOWN], [])
        await world.runtime.until("probe app")
        await world.runtime.probe(payload.task_arn, "app", 1, 1)
        report = await world.until(TaskStatus.RUNNING)
        assert (health(report), transcript(report)) == ([UNHEALTHY], [1, 1])

    play(scene, found=found(payload, "app"), is_open=False)


def test_the_start_period_goes_on_where_it_was_for_a_found_container() -> None:
    check = ContainerHealthCheck(command=("CMD", "true"), retries=2, start_period_s=102)
    payload = task(container("app", health_check=check))  # started at 900, found at 1000

    async def scene(world: World) -> None:
        await world.host.open()
        await world.runtime.until("probe app")
        await world.runtime.probe(payload.task_arn, "app", 1, 1)
        assert world.reports == []
        await world.runtime.probe(payload.task_arn, "app", 1)
        assert health(world.reports[-1]) == [UNHEALTHY]

    play(scene, found=found(payload, "app"), is_open=False)

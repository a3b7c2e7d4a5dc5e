"""The local host's task engine, over a runtime that follows a script."""

import asyncio

import pytest

from slipway.adapters.container_runtime import RuntimeFault
from slipway.core.model.tasks import TaskStatus
from slipway.core.observations import HostReport
from slipway.core.plan import StopTask
from tests.contracts.local_world import HANG_S, HOST, World, container, found, play, start, task


def test_a_task_is_pulled_started_in_order_and_reported_running_once() -> None:
    payload = task(container("app", image="a"), container("proxy", image="b"))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        report = await world.until(TaskStatus.RUNNING)
        assert world.runtime.calls == ["pull a", "pull b", "start app", "start proxy"]
        assert world.statuses() == ["ACTIVATING", "RUNNING"]
        assert [one.last_status for one in report.containers] == [TaskStatus.RUNNING] * 2
        assert (report.pull_started_at, report.pull_stopped_at, report.started_at) == (1000, 1000, 1000)
        assert (report.ip_address, report.host_id) == ("10.0.0.1", HOST)

    play(scene)


def test_an_essential_end_stops_the_others() -> None:
    payload = task(container("app"), container("logs", essential=False), container("proxy", stop_timeout_s=5))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.clock.at = 1010
        await world.runtime.end(payload.task_arn, "app", 3)
        report = await world.until(TaskStatus.STOPPED)
        assert world.runtime.calls[4:] == ["stop proxy 5", "stop logs 30"]
        assert world.statuses() == ["ACTIVATING", "RUNNING", "STOPPING", "STOPPED"]
        assert [one.exit_code for one in report.containers] == [3, 143, 143]
        assert report.execution_stopped_at == 1010
        assert report.reason is None

    play(scene)


def test_an_end_of_the_only_container_is_one_report() -> None:
    payload = task()

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.runtime.end(payload.task_arn, "app", 137, "OutOfMemoryError: Container killed due to memory usage")
        report = await world.until(TaskStatus.STOPPED)
        assert world.statuses() == ["ACTIVATING", "RUNNING", "STOPPED"]
        assert report.containers[0].reason == "OutOfMemoryError: Container killed due to memory usage"

    play(scene)


def test_an_end_that_is_not_essential_is_reported_and_no_more() -> None:
    payload = task(container("app"), container("setup", essential=False))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.runtime.end(payload.task_arn, "setup", 0)
        report = await world.until(TaskStatus.RUNNING, count=2)
        assert [(one.last_status.value, one.exit_code) for one in report.containers] == [
            ("RUNNING", None),
            ("STOPPED", 0),
        ]
        assert report.execution_stopped_at is None

    play(scene)


def test_the_stop_timeout_is_measured_from_the_order() -> None:
    payload = task(container("app", stop_timeout_s=30))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.host.perform(StopTask(host_id=HOST, task_arn=payload.task_arn, ordered_at=980))
        await world.until(TaskStatus.STOPPED)
        assert "stop app 10" in world.runtime.calls

    play(scene)


@pytest.mark.parametrize("is_deaf", [False, True])
def test_when_a_container_was_told_to_stop_and_how_it_ended_is_reported(is_deaf: bool) -> None:
    payload = task(container("app", stop_timeout_s=30))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.runtime.held.add("app")
        world.runtime.deaf |= {"app"} if is_deaf else set()
        world.clock.at = 1010
        world.stop(payload)
        await world.runtime.until("stop app 30")
        world.clock.at = 1012
        await world.runtime.release("app")
        (app,) = (await world.until(TaskStatus.STOPPED)).containers
        assert (app.signalled_at, app.stopped_at, app.was_killed) == (1010, 1012, is_deaf)

    play(scene)


def test_an_end_by_itself_and_a_kill_by_somebody_else_is_no_stop() -> None:
    payload = task(container("app"))

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.clock.at = 1005
        await world.runtime.end(payload.task_arn, "app", 137, was_killed=True)
        (app,) = (await world.until(TaskStatus.STOPPED)).containers
        assert (app.signalled_at, app.stopped_at, app.was_killed) == (None, 1005, False)

    play(scene)


def test_a_stop_begun_by_an_earlier_control_plane_is_not_measured() -> None:
    payload = task(container("app"))

    async def scene(world: World) -> None:
        world.host.perform(StopTask(host_id=HOST, task_arn=payload.task_arn, ordered_at=990))
        (app,) = (await world.until(TaskStatus.STOPPED)).containers
        assert (app.signalled_at, app.stopped_at) == (None, 1000)

    play(scene, found=found(payload, "app"))


@pytest.mark.parametrize(
    ("held", "call"), [pytest.param("image", "pull image", id="pull"), pytest.param("app", "start app", id="start")]
)
def test_a_stop_while_it_comes_up_stops_it(held: str, call: str) -> None:
    payload = task(container("app"), container("proxy"))

    async def scene(world: World) -> None:
        world.runtime.held.add(held)
        world.host.perform(start(payload))
        await world.runtime.until(call)
        world.stop(payload)
        if held == "app":
            await world.runtime.release(held)
        report = await world.until(TaskStatus.STOPPED)
        assert "start proxy" not in world.runtime.calls
        assert ("stop app 30" in world.runtime.calls) is (held == "app")
        assert (report.containers[1].exit_code, report.started_at, report.reason) == (None, None, None)

    play(scene)


@pytest.mark.parametrize("step", ["pull b", "start proxy"])
def test_a_fault_stops_the_task_and_says_why(step: str) -> None:
    payload = task(container("app", image="a"), container("proxy", image="b"))
    fault = RuntimeFault("CannotPullContainerError", "no such image")

    async def scene(world: World) -> None:
        world.runtime.faults[step] = [fault]
        world.host.perform(start(payload))
        report = await world.until(TaskStatus.STOPPED)
        assert report.reason == "CannotPullContainerError: no such image"
        assert [one.reason for one in report.containers] == [None, report.reason]
        assert ("stop app 30" in world.runtime.calls) is (step == "start proxy")
        assert report.started_at is None

    play(scene)


def test_commands_repeated_do_nothing_new() -> None:
    payload = task()

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.host.perform(start(payload))
        world.stop(payload)
        world.stop(payload)
        await world.until(TaskStatus.STOPPED)
        world.host.perform(start(payload))
        world.stop(payload)
        await world.until(TaskStatus.STOPPED, count=2)
        assert world.runtime.calls == ["pull image", "start app", "stop app 30"]

    play(scene, keep_stopped_s=HANG_S)


def test_a_stop_of_a_task_not_known_reports_it_stopped() -> None:
    payload = task()

    async def scene(world: World) -> None:
        world.stop(payload)
        report = await world.until(TaskStatus.STOPPED)
        assert (report.task_arn, report.containers) == (payload.task_arn, ())

    play(scene)


def test_pulls_of_one_image_are_folded() -> None:
    payloads = [task(number=number) for number in range(1, 21)]

    async def scene(world: World) -> None:
        world.runtime.held.add("image")
        for payload in payloads:
            world.host.perform(start(payload))
        await world.until(TaskStatus.ACTIVATING, count=20)
        world.stop(payloads[0])
        await world.until(TaskStatus.STOPPED)
        await world.runtime.release("image")
        await world.until(TaskStatus.RUNNING, count=19)
        assert world.runtime.calls.count("pull image") == 1
        assert world.runtime.calls.count("start app") == 19

    play(scene)


def test_starts_at_once_are_bounded_and_a_queue_is_left_by_a_stop() -> None:
    payloads = [task(number=number) for number in range(1, 11)]

    async def scene(world: World) -> None:
        world.runtime.held.add("app")
        for payload in payloads:
            world.host.perform(start(payload))
        await world.runtime.until("start app")
        world.stop(payloads[9])
        await world.until(TaskStatus.STOPPED)
        await world.runtime.release("app")
        await world.until(TaskStatus.RUNNING, count=9)
        assert world.runtime.most_starting == 3

    play(scene, starts_at_once=3)


def test_a_stop_the_runtime_cannot_do_is_tried_again() -> None:
    payload = task()
    fault = RuntimeFault("CannotStopContainerError", "engine busy")

    async def scene(world: World) -> None:
        world.runtime.faults["stop app"] = [fault, fault]
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.stop(payload)
        report = await world.until(TaskStatus.STOPPED)
        assert (report.containers[0].exit_code, report.containers[0].reason) == (143, None)

    play(scene)


def test_a_stop_that_never_works_is_given_up_saying_so() -> None:
    payload = task()

    async def scene(world: World) -> None:
        world.runtime.faults["stop app"] = [RuntimeFault("CannotStopContainerError", "engine gone")] * 5
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.stop(payload)
        report = await world.until(TaskStatus.STOPPED)
        assert report.containers[0].reason == "CannotStopContainerError: engine gone"

    play(scene)


def test_a_stopped_task_is_removed_and_may_come_again() -> None:
    payload = task()

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        world.stop(payload)
        await world.until(TaskStatus.STOPPED)
        while "remove" not in world.runtime.calls:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING, count=2)

    play(scene)


def test_closing_leaves_tasks_running() -> None:
    payload = task()

    async def scene(world: World) -> None:
        world.host.perform(start(payload))
        await world.until(TaskStatus.RUNNING)
        await world.host.close()
        assert world.runtime.calls == ["pull image", "start app", "close"]
        assert world.statuses() == ["ACTIVATING", "RUNNING"]

    play(scene)


def test_a_running_task_is_adopted() -> None:
    payload = task(container("app"), container("proxy"))

    async def scene(world: World) -> None:
        report = await world.host.open()
        assert isinstance(report, HostReport)
        assert (report.host.id, report.host.cpu, report.host.memory) == (HOST, 2048, 1024)
        (one,) = report.tasks
        assert (one.last_status, one.started_at) == (TaskStatus.RUNNING, 900)
        world.stop(payload)
        await world.until(TaskStatus.STOPPED)
        assert world.runtime.calls[:2] == ["stop proxy 30", "stop app 30"]
        assert world.statuses() == ["STOPPING", "STOPPED"]

    play(scene, found=found(payload, "app", "proxy"), is_open=False)


def test_a_task_that_ended_meanwhile_is_reported_stopped() -> None:
    payload = task(container("app"), container("proxy"))

    async def scene(world: World) -> None:
        world.runtime.has_ended(payload.task_arn, "app", 3)
        world.runtime.has_ended(payload.task_arn, "proxy", 0)
        (report,) = (await world.host.open()).tasks
        assert report.last_status is TaskStatus.STOPPED
        assert [one.exit_code for one in report.containers] == [3, 0]
        assert report.execution_stopped_at == 1000

    play(scene, found=found(payload, "app", "proxy"), is_open=False)


def test_what_is_left_of_a_task_whose_essential_container_ended_is_stopped() -> None:
    payload = task(container("app"), container("proxy"))

    async def scene(world: World) -> None:
        world.runtime.has_ended(payload.task_arn, "app", 1)
        await world.host.open()
        report = await world.until(TaskStatus.STOPPED)
        assert [one.exit_code for one in report.containers] == [1, 143]

    play(scene, found=found(payload, "app", "proxy"), is_open=False)


def test_a_task_half_started_is_finished_starting() -> None:
    payload = task(container("app"), container("proxy"))

    async def scene(world: World) -> None:
        (report,) = (await world.host.open()).tasks
        assert report.last_status is TaskStatus.ACTIVATING
        report = await world.until(TaskStatus.RUNNING)
        assert world.runtime.calls == ["pull image", "start proxy"]
        assert report.started_at == 1000

    play(scene, found=found(payload, "app"), is_open=False)


def test_a_defect_is_logged_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    payload = task(container("app"), container("proxy"))

    async def scene(world: World) -> None:
        world.runtime.faults["start proxy"] = [ZeroDivisionError("of ours")]
        world.host.perform(start(payload))
        report = await world.until(TaskStatus.STOPPED)
        assert report.reason == "InternalError: ZeroDivisionError: of ours"
        assert "stop app 30" in world.runtime.calls
        while not world.host.background.failures:
            await asyncio.sleep(0)
        world.host.background.failures.clear()

    play(scene)
    assert "task failed by a fault of ours" in caplog.text

"""Rolls under load on both runtimes: no request fails, drains end when they should, stubborn programs are killed."""

from pathlib import Path
from typing import Any

from tests.e2e.balanced_service import BalancedService, Shape
from tests.e2e.programs import stubborn, users
from tests.e2e.request_stream import RequestStream, hold
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained, log_of, story
from tests.waiting import wait_until

DELAY_S = 4  # the deregistration delay that a held request runs into
HELD = "/slow?seconds=50"  # longer than anything here takes
STOP_S = 2
GRAIN_S = 0.01  # event loops count time in milliseconds, and may fire one early
STARTED = "started by its service"


def test_a_roll_of_eight_tasks_under_load_fails_no_request(runtime: str, tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool) as server, explained(server):
        service = BalancedService(server, "users", users(runtime), Shape(tasks=8))
        held = BalancedService(server, "held", users(runtime), _held_shape())
        stays = _start_stubborn(server, runtime)
        service.await_steady()
        held.await_steady()
        with RequestStream(service.address, service.port) as stream:
            stream.await_answers(version="v1")
            service.roll("v2")
            _assert_cut_at_the_delay(server, held)
            _assert_killed_at_the_stop_timeout(server, stays)
            service.await_steady()
            stream.await_answers(version="v2")
        assert not stream.failures, stream.report()
        assert stream.versions == {"v1", "v2"}, stream.report()
        _assert_each_task_started_once(server, service, expected=16)


def _held_shape() -> Shape:
    """One task, so that it is known where the held request is; it gives up what was cut a second after SIGTERM."""
    return Shape(tasks=1, deregistration_delay_s=DELAY_S, environment=(("GRACE_S", "1"),))


def _assert_each_task_started_once(server: ServerProcess, service: BalancedService, *, expected: int) -> None:
    tasks = service.tasks()
    assert len({task["taskArn"] for task in tasks}) == len(tasks) == expected
    for task in tasks:
        causes = [row["cause"] for row in story(server, task["taskArn"])]
        assert causes.count(STARTED) == 1, causes


def _assert_cut_at_the_delay(server: ServerProcess, held: BalancedService) -> None:
    """A request longer than the delay is cut when it is over, not before, and its task stops after that."""
    (target,) = held.elb.describe_target_health(TargetGroupArn=held.target_group)["TargetHealthDescriptions"]
    ending = hold(held.address, held.port, HELD)
    with RequestStream(held.address, held.port) as stream:
        stream.await_answers(more=10, version="v1")  # and the held request has long been at its target
        held.roll("v2")
        held.await_steady()
        stream.await_answers(more=10, version="v2")
    cut = ending.result(timeout=60)
    rows = story(server, f"{held.target_group} {target['Target']['Id']}:{target['Target']['Port']}")
    (deregistered,) = [row["at"] for row in rows if row["cause"] == "deregistered"]
    over = rows[-1]
    (old,) = [task for task in held.tasks() if task["lastStatus"] == "STOPPED"]
    assert over["cause"] == "deregistration delay over", rows
    assert over["at"] >= deregistered + DELAY_S - GRAIN_S, rows
    assert cut.status in (None, 502), cut
    assert cut.at >= over["at"], (cut, rows)
    assert cut.at <= _instant(old["stoppedAt"]), (cut, old)
    assert old["containers"][0]["exitCode"] == 0, old
    assert not stream.failures, stream.report()


def _start_stubborn(server: ServerProcess, runtime: str) -> str:
    """A task of a program that ignores SIGTERM, once it does."""
    ecs, program = server.client("ecs"), stubborn(runtime)
    container = {
        "name": "stays",
        "image": program.image,
        "command": list(program.command),
        "memory": 64,
        "stopTimeout": STOP_S,
    }
    ecs.register_task_definition(family="stays", containerDefinitions=[container])
    (task,) = ecs.run_task(taskDefinition="stays")["tasks"]
    arn: str = task["taskArn"]
    wait_until(lambda: "ready" in log_of(server, arn), timeout_s=60, what="the stubborn program to ignore SIGTERM")
    return arn


def _assert_killed_at_the_stop_timeout(server: ServerProcess, arn: str) -> None:
    ecs = server.client("ecs")
    ecs.stop_task(task=arn, reason="enough")

    def stopped() -> dict[str, Any] | None:
        (task,) = ecs.describe_tasks(tasks=[arn])["tasks"]
        return task if task["lastStatus"] == "STOPPED" else None

    task = wait_until(stopped, timeout_s=60, what="the stubborn task to be stopped")
    assert task is not None
    (ordered,) = [row["at"] for row in story(server, arn) if row["cause"] == "stop ordered"]
    assert [one["exitCode"] for one in task["containers"]] == [137], task
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert _instant(task["executionStoppedAt"]) >= ordered + STOP_S - GRAIN_S


def _instant(shown: Any) -> float:
    """Epoch seconds of a time that botocore parsed."""
    return float(shown.timestamp())

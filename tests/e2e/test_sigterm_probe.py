"""The SIGTERM probe on both runtimes: who ignores it is found out by being stopped, and who ends is measured."""

import json
from pathlib import Path
from typing import Any

from slipway.adapters.sql import SqliteStore
from slipway.core.model.measured import MeasuredTimes, ProgramStops
from slipway.data_directory import DataDirectory
from tests.e2e.programs import Program, staged, stubborn
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import ask, explained, log_of
from tests.waiting import wait_until

TASKS = 2
STOP_TIMEOUT_S = 4
EXITS_IN_S = 1  # the program that ends takes so long over it


def test_a_program_that_ignores_sigterm_is_told_and_one_that_ends_is_measured(runtime: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, runtime=runtime) as server, explained(server):
        _run(server, "deaf", stubborn(runtime), until="ready")
        _run(server, "good", staged(runtime), until="began", RUN_S="600", STOP_S=str(EXITS_IN_S))
        assert (_slow_stops(server, "deaf"), _slow_stops(server, "good")) == ([], []), "nothing was stopped yet"
        _stop(server, "deaf")
        _stop(server, "good")
        (sentence,) = _slow_stops(server, "deaf")
        assert "app ignores SIGTERM (killed at its stop timeout in 2 of its last 2 stops" in sentence
        assert f": {STOP_TIMEOUT_S} s per stop" in sentence
        assert _slow_stops(server, "good") == []
    deaf, good = (_measured(data, name) for name in ("deaf", "good"))
    assert [stop.was_killed for stop in (*deaf.stops, *good.stops)] == [True] * TASKS + [False] * TASKS
    for stop in good.stops:
        assert EXITS_IN_S <= stop.exit_s < min(stop.exit_s for stop in deaf.stops)


def _run(server: ServerProcess, name: str, program: Program, *, until: str, **variables: str) -> None:
    """A service of two tasks, each of which has printed `until`."""
    ecs = server.client("ecs")
    container = {
        "name": "app",
        "image": program.image,
        "command": list(program.command),
        "memory": 64,
        "stopTimeout": STOP_TIMEOUT_S,
        "environment": [{"name": key, "value": value} for key, value in variables.items()],
    }
    ecs.register_task_definition(family=name, containerDefinitions=[container])
    ecs.create_service(serviceName=name, taskDefinition=name, desiredCount=TASKS)

    def have_begun() -> bool:
        arns = ecs.list_tasks(serviceName=name)["taskArns"]
        told = ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
        running = [task["taskArn"] for task in told if task["lastStatus"] == "RUNNING"]
        return len(running) == TASKS and all(until in log_of(server, arn) for arn in running)

    wait_until(have_begun, timeout_s=60, what=f"the tasks of {name} to print {until}")


def _stop(server: ServerProcess, name: str) -> None:
    """Scale a service to nothing."""
    ecs = server.client("ecs")
    ecs.update_service(service=name, desiredCount=0)

    def are_gone() -> bool:
        return not _picture(server, name)["alive"]

    wait_until(are_gone, timeout_s=60, what=f"the tasks of {name} to stop")


def _picture(server: ServerProcess, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(server, f"/slipway/v1/clusters/default/services/{name}/picture"))
    return found


def _slow_stops(server: ServerProcess, name: str) -> list[str]:
    told: list[str] = _picture(server, name)["slow_stops"]
    return told


def _measured(data: Path, name: str) -> ProgramStops:
    """What the store keeps of the stops of a service's only program."""
    store = SqliteStore(DataDirectory(data).store)
    records, _ = store.load()
    kept = [one for one in records if isinstance(one, MeasuredTimes) and one.service_arn.endswith(f"/{name}")]
    store.close()
    (program,) = kept[0].programs
    return program

"""A deployment foreseen, rolled, explained, exported and replayed on a real server, by the commands of a user."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.prediction_cases import HOST_CPU, Roll, Subject
from bench.rolled_service import RolledService
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained

COMMAND_S = 120  # a bound on a hung command
#: Two tasks with room for three, each with a request open that never ends, deaf to SIGTERM: every wait there is.
AT_ONCE, IN_TURN = Roll(drain=2, minimum=0, maximum=100), Roll(drain=2)
WEB = Subject(name="web", tasks=2, room=3, exit_s=None, stop_timeout=2, is_held=True, rolls=(AT_ONCE, IN_TURN))
OFF_S = 5.0  # of a busy machine: the rounds are what is compared


def test_a_deployment_comes_as_it_was_planned(runtime: str, tmp_path: Path, pool: str) -> None:
    options: dict[str, str | int | bool] = {"lb_address_pool": pool, "new_target_checks": 1, "cpu": HOST_CPU}
    with serving(tmp_path / "data", runtime=runtime, **options) as server, explained(server):
        service = RolledService(server, WEB, runtime)
        with service.held():
            service.roll(service.register(None))
            service.await_verdict()
        service.configure(IN_TURN)
        definition = service.register(None).rpartition("/")[2]
        with service.held():
            plan = _slipway(server, "plan", "web", "--task-definition", definition, "--json")
            service.roll(definition)
            verdict = service.await_verdict()
        file = tmp_path / "roll.slipway.gz"
        told = _slipway(server, "explain", "web", "--json")
        _run(server, "export", "web", "--output", str(file))
        service.leave()
    wall_s = (verdict["finishedAt"] - verdict["createdAt"]).total_seconds()
    _check_plan(plan["p50"], wall_s)
    _check_ledger(told, wall_s)
    assert _replayed(file, tmp_path)["is_identical"]


def _check_plan(forecast: dict[str, Any], wall_s: float) -> None:
    moved = [(one["kind"], one["count"]) for one in forecast["rounds"]]
    assert moved == 2 * [("START", 1), ("STOP", 1)]
    assert forecast["duration_s"] == pytest.approx(wall_s, abs=OFF_S)


def _check_ledger(told: dict[str, Any], wall_s: float) -> None:
    seconds = sum(one["seconds"] for one in told["ledger"])
    assert seconds == pytest.approx(wall_s, abs=0.01)
    kinds = {one["kind"] for one in told["ledger"]}
    assert {"HEALTH_WAIT", "DRAIN", "KILL_WAIT"} <= kinds


def _replayed(file: Path, folder: Path) -> dict[str, Any]:
    """The replay of a file where there is no server, and never was one."""
    command = [sys.executable, "-m", "slipway", "replay", str(file), "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    assert done.returncode == 0, done
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _slipway(server: ServerProcess, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(server, *arguments))
    return found


def _run(server: ServerProcess, *arguments: str) -> str:
    command = [sys.executable, "-m", "slipway", *arguments, "--data", str(server.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    assert done.returncode == 0, done
    return done.stdout

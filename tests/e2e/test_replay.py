"""A real deployment, replayed: recorded by a server that was killed half way, exported, and replayed without it."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e.balanced_service import STEADY_S, BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained
from tests.waiting import wait_until

SECRET = "swordfish-4711"


def test_a_roll_that_outlived_a_kill_replays_from_a_file(runtime: str, tmp_path: Path, pool: str) -> None:
    """Rolled while the server is killed and started again; its decisions are the same from the file alone."""
    file = tmp_path / "roll.slipway.gz"
    with (
        serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool, new_target_checks=1) as server,
        explained(server),
    ):
        shape = Shape(tasks=3, maximum_percent=150, environment=(("PASSWORD", SECRET),))
        service = BalancedService(server, "played", users(runtime), shape)
        service.await_steady()
        service.roll("v2")
        wait_until(lambda: _is_half_way(service), timeout_s=STEADY_S, what="a task of v2 to run")
        server.kill9()
        server.restart()
        assert service.await_verdict()["status"] == "SUCCESSFUL"
        live = replayed(server, "played")
        (first,) = (one["id"] for one in service.describe()["deployments"])
        exported = slipway(server, "export", "played", first, "--output", str(file))
        assert exported.returncode == 0, exported.stderr
    content = gzip.decompress(file.read_bytes())
    assert b"PASSWORD" in content
    assert SECRET.encode() not in content
    from_file = replayed(server, str(file))
    assert live["is_identical"], live
    assert from_file == live
    assert live["is_over"]
    assert live["deployment"] == first
    assert live["decisions"] > 3 * live["recorded_steps"] > 30


def _is_half_way(service: BalancedService) -> bool:
    counts = {one["status"]: one["runningCount"] for one in service.describe()["deployments"]}
    return "ACTIVE" in counts and counts["PRIMARY"] > 0


def replayed(server: ServerProcess, subject: str) -> dict[str, Any]:
    """What `slipway replay` finds."""
    answer = slipway(server, "replay", subject, "--json")
    assert not answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document


def slipway(server: ServerProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command, which finds the server by its data directory."""
    command = [sys.executable, "-m", "slipway", *arguments, "--data", str(server.data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)

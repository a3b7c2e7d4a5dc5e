"""Advice on a real service: what its own requests ask for is never gone below."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.e2e.balanced_service import BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained

#: How long a request takes, seconds.
REQUEST_S = 8


def test_no_drain_shorter_than_the_longest_request(runtime: str, tmp_path: Path, pool: str) -> None:
    """One task, a drain of 30 s and a stop timeout of 10 s; Envoy saw a request of 8 s."""
    with (
        serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool, new_target_checks=1) as server,
        explained(server),
    ):
        service = BalancedService(server, "slow", users(runtime), Shape(tasks=1, deregistration_delay_s=60))
        service.await_steady()
        before = advised(server)
        assert before["notes"][0].startswith("No request was measured: the drain stays at or above 5 s")
        assert drains(before) == {"5"}
        with urllib.request.urlopen(f"http://{service.address}:{service.port}/slow?seconds={REQUEST_S}") as answer:
            assert answer.status == 200
        advice = advised(server)
    assert advice["notes"][0].startswith("Longest request seen"), "nobody had to wait for it to be gathered"
    [drain] = drains(advice)
    assert REQUEST_S <= int(drain) <= REQUEST_S + 2
    assert "stop" not in {one["name"] for one in advice["singles"]}, "twice its time is more than the timeout is"


def drains(advice: dict[str, Any]) -> set[str]:
    """The drains that are advised."""
    shifts = [shift for one in advice["singles"] for shift in one["shifts"]]
    return {shift["then"] for shift in shifts if shift["name"] == "deregistration_delay.timeout_seconds"}


def advised(server: ServerProcess) -> dict[str, Any]:
    """What `slipway advise` says of the service."""
    command = [sys.executable, "-m", "slipway", "advise", "slow", "--json", "--data", str(server.data)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document

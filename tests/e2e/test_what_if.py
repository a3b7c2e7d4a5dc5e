"""What a setting would have saved of a real deployment, held against one that was really rolled so."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.balanced_service import BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained


def test_a_setting_that_was_another(runtime: str, tmp_path: Path, pool: str) -> None:
    """Three tasks, one at a time: three rounds of checks. All at once: one round."""
    with serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool) as server, explained(server):
        service = BalancedService(server, "web", users(runtime), Shape(tasks=3, maximum_percent=134))
        service.await_steady()
        service.roll("v2")
        assert service.await_verdict()["status"] == "SUCCESSFUL"
        found = replayed(server, "--set", "maximumPercent=200")
        service.configure(maximumPercent=200, minimumHealthyPercent=100)
        service.roll("v3")
        verdict = service.await_verdict()
    real_s = (verdict["finishedAt"] - verdict["createdAt"]).total_seconds()
    assert found["again"]["duration_s"] == pytest.approx(found["real"]["duration_s"], rel=0.05, abs=1)
    assert found["changed"]["duration_s"] == pytest.approx(real_s, rel=0.05, abs=1)
    assert found["saved_s"] > 15, "two rounds of two checks, 5 s apart"


def replayed(server: ServerProcess, *arguments: str) -> dict[str, Any]:
    """What `slipway replay` finds."""
    command = [sys.executable, "-m", "slipway", "replay", "web", *arguments, "--json", "--data", str(server.data)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    document: dict[str, Any] = json.loads(answer.stdout)
    return document

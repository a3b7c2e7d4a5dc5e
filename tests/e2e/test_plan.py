"""Plans against reality: a service of real processes behind Envoy, planned, and then rolled."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.balanced_service import BalancedService, Shape
from tests.e2e.programs import absent, users
from tests.e2e.server_process import ServerProcess, serving

BOUND_S = 120  # on a hung command, no statement about speed

#: How far a prediction may be off, as a share of the time and in seconds, whichever is more.
SHARE, SECONDS = 0.05, 1.0


def slipway(server: ServerProcess, *arguments: str) -> str:
    """What a command printed on stdout."""
    command = [sys.executable, "-m", "slipway", *arguments, "--data", str(server.data)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BOUND_S)
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def planned(server: ServerProcess, *arguments: str) -> dict[str, Any]:
    """The plan as JSON."""
    told: dict[str, Any] = json.loads(slipway(server, "plan", "users", *arguments, "--json"))
    return told


def test_a_plan_is_what_a_deployment_then_does(tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", lb_address_pool=pool) as server:
        service = BalancedService(server, "users", users("process"), Shape(tasks=4, minimum_healthy_percent=50))
        service.await_steady()
        first = planned(server)
        assert {one["source"] for one in first["assumptions"] if one["part"] == "exit"} == {"default: never measured"}
        service.roll("v2")
        service.await_verdict()
        plan = planned(server, "--image", "users=users:v3")
        shown = slipway(server, "deploy", "users", "--image", "users=users:v3", "--plan-only")
        assert "Plan  users:2 to users:3: about " in shown
        assert service.describe()["taskDefinition"].endswith(":2"), "nothing was changed"
        shown = slipway(server, "deploy", "users", "--image", "users=users:v3", "--yes")
        assert "Plan  users:2 to users:3: about " in shown
        rolled = service.await_verdict()
        took_s = (rolled["finishedAt"] - rolled["startedAt"]).total_seconds()
        assert plan["duration_s"]["p50"] == pytest.approx(took_s, rel=SHARE, abs=SECONDS)
        assert [(row["kind"], row["count"]) for row in plan["p50"]["rounds"]] == rounds(server)
        assert plan["lowest_healthy"] == 2


@pytest.mark.docker
def test_an_image_that_is_nowhere_is_told_of_before_it_is_deployed(tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", runtime="docker", lb_address_pool=pool, new_target_checks=1) as server:
        service = BalancedService(server, "users", users("docker"), Shape(tasks=1))
        service.await_steady()
        assert not any("is not on this machine" in warning for warning in planned(server)["warnings"])
        image = absent("docker").image
        lack = f"{image} is not on this machine, and "
        assert [one for one in planned(server, "--image", f"users={image}")["warnings"] if one.startswith(lack)]
        shown = slipway(server, "deploy", "users", "--image", f"users={image}", "--plan-only")
        assert lack in " ".join(shown.split())


def rounds(server: ServerProcess) -> list[tuple[str, int]]:
    """The rounds of the newest deployment, as they were."""
    picture = json.loads(slipway(server, "status", "users", "--json"))
    return [(one["kind"], one["count"]) for one in picture["deployments"][0]["rounds"]]

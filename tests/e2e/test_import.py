"""`slipway import aws` against a server that answers as Amazon ECS does: a service with its history as a rollout."""

import json
import subprocess
import sys
from pathlib import Path

from slipway.foresight.rollout_file import load_rollout
from tests.e2e.balanced_service import STOP_S, BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.server_process import ServerProcess, serving

SHAPE = Shape(tasks=2, minimum_healthy_percent=50, deregistration_delay_s=1)
BOUND_S = 60  # on a hung command, no statement about speed


def import_aws(server: ServerProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    key = server.credentials
    environment = {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    where = ("--endpoint-url", server.endpoint, "--region", server.region)
    command = [sys.executable, "-m", "slipway", "import", "aws", *arguments, *where]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BOUND_S, check=False)


def test_a_live_service_is_a_rollout(tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", lb_address_pool=pool, cpu=512, memory=2048) as server:
        service = BalancedService(server, "web", users("process"), SHAPE)
        service.await_steady()
        service.roll("v2")
        assert service.await_verdict()["status"] == "SUCCESSFUL"
        file = tmp_path / "web.toml"
        done = import_aws(server, "web", "--cluster", "web", "--output", str(file), "--json")
        missing = import_aws(server, "shop", "--cluster", "web")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rollout = load_rollout({}, file)
    assert (rollout.desired, rollout.minimum_healthy_percent, rollout.deregistration_delay) == (2, 50, 1)
    assert rollout.stop_timeout == STOP_S
    assert rollout.room is not None
    assert rollout.room > 2
    assert {"start_time", "exit", "room"} <= told["sources"].keys()
    assert [one["measured_s"] > 0 for one in told["deployments"]] == [True], told["deployments"]
    assert "There is no active service shop in cluster web: name it by --cluster." in missing.stderr
    assert missing.returncode == 1

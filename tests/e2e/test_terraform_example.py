"""The Terraform example, applied by the real Terraform and provider: no drift, a roll that it waits for, nothing left.

Skipped unless `terraform` is on the path and SLIPWAY_TERRAFORM_PLUGINS names a folder with the provider (the layout of
`terraform providers mirror`): tests fetch nothing from a registry. Two minutes, most of them the provider's own pauses.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import REPOSITORY
from tests.e2e.request_stream import RequestStream
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained
from tests.waiting import wait_until

PLUGINS = "SLIPWAY_TERRAFORM_PLUGINS"
COMMAND_S = 600  # a bound on a hung command
EXAMPLE = REPOSITORY / "examples" / "terraform" / "main.tf"
UNCHANGED = 0  # of `plan -detailed-exitcode`; 2 is a plan that would change something


class Terraform:
    """Terraform in a copy of a configuration, its providers from the given folder only."""

    def __init__(self, server: ServerProcess, folder: Path, plugins: str, configuration: Path = EXAMPLE) -> None:
        self._folder = folder
        self._environment = {**server.environment, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        folder.mkdir()
        shutil.copy(configuration, folder)
        self.run("init", f"-plugin-dir={plugins}")

    def run(self, command: str, *options: str, status: int = 0) -> str:
        """What a command prints, which must end with `status`."""
        done = subprocess.run(
            ["terraform", command, "-no-color", "-input=false", *options],
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        assert done.returncode == status, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def plugins() -> str:
    """The folder with the provider."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not on the path")
    if PLUGINS not in os.environ:
        pytest.skip(f"{PLUGINS} does not name a folder with the provider hashicorp/aws")
    return os.environ[PLUGINS]


def test_the_example_is_applied_rolled_and_destroyed(plugins: str, tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", lb_address_pool=pool) as server, explained(server):
        terraform = Terraform(server, tmp_path / "example", plugins)
        terraform.run("apply", "-auto-approve")
        terraform.run("plan", "-detailed-exitcode", status=UNCHANGED)
        _await_targets(server)
        with RequestStream(_address(server), 8080) as stream:
            stream.await_answers(version="v1")
            terraform.run("apply", "-auto-approve", "-var", "image_tag=v2")
            (deployment,) = _service(server)["deployments"]  # the old one is gone when apply returns
            assert deployment["rolloutState"] == "COMPLETED", deployment
            stream.await_answers(version="v2")
        assert not stream.failures, stream.report()
        terraform.run("plan", "-detailed-exitcode", "-var", "image_tag=v2", status=UNCHANGED)
        terraform.run("destroy", "-auto-approve")
        _assert_nothing_left(server)


def _await_targets(server: ServerProcess) -> None:
    elb = server.client("elbv2")
    (group,) = elb.describe_target_groups()["TargetGroups"]

    def are_healthy() -> bool:
        shown = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
        return bool(shown) and all(target["TargetHealth"]["State"] == "healthy" for target in shown)

    wait_until(are_healthy, timeout_s=60, what="the targets to be healthy")


def _address(server: ServerProcess) -> str:
    (balancer,) = server.client("elbv2").describe_load_balancers()["LoadBalancers"]
    address: str = balancer["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["IpAddress"]
    return address


def _service(server: ServerProcess) -> dict[str, Any]:
    (service,) = server.client("ecs").describe_services(cluster="users", services=["users"])["services"]
    return dict(service)


def _assert_nothing_left(server: ServerProcess) -> None:
    ecs, elb = server.client("ecs"), server.client("elbv2")
    assert [arn.rpartition("/")[2] for arn in ecs.list_clusters()["clusterArns"]] == ["default"]
    assert ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"] == []
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    assert elb.describe_target_groups()["TargetGroups"] == []
    wait_until(lambda: not _tasks_there(server), timeout_s=60, what="the last tasks to be stopped")


def _tasks_there(server: ServerProcess) -> int:
    """Tasks that hold room on the host."""
    ecs = server.client("ecs")
    instances = ecs.list_container_instances()["containerInstanceArns"]
    shown = ecs.describe_container_instances(containerInstances=instances)["containerInstances"]
    return sum(one["runningTasksCount"] + one["pendingTasksCount"] for one in shown)

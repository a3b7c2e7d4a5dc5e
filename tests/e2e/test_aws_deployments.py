"""Deployments driven by nothing but the real `aws` command line: a crash taken back, a stop refused, tasks protected.

17 s: each command is a process.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.aws_cli import Aws
from tests.e2e.programs import users
from tests.e2e.server_process import serving
from tests.e2e.story import explained
from tests.waiting import wait_until

CLUSTER, NAME = "shop", "users"
SERVICE = ("--cluster", CLUSTER, "--service", NAME)
SERVICES = ("--cluster", CLUSTER, "--services", NAME)
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BOUND_S = 120  # on what hangs


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    """The command line on a server with a steady service of two tasks, behind a circuit breaker."""
    with serving(tmp_path / "data", healthy_after_running_s=1) as server, explained(server):
        aws = Aws(server)
        aws("ecs", "create-cluster", "--cluster-name", CLUSTER)
        good = _register(aws, CRASH="no")
        configuration = ("--deployment-configuration", json.dumps(BREAKER))
        where = ("--cluster", CLUSTER, "--service-name", NAME)
        aws("ecs", "create-service", *where, "--task-definition", good, "--desired-count", 2, *configuration)
        _await(aws, lambda service: service["deployments"][0]["rolloutState"] == "COMPLETED")
        yield aws


def _register(aws: Aws, **variables: str) -> str:
    """The ARN of a new revision with these variables."""
    program = users("process")
    container = {
        "name": NAME,
        "image": program.image,
        "command": list(program.command),
        "memory": 64,
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
    }
    definition = {"family": NAME, "networkMode": "bridge", "containerDefinitions": [container]}
    made = aws("ecs", "register-task-definition", "--cli-input-json", json.dumps(definition))
    arn: str = made["taskDefinition"]["taskDefinitionArn"]
    return arn


def _described(aws: Aws) -> dict[str, Any]:
    (service,) = aws("ecs", "describe-services", *SERVICES)["services"]
    return dict(service)


def _await(aws: Aws, condition: Any) -> None:
    wait_until(lambda: condition(_described(aws)), timeout_s=BOUND_S, what="the service as `aws` describes it")


def _newest_roll_out(aws: Aws) -> dict[str, Any]:
    listed = aws("ecs", "list-service-deployments", *SERVICE)["serviceDeployments"]
    arn = listed[0]["serviceDeploymentArn"]
    (shown,) = aws("ecs", "describe-service-deployments", "--service-deployment-arns", arn)["serviceDeployments"]
    return dict(shown)


def test_a_version_that_crashes_is_taken_back(aws: Aws) -> None:
    (before,) = _described(aws)["deployments"]
    aws("ecs", "update-service", *SERVICE, "--task-definition", _register(aws, CRASH="yes"))
    aws("ecs", "wait", "services-stable", *SERVICES)
    verdict = _newest_roll_out(aws)
    assert verdict["status"] == "ROLLBACK_SUCCESSFUL", verdict
    breaker = verdict["deploymentCircuitBreaker"]
    assert (breaker["status"], breaker["threshold"]) == ("TRIGGERED", 3), verdict
    assert breaker["failureCount"] >= 2, verdict
    assert verdict["rollback"]["serviceRevisionArn"] == verdict["sourceServiceRevisions"][0]["arn"], verdict
    (after,) = _described(aws)["deployments"]
    assert (after["id"], after["taskDefinition"]) == (before["id"], before["taskDefinition"])
    assert (after["rolloutState"], after["runningCount"]) == ("COMPLETED", 2)
    stop = ("--service-deployment-arn", verdict["serviceDeploymentArn"])
    told = aws.refused("ecs", "stop-service-deployment", *stop)
    assert "ConflictException" in told, told


def test_protected_tasks_are_not_scaled_in(aws: Aws) -> None:
    (one, _) = aws("ecs", "list-tasks", "--cluster", CLUSTER, "--service-name", NAME)["taskArns"]
    named = ("--cluster", CLUSTER, "--tasks", one)
    aws("ecs", "update-task-protection", *named, "--protection-enabled", "--expires-in-minutes", 5)
    (shown,) = aws("ecs", "get-task-protection", *named)["protectedTasks"]
    assert (shown["taskArn"], shown["protectionEnabled"]) == (one, True)
    aws("ecs", "update-service", *SERVICE, "--desired-count", 0)
    _await(aws, lambda service: service["runningCount"] == 1)
    events = [event["message"] for event in _described(aws)["events"]]
    assert any("(reason 1 tasks under protection)" in message for message in events), events
    assert aws("ecs", "list-tasks", "--cluster", CLUSTER)["taskArns"] == [one]
    aws("ecs", "update-task-protection", *named, "--no-protection-enabled")
    _await(aws, lambda service: service["runningCount"] == 0)

"""Service deployments and revisions through their handlers."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.deployments import DeploymentStatus, ServiceDeploymentStatus
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, put, put_deployment, put_service, put_task, register


def test_roll_outs_are_listed_newest_first_by_status_and_time() -> None:
    caller = ecs_caller()
    definition = register(caller)
    service = put_service(caller, definition=definition)
    [first] = caller.snapshot.service_history(service.arn)
    put(caller, replace(first, status=ServiceDeploymentStatus.SUCCESSFUL, finished_at=caller.now))
    caller.now += 60
    put_deployment(caller, service, definition=definition, number="2")
    listed = caller.call("ListServiceDeployments", service="users")["serviceDeployments"]
    assert [item["status"] for item in listed] == ["IN_PROGRESS", "SUCCESSFUL"]
    assert listed[0]["targetServiceRevisionArn"].endswith("/users/2")
    done = caller.call("ListServiceDeployments", service=service.arn, status=["SUCCESSFUL"])["serviceDeployments"]
    assert [item["serviceDeploymentArn"] for item in done] == [first.arn]
    created = {"before": caller.now - 1}
    old = caller.call("ListServiceDeployments", service="users", createdAt=created)["serviceDeployments"]
    assert [item["serviceDeploymentArn"] for item in old] == [first.arn]
    page = caller.call("ListServiceDeployments", service="users", maxResults=1)
    rest = caller.call("ListServiceDeployments", service="users", maxResults=1, nextToken=page["nextToken"])
    assert [item["serviceDeploymentArn"] for item in rest["serviceDeployments"]] == [first.arn]


def test_counts_are_live_until_the_roll_out_ends() -> None:
    caller = ecs_caller()
    definition = register(caller)
    service = put_service(caller, definition=definition)
    deployment = put_deployment(caller, service, definition=definition, number="2")
    put_task(caller, definition, service=service)
    arn = deployment.service_deployment_arn
    [shown] = caller.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"]
    assert [shown["targetServiceRevision"][name] for name in ("requestedTaskCount", "runningTaskCount")] == [2, 1]
    assert [item["requestedTaskCount"] for item in shown["sourceServiceRevisions"]] == [1]
    assert shown["deploymentConfiguration"] == {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "bakeTimeInMinutes": 0,
    }
    assert shown["alarms"]["status"] == "DISABLED"
    counts = {"requestedTaskCount": 2, "runningTaskCount": 2, "pendingTaskCount": 0}
    record = caller.snapshot.service_deployments[arn]
    put(caller, replace(record, status=ServiceDeploymentStatus.SUCCESSFUL, finished_at=caller.now, counts=counts))
    put(caller, replace(deployment, status=DeploymentStatus.INACTIVE))
    [ended] = caller.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"]
    assert ended["targetServiceRevision"] == {"arn": deployment.revision_arn, **counts}


def test_revisions_show_what_a_deployment_runs() -> None:
    caller = ecs_caller()
    definition = register(caller)
    put_service(caller, definition=definition)
    [arn] = caller.snapshot.service_revisions
    answer = caller.call("DescribeServiceRevisions", serviceRevisionArns=[arn, f"{arn}9"])
    [shown] = answer["serviceRevisions"]
    assert (shown["taskDefinition"], shown["launchType"]) == (definition, "EC2")
    assert shown["containerImages"] == [{"containerName": "app", "image": "users:1"}]
    assert answer["failures"] == [{"arn": f"{arn}9", "reason": "MISSING"}]
    [deployment] = caller.snapshot.deployments.values()
    put(caller, replace(deployment, image_digests={"app": "sha256:1"}))
    [pinned] = caller.call("DescribeServiceRevisions", serviceRevisionArns=[arn])["serviceRevisions"]
    assert pinned["containerImages"] == [{"containerName": "app", "image": "users:1", "imageDigest": "sha256:1"}]


def put_status(caller: Caller, status: ServiceDeploymentStatus) -> str:
    """The ARN of the one service deployment of a service `users`, which has this status."""
    service = put_service(
        caller, definition=register(caller), circuit_breaker=DeploymentCircuitBreaker(is_enabled=True)
    )
    [deployment] = caller.snapshot.service_history(service.arn)
    put(caller, replace(deployment, status=status))
    return deployment.arn


@pytest.mark.parametrize("status", [status for status in ServiceDeploymentStatus if not status.is_verdict])
def test_a_deployment_that_goes_on_is_asked_to_go_back_once(status: ServiceDeploymentStatus) -> None:
    caller = ecs_caller()
    arn = put_status(caller, status)
    assert caller.call("StopServiceDeployment", serviceDeploymentArn=arn) == {"serviceDeploymentArn": arn}
    is_new = status in (ServiceDeploymentStatus.PENDING, ServiceDeploymentStatus.IN_PROGRESS)
    assert len(caller.changes) == is_new
    [shown] = caller.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"]
    assert shown["status"] == (ServiceDeploymentStatus.ROLLBACK_REQUESTED if is_new else status)
    assert shown["deploymentCircuitBreaker"] == {"status": "MONITORING", "failureCount": 0, "threshold": 3}


@pytest.mark.parametrize("status", [status for status in ServiceDeploymentStatus if status.is_verdict])
def test_a_deployment_that_has_ended_cannot_be_stopped(status: ServiceDeploymentStatus) -> None:
    caller = ecs_caller()
    arn = put_status(caller, status)
    with pytest.raises(ApiError, match=f"has ended already: it is {status}") as refused:
        caller.call("StopServiceDeployment", serviceDeploymentArn=arn)
    assert refused.value.code == "ConflictException"


def test_an_update_that_comes_before_a_requested_way_back_wins() -> None:
    caller = ecs_caller()
    register(caller)
    caller.call("CreateService", serviceName="web", taskDefinition="users", desiredCount=1)
    [first] = caller.call("ListServiceDeployments", service="web")["serviceDeployments"]
    caller.call("StopServiceDeployment", serviceDeploymentArn=first["serviceDeploymentArn"])
    caller.now += 1
    caller.call("UpdateService", service="web", forceNewDeployment=True)
    listed = caller.call("ListServiceDeployments", service="web")["serviceDeployments"]
    assert [item["status"] for item in listed] == ["IN_PROGRESS", "STOPPED"]
    assert listed[1]["statusReason"] == "Service deployment stopped because a newer deployment started."


@pytest.mark.parametrize(
    ("operation", "params", "code", "words"),
    [
        pytest.param(
            "ListServiceDeployments", {"service": "x"}, "ServiceNotFoundException", "Service not found.", id="service"
        ),
        pytest.param(
            "ListServiceDeployments",
            {"service": "users", "status": ["DONE"]},
            "InvalidParameterException",
            "status 'DONE'",
            id="status",
        ),
        pytest.param(
            "DescribeServiceDeployments",
            {"serviceDeploymentArns": ["users"]},
            "InvalidParameterException",
            "not the ARN of a service-deployment",
            id="name",
        ),
        pytest.param(
            "DescribeServiceRevisions",
            {"serviceRevisionArns": ["a"] * 21},
            "InvalidParameterException",
            "more than 20",
            id="twenty-one",
        ),
    ],
)
def test_bad_requests_are_refused(operation: str, params: dict[str, Any], code: str, words: str) -> None:
    caller = ecs_caller()
    put_service(caller, definition=register(caller))
    with pytest.raises(ApiError, match=words) as refused:
        caller.call(operation, **params)
    assert refused.value.code == code

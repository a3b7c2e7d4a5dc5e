"""Services and tasks, read through their handlers."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.deployments import DeploymentStatus
from slipway.core.model.services import ServiceLoadBalancer, ServiceStatus
from slipway.core.model.tasks import DesiredStatus, HealthStatus, LaunchType, NetworkBinding, StopCode, TaskStatus
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, put, put_deployment, put_events, put_service, put_task, register

AWSVPC: dict[str, Any] = {"networkMode": "awsvpc", "cpu": "256", "memory": "512"}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": [], "assignPublicIp": "DISABLED"}}


def describe(caller: Caller, name: str = "users", **params: Any) -> dict[str, Any]:
    """The one service of that name, as DescribeServices shows it."""
    [service] = caller.call("DescribeServices", services=[name], **params)["services"]
    return dict(service)


def test_a_service_is_shown_with_its_deployments_and_counts() -> None:
    caller = ecs_caller()
    old, new = register(caller), register(caller)
    service = put_service(caller, definition=old, desired_count=3)
    put_task(caller, old, service=service)
    put_deployment(caller, service, definition=new, number="2")
    put_task(caller, new, service=service)
    put_task(caller, new, service=service, last_status=TaskStatus.PENDING)
    shown = describe(caller)
    assert (shown["desiredCount"], shown["runningCount"], shown["pendingCount"]) == (3, 2, 1)
    assert shown["taskDefinition"] == new
    counts = ("status", "desiredCount", "runningCount", "pendingCount", "failedTasks")
    assert [[item[name] for name in counts] for item in shown["deployments"]] == [
        ["PRIMARY", 3, 1, 1, 0],
        ["ACTIVE", 1, 1, 0, 0],
    ]
    assert shown["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert shown["deployments"][0]["rolloutStateReason"] == "ECS deployment ecs-svc/2 in progress."
    assert [item["requestedTaskCount"] for item in shown["currentServiceRevisions"]] == [3, 1]
    assert shown["currentServiceRevisions"][0]["arn"].endswith("/users/2")
    assert "deploymentController" not in shown
    assert "tags" not in shown


def test_members_are_those_that_ecs_answers_by_default() -> None:
    caller = ecs_caller()
    put_service(caller, definition=register(caller), minimum_healthy_percent=50)
    shown = describe(caller, include=["TAGS"])
    assert shown["deploymentConfiguration"] == {
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 50,
    }
    expected = {
        "launchType": "EC2",
        "schedulingStrategy": "REPLICA",
        "enableECSManagedTags": False,
        "propagateTags": "NONE",
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "tags": [],
    }
    assert {name: shown[name] for name in expected} == expected
    assert "healthCheckGracePeriodSeconds" not in shown
    assert "roleArn" not in shown


def test_what_the_caller_gave_is_shown_again() -> None:
    caller = ecs_caller()
    arn = register(caller, **AWSVPC)
    document = {"deploymentController": {"type": "ECS"}, "propagateTags": "SERVICE", "createdBy": "arn:aws:iam::1:root"}
    service = put_service(caller, definition=arn, launch_type=LaunchType.FARGATE, document=document)
    put_deployment(caller, service, definition=arn, number="2", document={"networkConfiguration": NETWORK})
    shown = describe(caller)
    assert {name: shown[name] for name in document} == document
    assert shown["networkConfiguration"] == shown["deployments"][0]["networkConfiguration"] == NETWORK
    assert (shown["platformVersion"], shown["deployments"][0]["platformVersion"]) == ("LATEST", "1.4.0")


def test_balancers_are_shown_with_grace_and_role() -> None:
    caller = ecs_caller()
    service = put_service(caller, definition=register(caller))
    [revision] = caller.snapshot.service_revisions.values()
    balancer = ServiceLoadBalancer(target_group_arn="arn:group", container_name="app", container_port=80)
    put(caller, replace(revision, load_balancers=(balancer,)))
    shown = describe(caller, service.arn)
    assert shown["loadBalancers"] == [{"targetGroupArn": "arn:group", "containerName": "app", "containerPort": 80}]
    assert shown["healthCheckGracePeriodSeconds"] == 0
    assert shown["roleArn"].endswith("/AWSServiceRoleForECS")


def test_events_are_shown_newest_first() -> None:
    caller = ecs_caller()
    put_events(caller, put_service(caller, definition=register(caller)), 101)
    events = describe(caller)["events"]
    assert len(events) == 100
    assert events[0]["message"] == "(service users) event 100"


def test_an_inactive_service_is_described_and_not_listed() -> None:
    caller = ecs_caller()
    definition = register(caller)
    service = put_service(caller, definition=definition)
    [deployment] = caller.snapshot.service_deployments_of(service.arn)
    put(caller, replace(deployment, status=DeploymentStatus.INACTIVE), replace(service, status=ServiceStatus.INACTIVE))
    shown = describe(caller)
    assert (shown["status"], shown["desiredCount"], shown["deployments"]) == ("INACTIVE", 0, [])
    assert shown["taskDefinition"] == definition
    assert caller.call("ListServices")["serviceArns"] == []


def test_services_are_found_by_name_and_both_arns() -> None:
    caller = ecs_caller()
    service = put_service(caller, definition=register(caller))
    old_form = "arn:aws:ecs:us-east-1:000000000000:service/users"
    answer = caller.call("DescribeServices", services=["users", service.arn, old_form, "gone"])
    assert [item["serviceArn"] for item in answer["services"]] == [service.arn] * 3
    assert answer["failures"] == [{"arn": service.arn.replace("/users", "/gone"), "reason": "MISSING"}]
    caller.call("CreateCluster", clusterName="web")
    elsewhere = caller.call("DescribeServices", cluster="web", services=[service.arn])
    assert elsewhere["failures"] == [{"arn": service.arn, "reason": "MISSING"}]


def test_services_are_listed_ten_a_page_by_filters() -> None:
    caller = ecs_caller()
    definition = register(caller)
    for number in range(12):
        kind = LaunchType.FARGATE if number == 3 else LaunchType.EC2
        put_service(caller, f"s{number:02}", definition=definition, number=str(number), launch_type=kind)
    first = caller.call("ListServices")
    second = caller.call("ListServices", nextToken=first["nextToken"])
    assert [len(page["serviceArns"]) for page in (first, second)] == [10, 2]
    [fargate] = caller.call("ListServices", launchType="FARGATE")["serviceArns"]
    assert fargate.endswith("/s03")
    assert caller.call("ListServices", schedulingStrategy="DAEMON")["serviceArns"] == []


def test_a_running_task_is_shown_with_its_ports() -> None:
    caller = ecs_caller()
    definition = register(caller)
    task = put_task(caller, definition, started_at=caller.now, started_by="me")
    binding = NetworkBinding(bind_ip="127.0.0.1", container_port=80, host_port=40_000)
    container = replace(task.containers[0], network_bindings=(binding,), runtime_id="4711")
    put(caller, replace(task, containers=(container,)))
    [shown] = caller.call("DescribeTasks", tasks=[task.id], include=["TAGS"])["tasks"]
    assert shown["containers"][0]["networkBindings"] == [
        {"bindIP": "127.0.0.1", "containerPort": 80, "hostPort": 40_000, "protocol": "tcp"}
    ]
    assert shown["containers"][0]["memory"] == "64"
    assert (shown["cpu"], shown["memory"], shown["group"]) == ("128", "64", "family:users")
    assert (shown["startedBy"], shown["tags"], shown["attachments"]) == ("me", [], [])
    assert shown["overrides"] == {"containerOverrides": [{"name": "app"}], "inferenceAcceleratorOverrides": []}
    instances = caller.call("ListContainerInstances")["containerInstanceArns"]
    assert shown["containerInstanceArn"] == instances[0]


def test_each_container_is_shown_with_its_own_health() -> None:
    caller = ecs_caller()
    names = ("app", "proxy", "log")
    definition = register(caller, containerDefinitions=[{"name": name, "image": "x", "memory": 64} for name in names])
    task = put_task(caller, definition, health_status=HealthStatus.UNHEALTHY)
    health = (HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN)
    pairs = zip(task.containers, health, strict=True)
    containers = tuple(replace(container, health_status=status) for container, status in pairs)
    put(caller, replace(task, containers=containers))
    [shown] = caller.call("DescribeTasks", tasks=[task.id])["tasks"]
    assert shown["healthStatus"] == "UNHEALTHY"
    assert [item["healthStatus"] for item in shown["containers"]] == ["HEALTHY", "UNHEALTHY", "UNKNOWN"]


def test_an_awsvpc_task_is_shown_with_its_interface() -> None:
    caller = ecs_caller()
    task = put_task(
        caller,
        register(caller, **AWSVPC),
        launch_type=LaunchType.FARGATE,
        ip_address="127.0.0.1",
        document={"networkConfiguration": NETWORK, "overrides": {"containerOverrides": [{"name": "app", "cpu": 64}]}},
    )
    [shown] = caller.call("DescribeTasks", tasks=[task.arn])["tasks"]
    [attachment] = shown["attachments"]
    details = {item["name"]: item["value"] for item in attachment["details"]}
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "ATTACHED")
    assert (details["privateIPv4Address"], details["subnetId"]) == ("127.0.0.1", "subnet-1")
    assert shown["containers"][0]["networkInterfaces"] == [
        {"attachmentId": attachment["id"], "privateIpv4Address": "127.0.0.1"}
    ]
    assert shown["containers"][0]["cpu"] == "64"
    assert (shown["launchType"], shown["platformVersion"]) == ("FARGATE", "1.4.0")
    assert "containerInstanceArn" not in shown


def test_a_stopped_task_says_why() -> None:
    caller = ecs_caller()
    task = put_task(
        caller,
        register(caller, **AWSVPC),
        last_status=TaskStatus.STOPPED,
        desired_status=DesiredStatus.STOPPED,
        stop_code=StopCode.USER_INITIATED,
        stopped_reason="Task stopped by user",
        stopped_at=caller.now,
    )
    answer = caller.call("DescribeTasks", tasks=[task.id, "0" * 32])
    [shown] = answer["tasks"]
    assert (shown["stopCode"], shown["stoppedReason"]) == ("UserInitiated", "Task stopped by user")
    assert shown["attachments"][0]["status"] == "DELETED"
    assert answer["failures"] == [{"arn": task.arn.replace(task.id, "0" * 32), "reason": "MISSING"}]


def test_tasks_are_listed_by_filters() -> None:
    caller = ecs_caller()
    users, jobs = register(caller), register(caller, "jobs")
    service = put_service(caller, definition=users)
    one = put_task(caller, users, service=service).arn
    two = put_task(caller, jobs, launch_type=LaunchType.FARGATE, started_by="me").arn
    gone = put_task(caller, jobs, desired_status=DesiredStatus.STOPPED).arn
    [instance] = caller.call("ListContainerInstances")["containerInstanceArns"]
    for params, expected in (
        ({}, {one, two}),
        ({"desiredStatus": "STOPPED"}, {gone}),
        ({"desiredStatus": "PENDING"}, set()),
        ({"family": "jobs"}, {two}),
        ({"family": "job"}, set()),
        ({"serviceName": "users"}, {one}),
        ({"launchType": "FARGATE"}, {two}),
        ({"startedBy": "me"}, {two}),
        ({"containerInstance": instance, "launchType": "EC2"}, {one}),
    ):
        assert set(caller.call("ListTasks", **params)["taskArns"]) == expected, params
    first = caller.call("ListTasks", maxResults=1)
    second = caller.call("ListTasks", maxResults=1, nextToken=first["nextToken"])
    assert {*first["taskArns"], *second["taskArns"]} == {one, two}
    assert "nextToken" not in second


@pytest.mark.parametrize(
    ("operation", "params", "code", "words"),
    [
        pytest.param("DescribeServices", {"services": []}, "InvalidParameterException", "cannot be empty", id="none"),
        pytest.param(
            "DescribeServices", {"services": ["s"] * 11}, "InvalidParameterException", "more than 10 items", id="eleven"
        ),
        pytest.param(
            "DescribeServices",
            {"services": ["s"], "cluster": "x"},
            "ClusterNotFoundException",
            "Cluster not found.",
            id="cluster",
        ),
        pytest.param(
            "DescribeServices",
            {"services": ["arn:aws:ecs:us-east-1:000000000000:task/a/b"]},
            "InvalidParameterException",
            "not the ARN of a service",
            id="arn-of-a-task",
        ),
        pytest.param(
            "DescribeTasks", {"tasks": ["t"] * 101}, "InvalidParameterException", "more than 100 items", id="tasks"
        ),
        pytest.param(
            "ListTasks", {"serviceName": "x"}, "ServiceNotFoundException", "Service not found.", id="service-filter"
        ),
        pytest.param(
            "ListTasks",
            {"startedBy": "me", "family": "users"},
            "InvalidParameterException",
            "startedBy cannot be used together with family",
            id="started-by",
        ),
        pytest.param(
            "ListTasks", {"containerInstance": "x"}, "InvalidParameterException", "was not found", id="instance"
        ),
        pytest.param("ListTasks", {"desiredStatus": "UP"}, "InvalidParameterException", "desiredStatus", id="status"),
        pytest.param("ListServices", {"launchType": "X"}, "InvalidParameterException", "launchType 'X'", id="launch"),
    ],
)
def test_bad_requests_are_refused(operation: str, params: dict[str, Any], code: str, words: str) -> None:
    caller = ecs_caller()
    with pytest.raises(ApiError, match=words) as refused:
        caller.call(operation, **params)
    assert refused.value.code == code

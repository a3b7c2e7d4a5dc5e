"""Task definitions through their handlers: registered with ECS's defaults, refused with the field and the fix."""

from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.task_definitions import NetworkMode
from tests.api.calls import Caller
from tests.api.ecs_records import CONTAINER, ecs_caller, register

FARGATE: dict[str, Any] = {
    "family": "users",
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [{"name": "app", "image": "users:1"}],
}


def app(**members: Any) -> dict[str, Any]:
    """Parameters of a definition with one container that has these members too."""
    return {"containerDefinitions": [{**CONTAINER, **members}]}


def both(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a definition with the containers `app` and `side`."""
    side = {"name": "side", "image": "side:1", "memory": 64}
    return {"containerDefinitions": [{**CONTAINER, **first}, {**side, **second}]}


def test_what_was_sent_is_shown_with_ecs_defaults() -> None:
    caller = ecs_caller()
    shown = caller.call("RegisterTaskDefinition", family="users", containerDefinitions=[CONTAINER])["taskDefinition"]
    assert shown == {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/users:1",
        "family": "users",
        "revision": 1,
        "status": "ACTIVE",
        "registeredAt": caller.now,
        "registeredBy": "arn:aws:iam::000000000000:root",
        "compatibilities": ["EXTERNAL", "EC2"],
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}],
        "placementConstraints": [],
        "volumes": [],
        "containerDefinitions": [
            {
                "name": "app",
                "image": "users:1",
                "memory": 64,
                "cpu": 0,
                "essential": True,
                "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}],
                "environment": [],
                "mountPoints": [],
                "volumesFrom": [],
                "systemControls": [],
            }
        ],
    }


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [
        pytest.param("1 vCPU", "2 GB", id="units"),
        pytest.param("1.0VCPU", "2048", id="fraction"),
        pytest.param("1024", "2GB", id="units-and-gb"),
    ],
)
def test_sizes_are_kept_as_numbers(cpu: str, memory: str) -> None:
    caller = ecs_caller()
    shown = caller.call("RegisterTaskDefinition", **{**FARGATE, "cpu": cpu, "memory": memory})["taskDefinition"]
    record = caller.snapshot.task_definitions[shown["taskDefinitionArn"]]
    assert (shown["cpu"], shown["memory"]) == ("1024", "2048")
    assert (record.cpu, record.memory, record.network_mode) == (1024, 2048, NetworkMode.AWSVPC)
    assert shown["compatibilities"] == ["EXTERNAL", "EC2", "FARGATE"]


def test_decisions_read_typed_fields() -> None:
    caller = ecs_caller()
    mappings = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "protocol": "udp", "name": "dns"}]
    arn = register(caller, **app(portMappings=mappings, stopTimeout=200, memoryReservation=32, essential=True))
    container = caller.snapshot.task_definitions[arn].containers[0]
    assert [(item.container_port, item.host_port, item.protocol) for item in container.port_mappings] == [
        (80, 8080, "tcp"),
        (53, 0, "udp"),
    ]
    assert (container.stop_timeout_s, container.memory, container.memory_reservation) == (200, 64, 32)


def test_awsvpc_ports_are_the_containers() -> None:
    arn = register(caller := ecs_caller(), **{**FARGATE, **app()})
    assert caller.snapshot.task_definitions[arn].containers[0].port_mappings[0].host_port == 80


def test_revisions_are_never_used_again() -> None:
    caller = ecs_caller()
    register(caller)
    register(caller)
    caller.call("DeregisterTaskDefinition", taskDefinition="users:2")
    deleted = caller.call("DeleteTaskDefinitions", taskDefinitions=["users:2"])["taskDefinitions"]
    assert [item["status"] for item in deleted] == ["DELETE_IN_PROGRESS"]
    assert register(caller).endswith("/users:3")


def test_a_family_is_its_latest_active_revision() -> None:
    caller = ecs_caller()
    register(caller, tags=[{"key": "a", "value": "b"}])
    register(caller)
    answer = caller.call("DeregisterTaskDefinition", taskDefinition="users:2")["taskDefinition"]
    assert (answer["status"], answer["deregisteredAt"]) == ("INACTIVE", caller.now)
    latest = caller.call("DescribeTaskDefinition", taskDefinition="users", include=["TAGS"])
    assert (latest["taskDefinition"]["revision"], latest["tags"]) == (1, [{"key": "a", "value": "b"}])
    assert caller.call("DescribeTaskDefinition", taskDefinition="users:2")["taskDefinition"]["status"] == "INACTIVE"
    assert "tags" not in caller.call("DescribeTaskDefinition", taskDefinition="users:1")


def test_only_inactive_revisions_are_deleted() -> None:
    caller = ecs_caller()
    active = register(caller)
    answer = caller.call("DeleteTaskDefinitions", taskDefinitions=[active, "users:9"])
    assert answer["taskDefinitions"] == []
    assert [item["reason"] for item in answer["failures"]] == ["INVALID_STATUS", "MISSING"]


def test_lists_by_family_and_status() -> None:
    caller = ecs_caller()
    arns = [register(caller, family) for family in ("b", "a", "ab", "b")]
    caller.call("DeregisterTaskDefinition", taskDefinition=arns[1])
    found = caller.call("ListTaskDefinitions", sort="DESC")["taskDefinitionArns"]
    assert [arn.rpartition("/")[2] for arn in found] == ["b:2", "b:1", "ab:1"]
    assert caller.call("ListTaskDefinitions", familyPrefix="a", status="INACTIVE")["taskDefinitionArns"] == [arns[1]]
    assert caller.call("ListTaskDefinitionFamilies", familyPrefix="a")["families"] == ["a", "ab"]
    assert caller.call("ListTaskDefinitionFamilies", status="INACTIVE")["families"] == ["a"]
    first = caller.call("ListTaskDefinitions", maxResults=2)
    second = caller.call("ListTaskDefinitions", maxResults=2, nextToken=first["nextToken"])
    assert len(first["taskDefinitionArns"]) == 2
    assert [arn.rpartition("/")[2] for arn in second["taskDefinitionArns"]] == ["b:2"]


CLIENT = "ClientException"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        pytest.param({"family": "a b"}, "Family contains invalid characters", id="family"),
        pytest.param({"family": "a" * 256}, "Family contains", id="family-long"),
        pytest.param({"containerDefinitions": []}, "1 to 10 containers", id="no-container"),
        pytest.param({"containerDefinitions": [{**CONTAINER, "name": f"c{n}"} for n in range(11)]}, "11", id="eleven"),
        pytest.param(both({}, {"name": "app"}), "'app' is given twice", id="same-name"),
        pytest.param(app(name="a.b"), "Container.name 'a.b'", id="name"),
        pytest.param(app(image=""), "Container.image", id="image"),
        pytest.param(app(essential=False), "at least one essential", id="essential"),
        pytest.param(
            {"containerDefinitions": [{"name": "app", "image": "users:1"}]},
            "Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified.",
            id="no-memory",
        ),
        pytest.param(app(memory=2), "memory is 2", id="memory-small"),
        pytest.param(app(memoryReservation=65), "memoryReservation .65. must not be greater", id="reservation"),
        pytest.param({"memory": "32"}, "must not be greater than the task's", id="above-the-task"),
        pytest.param({"cpu": "128", **app(cpu=256)}, "256 CPU units, more than the 128", id="cpu-sum"),
        pytest.param({"cpu": "much"}, "Invalid 'cpu' setting for task", id="cpu-form"),
        pytest.param({"cpu": "64"}, "Invalid 'cpu' setting for task", id="cpu-low"),
        pytest.param({"memory": "1 TB"}, "Invalid 'memory' setting for task", id="memory-form"),
        pytest.param({"memory": "9" * 400}, "Invalid 'memory' setting for task", id="memory-endless"),
        pytest.param({"networkMode": "overlay"}, "networkMode 'overlay'", id="network-mode"),
        pytest.param({"requiresCompatibilities": ["MARS"]}, "'MARS'", id="compatibility"),
        pytest.param({"networkMode": "none"}, "networkMode=none", id="ports-without-network"),
        pytest.param(
            {"networkMode": "awsvpc", **app(portMappings=[{"containerPort": 80, "hostPort": 81}])},
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match",
            id="awsvpc-ports",
        ),
        pytest.param(app(portMappings=[{"containerPort": 70_000}]), "1 to 65535", id="port"),
        pytest.param(app(portMappings=[{"hostPort": 1}]), "needs a containerPort", id="no-port"),
        pytest.param(app(portMappings=[{"containerPort": 1, "hostPort": -1}]), "hostPort is -1", id="host-port"),
        pytest.param(app(portMappings=[{"containerPort": 1, "protocol": "x"}]), "protocol 'x'", id="protocol"),
        pytest.param(app(portMappings=[{"containerPortRange": "1-2"}]), "containerPortRange", id="port-range"),
        pytest.param(app(portMappings=[{"containerPort": 1, "name": "A"}]), "port mapping name 'A'", id="port-name"),
        pytest.param(app(portMappings=[{"containerPort": 1}] * 2), "1/tcp of container 'app' is mapped", id="twice"),
        pytest.param(
            app(portMappings=[{"containerPort": port, "hostPort": 80} for port in (1, 2)]),
            "host port 80/tcp is mapped twice",
            id="host-port-twice",
        ),
        pytest.param(
            both({"dependsOn": [{"containerName": "x", "condition": "START"}]}, {}),
            "names 'x'",
            id="unknown-dependency",
        ),
        pytest.param(
            both({"dependsOn": [{"containerName": "side", "condition": "LATER"}]}, {}), "'LATER'", id="condition"
        ),
        pytest.param(
            both({"dependsOn": [{"containerName": "side", "condition": "HEALTHY"}]}, {}), "healthCheck", id="unchecked"
        ),
        pytest.param(
            both({"dependsOn": [{"containerName": "side", "condition": "SUCCESS"}]}, {}), "essential", id="never-ends"
        ),
        pytest.param(
            both(
                {"dependsOn": [{"containerName": "side", "condition": "START"}]},
                {"dependsOn": [{"containerName": "app", "condition": "START"}]},
            ),
            "app, side wait for each other",
            id="circle",
        ),
        pytest.param(app(links=["gone"]), "links names 'gone'", id="link"),
        pytest.param(app(healthCheck={"command": ["curl"]}), "CMD or CMD-SHELL", id="check-command"),
        pytest.param(
            app(healthCheck={"command": ["CMD", "x"], "interval": 1}), "healthCheck.interval is 1", id="check-interval"
        ),
        pytest.param(app(ulimits=[{"name": "nofile", "softLimit": 2, "hardLimit": 1}]), "softLimit above", id="ulimit"),
        pytest.param(app(ulimits=[{"name": "x", "softLimit": 1, "hardLimit": 1}]), "ulimit 'x'", id="ulimit-name"),
        pytest.param(app(environment=[{"name": "A=B", "value": ""}]), "'A=B'", id="environment"),
        pytest.param(
            app(environment=[{"name": "A", "value": ""}], secrets=[{"name": "A", "valueFrom": "b"}]),
            "such as 'A'",
            id="secret-and-variable",
        ),
        pytest.param(app(environment=[{"name": "A", "value": "a\0b"}]), "environment has a NUL", id="nul-in-value"),
        pytest.param(app(command=["sh\0"]), "command has a NUL", id="nul-in-command"),
        pytest.param(app(stopTimeout=-1), "stopTimeout is -1", id="stop-timeout"),
        pytest.param(app(logConfiguration={"logDriver": "paper"}), "logDriver 'paper'", id="log-driver"),
        pytest.param(
            app(mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]), "Unknown volume 'v'", id="volume"
        ),
        pytest.param({"volumes": [{"name": "v"}, {"name": "v"}]}, "'v' is given twice", id="volume-twice"),
        pytest.param(
            {"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]}, "efsVolume", id="efs"
        ),
        pytest.param(app(command=["x" * 70_000]), "Max allowed length is '65536' bytes", id="size"),
        pytest.param(
            {"placementConstraints": [{"type": "memberOf", "expression": "x == y"}]}, "placementConstraints", id="place"
        ),
        pytest.param({**FARGATE, "networkMode": "bridge"}, "Fargate only supports network mode", id="fargate-mode"),
        pytest.param({**FARGATE, "cpu": ""}, "'cpu' be defined at the task level", id="fargate-cpu"),
        pytest.param(
            {**FARGATE, "memory": "4096"}, "No Fargate configuration exists for given values.", id="fargate-size"
        ),
        pytest.param({**FARGATE, **app(privileged=True)}, "Fargate does not support privileged", id="fargate-root"),
    ],
)
def test_bad_definitions_are_refused(params: dict[str, Any], words: str) -> None:
    caller = ecs_caller()
    with pytest.raises(ApiError, match=words) as refused:
        caller.call("RegisterTaskDefinition", **{"family": "users", **app(), **params})
    assert refused.value.code == CLIENT
    assert not caller.snapshot.task_definitions


@pytest.mark.parametrize(
    ("operation", "name", "code", "words"),
    [
        pytest.param("DescribeTaskDefinition", "users:7", CLIENT, "Unable to describe task definition.", id="revision"),
        pytest.param("DescribeTaskDefinition", "other", CLIENT, "Unable to describe task definition.", id="family"),
        pytest.param(
            "DescribeTaskDefinition",
            "users:x",
            "InvalidParameterException",
            "Invalid revision number. Number: x",
            id="x",
        ),
        pytest.param(
            "DeregisterTaskDefinition",
            "users",
            "InvalidParameterException",
            "Invalid revision number",
            id="no-revision",
        ),
        pytest.param(
            "DescribeTaskDefinition",
            "arn:aws:ecs:us-east-1:000000000000:cluster/default",
            "InvalidParameterException",
            "not the ARN of a task-definition",
            id="arn-of-a-cluster",
        ),
    ],
)
def test_unknown_definitions_are_refused(operation: str, name: str, code: str, words: str) -> None:
    caller: Caller = ecs_caller()
    register(caller)
    with pytest.raises(ApiError, match=words) as refused:
        caller.call(operation, taskDefinition=name)
    assert refused.value.code == code

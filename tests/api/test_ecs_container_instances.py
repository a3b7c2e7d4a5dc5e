"""Container instances through their handlers: every host is one of every cluster."""

from typing import Any

import pytest

from slipway.api.errors import ApiError
from tests.api.ecs_records import HOST, ecs_caller, put_task, register


def test_a_host_is_a_container_instance_of_each_cluster() -> None:
    caller = ecs_caller()
    caller.call("CreateCluster", clusterName="web")
    arns = [caller.call("ListContainerInstances", cluster=name)["containerInstanceArns"] for name in ("default", "web")]
    assert [len(found) for found in arns] == [1, 1]
    assert arns[0] != arns[1]
    caller.call("DeleteCluster", cluster="web")
    assert caller.call("ListContainerInstances", cluster="web")["containerInstanceArns"] == []


def test_what_is_left_counts_the_tasks_of_all_clusters() -> None:
    caller = ecs_caller()
    caller.call("CreateCluster", clusterName="web")
    definition = register(caller)
    put_task(caller, definition, cpu=1024, memory=100, host_ports=(8080,))
    [arn] = caller.call("ListContainerInstances", cluster="web")["containerInstanceArns"]
    short = arn.rpartition("/")[2]
    include = ["TAGS", "CONTAINER_INSTANCE_HEALTH"]
    answer = caller.call("DescribeContainerInstances", cluster="web", containerInstances=[short], include=include)
    [shown] = answer["containerInstances"]
    remaining = {item["name"]: item for item in shown["remainingResources"]}
    registered = {item["name"]: item for item in shown["registeredResources"]}
    assert (registered["CPU"]["integerValue"], remaining["CPU"]["integerValue"]) == (HOST.cpu, HOST.cpu - 1024)
    assert remaining["MEMORY"]["integerValue"] == HOST.memory - 100
    assert "8080" in remaining["PORTS"]["stringSetValue"]
    assert "8080" not in registered["PORTS"]["stringSetValue"]
    assert (shown["runningTasksCount"], shown["status"], shown["agentConnected"]) == (0, "ACTIVE", True)
    assert shown["ec2InstanceId"] == f"i-{HOST.id[:17]}"
    [of_default] = caller.call("ListContainerInstances")["containerInstanceArns"]
    answer = caller.call("DescribeContainerInstances", containerInstances=[of_default, "gone"])
    assert answer["containerInstances"][0]["runningTasksCount"] == 1
    assert [item["reason"] for item in answer["failures"]] == ["MISSING"]


def test_a_host_with_less_than_its_tasks_hold_has_nothing_left() -> None:
    caller = ecs_caller()
    put_task(caller, register(caller), cpu=HOST.cpu + 1, memory=HOST.memory + 1)
    arns = caller.call("ListContainerInstances")["containerInstanceArns"]
    [shown] = caller.call("DescribeContainerInstances", containerInstances=arns)["containerInstances"]
    assert [item["integerValue"] for item in shown["remainingResources"][:2]] == [0, 0]


@pytest.mark.parametrize(
    ("operation", "params", "code", "words"),
    [
        pytest.param(
            "ListContainerInstances",
            {"filter": "attribute:a == b"},
            "InvalidParameterException",
            "the member filter",
            id="filter",
        ),
        pytest.param(
            "ListContainerInstances", {"status": "AWAY"}, "InvalidParameterException", "status 'AWAY'", id="status"
        ),
        pytest.param(
            "ListContainerInstances", {"cluster": "x"}, "ClusterNotFoundException", "Cluster not found.", id="cluster"
        ),
        pytest.param(
            "DescribeContainerInstances",
            {"containerInstances": []},
            "InvalidParameterException",
            "ContainerInstances cannot be empty.",
            id="empty",
        ),
    ],
)
def test_bad_requests_are_refused(operation: str, params: dict[str, Any], code: str, words: str) -> None:
    caller = ecs_caller()
    with pytest.raises(ApiError, match=words) as refused:
        caller.call(operation, **params)
    assert refused.value.code == code


def test_no_host_is_draining() -> None:
    assert ecs_caller().call("ListContainerInstances", status="DRAINING")["containerInstanceArns"] == []

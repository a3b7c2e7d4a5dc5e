"""Clusters through their handlers."""

from typing import Any

import pytest

from slipway.api.errors import ApiError
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, put_service, put_task, register

DEFAULT = "arn:aws:ecs:us-east-1:000000000000:cluster/default"


def test_a_cluster_is_created_once() -> None:
    caller = ecs_caller()
    first = caller.call("CreateCluster", clusterName="web", tags=[{"key": "team", "value": "a"}])["cluster"]
    caller.now += 60
    again = caller.call("CreateCluster", clusterName="web", tags=[{"key": "team", "value": "b"}])["cluster"]
    assert again == first
    assert not caller.changes
    assert first["status"] == "ACTIVE"
    assert first["settings"] == [{"name": "containerInsights", "value": "disabled"}]


def test_a_deleted_cluster_is_described_and_can_be_created_again() -> None:
    caller = ecs_caller()
    assert caller.call("DeleteCluster", cluster="default")["cluster"]["status"] == "INACTIVE"
    assert caller.call("DeleteCluster", cluster=DEFAULT)["cluster"]["status"] == "INACTIVE"
    assert caller.call("DescribeClusters")["clusters"][0]["status"] == "INACTIVE"
    assert caller.call("ListClusters")["clusterArns"] == []
    assert caller.call("CreateCluster")["cluster"]["status"] == "ACTIVE"


def test_describing_shows_counts_and_only_what_is_included() -> None:
    caller = ecs_caller()
    definition = register(caller)
    service = put_service(caller, definition=definition)
    put_task(caller, definition, service=service)
    put_task(caller, definition, last_status="PENDING")
    answer = caller.call("DescribeClusters", clusters=["default", "nowhere"])
    shown = answer["clusters"][0]
    assert answer["failures"] == [{"arn": DEFAULT.replace("default", "nowhere"), "reason": "MISSING"}]
    counts = "runningTasksCount", "pendingTasksCount", "activeServicesCount", "registeredContainerInstancesCount"
    assert [shown[count] for count in counts] == [1, 1, 1, 1]
    assert (shown["settings"], shown["statistics"], shown["tags"]) == ([], [], [])
    every = ["STATISTICS", "SETTINGS", "TAGS", "ATTACHMENTS", "CONFIGURATIONS"]
    full = caller.call("DescribeClusters", clusters=[DEFAULT], include=every)["clusters"][0]
    assert {"name": "runningEC2TasksCount", "value": "1"} in full["statistics"]
    assert full["settings"] == [{"name": "containerInsights", "value": "disabled"}]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param("service", "ClusterContainsServicesException", id="service"),
        pytest.param("task", "ClusterContainsTasksException", id="task"),
    ],
)
def test_a_cluster_in_use_is_not_deleted(kind: str, code: str) -> None:
    caller = ecs_caller()
    definition = register(caller)
    if kind == "service":
        put_service(caller, definition=definition)
    else:
        put_task(caller, definition)
    with pytest.raises(ApiError) as refused:
        caller.call("DeleteCluster", cluster="default")
    assert refused.value.code == code


def test_settings_configuration_and_providers_are_changed() -> None:
    caller = ecs_caller()
    configuration = {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    caller.call("UpdateCluster", cluster="default", configuration=configuration)
    settings = [{"name": "containerInsights", "value": "enabled"}]
    caller.call("UpdateClusterSettings", cluster="default", settings=settings)
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 2}, {"capacityProvider": "FARGATE_SPOT"}]
    shown = caller.call(
        "PutClusterCapacityProviders",
        cluster="default",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=strategy,
    )["cluster"]
    assert shown["configuration"] == configuration
    assert shown["settings"] == settings
    assert shown["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert shown["defaultCapacityProviderStrategy"][1] == {"capacityProvider": "FARGATE_SPOT", "weight": 0, "base": 0}


def test_pages_lead_to_every_cluster_once() -> None:
    caller = ecs_caller()
    for number in range(5):
        caller.call("CreateCluster", clusterName=f"c{number}")
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = caller.call("ListClusters", maxResults=2, **token)
        seen += answer["clusterArns"]
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert seen == sorted(caller.snapshot.clusters)


STRATEGY: dict[str, Any] = {"cluster": "default", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]}


@pytest.mark.parametrize(
    ("operation", "params", "code", "words"),
    [
        pytest.param("CreateCluster", {"clusterName": "a b"}, "InvalidParameterException", "clusterName", id="name"),
        pytest.param(
            "CreateCluster",
            {"clusterName": "x", "capacityProviders": ["mine"]},
            "InvalidParameterException",
            "'mine' was not found",
            id="unknown-provider",
        ),
        pytest.param(
            "CreateCluster",
            {"clusterName": "x", "settings": [{"name": "containerInsights", "value": "on"}]},
            "InvalidParameterException",
            "settings.value 'on'",
            id="bad-setting",
        ),
        pytest.param("UpdateCluster", {"cluster": "x"}, "ClusterNotFoundException", "Cluster not found.", id="unknown"),
        pytest.param(
            "DescribeClusters", {"include": ["ALL"]}, "InvalidParameterException", "include 'ALL'", id="include"
        ),
        pytest.param("ListClusters", {"maxResults": 101}, "InvalidParameterException", "1 to 100", id="page-size"),
        pytest.param("ListClusters", {"nextToken": "!"}, "InvalidParameterException", "Invalid token", id="token"),
        pytest.param(
            "ListClusters",
            {"nextToken": "WyJMaXN0VGFza3MiXQ=="},
            "InvalidParameterException",
            "token",
            id="other-token",
        ),
        pytest.param(
            "DeleteCluster",
            {"cluster": "arn:aws:ecs:us-east-1:000000000000:task/default/1"},
            "InvalidParameterException",
            "not the ARN of a cluster",
            id="arn-of-a-task",
        ),
        pytest.param(
            "PutClusterCapacityProviders",
            {**STRATEGY, "defaultCapacityProviderStrategy": [{"capacityProvider": "OTHER"}]},
            "InvalidParameterException",
            "'OTHER' of defaultCapacityProviderStrategy",
            id="strategy-provider",
        ),
        pytest.param(
            "PutClusterCapacityProviders",
            {
                **STRATEGY,
                "defaultCapacityProviderStrategy": [
                    {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
                    {"capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 1},
                ],
            },
            "InvalidParameterException",
            "Only one item",
            id="two-bases",
        ),
        pytest.param(
            "PutClusterCapacityProviders",
            {
                **STRATEGY,
                "defaultCapacityProviderStrategy": [
                    {"capacityProvider": "FARGATE"},
                    {"capacityProvider": "FARGATE_SPOT"},
                ],
            },
            "InvalidParameterException",
            "All weights",
            id="no-weight",
        ),
    ],
)
def test_bad_requests_are_refused(operation: str, params: dict[str, Any], code: str, words: str) -> None:
    caller = ecs_caller()
    with pytest.raises(ApiError, match=words) as refused:
        caller.call(operation, **params)
    assert refused.value.code == code


def test_a_deleted_cluster_takes_no_change() -> None:
    caller: Caller = ecs_caller()
    caller.call("DeleteCluster", cluster="default")
    with pytest.raises(ApiError, match="inactive"):
        caller.call("UpdateClusterSettings", cluster="default", settings=[])

"""CreateService, UpdateService and DeleteService through their handlers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.deployments import DeploymentStatus
from slipway.core.model.load_balancing import (
    ForwardAction,
    Listener,
    LoadBalancer,
    TargetGroup,
    TargetType,
    WeightedTargetGroup,
)
from slipway.core.model.services import ServiceStatus
from slipway.core.model.tasks import LaunchType
from slipway.core.plan import Put, Remove
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, put, put_events, register

GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/0123456789abcdef"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/0123456789abcdef"
PORT = {"containerPort": 8080}
CONTAINER = {"name": "web", "image": "web", "memory": 64, "portMappings": [PORT]}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
FARGATE: dict[str, Any] = {
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "requiresCompatibilities": ["FARGATE"],
}


def balanced(caller: Caller, kind: TargetType = TargetType.INSTANCE, *, listens: bool = True) -> str:
    """A target group, with a listener that forwards to it unless told otherwise."""
    group = TargetGroup(arn=GROUP, name="web", created_at=0.0, target_type=kind)
    put(caller, group)
    if listens:
        balancer = LoadBalancer(arn=BALANCER, name="web", address="127.0.0.2", dns_name="web", created_at=0.0)
        action = ForwardAction(target_groups=(WeightedTargetGroup(target_group_arn=GROUP),))
        listener = Listener(
            arn=f"{BALANCER}/1", load_balancer_arn=BALANCER, port=80, created_at=0.0, default_action=action
        )
        put(caller, balancer, listener)
    return GROUP


def create(caller: Caller, **params: Any) -> dict[str, Any]:
    """The service `web`, two tasks of the definition `users` unless told otherwise."""
    given = {"serviceName": "web", "taskDefinition": "users", "desiredCount": 2, **params}
    answer = caller.call("CreateService", **{name: value for name, value in given.items() if value is not None})
    return dict(answer["service"])


def update(caller: Caller, **params: Any) -> dict[str, Any]:
    return dict(caller.call("UpdateService", service="web", **params)["service"])


def refused(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.code, caught.value.message


def test_a_service_is_created_with_a_deployment_its_revision_and_its_record() -> None:
    caller = ecs_caller()
    register(caller)
    service = create(caller, tags=[{"key": "team", "value": "a"}])
    [deployment] = service["deployments"]
    assert (service["status"], deployment["status"], deployment["rolloutState"]) == ("ACTIVE", "PRIMARY", "IN_PROGRESS")
    number = deployment["id"].removeprefix("ecs-svc/")
    assert service["currentServiceRevisions"][0]["arn"].endswith(f"service-revision/default/web/{number}")
    [listed] = caller.call("ListServiceDeployments", service="web")["serviceDeployments"]
    assert listed["status"] == "IN_PROGRESS"
    assert listed["serviceDeploymentArn"] == service["currentServiceDeployment"]


def test_the_same_creation_again_gives_the_same_service() -> None:
    caller = ecs_caller()
    register(caller)
    first = create(caller, clientToken="once")
    assert create(caller, clientToken="twice")["deployments"] == first["deployments"]
    assert refused(lambda: create(caller, desiredCount=3)) == (
        "InvalidParameterException",
        "Creation of service was not idempotent.",
    )


NAME = "serviceName 'a b' must have 1 to 255 letters, digits, hyphens and underscores."
BOTH_100 = "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."


@pytest.mark.parametrize(
    ("params", "code", "start"),
    [
        pytest.param({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found.", id="unknown cluster"),
        pytest.param({"serviceName": "a b"}, "InvalidParameterException", NAME, id="name"),
        pytest.param(
            {"taskDefinition": "none"},
            "ClientException",
            "Unable to describe task definition.",
            id="unknown definition",
        ),
        pytest.param(
            {"taskDefinition": "users:x"},
            "InvalidParameterException",
            "Invalid revision number. Number: x",
            id="revision",
        ),
        pytest.param(
            {"taskDefinition": None}, "InvalidParameterException", "taskDefinition is missing", id="no definition"
        ),
        pytest.param({"desiredCount": None}, "InvalidParameterException", "desiredCount is missing", id="no count"),
        pytest.param({"desiredCount": -1}, "InvalidParameterException", "desiredCount is -1", id="negative count"),
        pytest.param({"desiredCount": 5001}, "InvalidParameterException", "desiredCount is 5001", id="too many"),
        pytest.param(
            {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}},
            "InvalidParameterException",
            BOTH_100,
            id="percentages that block",
        ),
        pytest.param(
            {"deploymentConfiguration": {"minimumHealthyPercent": 101}},
            "InvalidParameterException",
            "deploymentConfiguration.minimumHealthyPercent is 101",
            id="minimum above 100",
        ),
        pytest.param(
            {"deploymentConfiguration": {"maximumPercent": 50}},
            "InvalidParameterException",
            "deploymentConfiguration.maximumPercent is 50",
            id="maximum below 100",
        ),
        pytest.param(
            {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}},
            "UnsupportedFeatureException",
            "deploymentConfiguration asks for a strategy other than ROLLING",
            id="blue/green",
        ),
        pytest.param(
            {"deploymentController": {"type": "CODE_DEPLOY"}},
            "UnsupportedFeatureException",
            "The deployment controller CODE_DEPLOY is not served",
            id="controller",
        ),
        pytest.param(
            {"schedulingStrategy": "DAEMON"},
            "InvalidParameterException",
            "desiredCount is given; the scheduling strategy DAEMON",
            id="daemon with a count",
        ),
        pytest.param(
            {"launchType": "FARGATE"},
            "InvalidParameterException",
            "Task definition does not support launch_type FARGATE.",
            id="launch type",
        ),
        pytest.param(
            {"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "Specify launchType or capacityProviderStrategy, not both.",
            id="two capacities",
        ),
        pytest.param(
            {"networkConfiguration": NETWORK},
            "InvalidParameterException",
            "Network Configuration is not valid for the given networkMode",
            id="network of a bridge task",
        ),
        pytest.param(
            {"serviceRegistries": [{"registryArn": "arn"}]},
            "UnsupportedFeatureException",
            "serviceRegistries asks for service discovery",
            id="service discovery",
        ),
        pytest.param(
            {"loadBalancers": [{"targetGroupArn": "none", "containerName": "web", "containerPort": 8080}]},
            "InvalidParameterException",
            "The target group none does not exist",
            id="unknown target group",
        ),
    ],
)
def test_a_creation_that_cannot_be_is_refused_and_changes_nothing(
    params: dict[str, Any], code: str, start: str
) -> None:
    caller = ecs_caller()
    register(caller)
    got, sentence = refused(lambda: create(caller, **params))
    assert (got, sentence[: len(start)]) == (code, start)
    assert not caller.snapshot.services


@pytest.mark.parametrize(
    ("binding", "kind", "start"),
    [
        pytest.param({"containerName": "api"}, TargetType.INSTANCE, "The container api does not exist", id="container"),
        pytest.param(
            {"containerPort": 1},
            TargetType.INSTANCE,
            "The container web did not have a container port 1 defined.",
            id="port",
        ),
        pytest.param({}, TargetType.IP, f"The provided target group {GROUP} has target type ip", id="target type"),
        pytest.param(
            {"containerPort": None}, TargetType.INSTANCE, "loadBalancers.containerPort is missing", id="member"
        ),
    ],
)
def test_a_load_balancer_that_does_not_fit_is_refused(binding: dict[str, Any], kind: TargetType, start: str) -> None:
    caller = ecs_caller()
    register(caller, containerDefinitions=[CONTAINER])
    given = {"targetGroupArn": balanced(caller, kind), "containerName": "web", "containerPort": 8080, **binding}
    item = {name: value for name, value in given.items() if value is not None}
    _, sentence = refused(lambda: create(caller, loadBalancers=[item]))
    assert sentence.startswith(start)


def test_a_target_group_without_a_listener_is_refused() -> None:
    caller = ecs_caller()
    register(caller, containerDefinitions=[CONTAINER])
    group = balanced(caller, listens=False)
    item = {"targetGroupArn": group, "containerName": "web", "containerPort": 8080}
    _, sentence = refused(lambda: create(caller, loadBalancers=[item]))
    assert sentence == f"The target group with targetGroupArn {group} does not have an associated load balancer."


def test_a_service_whose_target_group_is_gone_can_still_be_scaled() -> None:
    caller = ecs_caller()
    register(caller, containerDefinitions=[CONTAINER])
    binding = {"targetGroupArn": balanced(caller), "containerName": "web", "containerPort": 8080}
    create(caller, loadBalancers=[binding])
    caller.snapshot.apply([Remove(record=listener) for listener in caller.snapshot.listeners.values()])
    caller.snapshot.apply([Remove(record=caller.snapshot.target_groups[GROUP])])
    assert update(caller, desiredCount=1)["desiredCount"] == 1
    code, sentence = refused(lambda: update(caller, forceNewDeployment=True))
    assert code == "InvalidParameterException"
    assert "does not exist" in sentence


def test_an_awsvpc_service_needs_subnets_and_shows_them() -> None:
    caller = ecs_caller()
    register(caller, **FARGATE)
    _, sentence = refused(lambda: create(caller, launchType="FARGATE"))
    assert sentence == "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    _, sentence = refused(lambda: create(caller, networkConfiguration={"awsvpcConfiguration": {"subnets": ["net"]}}))
    assert "'net', which is not of the form subnet-" in sentence
    service = create(caller, launchType="FARGATE", networkConfiguration=NETWORK)
    assert service["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == ["subnet-1"]
    assert service["platformVersion"] == "LATEST"


@pytest.mark.parametrize(
    ("params", "deployments"),
    [
        pytest.param({}, 1, id="nothing"),
        pytest.param({"desiredCount": 5}, 1, id="count"),
        pytest.param({"taskDefinition": "users:1"}, 1, id="the same definition"),
        pytest.param({"deploymentConfiguration": {"minimumHealthyPercent": 50}}, 1, id="percentages"),
        pytest.param({"taskDefinition": "users"}, 2, id="a new definition"),
        pytest.param({"forceNewDeployment": True}, 2, id="force"),
    ],
)
def test_what_begins_a_new_deployment(params: dict[str, Any], deployments: int) -> None:
    caller = ecs_caller()
    register(caller)
    create(caller)
    register(caller)
    caller.snapshot.tasks.clear()
    service = update(caller, **params)
    assert len(service["deployments"]) == deployments
    assert [item["status"] for item in service["deployments"]] == ["PRIMARY", "ACTIVE"][:deployments]


def test_an_update_keeps_what_it_does_not_name() -> None:
    caller = ecs_caller()
    register(caller, containerDefinitions=[CONTAINER])
    item = {"targetGroupArn": balanced(caller), "containerName": "web", "containerPort": 8080}
    create(caller, loadBalancers=[item], healthCheckGracePeriodSeconds=7, enableExecuteCommand=True)
    service = update(caller, deploymentConfiguration={"maximumPercent": 150}, forceNewDeployment=True)
    assert service["loadBalancers"] == [item]
    assert service["healthCheckGracePeriodSeconds"] == 7
    assert service["enableExecuteCommand"] is True
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 100
    assert service["deploymentConfiguration"]["maximumPercent"] == 150


@pytest.mark.parametrize("container", [CONTAINER, {**CONTAINER, "healthCheck": {"command": ["CMD", "true"]}}])
def test_a_grace_period_needs_no_balancer(container: dict[str, Any]) -> None:
    caller = ecs_caller()
    register(caller, containerDefinitions=[container])
    assert create(caller, healthCheckGracePeriodSeconds=5)["healthCheckGracePeriodSeconds"] == 5
    assert update(caller, healthCheckGracePeriodSeconds=9)["healthCheckGracePeriodSeconds"] == 9
    assert refused(lambda: update(caller, healthCheckGracePeriodSeconds=-1)) == (
        "InvalidParameterException",
        "healthCheckGracePeriodSeconds is -1; give a number from 0 to 2147483647.",
    )


@pytest.mark.parametrize(
    ("members", "seconds", "is_told"),
    [
        pytest.param(FARGATE, 300, True, id="for Fargate too"),
        pytest.param(FARGATE, 120, False, id="as long as Fargate allows"),
        pytest.param({}, 300, False, id="never for Fargate"),
    ],
)
def test_a_stop_timeout_that_fargate_would_refuse_is_told(
    members: dict[str, Any], seconds: int, *, is_told: bool
) -> None:
    caller = ecs_caller()
    register(caller, containerDefinitions=[{**CONTAINER, "stopTimeout": seconds}], **members)
    service = create(caller, **({"networkConfiguration": NETWORK} if members else {}))
    told = f"(service web) stopTimeout of container web is {seconds} s; Fargate allows at most 120."
    assert [event["message"] for event in service["events"]] == [told] * is_told


def test_a_service_that_left_a_provider_by_a_way_back_keeps_its_launch_type() -> None:
    caller = ecs_caller()
    register(caller, **FARGATE)
    service = create(caller, launchType="EC2", networkConfiguration=NETWORK)
    record = caller.snapshot.services[service["serviceArn"]]
    put(caller, replace(record, launch_type=LaunchType.FARGATE))  # that of the deployment that was taken back
    assert update(caller, forceNewDeployment=True)["launchType"] == "EC2"


def test_a_fargate_service_keeps_its_platform_over_an_update() -> None:
    caller = ecs_caller()
    register(caller, **FARGATE)
    create(caller, launchType="FARGATE", networkConfiguration=NETWORK)
    register(caller, **FARGATE)
    service = update(caller, taskDefinition="users")
    assert (service["launchType"], service["platformVersion"]) == ("FARGATE", "LATEST")
    assert len(update(caller, taskDefinition="users")["deployments"]) == 2


def test_a_newer_deployment_stops_the_record_of_the_one_before() -> None:
    caller = ecs_caller()
    register(caller)
    create(caller)
    update(caller, forceNewDeployment=True)
    listed = caller.call("ListServiceDeployments", service="web")["serviceDeployments"]
    assert sorted(item["status"] for item in listed) == ["IN_PROGRESS", "STOPPED"]


def test_a_service_is_deleted_when_scaled_to_none_or_by_force() -> None:
    caller = ecs_caller()
    register(caller)
    create(caller)
    assert refused(lambda: caller.call("DeleteService", service="web")) == (
        "InvalidParameterException",
        "The service cannot be stopped while it is scaled above 0.",
    )
    service = caller.call("DeleteService", service="web", force=True)["service"]
    assert (service["status"], service["desiredCount"]) == ("DRAINING", 0)
    assert refused(lambda: create(caller))[1] == "Unable to Start a service that is still Draining."
    assert refused(lambda: update(caller))[0] == "ServiceNotActiveException"


@pytest.mark.parametrize("operation", ["UpdateService", "DeleteService"])
def test_a_service_that_is_not_there_is_not_found(operation: str) -> None:
    caller = ecs_caller()
    assert refused(lambda: caller.call(operation, service="none")) == (
        "ServiceNotFoundException",
        "Service not found.",
    )


def test_a_service_made_again_under_its_name_begins_with_no_events() -> None:
    caller = ecs_caller()
    register(caller)
    first = create(caller)
    known = caller.snapshot.services[first["serviceArn"]]
    put_events(caller, known, 1)
    primary = caller.snapshot.deployments[first["deployments"][0]["id"]]
    caller.snapshot.apply(
        [
            Put(record=replace(known, status=ServiceStatus.INACTIVE)),
            Put(record=replace(primary, status=DeploymentStatus.INACTIVE)),
        ]
    )
    caller.now += 60
    again = create(caller)
    assert (again["serviceArn"], again["events"]) == (first["serviceArn"], [])

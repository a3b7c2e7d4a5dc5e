"""Services of AWS and of Terraform as rollouts: each value with its source, and what is not known by name."""

from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from slipway.foresight.imports import Fact, Imported, ImportRefused, rollout_toml
from slipway.foresight.imports_aws import Described, import_aws, task_size
from slipway.foresight.imports_deployments import compare_deployments
from slipway.foresight.imports_measured import instant, measured_facts
from slipway.foresight.imports_terraform import describe_planned, pick_service
from slipway.foresight.rollout import Rollout

SERVICE: dict[str, Any] = {
    "serviceName": "web",
    "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop",
    "desiredCount": 6,
    "launchType": "EC2",
    "schedulingStrategy": "REPLICA",
    "loadBalancers": [{"targetGroupArn": "arn:web", "containerName": "app", "containerPort": 80}],
    "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 200},
}
GROUP = {
    "TargetGroupName": "web",
    "HealthCheckIntervalSeconds": 10,
    "HealthCheckTimeoutSeconds": 4,
    "HealthyThresholdCount": 3,
    "UnhealthyThresholdCount": 2,
    "Attributes": {"deregistration_delay.timeout_seconds": "30"},
}
DEFINITION = {"cpu": "512", "memory": "1024", "containerDefinitions": [{"name": "app", "stopTimeout": 10}]}


def imported(service: dict[str, Any] | None = None, **described: Any) -> Imported:
    """The import of the service with these members changed."""
    known: dict[str, Any] = {"task_definition": DEFINITION, "target_groups": (GROUP,), **described}
    return import_aws(Described(service=SERVICE | (service or {}), **known))


def fact(found: Imported, name: str) -> Fact:
    return next(one for one in found.facts if one.name == name)


def test_settings_are_taken_with_their_sources() -> None:
    found = imported(room=9)
    assert found.rollout() == Rollout(
        desired=6,
        room=9,
        cpu=512,
        memory=1024,
        minimum_healthy_percent=50,
        health_interval=10,
        health_timeout=4,
        healthy_threshold=3,
        deregistration_delay=30,
        stop_timeout=10,
    )
    assert fact(found, "health_interval").source == "HealthCheckIntervalSeconds of target group web"
    assert fact(found, "stop_timeout").source == "stopTimeout of container app"
    assert found.title == "service web in cluster shop"


def test_what_is_not_known_is_named() -> None:
    assert imported(task_definition=None, target_groups=()).assumptions() == (
        "not known: room of the cluster for tasks of this service; assumed: 12",
        "not known: HealthCheckIntervalSeconds; assumed: 30 s",
        "not known: HealthCheckTimeoutSeconds; assumed: 5 s",
        "not known: HealthyThresholdCount; assumed: 5",
        "not known: UnhealthyThresholdCount; assumed: 2",
        "not known: deregistration_delay.timeout_seconds; assumed: 5 m",
        "not known: how long connections go on once a target drains; assumed: stay",
        "not known: stopTimeout; assumed: 30 s",
        "not known: time to exit on SIGTERM; assumed: ignores",
        "not known: time to pull the image; assumed: none",
        "not known: time from the image to RUNNING; assumed: none",
        "not known: time from RUNNING until checks pass; assumed: none",
    )


@pytest.mark.parametrize(
    ("service", "name", "expected"),
    [
        pytest.param({"loadBalancers": []}, "load_balancer", False, id="no load balancer"),
        pytest.param({"healthCheckGracePeriodSeconds": 90}, "health_check_grace_period", 90, id="grace"),
        pytest.param({"deploymentConfiguration": {}}, "maximum_percent", 200, id="default percentages"),
        pytest.param(
            {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}},
            "rollback",
            False,
            id="breaker without a way back",
        ),
        pytest.param({"deploymentConfiguration": {"bakeTimeInMinutes": 3}}, "bake_time", 180.0, id="bake time"),
        pytest.param(
            {"deploymentConfiguration": {"alarms": {"enable": True, "alarmNames": ["5xx"]}}},
            "bake_time",
            300.0,
            id="bake time of alarms",
        ),
    ],
)
def test_settings_of_the_service(service: dict[str, Any], name: str, expected: object) -> None:
    assert getattr(imported(service).rollout(), name) == expected


def test_fargate_has_room() -> None:
    found = imported({"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]})
    assert found.rollout().room is None
    assert found.notes == ("On Fargate there is room for as many tasks as maximumPercent allows.",)


def test_of_several_target_groups_the_slowest_counts() -> None:
    slow = GROUP | {"TargetGroupName": "slow", "HealthyThresholdCount": 10, "Attributes": {}}
    found = imported(target_groups=(GROUP, slow))
    rollout = found.rollout()
    assert (rollout.healthy_threshold, rollout.deregistration_delay) == (10, 30)
    assert fact(found, "healthy_threshold").source == "HealthyThresholdCount of target group slow"
    assert "2 target groups (web, slow)" in found.notes[0]


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        pytest.param([{"name": "app"}], 40.0, id="no check"),
        pytest.param([{"name": "app", "healthCheck": {"interval": 15}}], 15.0, id="a check"),
        pytest.param([{"name": "app", "essential": False, "healthCheck": {"interval": 15}}], 40.0, id="not essential"),
        pytest.param(
            [{"healthCheck": {"interval": 15}}, {"healthCheck": {"retries": 3}}], 30.0, id="the slowest of two"
        ),
    ],
)
def test_container_health_checks(containers: list[dict[str, Any]], expected: float) -> None:
    found = imported({"loadBalancers": []}, task_definition={"containerDefinitions": containers})
    assert found.rollout().healthy_after == expected


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        ({"schedulingStrategy": "DAEMON"}, "web is a DAEMON service; only REPLICA services can be simulated."),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "web is deployed by CODE_DEPLOY; only the ECS deployment"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "web is deployed BLUE_GREEN; only ROLLING"),
        ({"desiredCount": 0}, "web has desiredCount 0: there is nothing to roll."),
        (
            {"deploymentConfiguration": {"minimumHealthyPercent": 150}},
            "service web in cluster shop cannot be simulated: --minimum-healthy-percent is 150; it must be from 0 to",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused(service: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        imported(service).rollout()
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (None, 0),
        ({"memory": "1 GB"}, 1024),
        ({"memory": "2048", "containerDefinitions": [{"memory": 512}]}, 2048),
        ({"containerDefinitions": [{"memory": 512, "memoryReservation": 128}, {"memory": 64}]}, 192),
    ],
)
def test_the_size_of_a_task(definition: dict[str, Any] | None, expected: int) -> None:
    assert task_size(definition, "memory") == expected


# Measured times


def task(*, created: float = 0, pull: tuple[float, float] | None = None, started: float | None = None) -> Any:
    times = {} if pull is None else {"pullStartedAt": pull[0], "pullStoppedAt": pull[1]}
    return {"createdAt": created, "startedAt": started, **times}


def stopped(seconds: float, *, code: int = 0) -> Any:
    return {"stoppingAt": 100.0, "executionStoppedAt": 100.0 + seconds, "containers": [{"exitCode": code}]}


@pytest.mark.parametrize(
    ("tasks", "name", "expected"),
    [
        pytest.param([], "exit", (inf, False), id="no task"),
        pytest.param([task(pull=(5, 13), started=20)], "pull_time", (8.0, True), id="pull"),
        pytest.param([task(pull=(5, 13), started=20)], "start_time", (12.0, True), id="start"),
        pytest.param([task(pull=(5, 13), started=20), task(started=90)], "start_time", (12.0, True), id="pulls known"),
        pytest.param([task(started=9), task(started=None)], "start_time", (9.0, True), id="no pull"),
        pytest.param([stopped(2), stopped(4), stopped(3)], "exit", (3.0, True), id="exits"),
        pytest.param([stopped(30, code=137), stopped(30.2), stopped(3)], "exit", (inf, True), id="killed"),
        pytest.param([stopped(-1)], "exit", (inf, False), id="clocks that differ"),
    ],
)
def test_measured_times(tasks: list[Any], name: str, expected: tuple[float, bool]) -> None:
    found = {one.name: (one.value, one.is_known) for one in measured_facts(tasks, stop_timeout_s=30)}
    assert found[name] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1740823200.5, 1740823200.5),
        ("2025-03-01T10:00:00+00:00", 1740823200.0),
        ("2025-03-01T11:00:00+01:00", 1740823200.0),
        ("2025-03-01T10:00:00Z", 1740823200.0),
        ("2025-03-01T10:00:00", 1740823200.0),
        (datetime(2025, 3, 1, 10, tzinfo=UTC), 1740823200.0),
        ("soon", None),
        (None, None),
        (True, None),
    ],
)
def test_instants(value: object, expected: float | None) -> None:
    assert instant(value) == expected


# Deployments


def deployment(**members: Any) -> dict[str, Any]:
    known = {"serviceDeploymentArn": "a/b/one", "status": "SUCCESSFUL", "createdAt": 1000.0, "finishedAt": 2420.0}
    return known | members


def test_a_deployment_is_told_beside_the_same_roll() -> None:
    (one,) = compare_deployments([deployment()], Rollout(room=8))
    assert one.sentence == (
        "AWS took 23 m 40 s; with these settings the scheduler needs 24 m: drain 15 m, health wait 7 m 30 s, "
        "kill wait 1 m 30 s."
    )


def test_each_deployment_has_its_percentages() -> None:
    half = {"minimumHealthyPercent": 50, "maximumPercent": 200}
    (one,) = compare_deployments([deployment(deploymentConfiguration=half)], Rollout(room=8))
    assert one.forecast.duration_s == 810


def test_only_the_newest_that_succeeded_are_told() -> None:
    others = [
        deployment(status="ROLLBACK_SUCCESSFUL"),
        deployment(finishedAt=None),
        deployment(createdAt=None),
        *(deployment(serviceDeploymentArn=f"a/{number}", finishedAt=3000.0 + number) for number in range(7)),
    ]
    compared = compare_deployments(others, Rollout(room=8, desired=1))
    assert [one.id for one in compared] == ["6", "5", "4", "3", "2"]


# The file


def test_nothing_gets_out_of_its_comment() -> None:
    nasty = Fact(name="desired", value=3, source='a\nexit = "2s"\x1b[0m')
    text = rollout_toml(Imported(title="web", facts=(nasty,), notes=("a\nb",)))
    assert text == ('# web, as `slipway simulate` takes it.\n\n# Service\ndesired = 3 # a exit = "2s" [0m\n\n# a b\n')


# Terraform


def plan(*services: dict[str, Any], **others: Any) -> dict[str, Any]:
    resources = [
        {"address": f"aws_ecs_service.{one['name']}", "type": "aws_ecs_service", "values": one} for one in services
    ]
    return {"planned_values": {"root_module": {"resources": resources}}, **others}


@pytest.mark.parametrize(
    ("read", "name", "sentence"),
    [
        pytest.param({}, None, "It is no Terraform plan in JSON", id="no plan"),
        pytest.param(plan(), None, "The plan has no aws_ecs_service.", id="none"),
        pytest.param(plan({"name": "a"}, {"name": "b"}), None, "2 services: name one of a, b by --service.", id="two"),
        pytest.param(plan({"name": "a"}), "c", "The plan has no service c; it has a.", id="another"),
    ],
)
def test_a_service_of_a_plan_must_be_told(read: dict[str, Any], name: str | None, sentence: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        pick_service(read, name)
    assert sentence in str(refused.value)


def test_an_address_names_a_service() -> None:
    read = plan({"name": "a", "desired_count": 2}, {"name": "b", "desired_count": 3})
    found = import_aws(describe_planned(read, pick_service(read, "aws_ecs_service.b")))
    assert fact(found, "desired") == Fact(name="desired", value=3, source="aws_ecs_service.b: desired_count")

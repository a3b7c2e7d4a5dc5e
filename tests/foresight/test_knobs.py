"""The settings that can be changed: each is read, checked, set in the records, and set by the lines that are told."""

from dataclasses import replace

import pytest
from botocore.session import Session

from slipway.api.errors import ApiError
from slipway.core.model.services import Service
from slipway.core.plan import Put, Record
from slipway.core.snapshot import Snapshot
from slipway.foresight.knob import Knob, KnobError, OfContainer
from slipway.foresight.knob_lines import REGISTERED, Place, aws_lines, place_of, terraform_lines
from slipway.foresight.knob_table import KNOBS
from slipway.foresight.knobs import (
    Assignment,
    assign,
    assigned_rollout,
    changes_of,
    knob_named,
    parse_assignment,
    parse_assignments,
    records_of,
    rollout_value,
    value_now,
)
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate
from tests.foresight.default_service import DefaultService, is_command

#: Each knob with what it is by default, and another value.
VALUES = {
    "desiredCount": (6, 4),
    "minimumHealthyPercent": (100, 50),
    "maximumPercent": (200, 150),
    "healthCheckGracePeriodSeconds": (0, 60),
    "bakeTimeInMinutes": (0, 5),
    "deploymentCircuitBreaker.enable": (False, True),
    "deploymentCircuitBreaker.rollback": (False, True),
    "HealthCheckIntervalSeconds": (30, 10),
    "HealthCheckTimeoutSeconds": (5, 3),
    "HealthyThresholdCount": (5, 2),
    "UnhealthyThresholdCount": (2, 4),
    "deregistration_delay.timeout_seconds": (300, 5),
    "stopTimeout": (30, 2),
}


@pytest.fixture(scope="module")
def live() -> DefaultService:
    return DefaultService()


def changed(live: DefaultService, *assignments: Assignment) -> Snapshot:
    """A copy of the records with these settings."""
    copy = Snapshot(seed=live.snapshot.seed)
    copy.apply(Put(record=record) for record in live.snapshot.records())
    copy.apply(changes_of(copy, live.arn, assignments))
    return copy


def unsettled(record: Record) -> Record:
    """The record without what the scheduler makes of a changed setting at once."""
    return replace(record, steady_at=None) if isinstance(record, Service) else record


def test_every_knob_is_tested() -> None:
    assert set(VALUES) == {knob.name for knob in KNOBS}


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_read_and_changed(live: DefaultService, knob: Knob) -> None:
    now, then = VALUES[knob.name]
    assert value_now(live.snapshot, live.arn, knob) == now
    after = changed(live, Assignment(knob=knob, value=then))
    assert value_now(after, live.arn, knob) == then
    others = [one for one in KNOBS if one is not knob]
    assert all(value_now(after, live.arn, one) == VALUES[one.name][0] for one in others), "and nothing else"


@pytest.mark.parametrize(
    "knob", [one for one in KNOBS if not isinstance(one.of, OfContainer)], ids=lambda one: one.name
)
def test_the_lines_make_what_the_change_makes(knob: Knob) -> None:
    """What is typed into the AWS command line gives the records that the change gives, by the API's own handlers."""
    live = DefaultService()
    wanted = Assignment(knob=knob, value=VALUES[knob.name][1])
    expected = changed(live, wanted)
    for line in aws_lines([wanted], place_of(records_of(live.snapshot, live.arn))):
        assert is_command(line)
        live.type_in(line)
    for before, after in zip(records_of(expected, live.arn), records_of(live.snapshot, live.arn), strict=True):
        assert unsettled(after) == unsettled(before)


@pytest.mark.parametrize(
    "knob", [one for one in KNOBS if not (one.is_flag or isinstance(one.of, OfContainer))], ids=lambda one: one.name
)
def test_limits_are_those_of_the_api(knob: Knob) -> None:
    """A step beyond each limit is refused here as by the handler that the lines call."""
    live = DefaultService()
    for value in (knob.least - 1, knob.most + 1):
        if not 0 <= value < 2_147_483_648:
            continue  # the model's own limit
        with pytest.raises(KnobError, match=knob.name):
            knob.checked(value)
        [line] = aws_lines([Assignment(knob=knob, value=value)], place_of(records_of(live.snapshot, live.arn)))
        with pytest.raises(ApiError):
            live.type_in(line)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        pytest.param("minimumHealthyPercent=50", "minimumHealthyPercent", 50, id="as AWS writes it"),
        pytest.param("minimum_healthy_percent=50", "minimumHealthyPercent", 50, id="in snake case"),
        pytest.param("healthCheckIntervalSeconds=5", "HealthCheckIntervalSeconds", 5, id="in another case"),
        pytest.param("health-interval=5", "HealthCheckIntervalSeconds", 5, id="as a flag of simulate"),
        pytest.param("desired=3", "desiredCount", 3, id="as a short flag"),
        pytest.param("deregistration_delay.timeout_seconds=0", "deregistration_delay.timeout_seconds", 0, id="a key"),
        pytest.param("deregistration-delay=7", "deregistration_delay.timeout_seconds", 7, id="a key, as a flag"),
        pytest.param("stopTimeout.app=2", "stopTimeout.app", 2, id="of one container"),
        pytest.param("circuit_breaker=true", "deploymentCircuitBreaker.enable", True, id="on"),
        pytest.param("deploymentCircuitBreaker.rollback=FALSE", "deploymentCircuitBreaker.rollback", False, id="off"),
    ],
)
def test_spellings(text: str, name: str, value: int | bool) -> None:
    found = parse_assignment(text)
    assert (found.name, found.value) == (name, value)
    assert parse_assignment(str(found)) == found, "and as it is shown"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "color=red", r"color is no setting that can be changed; there are desiredCount, .*stopTimeout\.", id="x"
        ),
        pytest.param("desiredCount", "'desiredCount' sets nothing; write NAME=VALUE", id="no value"),
        pytest.param(
            "desiredCount=six", "desiredCount is 'six'; give a whole number of tasks, from 0 to 5000", id="word"
        ),
        pytest.param("desiredCount=-1", "desiredCount is '-1'; give a whole number", id="below nothing"),
        pytest.param(
            "maximumPercent=99", "maximumPercent is 99; give a number of percent of at least 100", id="too low"
        ),
        pytest.param("healthy_threshold=11", "HealthyThresholdCount is 11; .* from 2 to 10", id="too high"),
        pytest.param("circuit_breaker=1", "deploymentCircuitBreaker.enable is '1'; give true or false", id="flag"),
    ],
)
def test_refusals(text: str, sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        parse_assignment(text)


def test_twice() -> None:
    with pytest.raises(KnobError, match="desiredCount is set twice"):
        parse_assignments(["desired=3", "desiredCount=4"])


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        pytest.param(["health-interval=5"], "the interval must be greater", id="interval as long as the timeout"),
        pytest.param(["maximumPercent=100"], "would both be 100", id="nothing could move"),
        pytest.param(["stopTimeout.db=5"], "names no container of the service; its containers are app", id="container"),
    ],
)
def test_settings_that_exclude_one_another(live: DefaultService, texts: list[str], sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        changes_of(live.snapshot, live.arn, parse_assignments(texts))


def test_one_container() -> None:
    live = DefaultService()
    live.register(stopTimeout=50)
    live.deploy_s()
    after = changed(live, parse_assignment("stopTimeout.app=4"))
    assert value_now(after, live.arn, knob_named("stopTimeout")) == 4
    definition = after.task_definitions[after.service_deployments_of(live.arn)[0].task_definition_arn]
    assert definition.document["containerDefinitions"][0]["stopTimeout"] == 4, "and so it is shown"


def test_a_group_means_nothing_without_one() -> None:
    rollout = Rollout(load_balancer=False)
    assert rollout_value(rollout, knob_named("deregistration-delay")) is None
    with pytest.raises(KnobError, match="without a load balancer"):
        assigned_rollout(rollout, assign(deregistration_delay=5))


# What a change takes effect on


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        pytest.param(["deregistration_delay=5"], 555, id="drain"),
        pytest.param(["health-interval=10"], 1140, id="interval"),
        pytest.param(["healthy-threshold=2"], 1170, id="threshold"),
        pytest.param(["minimumHealthyPercent=50"], 810, id="minimum"),
        pytest.param(["bakeTimeInMinutes=5"], 1740, id="bake"),
        pytest.param(["desiredCount=4"], 480, id="desired count: all fit at once"),
        pytest.param(
            ["health-interval=5", "health-timeout=4", "healthy-threshold=2", "deregistration-delay=5"], 135, id="all"
        ),
    ],
)
def test_takes_effect(texts: list[str], seconds: float) -> None:
    """A change takes as long by the API's handlers in a world as it does in a rollout that is described."""
    assignments = parse_assignments(texts)
    assert simulate(assigned_rollout(Rollout(room=8), assignments), ways_back=False).duration_s == seconds
    live = DefaultService()
    for line in aws_lines(assignments, place_of(records_of(live.snapshot, live.arn))):
        live.type_in(line)
    live.settle()
    assert live.deploy_s() == seconds


def test_stop_timeout_takes_effect() -> None:
    assert simulate(assigned_rollout(Rollout(room=8), assign(stop_timeout=2)), ways_back=False).duration_s == 1356
    live = DefaultService()
    live.register(stopTimeout=2)
    assert live.deploy_s() == 1440, "the tasks that ran keep the one they were started with"
    assert live.deploy_s() == 1356


# The lines


def test_lines_name_what_is_changed(live: DefaultService) -> None:
    place = place_of(records_of(live.snapshot, live.arn))
    lines = aws_lines(parse_assignments(["stopTimeout=2", "maximumPercent=150", "deregistration_delay=5"]), place)
    assert lines == (
        "aws ecs update-service --cluster default --service web --deployment-configuration maximumPercent=150",
        f"aws elbv2 modify-target-group-attributes --target-group-arn {live.group_arn} "
        "--attributes Key=deregistration_delay.timeout_seconds,Value=5",
        "aws ecs describe-task-definition --task-definition users --output json "
        "--query 'taskDefinition.{family:family,containerDefinitions:containerDefinitions}' > users.json",
        '# in users.json, in the container definition "app", set "stopTimeout": 2',
        "aws ecs register-task-definition --cli-input-json file://users.json",
        "aws ecs update-service --cluster default --service web --task-definition users",
    )


def test_terraform() -> None:
    texts = [*(f"{name}={str(then).lower()}" for name, (_, then) in VALUES.items())]
    lines = terraform_lines(parse_assignments(texts), Place(service="web", family="users", containers=("app",)))
    assert "\n".join(lines) == (
        """resource "aws_ecs_service" "web" {
  desired_count                      = 4
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 150
  health_check_grace_period_seconds  = 60
  deployment_configuration {
    bake_time_in_minutes = 5
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}
resource "aws_lb_target_group" "TARGET_GROUP_ARN" {
  deregistration_delay = 5
  health_check {
    interval            = 10
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 4
  }
}
resource "aws_ecs_task_definition" "users" {
  container_definitions = jsonencode([
    {
      name        = "app"
      stopTimeout = 2
      # and the members it has
    },
  ])
}"""
    )


def test_a_definition_is_registered_again_with_all_that_it_has() -> None:
    """What DescribeTaskDefinition shows and RegisterTaskDefinition takes, by botocore's model."""
    model = Session().get_service_model("ecs")
    taken = set(model.operation_model("RegisterTaskDefinition").input_shape.members)
    assert set(REGISTERED) == taken & set(model.shape_for("TaskDefinition").members)

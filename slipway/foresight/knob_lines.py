"""The lines that change settings: of the AWS command line, and of Terraform (provider hashicorp/aws)."""

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from slipway.core.arns import cluster_name, resource_name
from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Record
from slipway.foresight.knob import KnobError, OfContainer, OfService, OfTargetGroup
from slipway.foresight.knobs import Assignment

#: Members of RegisterTaskDefinition: what DescribeTaskDefinition shows besides is not taken back.
REGISTERED = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
    "trustedExecutionConfiguration",
)

#: Members of a service that UpdateService takes by themselves, with their options.
_OPTIONS = {
    "desiredCount": "--desired-count",
    "healthCheckGracePeriodSeconds": "--health-check-grace-period-seconds",
}

_BREAKER = "deploymentCircuitBreaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The names of what is changed; those in capitals stand for names that are not known."""

    cluster: str = "CLUSTER"
    service: str = "SERVICE"
    target_group_arns: tuple[str, ...] = ("TARGET_GROUP_ARN",)
    family: str = "FAMILY"
    containers: tuple[str, ...] = ("CONTAINER",)
    members: tuple[str, ...] = ("family", "containerDefinitions")  # those that its task definition has
    breaker: Mapping[str, bool] | None = None  # enable and rollback as they are; None: not known


def place_of(records: Sequence[Record]) -> Place:
    """The names of a service, from its records as `records_of` gives them."""
    service = next(one for one in records if isinstance(one, Service))
    definition = next(one for one in records if isinstance(one, TaskDefinition))
    breaker = service.circuit_breaker
    return Place(
        cluster=cluster_name(service.arn),
        service=service.name,
        target_group_arns=tuple(one.arn for one in records if isinstance(one, TargetGroup)),
        family=definition.family,
        containers=tuple(container.name for container in definition.containers),
        members=_members(definition),
        breaker={"enable": breaker.is_enabled, "rollback": breaker.rolls_back},
    )


def _members(definition: TaskDefinition) -> tuple[str, ...]:
    required = ("family", "containerDefinitions")
    return tuple(name for name in REGISTERED if name in required or definition.document.get(name))


# The AWS command line


def aws_lines(assignments: Sequence[Assignment], place: Place) -> tuple[str, ...]:
    """The commands that set them, as few as will do, to be typed in order. One that begins with # is said to a person:
    a container's setting is in its task definition, of which a new revision is registered."""
    return tuple(
        line
        for lines in (
            _update_service(assignments, place),
            _modify_target_groups(assignments, place),
            _modify_attributes(assignments, place),
            _register(assignments, place),
        )
        for line in lines
    )


def _update_service(assignments: Sequence[Assignment], place: Place) -> Iterator[str]:
    mine = {one.knob.name: one.knob.shown(one.value) for one in assignments if isinstance(one.knob.of, OfService)}
    if not mine:
        return
    options = [f"{_OPTIONS[name]} {value}" for name, value in mine.items() if name in _OPTIONS]
    configured = [f"{name}={value}" for name, value in mine.items() if name not in _OPTIONS and "." not in name]
    if breaker := _breaker(mine, place):
        configured.append(breaker)
    if configured:
        options.append(f"--deployment-configuration {shlex.quote(','.join(configured))}")
    named = f"--cluster {shlex.quote(place.cluster)} --service {shlex.quote(place.service)}"
    yield f"aws ecs update-service {named} {' '.join(options)}"


def _breaker(mine: Mapping[str, str], place: Place) -> str:
    """Both of its members: the model requires them."""
    given = {name.partition(".")[2]: value for name, value in mine.items() if name.startswith(f"{_BREAKER}.")}
    if not given:
        return ""
    known = {name: str(value).lower() for name, value in (place.breaker or {}).items()}
    both = {"enable": "true", "rollback": "true", **known, **given}
    return f"{_BREAKER}={{enable={both['enable']},rollback={both['rollback']}}}"


def _modify_target_groups(assignments: Sequence[Assignment], place: Place) -> Iterator[str]:
    checks = [one for one in assignments if isinstance(one.knob.of, OfTargetGroup) and "." not in one.knob.name]
    options = " ".join(f"{_option(one.knob.name)} {one.knob.shown(one.value)}" for one in checks)
    for arn in place.target_group_arns if checks else ():
        yield f"aws elbv2 modify-target-group --target-group-arn {arn} {options}"


def _modify_attributes(assignments: Sequence[Assignment], place: Place) -> Iterator[str]:
    attributes = [one for one in assignments if isinstance(one.knob.of, OfTargetGroup) and "." in one.knob.name]
    given = " ".join(f"Key={one.knob.name},Value={one.knob.shown(one.value)}" for one in attributes)
    for arn in place.target_group_arns if attributes else ():
        yield f"aws elbv2 modify-target-group-attributes --target-group-arn {arn} --attributes {given}"


def _option(member: str) -> str:
    """`HealthCheckIntervalSeconds` as `--health-check-interval-seconds`."""
    return "-" + re.sub(r"(?=[A-Z])", "-", member).lower()


def _register(assignments: Sequence[Assignment], place: Place) -> Iterator[str]:
    mine = [one for one in assignments if isinstance(one.knob.of, OfContainer)]
    if not mine:
        return
    file = f"{place.family}.json"
    members = ",".join(f"{name}:{name}" for name in place.members)
    yield (
        f"aws ecs describe-task-definition --task-definition {place.family} --output json "
        f"--query 'taskDefinition.{{{members}}}' > {file}"
    )
    for one in mine:
        for name in _containers(one, place):
            yield f'# in {file}, in the container definition "{name}", set "{one.knob.name}": {one.value}'
    yield f"aws ecs register-task-definition --cli-input-json file://{file}"
    named = f"--cluster {shlex.quote(place.cluster)} --service {shlex.quote(place.service)}"
    yield f"aws ecs update-service {named} --task-definition {place.family}"


def _containers(assignment: Assignment, place: Place) -> tuple[str, ...]:
    if assignment.container is None:
        return place.containers
    if assignment.container not in place.containers:
        known = ", ".join(place.containers)
        raise KnobError(f"{assignment.name} names no container of the service; its containers are {known}.")
    return (assignment.container,)


# Terraform


def terraform_lines(assignments: Sequence[Assignment], place: Place) -> tuple[str, ...]:
    """The arguments to set in the resources that define the service. A resource is labelled by what it makes."""
    resources: dict[tuple[str, str], list[Assignment]] = defaultdict(list)
    for one in assignments:
        for resource in _resources(one, place):
            resources[resource].append(one)
    return tuple(line for resource, ours in resources.items() for line in _resource(resource, ours, place))


def _resources(assignment: Assignment, place: Place) -> Iterator[tuple[str, str]]:
    match assignment.knob.of:
        case OfService():
            yield "aws_ecs_service", place.service
        case OfTargetGroup():
            for arn in place.target_group_arns:
                yield "aws_lb_target_group", arn.split("/")[1] if arn.startswith("arn:") else resource_name(arn)
        case OfContainer():
            yield "aws_ecs_task_definition", place.family
        case _:
            assert_never(assignment.knob.of)


def _resource(resource: tuple[str, str], assignments: Sequence[Assignment], place: Place) -> Iterator[str]:
    kind, name = resource
    yield f'resource "{kind}" "{re.sub(r"[^A-Za-z0-9_-]", "_", name)}" {{'
    if kind == "aws_ecs_task_definition":
        yield from _container_definitions(assignments, place)
    else:
        yield from _arguments(_blocks(assignments, place))
    yield "}"


def _blocks(assignments: Sequence[Assignment], place: Place) -> dict[str, dict[str, str]]:
    """The arguments by the block they are in; those in none are in the block of no name."""
    blocks: dict[str, dict[str, str]] = defaultdict(dict)
    for one in assignments:
        block, _, argument = one.knob.terraform.rpartition(".")
        blocks[block][argument] = one.knob.shown(one.value)
    if guarded := blocks.get("deployment_circuit_breaker"):
        known = {name: str(value).lower() for name, value in (place.breaker or {}).items()}
        blocks["deployment_circuit_breaker"] = {"enable": "true", "rollback": "true", **known, **guarded}
    return blocks


def _arguments(blocks: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield from _aligned(blocks.get("", {}), indent="  ")
    for block, arguments in blocks.items():
        if block:
            yield f"  {block} {{"
            yield from _aligned(arguments, indent="    ")
            yield "  }"


def _aligned(arguments: Mapping[str, str], *, indent: str) -> Iterator[str]:
    """As `terraform fmt` has it."""
    width = max(map(len, arguments), default=0)
    for name, value in arguments.items():
        yield f"{indent}{name:{width}} = {value}"


def _container_definitions(assignments: Sequence[Assignment], place: Place) -> Iterator[str]:
    given: dict[str, dict[str, str]] = defaultdict(dict)
    for one in assignments:
        for name in _containers(one, place):
            given[name][one.knob.name] = one.knob.shown(one.value)
    yield "  container_definitions = jsonencode(["
    for name, arguments in given.items():
        yield "    {"
        yield from _aligned({"name": json.dumps(name), **arguments}, indent="      ")
        yield "      # and the members it has"
        yield "    },"
    yield "  ])"

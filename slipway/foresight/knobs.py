"""The settings of a deployment that can be changed, by name, and set in the records of a service or in a rollout.

A knob has AWS's name. `--set` takes it in any case, in snake case, and as the flag of `slipway simulate`.

settings = parse_assignments(["minimumHealthyPercent=50", "stopTimeout.web=2"])
changes = changes_of(snapshot, service_arn, settings)
rollout = assigned_rollout(rollout, settings)
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, assert_never

from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Change, Put, Record
from slipway.core.snapshot import Snapshot
from slipway.foresight.knob import Knob, KnobError, OfContainer, OfService, OfTargetGroup, Value
from slipway.foresight.knob_table import KNOBS
from slipway.foresight.rollout import Rollout


def _plain(name: str) -> str:
    """A name as it is compared: `--health-interval`, `health_interval` and `HealthInterval` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_NAME: dict[str, Knob] = {
    **{_plain(knob.field): knob for knob in KNOBS},
    **{_plain(knob.name): knob for knob in KNOBS},
}


def knob_named(name: str) -> Knob:
    """The knob of that name, in any of its spellings. Raises `KnobError` for an unknown one, with those there are."""
    found = _BY_NAME.get(_plain(name))
    if found is None:
        known = ", ".join(knob.name for knob in KNOBS)
        raise KnobError(f"{name} is no setting that can be changed; there are {known}.")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A knob, and what it is set to."""

    knob: Knob
    value: Value
    container: str | None = None  # the only one it is set for; None: all containers, or the knob is not of containers

    @property
    def name(self) -> str:
        """The knob's name, with the container where it is for one."""
        return self.knob.name if self.container is None else f"{self.knob.name}.{self.container}"

    def __str__(self) -> str:
        return f"{self.name}={self.knob.shown(self.value)}"


def parse_assignment(text: str) -> Assignment:
    """`NAME=VALUE` as it is typed after `--set`. Raises `KnobError`."""
    name, equals, value = text.partition("=")
    if not equals:
        raise KnobError(f"'{text}' sets nothing; write NAME=VALUE, as minimumHealthyPercent=50.")
    name, value = name.strip(), value.strip()
    head, dot, container = name.partition(".")
    if dot and container and _plain(head) == _plain("stopTimeout"):
        knob = knob_named(head)
        return Assignment(knob=knob, value=knob.parse(value), container=container)
    knob = knob_named(name)
    return Assignment(knob=knob, value=knob.parse(value))


def parse_assignments(texts: Iterable[str]) -> tuple[Assignment, ...]:
    """Several of them. Raises `KnobError`, also where one is given twice."""
    found = tuple(parse_assignment(text) for text in texts)
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise KnobError(f"{name} is set twice; set it once.")
    return found


def assign(**values: Value) -> tuple[Assignment, ...]:
    """Assignments by the names of the knobs or their fields: `assign(health_interval=5, healthy_threshold=2)`.

    Raises `KnobError`.
    """
    found = ((knob_named(name), value) for name, value in values.items())
    return tuple(Assignment(knob=knob, value=knob.checked(value)) for knob, value in found)


# In the records of a service


def value_now(snapshot: Snapshot, service_arn: str, knob: Knob) -> Value | None:
    """What the knob is set to now: of several target groups or containers the largest, which takes longest. None: it
    means nothing for this service, as without a load balancer. Raises KeyError for an unknown service."""
    return value_in(records_of(snapshot, service_arn), knob)


def value_in(records: Iterable[Record], knob: Knob) -> Value | None:
    """What the knob is set to in the records of a service, its target groups and its task definitions, as `value_now`
    tells it."""
    match knob.of:
        case OfService(read=read_service):
            return next((read_service(one) for one in records if isinstance(one, Service)), None)
        case OfTargetGroup(read=read_group):
            return max((read_group(one) for one in records if isinstance(one, TargetGroup)), default=None)
        case OfContainer(read=read_container):
            definitions = (one for one in records if isinstance(one, TaskDefinition))
            return max((read_container(one) for each in definitions for one in each.containers), default=None)
        case _:
            assert_never(knob.of)


def records_of(snapshot: Snapshot, service_arn: str) -> tuple[Record, ...]:
    """The records that settings of a service are in: its own, its target groups' and its task definitions', the newest
    deployment's first. Raises KeyError for an unknown service."""
    service = snapshot.services[service_arn]
    return (service, *target_groups_of(snapshot, service_arn), *definitions_of(snapshot, service_arn))


def target_groups_of(snapshot: Snapshot, service_arn: str) -> tuple[TargetGroup, ...]:
    """The target groups of all deployments of a service that go on, each once."""
    revisions = (snapshot.service_revisions[one.revision_arn] for one in snapshot.service_deployments_of(service_arn))
    arns = dict.fromkeys(balanced.target_group_arn for each in revisions for balanced in each.load_balancers)
    return tuple(snapshot.target_groups[arn] for arn in arns if arn in snapshot.target_groups)


def definitions_of(snapshot: Snapshot, service_arn: str) -> tuple[TaskDefinition, ...]:
    """The task definitions of all deployments of a service that go on, each once, the newest deployment's first."""
    arns = dict.fromkeys(one.task_definition_arn for one in snapshot.service_deployments_of(service_arn))
    return tuple(snapshot.task_definitions[arn] for arn in arns)


def changes_of(snapshot: Snapshot, service_arn: str, assignments: Sequence[Assignment]) -> tuple[Change, ...]:
    """The records of a service as they would be had they been made with these settings: its task definitions change in
    place, with the tasks that run. Raises `KnobError` for settings that mean nothing for it or exclude one another, and
    KeyError for an unknown service."""
    records = records_of(snapshot, service_arn)
    check_meaning(assignments, records)
    changed = ((record, assigned(record, assignments)) for record in records)
    return tuple(Put(record=after, cause="set") for before, after in changed if after != before)


def check_meaning(assignments: Iterable[Assignment], records: Sequence[Record]) -> None:
    """Refuse settings that mean nothing for a service with these records. Raises `KnobError`."""
    definitions = (one for one in records if isinstance(one, TaskDefinition))
    known = list(dict.fromkeys(one.name for each in definitions for one in each.containers))
    for one in assignments:
        if value_in(records, one.knob) is None:
            lack = ", which has no load balancer" if isinstance(one.knob.of, OfTargetGroup) else ""
            raise KnobError(f"{one.name} means nothing for this service{lack}; leave it out.")
        if one.container is not None and one.container not in known:
            raise KnobError(f"{one.name} names no container of the service; its containers are {', '.join(known)}.")


def assigned(record: Record, assignments: Iterable[Assignment]) -> Record:
    """A record with the settings that are of its kind. Raises `KnobError` for those that exclude one another."""
    for one in assignments:
        match (one.knob.of, record):
            case (OfService(write=write_service), Service()):
                record = write_service(record, one.value)
            case (OfTargetGroup(write=write_group), TargetGroup()):
                record = write_group(record, one.value)
            case (OfContainer(), TaskDefinition()):
                record = _of_containers(record, one)
            case _:
                pass
    check_together(record)
    return record


def _of_containers(definition: TaskDefinition, assignment: Assignment) -> TaskDefinition:
    of, value = assignment.knob.of, assignment.value
    assert isinstance(of, OfContainer), "only a container's setting is set in a task definition"
    is_meant = {one.name: assignment.container in (None, one.name) for one in definition.containers}
    documents = definition.document.get("containerDefinitions", ())
    shown = [{**one, assignment.knob.name: value} if is_meant.get(one["name"]) else one for one in documents]
    return replace(
        definition,
        containers=tuple(of.write(one, value) if is_meant[one.name] else one for one in definition.containers),
        document={**definition.document, "containerDefinitions": shown} if shown else definition.document,
    )


def check_together(record: Record) -> None:
    """Refuse settings of one record that exclude one another, as ECS and ELB do. Raises `KnobError`."""
    if isinstance(record, TargetGroup):
        _check_interval(record.health_check.interval_s, record.health_check.timeout_s)
    if isinstance(record, Service) and record.minimum_healthy_percent == record.maximum_percent == 100:
        raise KnobError(
            "minimumHealthyPercent and maximumPercent would both be 100, and no task could ever be replaced: lower the "
            "first or raise the second."
        )


def _check_interval(interval_s: int, timeout_s: int) -> None:
    if interval_s <= timeout_s:
        raise KnobError(
            f"HealthCheckIntervalSeconds would be {interval_s} and HealthCheckTimeoutSeconds {timeout_s}, and the "
            "interval must be greater: set the other one too."
        )


# In a rollout


def rollout_value(rollout: Rollout, knob: Knob) -> Value | None:
    """What the knob is set to in a rollout; None: it means nothing without a load balancer."""
    if isinstance(knob.of, OfTargetGroup) and not rollout.load_balancer:
        return None
    value = getattr(rollout, knob.field)
    return bool(value) if knob.is_flag else round(value / knob.rollout_unit)


def assigned_rollout(rollout: Rollout, assignments: Iterable[Assignment]) -> Rollout:
    """The rollout with these settings. Raises `KnobError` for those that mean nothing for it or exclude one another,
    and `RolloutError` for a rollout that cannot be."""
    given: dict[str, Any] = {}
    for one in assignments:
        if rollout_value(rollout, one.knob) is None:
            raise KnobError(f"{one.name} means nothing for a rollout without a load balancer; leave it out.")
        if one.container is not None:
            raise KnobError(f"{one.name} names a container, and a rollout has none: set {one.knob.name}.")
        given[one.knob.field] = one.value if one.knob.is_flag else one.value * one.knob.rollout_unit
    changed = replace(rollout, **given)
    if {"health_interval", "health_timeout"} & given.keys():
        _check_interval(changed.health_interval, changed.health_timeout)
    return changed

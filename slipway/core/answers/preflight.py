"""Preflight: what of a service, as it is asked for, will not go well, said before it is tried. Nothing is refused here.

Each warning is one sentence that names the numbers and the mend. What is refused at once is so in `api/`; alarms that
are firing are told when the deployment begins (`deploy`), and stop timeouts that do not go elsewhere in `api/`.
"""

from collections.abc import Iterator, Mapping
from math import ceil, floor

from slipway.core.answers.measured_times import start_s
from slipway.core.answers.preflight_room import Room, room_for
from slipway.core.answers.sigterm_probe import sigterm_warnings
from slipway.core.decision import Context
from slipway.core.deployments.deploy import Workload
from slipway.core.deployments.desired import desired_count
from slipway.core.deployments.extensions import DEADLINE, extensions_of
from slipway.core.deployments.rolling import Bounds, bounds
from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.services import SchedulingStrategy, Service
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition
from slipway.core.placing.placement import Footprint, footprint
from slipway.core.records import replace
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot


def preflight(
    snapshot: Snapshot, service: Service, workload: Workload, context: Context, *, image_lacks: Mapping[str, str]
) -> tuple[str, ...]:
    """Warnings about a deployment of `workload` by the service as it is to be; none where nothing is amiss.

    `image_lacks` says of images why they cannot be had now; those that nobody knows of are left out.
    """
    definition = snapshot.task_definitions.get(workload.task_definition_arn)
    if definition is None:
        return ()
    desired = desired_count(snapshot, service)
    limit = bounds(
        desired,
        minimum_healthy_percent=service.minimum_healthy_percent,
        maximum_percent=service.maximum_percent,
    )
    groups = tuple(dict.fromkeys(one.target_group_arn for one in workload.load_balancers))
    known = tuple(snapshot.target_groups[arn] for arn in groups if arn in snapshot.target_groups)
    return (
        *_images(definition, image_lacks),
        *_groups(snapshot, groups),
        *_percentages(service, desired, limit),
        *_room(snapshot, service, replace(footprint(definition), host_ports=()), desired=desired, limit=limit),
        *_ports(snapshot, service, definition, desired=desired, limit=limit),
        *_grace(snapshot, service, definition, known, rules=context.rules),
        *_alarms(snapshot, service),
        *_deadline(service, known),
        *sigterm_warnings(snapshot, service, definition, desired=desired, limit=limit),
    )


def _images(definition: TaskDefinition, image_lacks: Mapping[str, str]) -> Iterator[str]:
    for image in sorted({container.image for container in definition.containers}):
        if image in image_lacks:
            told = image_lacks[image].rstrip(".")
            yield f"{told}; push or build that image, or name another one in the task definition."


def _groups(snapshot: Snapshot, arns: tuple[str, ...]) -> Iterator[str]:
    for arn in arns:
        group = snapshot.target_groups.get(arn)
        if group is None:
            yield f"the target group {arn} does not exist any more; give loadBalancers that do."
        elif not snapshot.group_listeners(arn):
            yield (
                f"no listener forwards to the target group {group.name}, so its targets are never checked and no task "
                "becomes healthy; create a listener for it."
            )


# The bounds


def _percentages(service: Service, desired: int, limit: Bounds) -> Iterator[str]:
    """Percentages by which a roll may neither stop an old task first nor start a new one first."""
    is_replica = service.scheduling_strategy is SchedulingStrategy.REPLICA
    if not desired or not is_replica or limit.upper > desired or limit.lower < desired:
        return
    most = ceil((desired + 1) * 100 / desired)
    least = floor((desired - 1) * 100 / desired)
    yield (
        f"minimumHealthyPercent {service.minimum_healthy_percent} and maximumPercent {service.maximum_percent} let a "
        f"deployment of {_tasks(desired)} neither stop one (at least {limit.lower} must be healthy) nor start one (at "
        f"most {limit.upper} may run); set maximumPercent to {most} or more, or minimumHealthyPercent to {least} or "
        "less."
    )


def _tasks(count: int) -> str:
    return f"{count} task" if count == 1 else f"{count} tasks"


# The room


def _room(snapshot: Snapshot, service: Service, need: Footprint, *, desired: int, limit: Bounds) -> Iterator[str]:
    if service.scheduling_strategy is SchedulingStrategy.DAEMON or not desired:
        return
    room = room_for(snapshot, service, need)
    size = f"{need.cpu} CPU units and {need.memory} MiB"
    if room.alone < desired:
        yield (
            f"desiredCount is {desired}, and {'no task' if not room.alone else f'only {_tasks(room.alone)}'} of {size} "
            f"will fit on {_hosts(room)}; lower desiredCount, make the tasks smaller, or make room."
        )
    elif room.own and room.beside < limit.upper - desired:
        yield from _room_of_a_roll(service, room, size, desired=desired, limit=limit)


def _room_of_a_roll(service: Service, room: Room, size: str, *, desired: int, limit: Bounds) -> Iterator[str]:
    """A roll that starts tasks before it stops others, and finds room for few of those that it may start."""
    allowed = f"maximumPercent {service.maximum_percent} allows {limit.upper - desired} more"
    beside = f"beside the {_tasks(room.own)} of the service"
    if room.beside:
        yield f"{allowed} than desired, and only {room.beside} of {size} fit {beside}; the roll takes more rounds."
    elif limit.lower >= desired:
        yield (
            f"no task of {size} fits {beside} on {_hosts(room)}, and minimumHealthyPercent "
            f"{service.minimum_healthy_percent} lets none of them stop first; set it to "
            f"{floor((desired - 1) * 100 / desired)} or less, or make room."
        )


def _hosts(room: Room) -> str:
    return {0: "any host, for there is none", 1: "the host"}.get(room.hosts, f"the {room.hosts} hosts")


def _ports(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, *, desired: int, limit: Bounds
) -> Iterator[str]:
    """Tasks that take ports of their host for themselves: there is one a host at most."""
    ports = footprint(definition).host_ports
    room = room_for(snapshot, service, Footprint(cpu=0, memory=0, host_ports=ports))
    if not ports or not room.hosts or not desired or service.scheduling_strategy is SchedulingStrategy.DAEMON:
        return
    named = f"host port {ports[0]}" if len(ports) == 1 else f"host ports {', '.join(map(str, ports))}"
    mend = "hostPort 0, which takes any free one"
    if definition.network_mode is NetworkMode.HOST:
        mend = "the network mode bridge with hostPort 0"
    where = "the host is" if room.hosts == 1 else f"{room.alone} of {room.hosts} hosts are"
    each = f"each task takes {named} for itself"
    if not room.alone:
        yield f"{each}, and it is taken on {_hosts(room)}; use another port, or {mend}."
    elif desired > room.alone:
        yield f"{each} and {where} free for it, but desiredCount is {desired}; use {mend}, or lower desiredCount."
    elif desired == room.alone and limit.upper > desired and limit.lower >= desired:
        yield (
            f"{each} and {where} free for it: no new task can start before an old one has stopped, though "
            f"maximumPercent {service.maximum_percent} allows it; set minimumHealthyPercent to "
            f"{floor((desired - 1) * 100 / desired)} or less, or use {mend}."
        )


# Health


def _grace(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, groups: tuple[TargetGroup, ...], *, rules: Rules
) -> Iterator[str]:
    """A grace period that is over before tasks became healthy so far. Where none is given, the checks forgive as many
    failures as their thresholds say, and what a task took beyond the checks it had to pass is held against that."""
    checks = _Checks(definition, () if extensions_of(service).is_readiness_only else groups, rules)
    started_s = start_s(snapshot, service)
    grace_s = service.health_check_grace_period_s
    if started_s is None or checks.first_verdict_s is None:
        return
    late_s = started_s if grace_s else started_s - checks.passing_s
    if late_s > (grace_s or checks.first_verdict_s):
        yield (
            f"healthCheckGracePeriodSeconds is {grace_s}, and the service's tasks took {started_s:.0f} s from RUNNING "
            f"to healthy (median); a task may be replaced before it is up: set it to {ceil(started_s)} or more."
        )


class _Checks:
    """What the checks of a task take: `first_verdict_s`, the earliest an unhealthy one can be told (None: there are no
    checks), and `passing_s`, how long one that is up at once needs to pass them."""

    def __init__(self, definition: TaskDefinition, groups: tuple[TargetGroup, ...], rules: Rules) -> None:
        own = [one.health_check for one in definition.containers if one.essential and one.health_check is not None]
        of_groups = [group.health_check for group in groups]
        verdicts = [float(one.start_period_s + one.interval_s * one.retries) for one in own]
        verdicts += [float(one.interval_s * one.unhealthy_threshold) for one in of_groups]
        passes = [float(one.interval_s) for one in own]
        new = rules.new_target_checks
        passes += [float(one.interval_s * (one.healthy_threshold if new is None else new)) for one in of_groups]
        self.first_verdict_s = min(verdicts, default=None)
        self.passing_s = max(passes, default=0.0)


# Detection


def _alarms(snapshot: Snapshot, service: Service) -> Iterator[str]:
    if not service.alarms.is_enabled:
        return
    known = {alarm.name for alarm in snapshot.alarms.values()}
    for name in service.alarms.names:
        if name not in known:
            yield f"the alarm {name} does not exist, so it ends no deployment; create it, or leave it out."


def _deadline(service: Service, groups: tuple[TargetGroup, ...]) -> Iterator[str]:
    deadline_s = extensions_of(service).deadline_s
    for group in groups:
        if deadline_s is not None and group.deregistration_delay_s >= deadline_s:
            yield (
                f"the deregistration delay of the target group {group.name} is {group.deregistration_delay_s:g} s, and "
                f"the deadline of a deployment {deadline_s:g} s: requests that last can have it fail; lower the delay, "
                f"or raise the tag {DEADLINE}."
            )

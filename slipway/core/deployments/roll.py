"""The roll of one service: which of its tasks stop and which start now, within the bounds of `rolling`."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from slipway.core import events
from slipway.core.arns import cluster_name, resource_name
from slipway.core.decision import Context
from slipway.core.deployments.deploy import add_round
from slipway.core.deployments.desired import bounds_of, desired_count, last_good
from slipway.core.deployments.extensions import extensions_of
from slipway.core.deployments.failures import Account, count_refusal
from slipway.core.deployments.rolling import Bounds, Counts, Limits, Move, plan_move
from slipway.core.deployments.stop_choice import OldStops, choose_new, in_order_of_stopping
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState, RoundKind
from slipway.core.model.services import (
    DEPLOYMENT_CONFIGURATION,
    PROTECTION,
    TARGET_GROUP,
    SchedulingStrategy,
    Service,
    ServiceStatus,
)
from slipway.core.model.tasks import StopCode, Task
from slipway.core.placing.placement import Refusal, placement_sentence
from slipway.core.plan import Change, HostCommand, Plan, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.launch import Launch, launch_tasks, start_command
from slipway.core.tasks.service_tasks import FIT, RISING, Phase, phase_of
from slipway.core.tasks.stopping import decide_stop


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A roll's plan in the making. `deployments` are the PRIMARY and those whose records change."""

    snapshot: Snapshot
    service: Service
    primary: Deployment
    context: Context
    deployments: dict[str, Deployment] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    commands: list[HostCommand] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def add_round(self, kind: RoundKind, count: int) -> None:
        """Tell the PRIMARY's story of so many tasks started or stopped."""
        primary = self.deployments.get(self.primary.id, self.primary)
        self.deployments[primary.id] = add_round(primary, kind, count, now=self.context.now)

    def plan(self) -> Plan:
        """What was drafted; a deployment that came out as it was is not written."""
        known = self.snapshot.deployments
        changed = [Put(record=each) for each in self.deployments.values() if each != known[each.id]]
        return Plan(
            changes=(*self.changes, *changed),
            events=tuple(events.event(self.context, self.service, message) for message in self.messages),
            commands=tuple(self.commands),
        )


def plan_roll(snapshot: Snapshot, service: Service, context: Context) -> Plan:
    """The tasks of a service that stop and start now, and why it cannot go on where it cannot."""
    primary = snapshot.primary(service.arn)
    if primary is None:
        return Plan()
    counts = _count(snapshot, service, primary)
    if context.rules.is_sequential and counts.settling:
        return Plan()
    limit = bounds_of(snapshot, service)
    limits = _limits(snapshot, service, primary, context)
    move = plan_move(counts, limit, limits)
    draft = _Draft(snapshot=snapshot, service=service, primary=primary, context=context)
    _stop(draft, move)
    blocked_by = _start(draft, move)
    if blocked_by is None and limits.is_blocked and _waits(primary, context) and not move.starts:
        blocked_by = service.blocked_by  # it is not tried again yet
    if blocked_by is None and move.held_back:
        blocked_by = f"{PROTECTION} {move.held_back}"
        if service.blocked_by != blocked_by:
            draft.messages.append(events.under_protection(primary.id, move.held_back))
    if blocked_by is None and not limits.new_waits and _is_stuck(counts, limit, move):
        blocked_by = DEPLOYMENT_CONFIGURATION
        if service.blocked_by != blocked_by:
            draft.messages.append(events.CANNOT_MOVE)
    if blocked_by is None and counts.desired and (group := _unchecked_group(snapshot, primary)) is not None:
        blocked_by = f"{TARGET_GROUP} {group}"
        if service.blocked_by != blocked_by:
            draft.messages.append(events.not_in_use(group, is_known=group in snapshot.target_groups))
    if blocked_by != service.blocked_by:
        draft.changes.append(Put(record=replace(service, blocked_by=blocked_by), cause=blocked_by or "not blocked"))
    return draft.plan()


def _unchecked_group(snapshot: Snapshot, primary: Deployment) -> str | None:
    """The first target group of running tasks that wait for their health which is gone, or which no listener uses."""
    if not snapshot.service_tasks(primary.service_arn).of(primary.id).count(Phase.RUNNING):
        return None
    bindings = snapshot.service_revisions[primary.revision_arn].load_balancers
    arns = (binding.target_group_arn for binding in bindings)
    return next((arn for arn in arns if not snapshot.group_listeners(arn)), None)


def _is_old(deployment: Deployment) -> bool:
    return deployment.status is not DeploymentStatus.PRIMARY


def _count(snapshot: Snapshot, service: Service, primary: Deployment) -> Counts:
    tasks = snapshot.service_tasks(service.arn)
    new = tasks.of(primary.id)
    good = last_good(snapshot, service.arn)
    of_good = tasks.of("" if good is None else good.id)
    old = [tasks.of(item.id) for item in snapshot.service_deployments_of(service.arn) if _is_old(item)]
    unproven = sum(each.count(*RISING) for each in old) - of_good.count(*RISING)
    counts = Counts(
        desired=desired_count(snapshot, service),
        new_fit=new.fit,
        new_healthy=new.count(Phase.HEALTHY),
        new_sick=new.count(Phase.SICK),
        old_healthy=sum(each.count(Phase.HEALTHY) for each in old),
        old_rising=of_good.count(*RISING),
        good_sick=of_good.count(Phase.SICK),
        good_settling=of_good.count(*RISING, Phase.STOPPING),
        old_sick=sum(each.count(Phase.SICK) for each in old) - of_good.count(Phase.SICK),
        old_unproven=unproven,
        old_lost=0 if good is None else max(good.desired_count - of_good.fit, 0),
        settling=tasks.count(*RISING, Phase.STOPPING) - unproven,
    )
    if service.status is not ServiceStatus.ACTIVE:  # deleting it stops all, protected or not
        return counts
    unproven_protected = sum(each.protected_count(*RISING) for each in old) - of_good.protected_count(*RISING)
    return replace(
        counts,
        settling=counts.settling + unproven_protected,
        new_rising_protected=new.protected_count(*RISING),
        new_healthy_protected=new.protected_count(Phase.HEALTHY),
        old_healthy_protected=sum(each.protected_count(Phase.HEALTHY) for each in old),
        old_rising_protected=of_good.protected_count(*RISING),
        old_unproven_protected=unproven_protected,
    )


def _limits(snapshot: Snapshot, service: Service, primary: Deployment, context: Context) -> Limits:
    """A delay holds only the deployment whose tasks failed: a new one starts at once (service throttle logic).

    One that failed starts nothing any more, unless it is known to be good: a way back that failed, for whatever reason,
    is all that the service has, and is tried on.
    """
    has_failed = primary.rollout_state is RolloutState.FAILED
    good = last_good(snapshot, service.arn)
    return Limits(
        is_blocked=service.lacks_room,
        is_sequential=context.rules.is_sequential,
        new_waits=(has_failed and not primary.is_proven) or _waits(primary, context),
        old_waits=good is not None and _waits(good, context),
        old_fails=good is not None and _fails(good, context),
        is_failed=has_failed,
    )


def _waits(deployment: Deployment, context: Context) -> bool:
    return deployment.retry_at is not None and context.now < deployment.retry_at


def _fails(deployment: Deployment, context: Context) -> bool:
    """Whether its tasks fail again and again, none being healthy between."""
    return deployment.failed_tasks > context.rules.start_back_off_after


def _is_stuck(counts: Counts, limit: Bounds, move: Move) -> bool:
    """Whether nothing moves, nothing is on its way, and the bounds alone are why."""
    if move != Move() or counts.settling or counts.new_sick or not counts.old_healthy:
        return False
    return counts.new_fit < counts.desired and counts.wanted >= limit.upper


# Stopping


def _stop(draft: _Draft, move: Move) -> None:
    """Stop what the move says, and lower what the old deployments are to keep by it."""
    snapshot = draft.snapshot
    tasks = snapshot.service_tasks(draft.service.arn)
    new = tasks.of(draft.primary.id)
    good = last_good(snapshot, draft.service.arn)
    chosen = list(choose_new(draft.service, new, move))
    left = OldStops.of(move)
    for deployment in in_order_of_stopping(snapshot.service_deployments_of(draft.service.arn)):
        is_good = good is not None and deployment.id == good.id
        stops = left.choose(draft.service, tasks.of(deployment.id), is_good=is_good)
        chosen += stops
        if stops:
            given_up = sum(phase_of(snapshot.tasks[arn]) is not Phase.SICK for arn in stops)
            kept = max(deployment.desired_count - given_up, 0)
            draft.deployments[deployment.id] = replace(deployment, desired_count=kept, updated_at=draft.context.now)
    draft.add_round(RoundKind.STOP, len(chosen))
    stopped = [snapshot.tasks[arn] for arn in chosen]
    _tell_stops(stopped, draft)
    draft.changes += [Put(record=_stopped(task, draft.context), cause="stop decided") for task in stopped]


def _stopped(task: Task, context: Context) -> Task:
    reason = task.unhealthy_reason or f"Scaling activity initiated by (deployment {task.deployment_id})"
    return decide_stop(task, code=StopCode.SERVICE_SCHEDULER_INITIATED, reason=reason, now=context.now)


def _tell_stops(stopped: list[Task], draft: _Draft) -> None:
    running = [task.id for task in stopped if task.started_at is not None]
    if running:
        draft.messages.append(events.stopped(running))
    if len(stopped) > len(running):
        draft.messages.append(events.stopped_pending(len(stopped) - len(running)))


# Starting


def _start(draft: _Draft, move: Move) -> str | None:
    """Start what the move says, where there is room; what the service is blocked by if there is none for some.

    Tasks of one deployment at a time: the next decision places the other's, and sees the room these have taken.
    """
    snapshot, context = draft.snapshot, draft.context
    blocked_by = None
    for deployment, count in _starts(draft, move):
        launch = _launch(snapshot, draft.service, deployment)
        tasks, refusal = launch_tasks(snapshot, launch, count, arns=context.arns, ids=context.ids, now=context.now)
        if tasks:
            sick = snapshot.service_tasks(draft.service.arn).of(deployment.id).count(Phase.SICK)
            draft.messages.append(events.started((task.id for task in tasks), replaced=min(len(tasks), sick)))
            draft.changes += [Put(record=task, cause="started by its service") for task in tasks]
            draft.commands += [start_command(snapshot, task) for task in tasks]
            draft.add_round(RoundKind.START, len(tasks))
        if refusal is not None:
            if blocked_by is None:
                blocked_by = f"{refusal.reason} {refusal.host_id or ''}".rstrip()
                if blocked_by != draft.service.blocked_by:
                    draft.messages.append(_refused(draft.service, refusal, context))
            _count_refusal(draft, deployment, refusal)
        if tasks:
            break
    return blocked_by


def _count_refusal(draft: _Draft, deployment: Deployment, refusal: Refusal) -> None:
    """A start that found no room is no failure of the revision, unless the service asks for it to be counted."""
    is_counted = draft.service.circuit_breaker.is_enabled and extensions_of(draft.service).counts_placement
    if not (deployment.is_watched and is_counted):
        return
    account = Account(
        snapshot=draft.snapshot, service=draft.service, context=draft.context, deployments=dict(draft.deployments)
    )
    count_refusal(account, account.deployments.get(deployment.id, deployment), _no_room(refusal))
    draft.deployments.update(account.deployments)
    draft.changes += [Put(record=one) for one in account.roll_outs.values()]
    draft.messages += account.messages


def _no_room(refusal: Refusal) -> str:
    return f"no host has room: the closest {refusal.lack}" if refusal.lack else "there is no host"


def _starts(draft: _Draft, move: Move) -> Iterator[tuple[Deployment, int]]:
    """The deployments that start tasks, and how many, in the order in which they are given room."""
    good = last_good(draft.snapshot, draft.service.arn)
    starts = [(draft.primary, move.start_new)]
    if move.start_old:
        assert good is not None, "old tasks are started for a good deployment only"
        starts.insert(len(starts) if _fails(good, draft.context) else 0, (good, move.start_old))
    return (start for start in starts if start[1])


def _launch(snapshot: Snapshot, service: Service, deployment: Deployment) -> Launch:
    revision = snapshot.service_revisions[deployment.revision_arn]
    definition = snapshot.task_definitions[revision.task_definition_arn]
    shown = {
        key: value for key, value in revision.document.items() if key in ("networkConfiguration", "platformVersion")
    }
    propagated = service.document.get("propagateTags")
    tags = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(str(propagated), ())
    return Launch(
        cluster_arn=service.cluster_arn,
        cluster_name=cluster_name(service.arn),
        definition=definition,
        group=f"service:{service.name}",
        launch_type=revision.launch_type,
        started_by=deployment.id,
        service_arn=service.arn,
        deployment_id=deployment.id,
        taken_hosts=_taken_hosts(snapshot, service, deployment),
        document=shown,
        tags=tags,
    )


def _taken_hosts(snapshot: Snapshot, service: Service, deployment: Deployment) -> frozenset[str] | None:
    """The hosts that have their task of a DAEMON deployment; None for other services, which may have many on one."""
    if service.scheduling_strategy is not SchedulingStrategy.DAEMON:
        return None
    tasks = snapshot.service_tasks(service.arn).of(deployment.id)
    wanted = (arn for phase in FIT for arn in tasks.first(phase, tasks.count(phase)))
    return frozenset(snapshot.tasks[arn].host_id for arn in wanted)


def _refused(service: Service, refusal: Refusal, context: Context) -> str:
    """ECS's placement event, with the closest container instance and what it lacks."""
    if refusal.host_id is None:
        return placement_sentence(refusal, None)
    arn = context.arns.container_instance(cluster_name(service.arn), refusal.host_id)
    return placement_sentence(refusal, resource_name(arn))

"""The roll of one service: which of its tasks stop and which start now, within the bounds of `rolling`."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from slipway.core import events
from slipway.core.arns import cluster_name, resource_name
from slipway.core.decision import Context
from slipway.core.deploy import add_round
from slipway.core.launch import Launch, launch_tasks, start_command
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState, RoundKind
from slipway.core.model.services import SchedulingStrategy, Service, ServiceStatus
from slipway.core.model.tasks import StopCode, Task
from slipway.core.placement import Refusal, placement_sentence
from slipway.core.plan import Change, HostCommand, Plan, Put
from slipway.core.rolling import Bounds, Counts, Move, bounds, plan_move
from slipway.core.service_tasks import DeploymentTasks, Phase
from slipway.core.snapshot import Snapshot
from slipway.core.stopping import decide_stop

#: What a service is blocked by when its percentages let it neither stop nor start a task.
DEPLOYMENT_CONFIGURATION = "DEPLOYMENT_CONFIGURATION"

_UNHEALTHY_FIRST = (Phase.SICK, Phase.STARTING, Phase.RUNNING)


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A roll's plan in the making."""

    changes: list[Change] = field(default_factory=list)
    commands: list[HostCommand] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def desired_count(snapshot: Snapshot, service: Service) -> int:
    """How many tasks a service is to have: none once deleted, one a host for DAEMON, else its desired count."""
    if service.status is not ServiceStatus.ACTIVE:
        return 0
    if service.scheduling_strategy is SchedulingStrategy.DAEMON:
        return sum(host.is_connected for host in snapshot.hosts.values())
    return service.desired_count


def plan_roll(snapshot: Snapshot, service: Service, context: Context) -> Plan:
    """The tasks of a service that stop and start now, and why it cannot go on where it cannot."""
    primary = snapshot.primary(service.arn)
    if primary is None:
        return Plan()
    desired = desired_count(snapshot, service)
    counts = _count(snapshot, service, primary, desired)
    limit = bounds(
        desired, minimum_healthy_percent=service.minimum_healthy_percent, maximum_percent=service.maximum_percent
    )
    move = plan_move(
        counts, limit, is_blocked=service.blocked_by is not None, is_sequential=context.rules.is_sequential
    )
    if service.wake_at is not None and context.now < service.wake_at:
        move = replace(move, start_new=0)
    draft = _Draft()
    stopped = _stop(snapshot, service, primary, move, draft, context)
    blocked_by = _start(snapshot, service, primary, move, draft, context, rounds_of=stopped)
    if blocked_by is None and _is_stuck(counts, limit, move):
        blocked_by = DEPLOYMENT_CONFIGURATION
        if service.blocked_by != blocked_by:
            draft.messages.append(events.CANNOT_MOVE)
    if blocked_by != service.blocked_by:
        draft.changes.append(Put(record=replace(service, blocked_by=blocked_by), cause=blocked_by or "not blocked"))
    return Plan(
        changes=tuple(draft.changes),
        events=tuple(events.event(context, service, message) for message in draft.messages),
        commands=tuple(draft.commands),
    )


def _count(snapshot: Snapshot, service: Service, primary: Deployment, desired: int) -> Counts:
    tasks = snapshot.service_tasks(service.arn)
    new = tasks.of(primary.id)
    old = [deployment for deployment in snapshot.service_deployments_of(service.arn) if deployment.id != primary.id]
    last_good = _last_completed(old)
    lost = 0 if last_good is None else max(last_good.desired_count - tasks.of(last_good.id).wanted, 0)
    return Counts(
        desired=desired,
        new_fit=new.wanted - new.count(Phase.SICK),
        new_healthy=new.count(Phase.HEALTHY),
        new_sick=new.count(Phase.SICK),
        old_healthy=sum(tasks.of(deployment.id).count(Phase.HEALTHY) for deployment in old),
        old_unhealthy=sum(tasks.of(deployment.id).count(*_UNHEALTHY_FIRST) for deployment in old),
        old_lost=lost,
        settling=tasks.count(Phase.STARTING, Phase.RUNNING, Phase.STOPPING),
    )


def _last_completed(old: Iterable[Deployment]) -> Deployment | None:
    """The newest old deployment that had completed: the one that makes up for its own losses."""
    return next((deployment for deployment in old if deployment.rollout_state is RolloutState.COMPLETED), None)


def _is_stuck(counts: Counts, limit: Bounds, move: Move) -> bool:
    """Whether nothing moves, nothing is on its way, and the bounds alone are why."""
    if move != Move() or counts.settling or not counts.old_healthy:
        return False
    return counts.new_fit < counts.desired and counts.wanted >= limit.upper


# Stopping


def _stop(
    snapshot: Snapshot, service: Service, primary: Deployment, move: Move, draft: _Draft, context: Context
) -> dict[str, Deployment]:
    """Stop what the move says; the deployments whose records changed by it."""
    tasks = snapshot.service_tasks(service.arn)
    new = tasks.of(primary.id)
    chosen = [snapshot.tasks[arn] for arn in _surplus(new, move.stop_new)]
    chosen += [snapshot.tasks[arn] for arn in new.first(Phase.SICK, move.stop_sick)]
    changed = {primary.id: primary}
    left = {"unhealthy": move.stop_old_unhealthy, "healthy": move.stop_old_healthy}
    for deployment in reversed(snapshot.service_deployments_of(service.arn)):
        if deployment.status is DeploymentStatus.PRIMARY:
            continue
        of = tasks.of(deployment.id)
        arns = _take(of, _UNHEALTHY_FIRST, left["unhealthy"])
        left["unhealthy"] -= len(arns)
        healthy = of.first(Phase.HEALTHY, left["healthy"])
        left["healthy"] -= len(healthy)
        chosen += [snapshot.tasks[arn] for arn in (*arns, *healthy)]
        count = len(arns) + len(healthy)
        if count:
            changed[deployment.id] = replace(
                deployment, desired_count=max(deployment.desired_count - count, 0), updated_at=context.now
            )
    changed[primary.id] = add_round(primary, RoundKind.STOP, len(chosen), now=context.now)
    _tell_stops(snapshot, chosen, draft)
    draft.changes += [Put(record=_stopped(task, context), cause="stop decided") for task in chosen]
    return changed


def _take(tasks: DeploymentTasks, phases: Iterable[Phase], count: int) -> tuple[str, ...]:
    taken: list[str] = []
    for phase in phases:
        taken += tasks.first(phase, count - len(taken))
    return tuple(taken)


def _surplus(tasks: DeploymentTasks, count: int) -> tuple[str, ...]:
    """Tasks to give up when there are too many: those that serve least first, the newest before the oldest."""
    taken: list[str] = []
    for phase in (Phase.STARTING, Phase.RUNNING, Phase.HEALTHY):
        taken += tasks.last(phase, count - len(taken))
    return tuple(taken)


def _stopped(task: Task, context: Context) -> Task:
    reason = task.unhealthy_reason or f"Scaling activity initiated by (deployment {task.deployment_id})"
    return decide_stop(task, code=StopCode.SERVICE_SCHEDULER_INITIATED, reason=reason, now=context.now)


def _tell_stops(snapshot: Snapshot, chosen: list[Task], draft: _Draft) -> None:
    running = [task.id for task in chosen if task.started_at is not None]
    if running:
        draft.messages.append(events.stopped(running))
    if len(chosen) > len(running):
        draft.messages.append(events.stopped_pending(len(chosen) - len(running)))


# Starting


def _start(
    snapshot: Snapshot,
    service: Service,
    primary: Deployment,
    move: Move,
    draft: _Draft,
    context: Context,
    *,
    rounds_of: dict[str, Deployment],
) -> str | None:
    """Start what the move says, where there is room; what the service is blocked by if there is none for some."""
    blocked_by = None
    for deployment, count in _starts(snapshot, service, primary, move):
        launch = _launch(snapshot, service, deployment)
        tasks, refusal = launch_tasks(snapshot, launch, count, arns=context.arns, ids=context.ids, now=context.now)
        if refusal is not None:
            blocked_by = f"{refusal.reason} {refusal.host_id or ''}".rstrip()
            if blocked_by != service.blocked_by:
                draft.messages.append(_refused(service, refusal, context))
        if not tasks:
            continue
        replaced = min(len(tasks), snapshot.service_tasks(service.arn).of(deployment.id).count(Phase.SICK))
        draft.messages.append(events.started((task.id for task in tasks), replaced=replaced))
        draft.changes += [Put(record=task, cause="started by its service") for task in tasks]
        draft.commands += [start_command(snapshot, task) for task in tasks]
        rounds_of[primary.id] = add_round(rounds_of[primary.id], RoundKind.START, len(tasks), now=context.now)
    draft.changes += [
        Put(record=deployment) for deployment in rounds_of.values() if deployment != snapshot.deployments[deployment.id]
    ]
    return blocked_by


def _starts(snapshot: Snapshot, service: Service, primary: Deployment, move: Move) -> Iterable[tuple[Deployment, int]]:
    if move.start_old:
        old = (item for item in snapshot.service_deployments_of(service.arn) if item.id != primary.id)
        last_good = _last_completed(old)
        assert last_good is not None, "old tasks are started for a completed deployment only"
        yield last_good, move.start_old
    if move.start_new:
        yield primary, move.start_new


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
        document=shown,
        tags=tags,
    )


def _refused(service: Service, refusal: Refusal, context: Context) -> str:
    """ECS's placement event, with the closest container instance and what it lacks."""
    if refusal.host_id is None:
        return placement_sentence(refusal, None)
    arn = context.arns.container_instance(cluster_name(service.arn), refusal.host_id)
    return placement_sentence(refusal, resource_name(arn))

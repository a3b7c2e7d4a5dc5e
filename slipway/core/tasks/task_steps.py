"""The next step of one task: register its targets, judge its health, drain it, stop it, and let it go.

Theory of operation. A task that is to stop is first deregistered from its target groups; its targets drain until the
balancer sees no request in flight, or their deregistration delay is over, and then they are removed. Only when a task
has no target left is its host ordered to stop it: SIGTERM, the stop timeout, SIGKILL. Every way a task stops goes
through here: roll-outs, scale-in, StopTask, replacement, deletion of its service. The targets of a task that ended by
itself are removed at once: there is nothing left that could answer.
"""

from dataclasses import dataclass, field

from slipway.core.decision import Context
from slipway.core.deployments.extensions import extensions_of
from slipway.core.deployments.failures import may_count
from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.model.services import Service, ServiceLoadBalancer
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import DesiredStatus, HealthStatus, Task, TaskStatus
from slipway.core.plan import Change, HostCommand, Put, Remove, StopTask
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import deregister, load_balancers_of, new_targets


@dataclass(slots=True, kw_only=True)
class TaskStep:
    """What one task's step does, and what of it its service tells as events."""

    task_id: str
    changes: list[Change] = field(default_factory=list)
    commands: list[HostCommand] = field(default_factory=list)
    registered: list[Target] = field(default_factory=list)
    deregistered: list[Target] = field(default_factory=list)
    turned_unhealthy: list[Target] = field(default_factory=list)
    is_draining: bool = False  # requests in flight may end from now on
    turned_healthy: bool = False
    failed_container_checks: bool = False
    failed: Task | None = None  # the task, where it turned sick and that counts as a failure


def plan_task(snapshot: Snapshot, task: Task, *, service: Service | None, context: Context) -> TaskStep:
    """The next step of a task; an empty one if it waits for something else to happen."""
    step = TaskStep(task_id=task.id)
    targets = snapshot.task_targets(task.arn)
    if task.protected_until is not None and (task.is_stopped or context.now >= task.protected_until):
        cause = "scale-in protection is over"
        step.changes.append(Put(record=replace(task, protected_until=None), cause=cause))
    elif task.is_stopped:
        _plan_stopped(snapshot, task, targets, step, context=context)
    elif task.desired_status is DesiredStatus.STOPPED:
        _plan_stop(snapshot, task, targets, step=step, context=context)
    elif task.last_status is TaskStatus.RUNNING and service is not None:
        load_balancers = load_balancers_of(snapshot, task)
        if wanted := _unregistered(snapshot, task, load_balancers, targets=targets, context=context):
            _register(snapshot, task, wanted, step)
        else:
            _judge(snapshot, task, targets, step, service=service, context=context, is_balanced=bool(load_balancers))
    return step


def _unregistered(
    snapshot: Snapshot,
    task: Task,
    load_balancers: tuple[ServiceLoadBalancer, ...],
    *,
    targets: tuple[Target, ...],
    context: Context,
) -> list[Target]:
    """The targets a running task is still to be registered as."""
    if len(targets) >= len(load_balancers):
        return []
    known = {target.key for target in targets}
    wanted = new_targets(snapshot, task, load_balancers, now=context.now)
    return [target for target in wanted if target.key not in known]


def _register(snapshot: Snapshot, task: Task, wanted: list[Target], step: TaskStep) -> None:
    """Register what is free. What is still a target of another task, or by hand, is waited for."""
    free = [target for target in wanted if _is_free(snapshot, target.key)]
    step.changes += [Put(record=target, cause="registered") for target in free]
    step.registered += free
    taken = next((target.key for target in wanted if target not in free), None)
    if task.waits_for_target != taken:
        cause = "" if taken is None else f"waits until {taken} is nobody else's target"
        step.changes.append(Put(record=replace(task, waits_for_target=taken), cause=cause))


def _is_free(snapshot: Snapshot, target_key: str) -> bool:
    """Whether nothing answers at an address and port any more: a port is used again as soon as its task has stopped."""
    target = snapshot.targets.get(target_key)
    owner = None if target is None or target.task_arn is None else snapshot.tasks.get(target.task_arn)
    return target is None or (owner is not None and owner.is_stopped)


def _plan_stop(
    snapshot: Snapshot, task: Task, targets: tuple[Target, ...], *, step: TaskStep, context: Context
) -> None:
    """Drain first; order the stop when no target is left. A stop ordered once is not ordered again."""
    _deregister_all(snapshot, targets, step, context)
    if not targets and task.stop_ordered_at is None:
        step.changes.append(Put(record=replace(task, stop_ordered_at=context.now), cause="stop ordered"))
        step.commands.append(StopTask(host_id=task.host_id, task_arn=task.arn, ordered_at=context.now))


def _plan_stopped(
    snapshot: Snapshot, task: Task, targets: tuple[Target, ...], step: TaskStep, *, context: Context
) -> None:
    """What has stopped has no request in flight: its targets go at once, its record when it was kept long enough. That
    of a counted failure stays for the post-mortem of its deployment, and goes with that (`history`)."""
    step.changes += [Remove(record=target, cause="its task stopped") for target in targets]
    step.deregistered += [target for target in targets if target.state is not TargetState.DRAINING]
    if not targets and task.wake_at is not None and context.now >= task.wake_at:
        if snapshot.is_kept(task.arn):
            step.changes.append(Put(record=replace(task, wake_at=None), cause="kept with its deployment, which failed"))
        else:
            step.changes.append(Remove(record=task, cause="kept long enough after it stopped"))


def _deregister_all(snapshot: Snapshot, targets: tuple[Target, ...], step: TaskStep, context: Context) -> None:
    for target in targets:
        if target.state is not TargetState.DRAINING:
            group = snapshot.target_groups.get(target.target_group_arn)
            step.changes.append(Put(record=deregister(target, group, now=context.now), cause="deregistered"))
            step.deregistered.append(target)
            step.is_draining = True


def _judge(
    snapshot: Snapshot,
    task: Task,
    targets: tuple[Target, ...],
    step: TaskStep,
    *,
    service: Service,
    context: Context,
    is_balanced: bool,
) -> None:
    """Whether a running task counts as healthy now, or is to be replaced."""
    assert task.started_at is not None, f"{task.arn} is RUNNING and never started"
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    is_checked = definition is not None and definition.has_health_check
    if not is_balanced and not is_checked:
        _judge_by_age(task, task.started_at, step, context)
        return
    passes = not is_checked or task.health_status is HealthStatus.HEALTHY
    serves = not is_balanced or (bool(targets) and all(target.state is TargetState.HEALTHY for target in targets))
    ills = [target for target in targets if target.state is TargetState.UNHEALTHY]
    sickness = _sickness(task, ills, is_checked=is_checked, is_readiness=extensions_of(service).is_readiness_only)
    grace_ends = task.started_at + service.health_check_grace_period_s
    if passes and serves:
        if task.healthy_at is None or task.unhealthy_reason is not None:
            _count_as_healthy(task, step, context, ready_at=_ready_at(task, definition, targets))
    elif sickness is not None and context.now >= grace_ends:
        if task.unhealthy_reason is None:
            _count_as_sick(snapshot, task, sickness, step, service=service)
            step.turned_unhealthy += ills
            step.failed_container_checks = is_checked and task.health_status is HealthStatus.UNHEALTHY
    elif task.unhealthy_reason is None:
        if sickness is None and task.healthy_at is not None:
            step.turned_unhealthy += ills  # it loses traffic, and that is all that happens
        _count_as_rising(task, step, look_again_at=grace_ends if sickness is not None else None)


def _sickness(task: Task, ills: list[Target], *, is_checked: bool, is_readiness: bool) -> str | None:
    """Why a task is to be replaced, in ECS's words; None: it is not. Where the balancer's checks tell readiness only,
    a target that fails them gets no requests, and its task stays."""
    if is_checked and task.health_status is HealthStatus.UNHEALTHY:
        return "Task failed container health checks"
    if ills and not is_readiness:
        return f"Task failed ELB health checks in (target-group {ills[0].target_group_arn})"
    return None


def _count_as_sick(snapshot: Snapshot, task: Task, reason: str, step: TaskStep, *, service: Service) -> None:
    sick = replace(task, unhealthy_reason=reason)
    if may_count(snapshot, service, task):
        sick = replace(sick, is_counted=True)
        step.failed = replace(task, unhealthy_reason=reason)
    step.changes.append(Put(record=sick, cause=reason))


def _count_as_rising(task: Task, step: TaskStep, *, look_again_at: float | None) -> None:
    """Not healthy now, and not to be replaced, or not before its grace period is over."""
    rising = task
    if task.healthy_at is not None:
        rising = replace(rising, healthy_at=None)
    if look_again_at is not None and task.wake_at != look_again_at:
        rising = replace(rising, wake_at=look_again_at)
    if rising != task:
        cause = "no longer healthy" if task.healthy_at is not None else ""
        step.changes.append(Put(record=rising, cause=cause))


def _judge_by_age(task: Task, started_at: float, step: TaskStep, context: Context) -> None:
    """A task without any check counts as healthy some time after it was RUNNING."""
    due = started_at + context.rules.healthy_after_running_s
    if task.healthy_at is not None:
        return
    if context.now >= due:
        _count_as_healthy(task, step, context, ready_at=started_at)
    else:
        _look_again(task, due, step)


def _look_again(task: Task, at: float, step: TaskStep) -> None:
    """Have a task decided again at an instant, though nothing happens until then."""
    if task.wake_at != at:
        step.changes.append(Put(record=replace(task, wake_at=at)))


def _ready_at(task: Task, definition: TaskDefinition | None, targets: tuple[Target, ...]) -> float | None:
    """Since when all that was waited for passes in a row; None: nobody noted."""
    essential = () if definition is None else {each.name for each in definition.containers if each.essential}
    since = [target.passing_since for target in targets]
    since += [container.passing_since for container in task.containers if container.name in essential]
    return max((at for at in since if at is not None), default=None)


def _count_as_healthy(task: Task, step: TaskStep, context: Context, *, ready_at: float | None) -> None:
    """Healthy from now on; when it was first, and ready for it, is kept, by which starts are measured."""
    healthy = replace(task, healthy_at=context.now, unhealthy_reason=None)
    if task.first_healthy_at is None:
        healthy = replace(healthy, first_healthy_at=context.now, ready_at=ready_at)
    step.changes.append(Put(record=healthy, cause="counts as healthy"))
    step.turned_healthy = True

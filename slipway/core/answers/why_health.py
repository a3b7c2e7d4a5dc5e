"""What a running task waits for until it counts as healthy: container checks, registration, target checks, or its age.

The questions are those that `task_steps` judges a running task by, in its order.
"""

from math import floor

from slipway.core.answers.wait import Clearing, Sight, Wait, WaitKind
from slipway.core.deployments.extensions import extensions_of
from slipway.core.model.load_balancing import HealthCheck, Target, TargetGroup, TargetState
from slipway.core.model.services import Service, ServiceLoadBalancer
from slipway.core.model.task_definitions import ContainerDefinition, ContainerHealthCheck
from slipway.core.model.tasks import Container, HealthStatus, Task
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import load_balancers_of


def why_not_healthy(snapshot: Snapshot, task: Task, sight: Sight) -> Wait | None:
    """What a running task waits for; None: nothing."""
    service = None if task.service_arn is None else snapshot.services.get(task.service_arn)
    if task.unhealthy_reason is not None:
        sentence = f"it is to be replaced ({task.unhealthy_reason}) and stays until its replacement may take its place"
        return Wait(kind=WaitKind.REPLACEMENT, sentence=sentence, subject=task.arn)
    container = _why_container(snapshot, task, sight)
    if service is None:
        return container
    balanced = load_balancers_of(snapshot, task)
    wait = container or _why_targets(snapshot, task, balanced, sight)
    if wait is not None:
        return _with_grace(snapshot, task, service, wait=wait, sight=sight)
    if task.healthy_at is None and not balanced and not _has_checks(snapshot, task):
        return _young(task, sight)
    return _protected(task, service, sight)


def _has_checks(snapshot: Snapshot, task: Task) -> bool:
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    return definition is not None and definition.has_health_check


def _young(task: Task, sight: Sight) -> Wait:
    assert task.started_at is not None, f"{task.arn} is RUNNING and never started"
    after_s = sight.rules.healthy_after_running_s
    due = task.started_at + after_s
    return Wait(
        kind=WaitKind.AGE,
        sentence=f"it has no health check, and counts as healthy {after_s:g} s after RUNNING, in {sight.until(due)}",
        subject=task.arn,
        since=task.started_at,
        clears_at=due,
        clears=Clearing.AT,
    )


def _protected(task: Task, service: Service, sight: Sight) -> Wait | None:
    """A task that should stop, perhaps, and may not: its service says that protection holds it up."""
    if task.protected_until is None or not (service.blocked_by or "").startswith("PROTECTION"):
        return None
    return Wait(
        kind=WaitKind.PROTECTION,
        sentence=f"scale-in protection for {sight.until(task.protected_until)} more",
        subject=task.arn,
        clears_at=task.protected_until,
        clears=Clearing.LATEST,
    )


def _with_grace(snapshot: Snapshot, task: Task, service: Service, *, wait: Wait, sight: Sight) -> Wait:
    """The wait of a task whose checks fail: what becomes of it when its grace period is over."""
    assert task.started_at is not None, f"{task.arn} is RUNNING and never started"
    ills = any(target.state is TargetState.UNHEALTHY for target in snapshot.task_targets(task.arn))
    is_sick = task.health_status is HealthStatus.UNHEALTHY or (ills and not extensions_of(service).is_readiness_only)
    grace_ends = task.started_at + service.health_check_grace_period_s
    if not is_sick or grace_ends <= sight.now:
        return wait
    return Wait(
        kind=WaitKind.GRACE_PERIOD,
        sentence=f"{wait.sentence}; grace period for {sight.until(grace_ends)} more, then it is replaced",
        subject=task.arn,
        since=task.started_at,
        clears_at=grace_ends,
        clears=Clearing.LATEST,
    )


# Container health checks


def _why_container(snapshot: Snapshot, task: Task, sight: Sight) -> Wait | None:
    """The first essential container with a check that is not HEALTHY."""
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    if definition is None or task.health_status is HealthStatus.HEALTHY:
        return None
    by_name = {one.name: one for one in task.containers}
    for defined in definition.containers:
        known = by_name.get(defined.name)
        if not defined.essential or defined.health_check is None or known is None:
            continue
        if known.health_status is not HealthStatus.HEALTHY:
            return _container_wait(task, known, defined, defined.health_check, sight=sight)
    return None


def _container_wait(
    task: Task, container: Container, defined: ContainerDefinition, check: ContainerHealthCheck, *, sight: Sight
) -> Wait:
    began = container.started_at if container.started_at is not None else task.started_at
    health = sight.container_health(task.arn, container.name)
    failures = _failures(container, check) if health is None else health.failures
    ran = bool(container.health_probes) if health is None else bool(health.probes)
    told = f"{min(failures, check.retries)} of {check.retries} failures"
    if container.health_status is HealthStatus.UNHEALTHY:
        state = "UNHEALTHY, one that passes makes it HEALTHY"
    else:
        state = "UNKNOWN until the first that passes" if ran else "UNKNOWN until the first result"
    parts = [f"container health check of {defined.name}: {told}", state]
    if began is not None and check.start_period_s and (over := began + check.start_period_s) > sight.now:
        parts.append(f"start period over in {sight.until(over)}")
    next_at = None if began is None else _next_at(began, check.interval_s, sight.now)
    if next_at is not None:
        parts.append(f"the next in about {sight.until(next_at)}")
    return Wait(
        kind=WaitKind.CONTAINER_HEALTH,
        sentence=", ".join(parts),
        subject=task.arn,
        since=began,
        clears_at=next_at,
        clears=None if next_at is None else Clearing.EARLIEST,
    )


def _failures(container: Container, check: ContainerHealthCheck) -> int:
    """Failures in a row at the end of the runs that were told, as far as they count."""
    count = 0
    for probe in reversed(container.health_probes):
        is_early = container.started_at is not None and probe.at - container.started_at < check.start_period_s
        if probe.exit_code == 0 or is_early:
            break
        count += 1
    return count


def _next_at(began: float, interval_s: float, now: float) -> float:
    """The next of the instants that lie one interval apart, the first of them one after the beginning."""
    return began + (max(floor((now - began) / interval_s), 0) + 1) * interval_s


# Targets


def _why_targets(
    snapshot: Snapshot, task: Task, balanced: tuple[ServiceLoadBalancer, ...], sight: Sight
) -> Wait | None:
    """The first target group that the task is not registered in, or not healthy in."""
    targets = {target.target_group_arn: target for target in snapshot.task_targets(task.arn)}
    if len(targets) < len({one.target_group_arn for one in balanced}) and task.waits_for_target is not None:
        place = task.waits_for_target.rpartition(" ")[2]
        sentence = f"waits until {place} is nobody else's target"
        return Wait(kind=WaitKind.TARGET, sentence=sentence, subject=task.arn, since=task.started_at)
    for binding in balanced:
        wait = _why_target(snapshot, task, binding, targets.get(binding.target_group_arn), sight=sight)
        if wait is not None:
            return wait
    return None


def _why_target(
    snapshot: Snapshot, task: Task, binding: ServiceLoadBalancer, target: Target | None, *, sight: Sight
) -> Wait | None:
    group = snapshot.target_groups.get(binding.target_group_arn)
    lack = None
    if group is None:
        lack = f"the target group {binding.target_group_arn} does not exist any more"
    elif target is None:
        port = f"port {binding.container_port} of container {binding.container_name}"
        lack = f"it is to be registered in target group {group.name} with {port}"
    elif target.state is TargetState.HEALTHY:
        return None
    elif not snapshot.group_listeners(group.arn):
        lack = f"no listener forwards to target group {group.name}, so nobody checks its target"
    elif not group.health_check.enabled:
        lack = f"the health checks of target group {group.name} are disabled, so nobody checks its target"
    if lack is not None or group is None or target is None:
        return Wait(kind=WaitKind.TARGET, sentence=lack or "", subject=task.arn, since=task.started_at)
    return _target_wait(task, target, group, sight)


def _target_wait(task: Task, target: Target, group: TargetGroup, sight: Sight) -> Wait:
    """The checks of a target that is not healthy: how many passed, when the next one is, and the earliest end."""
    check = group.health_check
    needed = _needed(target, check, sight)
    next_at = sight.next_check_at(target.key)
    begins = _next_at(target.registered_at, check.interval_s, sight.now) if next_at is None else next_at
    when = f"one every {check.interval_s} s" if next_at is None else f"next in {sight.until(next_at)}"
    told = f"target health check {target.passed_checks} of {needed} passed, {when}"
    if target.state is TargetState.UNHEALTHY:
        told = f"{told}; the target is unhealthy: {target.description or target.reason}"
    elif target.failed_checks:
        told = f"{told}; {target.failed_checks} of {check.unhealthy_threshold} failed that make it unhealthy"
    return Wait(
        kind=WaitKind.TARGET_HEALTH,
        sentence=told,
        subject=task.arn,
        since=target.registered_at,
        clears_at=begins + max(needed - target.passed_checks - 1, 0) * check.interval_s,
        clears=Clearing.EARLIEST,
    )


def _needed(target: Target, check: HealthCheck, sight: Sight) -> int:
    """Checks in a row that make the target healthy; a new one may be asked for fewer."""
    is_new = target.state is not TargetState.UNHEALTHY
    if is_new and sight.rules.new_target_checks is not None:
        return sight.rules.new_target_checks
    return check.healthy_threshold

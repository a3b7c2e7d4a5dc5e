"""Reconcile: what one service needs now, from the snapshot alone.

Theory of operation. `reconcile` is called for a service something happened to, and its plan is applied before it is
called again, until it has nothing left to do: so each decision is small and sees all that went before. In order:

1. the next step of each task that changed (register, judge, drain, stop, let go), and what its end means;
2. whether the deployment in progress has failed (`detection`), and its way back (`roll_back`);
3. old deployments that have no task left leave the list;
4. the roll: which tasks stop and which start within the bounds of `rolling`, on hosts with room (`placement`);
5. a deployment whose tasks are healthy and alone has baked and is completed; the service is steady.

Nothing here waits: a back-off, a drain or a grace period is an instant in a record, and the snapshot's timers have the
service decided again when it comes. Reconciling twice gives an empty plan the second time.
"""

from collections import Counter
from collections.abc import Iterable

from slipway.core import events
from slipway.core.decision import Context
from slipway.core.deployments.bake_time import bake_time_s
from slipway.core.deployments.deploy import complete_deployment, retire_deployment
from slipway.core.deployments.desired import bounds_of, desired_count
from slipway.core.deployments.detection import detect
from slipway.core.deployments.failure_class import failure_of
from slipway.core.deployments.failures import Account, may_count, note_tasks
from slipway.core.deployments.roll import plan_roll
from slipway.core.deployments.roll_back import end_deployment
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState
from slipway.core.model.load_balancing import Target
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tasks import Task
from slipway.core.plan import Change, HostCommand, Plan, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.measuring import forget_times, note_times
from slipway.core.tasks.service_tasks import Phase
from slipway.core.tasks.task_steps import TaskStep, plan_task


def reconcile(snapshot: Snapshot, service_arn: str, touched: Iterable[str], context: Context) -> Plan:
    """What the service needs now. `touched` are the ARNs of its tasks that changed since it was last decided."""
    service = snapshot.services.get(service_arn)
    if service is None:
        return Plan()
    plan = _plan_tasks(snapshot, service, touched, context)
    if not plan.is_empty or service.status is ServiceStatus.INACTIVE:
        return plan
    plan = _detect(snapshot, service, context)
    if not plan.is_empty:
        return plan
    plan = _retire_old(snapshot, service, context)
    if not plan.is_empty:
        return plan
    plan = plan_roll(snapshot, service, context)
    if not plan.is_empty:
        return plan
    return _settle(snapshot, service, context)


def reconcile_task(snapshot: Snapshot, task_arn: str, context: Context) -> Plan:
    """What a standalone task needs now."""
    task = snapshot.tasks.get(task_arn)
    if task is None:
        return Plan()
    step = plan_task(snapshot, task, service=None, context=context)
    return Plan(changes=tuple(step.changes), commands=tuple(step.commands))


# 1. Tasks


def _plan_tasks(snapshot: Snapshot, service: Service, touched: Iterable[str], context: Context) -> Plan:
    changes: list[Change] = []
    commands: list[HostCommand] = []
    steps: list[TaskStep] = []
    seen: list[Task] = []
    healthy: list[Task] = []
    failed: list[Task] = []
    settled: list[Task] = []
    for arn in sorted(touched):
        task = snapshot.tasks.get(arn)
        if task is None:
            continue
        seen.append(task)
        if task.is_stopped and not task.is_settled:
            is_failure = task.unhealthy_reason is None and failure_of(task) is not None
            is_failure = is_failure and may_count(snapshot, service, task)
            if is_failure:
                failed.append(task)
            settled.append(task)
            changes.append(Put(record=replace(task, is_settled=True, is_counted=task.is_counted or is_failure)))
            continue
        step = plan_task(snapshot, task, service=service, context=context)
        steps.append(step)
        if step.turned_healthy:
            healthy.append(task)
        if step.failed is not None:
            failed.append(step.failed)
        changes += step.changes
        commands += step.commands
    account = Account(snapshot=snapshot, service=service, context=context)
    note_tasks(account, seen=seen, healthy=healthy, failed=failed)
    changes += account.changes()
    changes += note_times(snapshot, service, settled)
    messages = [*_tell(steps), *account.messages]
    told = tuple(events.event(context, service, message) for message in messages)
    return Plan(changes=tuple(changes), events=told, commands=tuple(commands))


def _tell(steps: list[TaskStep]) -> list[str]:
    """One event a target group for the tasks registered and deregistered now, and one for each sick task."""
    messages: list[str] = []
    registered = Counter(target.target_group_arn for step in steps for target in step.registered)
    messages += [events.registered(count, group) for group, count in sorted(registered.items())]
    for step in steps:
        messages += [_unhealthy(target) for target in step.turned_unhealthy]
        if step.failed_container_checks:
            messages.append(events.failed_container_checks(step.task_id))
    gone = Counter(target.target_group_arn for step in steps for target in step.deregistered)
    messages += [events.deregistered(count, group) for group, count in sorted(gone.items())]
    drains = sum(step.is_draining for step in steps)
    if drains:
        messages.append(events.draining(drains))
    return messages


def _unhealthy(target: Target) -> str:
    assert target.task_arn is not None, f"{target.key} is no task's"
    task_id = target.task_arn.rpartition("/")[2]
    reason = target.description or "Health checks failed"
    return events.unhealthy_target(task_id, port=target.port, target_group_arn=target.target_group_arn, reason=reason)


# 2. Detection


def _detect(snapshot: Snapshot, service: Service, context: Context) -> Plan:
    primary = snapshot.primary(service.arn)
    if primary is None or service.status is not ServiceStatus.ACTIVE:
        return Plan()
    detection = detect(snapshot, service, primary, context)
    if detection is None:
        return Plan()
    return end_deployment(snapshot, service, primary, detection=detection, context=context)


# 3. Old deployments


def _retire_old(snapshot: Snapshot, service: Service, context: Context) -> Plan:
    """Old deployments with no task left leave the list; a deleted service goes, with its PRIMARY, after its last task.

    Until then the PRIMARY stays, though it may have no task itself: those of the others are still to be stopped.
    """
    tasks = snapshot.service_tasks(service.arn)
    is_gone = service.status is ServiceStatus.DRAINING and not tasks.alive
    changes: list[Change] = []
    for deployment in snapshot.service_deployments_of(service.arn):
        if not tasks.of(deployment.id).alive and (is_gone or _is_done_with(snapshot, service, deployment)):
            changes += retire_deployment(snapshot, deployment, context)
    if is_gone:
        changes.append(Put(record=replace(service, status=ServiceStatus.INACTIVE), cause="no task left"))
        changes += forget_times(snapshot, service)
    return Plan(changes=tuple(changes))


def _is_done_with(snapshot: Snapshot, service: Service, deployment: Deployment) -> bool:
    """Whether an old deployment without tasks is needed no more: a good one that lost its last is, to start others."""
    if deployment.status is not DeploymentStatus.ACTIVE:
        return False
    primary = snapshot.primary(service.arn)
    if deployment.rollout_state is RolloutState.FAILED and primary is not None and primary.rolls_back is not None:
        return False  # it is shown, FAILED, until what took its place is complete
    if not deployment.is_proven or not deployment.desired_count:
        return True
    return snapshot.service_tasks(service.arn).count(Phase.HEALTHY) >= bounds_of(snapshot, service).lower


# 5. Completion and the steady state


def _settle(snapshot: Snapshot, service: Service, context: Context) -> Plan:
    """Whether the deployment has baked, and is done, and the service steady: told once, when it becomes so."""
    primary = snapshot.primary(service.arn)
    if primary is None or service.status is not ServiceStatus.ACTIVE:
        return Plan()
    tasks = snapshot.service_tasks(service.arn)
    healthy = tasks.of(primary.id).count(Phase.HEALTHY)
    is_steady = healthy == tasks.alive == desired_count(snapshot, service)
    changes: list[Change] = []
    messages: list[str] = []
    if is_steady and primary.rollout_state is RolloutState.IN_PROGRESS:
        bake_s = bake_time_s(snapshot, service, primary)
        if bake_s and primary.bake_until is None:
            cause = f"bakes for {bake_s:g} s"
            changes.append(Put(record=replace(primary, bake_until=context.now + bake_s, is_proven=True), cause=cause))
            messages.append(events.baking(primary.id, bake_s))
        is_steady = not bake_s or (primary.bake_until is not None and context.now >= primary.bake_until)
        if is_steady:
            changes += complete_deployment(snapshot, primary, context)
            messages.append(events.deployment_completed(primary.id))
    if is_steady and service.steady_at is None:
        changes.append(Put(record=replace(service, steady_at=context.now), cause="steady"))
        messages.append(events.STEADY)
    if not is_steady and service.steady_at is not None:
        changes.append(Put(record=replace(service, steady_at=None), cause="no longer steady"))
    return Plan(changes=tuple(changes), events=tuple(events.event(context, service, message) for message in messages))

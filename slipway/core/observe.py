"""Folding observations: what hosts and targets reported, as changes. Facts only; nothing is decided but that what has
stopped is no longer wanted."""

from typing import assert_never

from slipway.core.decision import Context
from slipway.core.model.tasks import Container, DesiredStatus, HealthStatus, StopCode, Task, TaskStatus
from slipway.core.observations import (
    AlarmEvaluated,
    ContainerReport,
    HostReport,
    Observation,
    TargetCheck,
    TargetDrained,
    TargetDraining,
    TaskReport,
)
from slipway.core.plan import Change, HostCommand, Plan, Put, StopTask
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.launch import start_command
from slipway.core.tasks.lifecycle import may_move
from slipway.core.tasks.stopping import decide_stop
from slipway.core.traffic.health import fold_check, task_health

#: Statuses of a task nothing of which runs yet: the command was perhaps lost with the control plane, or carried out in
#: part, and a host that runs inside the control plane forgot it with the images it was pulling. It is given again.
_NOT_STARTED = (TaskStatus.PROVISIONING, TaskStatus.PENDING, TaskStatus.ACTIVATING)


def observe(snapshot: Snapshot, observation: Observation, context: Context) -> Plan:
    """The changes one observation brings; none for what is known already or was overtaken."""
    match observation:
        case TaskReport():
            return _task_report(snapshot, observation, context)
        case HostReport():
            return _host_report(snapshot, observation, context)
        case TargetCheck():
            return Plan(changes=_target_check(snapshot, observation, context))
        case TargetDraining():
            return Plan(changes=_target_draining(snapshot, observation))
        case TargetDrained():
            return Plan(changes=_target_drained(snapshot, observation))
        case AlarmEvaluated():
            return Plan(changes=_alarm_evaluated(snapshot, observation))
    assert_never(observation)


def _task_report(snapshot: Snapshot, report: TaskReport, context: Context) -> Plan:
    task = snapshot.tasks.get(report.task_arn)
    if task is None or task.host_id != report.host_id or task.is_stopped:
        return Plan()
    folded = _fold(task, report, context)
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    if definition is not None and definition.has_health_check:
        folded = replace(folded, health_status=task_health(definition, folded.containers))
    if folded == task:
        return Plan()
    moved = folded.last_status is not task.last_status
    cause = f"{task.last_status} to {folded.last_status}" if moved else ""
    return Plan(changes=(Put(record=replace(folded, version=task.version + 1), cause=cause),))


def _fold(task: Task, report: TaskReport, context: Context) -> Task:
    status = report.last_status if may_move(task.last_status, report.last_status) else task.last_status
    started_at = task.started_at if task.started_at is not None else report.started_at
    if started_at is None and status is TaskStatus.RUNNING:
        started_at = report.at
    folded = replace(
        task,
        last_status=status,
        containers=_containers(task.containers, report),
        ip_address=report.ip_address or task.ip_address,
        pull_started_at=report.pull_started_at or task.pull_started_at,
        pull_stopped_at=report.pull_stopped_at or task.pull_stopped_at,
        started_at=started_at,
        execution_stopped_at=report.execution_stopped_at or task.execution_stopped_at,
    )
    if status is TaskStatus.STOPPING and folded.stopping_at is None:
        folded = replace(folded, stopping_at=report.at)
    if status is TaskStatus.STOPPED:
        return _stopped(folded, report, context)
    return folded


def _containers(known: tuple[Container, ...], report: TaskReport) -> tuple[Container, ...]:
    by_name = {each.name: each for each in report.containers}
    return tuple(
        _container(container, by_name[container.name], at=report.at) if container.name in by_name else container
        for container in known
    )


def _container(container: Container, report: ContainerReport, *, at: float) -> Container:
    moves = may_move(container.last_status, report.last_status)
    # A host counts from when it last came up: a later start than the known one is one more than is known.
    is_later = container.started_at is not None and (report.started_at or 0.0) > container.started_at
    restart_count = max(report.restart_count, container.restart_count + is_later)
    is_known = report.health_status is not HealthStatus.UNKNOWN or restart_count > container.restart_count
    health_status = report.health_status if is_known else container.health_status
    return replace(
        container,
        last_status=report.last_status if moves else container.last_status,
        runtime_id=report.runtime_id or container.runtime_id,
        image_digest=report.image_digest or container.image_digest,
        exit_code=report.exit_code if report.exit_code is not None else container.exit_code,
        reason=report.reason or container.reason,
        started_at=report.started_at or container.started_at,
        signalled_at=report.signalled_at or container.signalled_at,
        stopped_at=report.stopped_at or container.stopped_at,
        was_killed=report.was_killed or container.was_killed,
        network_bindings=report.network_bindings or container.network_bindings,
        health_status=health_status,
        passing_since=_passing_since(container, report, at=at) if health_status is HealthStatus.HEALTHY else None,
        health_probes=report.health_probes or container.health_probes,
        restart_count=restart_count,
    )


def _passing_since(container: Container, report: ContainerReport, *, at: float) -> float | None:
    """Since when a HEALTHY container is so: since the run that made it so, where its host told the runs of its check.
    One that was HEALTHY already stays so, though its host, new to it, told UNKNOWN meanwhile."""
    if container.health_status is HealthStatus.HEALTHY:
        return container.passing_since
    return next((probe.at for probe in reversed(report.health_probes) if probe.exit_code == 0), at)


def _stopped(task: Task, report: TaskReport, context: Context) -> Task:
    """A task nothing of which runs any more: no longer wanted, and why it stopped if nobody had decided it."""
    if task.started_at is None:
        reason = report.reason or _first_reason(task) or "Task failed to start"
        ended = decide_stop(task, code=StopCode.TASK_FAILED_TO_START, reason=reason, now=report.at)
    else:
        reason = report.reason or "Essential container in task exited"
        ended = decide_stop(task, code=StopCode.ESSENTIAL_CONTAINER_EXITED, reason=reason, now=report.at)
    return replace(
        ended,
        stopping_at=ended.stopping_at if ended.stopping_at is not None else report.at,
        stopped_at=report.at,
        wake_at=report.at + context.rules.stopped_task_kept_s,
    )


def _first_reason(task: Task) -> str | None:
    return next((container.reason for container in task.containers if container.reason), None)


def _host_report(snapshot: Snapshot, report: HostReport, context: Context) -> Plan:
    """A host came up: adopt what it has, end what it lost, and repeat commands that may not have reached it."""
    changes: list[Change] = []
    commands: list[HostCommand] = []
    if snapshot.hosts.get(report.host.id) != report.host:
        changes.append(Put(record=report.host, cause="host registered"))
    reported = {task.task_arn: task for task in report.tasks}
    for arn in sorted(snapshot.room(report.host.id).tasks):
        task = snapshot.tasks[arn]
        if arn in reported:
            changes += _task_report(snapshot, reported[arn], context).changes
            if task.stop_ordered_at is not None:
                commands.append(StopTask(host_id=task.host_id, task_arn=arn, ordered_at=task.stop_ordered_at))
        elif task.last_status in _NOT_STARTED and task.desired_status is DesiredStatus.RUNNING:
            commands.append(start_command(snapshot, task))
        else:
            changes.append(Put(record=_vanished(task, report, context), cause="not on its host any more"))
    known = snapshot.tasks
    orphans = sorted(arn for arn in reported if arn not in known or known[arn].is_stopped)
    commands += [StopTask(host_id=report.host.id, task_arn=arn, ordered_at=report.at) for arn in orphans]
    return Plan(changes=tuple(changes), commands=tuple(commands))


def _vanished(task: Task, report: HostReport, context: Context) -> Task:
    gone = TaskReport(
        task_arn=task.arn,
        host_id=task.host_id,
        last_status=TaskStatus.STOPPED,
        containers=tuple(
            ContainerReport(name=container.name, last_status=TaskStatus.STOPPED) for container in task.containers
        ),
        at=report.at,
        reason="Task was not found on its host when the control plane came back",
    )
    lost = _fold(task, gone, context)
    if task.desired_status is DesiredStatus.STOPPED:
        return lost
    return replace(lost, stop_code=StopCode.TERMINATION_NOTICE)  # its host lost it: no failure of its own


def _target_check(snapshot: Snapshot, check: TargetCheck, context: Context) -> tuple[Change, ...]:
    target = snapshot.targets.get(check.target_key)
    group = None if target is None else snapshot.target_groups.get(target.target_group_arn)
    if target is None or group is None:
        return ()
    folded = fold_check(target, check, group.health_check, context.rules)
    if folded == target:
        return ()
    moved = folded.state is not target.state
    return (Put(record=folded, cause=f"{target.state} to {folded.state}" if moved else ""),)


def _target_draining(snapshot: Snapshot, observation: TargetDraining) -> tuple[Change, ...]:
    """A target out of rotation: its task, if it is to stop, is DEACTIVATING."""
    target = snapshot.targets.get(observation.target_key)
    task = None if target is None or target.task_arn is None else snapshot.tasks.get(target.task_arn)
    if task is None or task.desired_status is DesiredStatus.RUNNING:
        return ()
    if not may_move(task.last_status, TaskStatus.DEACTIVATING):
        return ()
    moved = replace(task, last_status=TaskStatus.DEACTIVATING, version=task.version + 1)
    return (Put(record=moved, cause=f"{task.last_status} to {TaskStatus.DEACTIVATING}"),)


def _alarm_evaluated(snapshot: Snapshot, observation: AlarmEvaluated) -> tuple[Change, ...]:
    alarm = snapshot.alarms.get(observation.alarm_arn)
    if alarm is None or observation.at < alarm.state_updated_at or observation.state is alarm.state:
        return ()
    evaluated = replace(
        alarm,
        state=observation.state,
        state_reason=observation.reason,
        state_reason_data=observation.reason_data,
        state_updated_at=observation.at,
    )
    return (Put(record=evaluated, cause=f"{alarm.state} to {observation.state}"),)


def _target_drained(snapshot: Snapshot, observation: TargetDrained) -> tuple[Change, ...]:
    target = snapshot.targets.get(observation.target_key)
    if target is None or target.drain_until is None or target.is_drained:
        return ()
    return (Put(record=replace(target, is_drained=True)),)

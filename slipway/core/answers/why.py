"""Why: what a task waits for now, since when, and when that can clear. Services are in `why_service`.

Nothing is decided here. The order of the questions is that of a task's life: its host, its image, the containers that
others depend on, its targets, its health; or its drain and its stop.
"""

from collections.abc import Iterable
from typing import assert_never

from slipway.core.answers.sigterm_probe import usual_exit
from slipway.core.answers.wait import Clearing, Sight, Wait, WaitKind
from slipway.core.answers.why_health import why_not_healthy
from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.model.task_definitions import (
    DEFAULT_STOP_TIMEOUT_S,
    ContainerDefinition,
    DependencyCondition,
    TaskDefinition,
)
from slipway.core.model.tasks import Container, DesiredStatus, HealthStatus, Task, TaskStatus
from slipway.core.snapshot import Snapshot

_CONDITIONS = {
    DependencyCondition.START: "was started",
    DependencyCondition.COMPLETE: "has ended",
    DependencyCondition.SUCCESS: "has ended with exit code 0",
    DependencyCondition.HEALTHY: "is HEALTHY",
}

#: Statuses of a task whose host has begun to stop it.
_SIGNALLED = (TaskStatus.STOPPING, TaskStatus.DEPROVISIONING)


def why_task(snapshot: Snapshot, task: Task, sight: Sight) -> Wait | None:
    """What the task waits for; None: nothing, it does what it is there for, or it has stopped."""
    if task.is_stopped:
        return None
    host = snapshot.hosts.get(task.host_id)
    if host is None or not host.is_connected:
        sentence = f"its host {task.host_id} is not connected: nothing is known of it, and nothing can be asked of it"
        return Wait(kind=WaitKind.HOST, sentence=sentence, subject=task.arn)
    if task.desired_status is DesiredStatus.STOPPED:
        return _why_not_stopped(snapshot, task, sight)
    if task.last_status is not TaskStatus.RUNNING:
        return _why_not_running(snapshot, task, sight)
    return why_not_healthy(snapshot, task, sight)


# On its way up


def _why_not_running(snapshot: Snapshot, task: Task, sight: Sight) -> Wait:
    if task.pull_started_at is None:
        sentence = f"its host has not begun with it, {sight.since(task.created_at)} after it was placed"
        return Wait(kind=WaitKind.HOST, sentence=sentence, subject=task.arn, since=task.created_at)
    if task.pull_stopped_at is None:
        sentence = f"pulling the {_images(task)} for {sight.since(task.pull_started_at)}"
        return Wait(kind=WaitKind.IMAGE, sentence=sentence, subject=task.arn, since=task.pull_started_at)
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    wait = None if definition is None else _why_dependent(task, definition, sight)
    if wait is not None:
        return wait
    names = [one.name for one in task.containers if one.started_at is None and one.exit_code is None]
    what = f"container {names[0]}" if len(names) == 1 else f"containers {', '.join(names)}"
    sentence = f"starting {what} for {sight.since(task.pull_stopped_at)}"
    return Wait(kind=WaitKind.CONTAINER_START, sentence=sentence, subject=task.arn, since=task.pull_stopped_at)


def _images(task: Task) -> str:
    images = sorted({one.image for one in task.containers if one.started_at is None})
    return f"image {images[0]}" if len(images) == 1 else f"images {', '.join(images)}"


def _why_dependent(task: Task, definition: TaskDefinition, sight: Sight) -> Wait | None:
    """The first container that waits for another one, which was started; its `startTimeout` bounds the wait."""
    by_name = {one.name: one for one in task.containers}
    for container in definition.containers:
        known = by_name.get(container.name)
        if known is None or known.started_at is not None:
            continue
        for dependency in container.depends_on:
            awaited = by_name.get(dependency.container_name)
            if awaited is not None and awaited.started_at is not None and not _is_met(dependency.condition, awaited):
                timeout_s = _start_timeout_s(definition, awaited.name)
                told = f"container {container.name} waits until {awaited.name} {_CONDITIONS[dependency.condition]}"
                return _dependent(task, told, awaited.started_at, timeout_s=timeout_s, sight=sight)
    return None


def _is_met(condition: DependencyCondition, awaited: Container) -> bool:
    """Whether a container that was started is as far as another one wants it."""
    match condition:
        case DependencyCondition.START:
            return True
        case DependencyCondition.COMPLETE:
            return awaited.exit_code is not None
        case DependencyCondition.SUCCESS:
            return awaited.exit_code == 0
        case DependencyCondition.HEALTHY:
            return awaited.exit_code is None and awaited.health_status is HealthStatus.HEALTHY
    assert_never(condition)


def _start_timeout_s(definition: TaskDefinition, name: str) -> int | None:
    container = definition.container(name)
    return None if container is None else container.start_timeout_s


def _dependent(task: Task, told: str, since: float, *, timeout_s: int | None, sight: Sight) -> Wait:
    if timeout_s is None:
        return Wait(kind=WaitKind.DEPENDENCY, sentence=told, subject=task.arn, since=since)
    sentence = f"{told}, at most {sight.until(since + timeout_s)} more (start timeout)"
    return Wait(
        kind=WaitKind.DEPENDENCY,
        sentence=sentence,
        subject=task.arn,
        since=since,
        clears_at=since + timeout_s,
        clears=Clearing.LATEST,
    )


# On its way down


def _why_not_stopped(snapshot: Snapshot, task: Task, sight: Sight) -> Wait:
    targets = snapshot.task_targets(task.arn)
    if targets:
        return _draining(task, targets, sight)
    if task.stop_ordered_at is None:
        sentence = f"its stop was decided {sight.since(task.stop_decided_at or sight.now)} ago and is being ordered"
        return Wait(kind=WaitKind.STOP, sentence=sentence, subject=task.arn, since=task.stop_decided_at)
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    if task.last_status not in _SIGNALLED:
        sentence = f"its host was told to stop it {sight.since(task.stop_ordered_at)} ago, and is to begin"
        return Wait(kind=WaitKind.STOP, sentence=sentence, subject=task.arn, since=task.stop_ordered_at)
    service = None if task.service_arn is None else snapshot.services.get(task.service_arn)
    known = "" if definition is None or service is None else usual_exit(snapshot, service, definition)
    return _signalled(task, () if definition is None else definition.containers, sight, known=known)


def _draining(task: Task, targets: Iterable[Target], sight: Sight) -> Wait:
    """The requests in flight, as far as the balancer told them, and when the deregistration delay is over."""
    targets = [target for target in targets if target.state is TargetState.DRAINING]
    counts = [count for target in targets if (count := sight.requests_in_flight(target.key)) is not None]
    until = max((target.drain_until for target in targets if target.drain_until is not None), default=sight.now)
    flying = "requests may be in flight" if not counts else _counted(sum(counts), "request", "in flight")
    return Wait(
        kind=WaitKind.DRAIN,
        sentence=f"draining: {flying}, at most {sight.until(until)} more",
        subject=task.arn,
        since=task.stop_decided_at,
        clears_at=until,
        clears=Clearing.LATEST,
    )


def _counted(count: int, one: str, where: str) -> str:
    return f"{count} {one} {where}" if count == 1 else f"{count} {one}s {where}"


def _signalled(task: Task, containers: tuple[ContainerDefinition, ...], sight: Sight, *, known: str) -> Wait:
    """SIGTERM was sent; when SIGKILL follows to the last container, each in its turn and with its own stop timeout;
    and what is known of how they end."""
    assert task.stop_ordered_at is not None, f"{task.arn} was not told to stop"
    ordered_at = task.stop_ordered_at
    kill_at = ordered_at + last_kill_s(containers)
    is_chain = any(container.depends_on for container in containers)
    kill = f"SIGKILL {'to the last container at the latest ' if is_chain else ''}in {sight.until(kill_at)}"
    if kill_at < sight.now:
        kill = f"SIGKILL was due {sight.since(kill_at)} ago: its host has not reported its end"
    return Wait(
        kind=WaitKind.STOP,
        sentence=f"SIGTERM sent {sight.since(ordered_at)} ago, {kill}{known and f'; {known}'}",
        subject=task.arn,
        since=ordered_at,
        clears_at=kill_at,
        clears=Clearing.LATEST,
    )


def last_kill_s(containers: tuple[ContainerDefinition, ...]) -> float:
    """Seconds from the order to stop until the last container is killed: a container's stop timeout begins when all
    that depend on it have ended."""
    turns = {container.name: 0.0 for container in containers}
    for _ in containers:  # a chain is at most as long as there are containers
        for dependent in containers:
            ended = turns[dependent.name] + _stop_timeout_s(dependent)
            for dependency in dependent.depends_on:
                if dependency.container_name in turns:
                    turns[dependency.container_name] = max(turns[dependency.container_name], ended)
    ends = (turns[container.name] + _stop_timeout_s(container) for container in containers)
    return max(ends, default=float(DEFAULT_STOP_TIMEOUT_S))


def _stop_timeout_s(container: ContainerDefinition) -> float:
    return float(DEFAULT_STOP_TIMEOUT_S if container.stop_timeout_s is None else container.stop_timeout_s)

"""Why: what a service waits for now, the most telling first, and which of its tasks hold the deployment up."""

from collections.abc import Iterator

from slipway.core.answers.wait import Clearing, Sight, Wait, WaitKind
from slipway.core.answers.why import why_task
from slipway.core.arns import resource_name
from slipway.core.deployments.desired import desired_count
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState, ServiceDeployment
from slipway.core.model.services import DEPLOYMENT_CONFIGURATION, PROTECTION, TARGET_GROUP, Service, ServiceStatus
from slipway.core.model.tasks import Task
from slipway.core.placing.placement import Footprint, footprint
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

_BLOCKS = {
    DEPLOYMENT_CONFIGURATION: WaitKind.CONFIGURATION,
    PROTECTION: WaitKind.PROTECTION,
    TARGET_GROUP: WaitKind.TARGET,
}
_ON_THEIR_WAY = (Phase.SICK, Phase.STARTING, Phase.RUNNING)

#: Tasks that are named as holding a deployment up: those that wait longest.
SLOWEST = 3


def why_service(snapshot: Snapshot, service: Service, sight: Sight) -> tuple[Wait, ...]:
    """What the service waits for: never nothing, for a steady one says so."""
    if service.status is ServiceStatus.INACTIVE:
        return (_wait(service, WaitKind.NOTHING, "nothing: it is deleted"),)
    if service.status is ServiceStatus.DRAINING:
        left = snapshot.service_tasks(service.arn).alive
        sentence = f"it is being deleted: {left} {'task has' if left == 1 else 'tasks have'} not stopped yet"
        return (_wait(service, WaitKind.DELETION, sentence), *_slowest(snapshot, service, sight))
    primary = snapshot.primary(service.arn)
    assert primary is not None, f"{service.arn} is ACTIVE and has no PRIMARY deployment"
    if service.steady_at is not None and service.blocked_by is None:
        since = service.steady_at
        steady = _wait(service, WaitKind.NOTHING, f"nothing: it has been steady for {sight.since(since)}", since=since)
        failed = _why_failed(snapshot, service, primary)
        return (steady,) if failed is None else (failed, steady)
    waits = [
        _why_failed(snapshot, service, primary),
        _why_way_back(snapshot, service, primary, sight),
        _why_blocked(snapshot, service, primary),
        *_why_throttled(snapshot, service, sight),
        _why_baking(snapshot, service, primary, sight),
        _why_rolling(snapshot, service, primary, sight),
        _deadline(service, primary, sight),
    ]
    return (*(wait for wait in waits if wait is not None), *_slowest(snapshot, service, sight))


def _wait(service: Service, kind: WaitKind, sentence: str, *, since: float | None = None) -> Wait:
    return Wait(kind=kind, sentence=sentence, subject=service.arn, since=since)


def _timed(service: Service, kind: WaitKind, sentence: str, *, clears_at: float, clears: Clearing) -> Wait:
    return Wait(kind=kind, sentence=sentence, subject=service.arn, clears_at=clears_at, clears=clears)


# The deployment


def _why_failed(snapshot: Snapshot, service: Service, primary: Deployment) -> Wait | None:
    if primary.rollout_state is not RolloutState.FAILED:
        return None
    roll_out = snapshot.roll_out(primary)
    reason = (roll_out.status_reason or primary.rollout_state_reason).rstrip(".")
    then = "it is tried on, for there is nothing else" if primary.is_proven else "it starts nothing any more"
    sentence = f"the deployment failed: {reason}; {then}: deploy a version that works"
    return _wait(service, WaitKind.FAILED, sentence, since=_ended_at(roll_out))


def _ended_at(roll_out: ServiceDeployment) -> float | None:
    return roll_out.finished_at if roll_out.finished_at is not None else roll_out.stopped_at


def _why_way_back(snapshot: Snapshot, service: Service, primary: Deployment, sight: Sight) -> Wait | None:
    rollback = None if primary.rolls_back is None else snapshot.roll_out(primary).rollback
    if rollback is None:
        return None
    began = rollback.started_at
    reason = rollback.reason.removeprefix("Service deployment rolled back because ").rstrip(".")
    progress = _progress(snapshot, service, primary)
    to = resource_name(primary.task_definition_arn)
    sentence = f"it has been going back to {to} for {sight.since(began)}, because {reason}: {progress}"
    return _wait(service, WaitKind.WAY_BACK, sentence, since=began)


def _why_rolling(snapshot: Snapshot, service: Service, primary: Deployment, sight: Sight) -> Wait | None:
    """The progress of a deployment, or of the replacement of what was lost; other waits tell that of a way back."""
    if primary.rollout_state is RolloutState.FAILED or primary.rolls_back is not None or _bakes(primary, sight):
        return None
    progress = _progress(snapshot, service, primary)
    if primary.rollout_state is RolloutState.COMPLETED:
        return _wait(service, WaitKind.ROLL, f"it is not steady: {progress}")
    to = resource_name(primary.task_definition_arn)
    return _wait(service, WaitKind.ROLL, f"it is rolled to {to}: {progress}", since=primary.created_at)


def _progress(snapshot: Snapshot, service: Service, primary: Deployment) -> str:
    """`3 of 5 tasks are healthy, 2 old ones are left, 1 stops`."""
    tasks = snapshot.service_tasks(service.arn)
    new = tasks.of(primary.id)
    healthy, desired = new.count(Phase.HEALTHY), desired_count(snapshot, service)
    stopping = tasks.count(Phase.STOPPING)
    old = tasks.wanted - new.wanted
    parts = [f"{healthy} of {desired} tasks are healthy"]
    if new.wanted > desired:
        parts.append(f"{new.wanted - desired} more than desired {_are(new.wanted - desired)} to stop")
    if old:
        parts.append(f"{old} old {'one is' if old == 1 else 'ones are'} left")
    if stopping:
        parts.append(f"{stopping} {'stops' if stopping == 1 else 'stop'}")
    return ", ".join(parts)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _bakes(primary: Deployment, sight: Sight) -> bool:
    """Whether it is watched: once its bake time is over, it waits for tasks that were lost meanwhile."""
    return primary.bake_until is not None and sight.now < primary.bake_until


def _why_baking(snapshot: Snapshot, service: Service, primary: Deployment, sight: Sight) -> Wait | None:
    if not _bakes(primary, sight):
        return None
    names = service.alarms.names if service.alarms.is_enabled else ()
    if names and snapshot.roll_out(primary).ignores_alarms:
        watched = "; its alarms are ignored, for one was in ALARM when it began"
    else:
        watched = f"; alarms {', '.join(names)}" if names else ""
    assert primary.bake_until is not None, f"{primary.id} does not bake"
    sentence = f"it is healthy and is watched for {sight.until(primary.bake_until)} more (bake time){watched}"
    return _timed(service, WaitKind.BAKE, sentence, clears_at=primary.bake_until, clears=Clearing.AT)


def _deadline(service: Service, primary: Deployment, sight: Sight) -> Wait | None:
    if primary.deadline_at is None:
        return None
    sentence = f"the deployment fails unless it is complete in {sight.until(primary.deadline_at)} (deadline)"
    return _timed(service, WaitKind.DEADLINE, sentence, clears_at=primary.deadline_at, clears=Clearing.LATEST)


def _why_throttled(snapshot: Snapshot, service: Service, sight: Sight) -> Iterator[Wait]:
    """Deployments whose next start is delayed after failures."""
    for deployment in snapshot.service_deployments_of(service.arn):
        if deployment.retry_at is not None and deployment.retry_at > sight.now:
            count = deployment.failed_tasks
            after = f"after {count} {'failure' if count == 1 else 'failures'} in a row"
            which = resource_name(deployment.task_definition_arn)
            sentence = f"next start of {which} in {sight.until(deployment.retry_at)} {after}"
            yield _timed(service, WaitKind.THROTTLE, sentence, clears_at=deployment.retry_at, clears=Clearing.LATEST)


# What it is blocked by


def _why_blocked(snapshot: Snapshot, service: Service, primary: Deployment) -> Wait | None:
    if service.blocked_by is None:
        return None
    kind = _BLOCKS.get(service.blocked_by.partition(" ")[0], WaitKind.ROOM)
    return _wait(service, kind, blocked_because(snapshot, service, primary))


def blocked_because(snapshot: Snapshot, service: Service, primary: Deployment) -> str:
    """What `blocked_by` says, as a sentence with the numbers of now. The service must be blocked."""
    assert service.blocked_by is not None, f"{service.arn} is not blocked"
    cause, _, what = service.blocked_by.partition(" ")
    if cause == DEPLOYMENT_CONFIGURATION:
        percents = f"minimumHealthyPercent {service.minimum_healthy_percent}"
        percents += f" and maximumPercent {service.maximum_percent}"
        return f"{percents} together let no task stop and none start: change one of them"
    if cause == PROTECTION:
        return f"{what} {'task that should stop is' if what == '1' else 'tasks that should stop are'} protected"
    if cause == TARGET_GROUP:
        group = snapshot.target_groups.get(what)
        if group is None:
            return f"the target group {what} does not exist any more, so no task becomes healthy"
        return f"no listener forwards to target group {group.name}, so nothing checks its targets"
    return _lack(snapshot, primary, cause, what)


def _lack(snapshot: Snapshot, primary: Deployment, cause: str, host_id: str) -> str:
    host = snapshot.hosts.get(host_id)
    if host is None:
        return "no room: there is no host"
    definition = snapshot.task_definitions.get(primary.task_definition_arn)
    room, need = snapshot.room(host.id), Footprint(cpu=0, memory=0) if definition is None else footprint(definition)
    where = f"host {host.id[:8]}" if len(snapshot.hosts) > 1 else "the host"
    match cause:
        case "RESOURCE:CPU":
            return f"no room: a task needs {need.cpu} CPU units, {where} has {room.cpu_left(host)} of {host.cpu} free"
        case "RESOURCE:MEMORY":
            return (
                f"no room: a task needs {need.memory} MiB, {where} has {room.memory_left(host)} of {host.memory} free"
            )
        case "RESOURCE:PORTS":
            taken = room.taken(host, need.host_ports) or need.host_ports
            return f"no room: a task needs host port {', '.join(map(str, taken))}, which is taken on {where}"
        case "AGENT":
            return f"no room: {where} is not connected"
        case _:
            return f"no room: {where} takes no tasks, for it is to leave"


# Tasks


def _slowest(snapshot: Snapshot, service: Service, sight: Sight) -> Iterator[Wait]:
    """The waits of the tasks that have waited longest, of those that are to become healthy and of those that stop."""
    tasks = snapshot.service_tasks(service.arn)
    arns: list[str] = []
    for deployment in snapshot.service_deployments_of(service.arn):
        is_primary = deployment.status is DeploymentStatus.PRIMARY
        phases = (*(_ON_THEIR_WAY if is_primary else ()), Phase.STOPPING)
        arns += [arn for phase in phases for arn in tasks.of(deployment.id).first(phase, SLOWEST)]
    oldest = sorted((snapshot.tasks[arn] for arn in arns), key=_waiting_since)
    for task in oldest[:SLOWEST]:
        wait = why_task(snapshot, task, sight)
        if wait is not None:
            yield wait


def _waiting_since(task: Task) -> tuple[float, str]:
    return (task.created_at if task.stop_decided_at is None else task.stop_decided_at), task.arn

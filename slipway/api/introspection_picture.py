"""The picture of one service: what `slipway watch` draws. One JSON object, read from the snapshot, deciding nothing."""

from collections import Counter
from itertools import islice
from typing import Any

from slipway.api.introspection_lookup import revision_name
from slipway.api.introspection_roll_outs import ROLL_OUTS_SHOWN, roll_outs_of
from slipway.api.introspection_why import service_waits
from slipway.core.answers.sigterm_probe import sigterm_warnings
from slipway.core.answers.wait import Sight
from slipway.core.answers.way_back_time import way_back_s
from slipway.core.answers.why import why_task
from slipway.core.answers.why_service import blocked_because
from slipway.core.arns import cluster_name, deployment_id_of
from slipway.core.deployments.desired import bounds_of, desired_count
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState, Round
from slipway.core.model.load_balancing import Target
from slipway.core.model.services import Service, ServiceEvent
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase, phase_of

#: Tasks of one deployment and phase that a picture lists; the counts are always whole.
TASKS_LISTED = 200
#: Events that a picture carries; `…/events` has all.
EVENTS_SHOWN = 30
#: Stopped tasks are pictured for so long, the newest so many, sought among so many of the cluster's newest tasks.
STOPPED_SHOWN_S = 60
STOPPED_SHOWN = 20
STOPPED_SOUGHT = 200

ALIVE = tuple(phase for phase in Phase if phase is not Phase.STOPPED)


def service_picture(
    snapshot: Snapshot, service: Service, sight: Sight, *, roll_outs: int = ROLL_OUTS_SHOWN
) -> dict[str, Any]:
    """The service, its bounds, deployments, waits, tasks and latest events; instants are epoch seconds."""
    now = sight.now
    tasks = snapshot.service_tasks(service.arn)
    desired = desired_count(snapshot, service)
    limit = bounds_of(snapshot, service)
    deployments = snapshot.service_deployments_of(service.arn)
    return {
        "at": now,
        "cluster": cluster_name(service.arn),
        "service": service.name,
        "arn": service.arn,
        "status": service.status,
        "scheduling_strategy": service.scheduling_strategy,
        "desired_count": desired,
        "bounds": {"lower": limit.lower, "upper": limit.upper},
        "healthy": tasks.count(Phase.HEALTHY),
        "running": tasks.running,
        "wanted": tasks.wanted,
        "alive": tasks.alive,
        "steady_at": service.steady_at,
        "blocked_by": service.blocked_by,
        "blocked_because": _blocked_because(snapshot, service),
        "next_start_at": _next_start_at(deployments, now),
        "rollback_estimate_s": way_back_s(snapshot, service),
        "deployments": [_deployment(snapshot, one, desired=desired, now=now) for one in deployments],
        "roll_outs": roll_outs_of(snapshot, service, count=roll_outs),
        "waits": service_waits(snapshot, service, sight),
        "slow_stops": _slow_stops(snapshot, service),
        "tasks": [_task(snapshot, task, sight) for task in _listed_tasks(snapshot, service, deployments, now=now)],
        "targets": _target_states(snapshot, deployments),
        "events": [event_entry(one) for one in islice(snapshot.events(service.arn), EVENTS_SHOWN)],
    }


def _slow_stops(snapshot: Snapshot, service: Service) -> list[str]:
    """A sentence for each container of the PRIMARY that had to be killed in most of its last stops."""
    primary = snapshot.primary(service.arn)
    definition = None if primary is None else snapshot.task_definitions.get(primary.task_definition_arn)
    if definition is None:
        return []
    desired, limit = desired_count(snapshot, service), bounds_of(snapshot, service)
    return list(sigterm_warnings(snapshot, service, definition, desired=desired, limit=limit))


def _next_start_at(deployments: tuple[Deployment, ...], now: float) -> float | None:
    """When the next task may start, where starts are delayed; None: at once."""
    delays = [one.retry_at for one in deployments if one.retry_at is not None and one.retry_at > now]
    return min(delays, default=None)


def event_entry(event: ServiceEvent) -> dict[str, Any]:
    """One service event: id, instant and ECS's sentence."""
    return {"id": event.id, "at": event.created_at, "message": event.message}


def phase_counts(snapshot: Snapshot, service: Service, deployment: Deployment) -> dict[str, int]:
    """How many tasks of a deployment are in each phase, by the phase's name in lower case."""
    tasks = snapshot.service_tasks(service.arn).of(deployment.id)
    return {phase.name.lower(): tasks.count(phase) for phase in ALIVE}


def _deployment(snapshot: Snapshot, deployment: Deployment, *, desired: int, now: float) -> dict[str, Any]:
    began_at, ended_at = _times(snapshot, deployment)
    is_primary = deployment.status is DeploymentStatus.PRIMARY
    return {
        "id": deployment.id,
        "status": deployment.status,
        "rollout_state": deployment.rollout_state,
        "rollout_state_reason": deployment.rollout_state_reason,
        "task_definition": revision_name(deployment.task_definition_arn),
        "desired_count": desired if is_primary else deployment.desired_count,
        "created_at": deployment.created_at,
        "updated_at": deployment.updated_at,
        "elapsed_s": round((now if ended_at is None else ended_at) - began_at, 3),
        "is_ended": deployment.rollout_state is not RolloutState.IN_PROGRESS or ended_at is not None,
        "failed_tasks": deployment.failed_tasks,
        "failure_count": deployment.failure_count,
        "bake_until": deployment.bake_until,
        "deadline_at": deployment.deadline_at,
        "rolls_back": _taken_back(snapshot, deployment),
        "counts": phase_counts(snapshot, snapshot.services[deployment.service_arn], deployment),
        "rounds": [_round(one) for one in deployment.rounds],
    }


def _times(snapshot: Snapshot, deployment: Deployment) -> tuple[float, float | None]:
    """When a deployment began and ended (None: it goes on): as a way back, when that did; one that is taken back ended
    when its way back began."""
    roll_out = snapshot.roll_out(deployment)
    rollback = roll_out.rollback
    if deployment.rolls_back is not None and rollback is not None:
        return rollback.started_at, roll_out.finished_at
    if rollback is not None:
        return deployment.created_at, rollback.started_at
    return deployment.created_at, roll_out.finished_at if roll_out.finished_at is not None else roll_out.stopped_at


def _taken_back(snapshot: Snapshot, deployment: Deployment) -> str | None:
    """The id of the deployment that this one takes back; None: it takes none back."""
    if deployment.rolls_back is None:
        return None
    return deployment_id_of(snapshot.roll_out(deployment).target_revision_arn)


def _round(one: Round) -> dict[str, Any]:
    return {"kind": one.kind, "count": one.count, "at": one.at}


def _listed_tasks(
    snapshot: Snapshot, service: Service, deployments: tuple[Deployment, ...], *, now: float
) -> list[Task]:
    """Tasks by deployment, the newest first, and age; then those that stopped lately, the newest first."""
    counted = snapshot.service_tasks(service.arn)
    arns = [
        arn
        for deployment in deployments
        for phase in ALIVE
        for arn in counted.of(deployment.id).first(phase, TASKS_LISTED)
    ]
    rank = {deployment.id: index for index, deployment in enumerate(deployments)}
    alive = sorted(
        (snapshot.tasks[arn] for arn in arns),
        key=lambda task: (rank[task.deployment_id or ""], task.created_at, task.arn),
    )
    stopped = [
        task
        for task in snapshot.recent_tasks(service.cluster_arn, STOPPED_SOUGHT)
        if task.service_arn == service.arn and (task.stopped_at or 0) > now - STOPPED_SHOWN_S and task.is_stopped
    ]
    stopped.sort(key=lambda task: (-(task.stopped_at or 0), task.arn))
    return alive + stopped[:STOPPED_SHOWN]


def _task(snapshot: Snapshot, task: Task, sight: Sight) -> dict[str, Any]:
    wait = why_task(snapshot, task, sight)
    return {
        "id": task.id,
        "deployment": task.deployment_id,
        "task_definition": revision_name(task.task_definition_arn),
        "phase": phase_of(task).name.lower(),
        "last_status": task.last_status,
        "desired_status": task.desired_status,
        "health_status": task.health_status,
        "created_at": task.created_at,
        "started_at": task.started_at,
        "healthy_at": task.healthy_at,
        "stop_decided_at": task.stop_decided_at,
        "stop_ordered_at": task.stop_ordered_at,
        "stopped_at": task.stopped_at,
        "waiting_for": None if wait is None else wait.sentence,
        "unhealthy_reason": task.unhealthy_reason,
        "stopped_reason": task.stopped_reason,
        "exit_codes": {one.name: one.exit_code for one in task.containers if one.exit_code is not None},
        "containers": [one.name for one in task.containers],
        "targets": [_target(snapshot, target) for target in snapshot.task_targets(task.arn)],
    }


def _target(snapshot: Snapshot, target: Target) -> dict[str, Any]:
    return {
        "target_group": _group_name(snapshot, target.target_group_arn),
        "id": target.id,
        "port": target.port,
        "state": target.state,
        "reason": target.reason,
        "description": target.description,
    }


def _target_states(snapshot: Snapshot, deployments: tuple[Deployment, ...]) -> list[dict[str, Any]]:
    """How many targets of each target group of the service are in each state; groups without a target are left out."""
    revisions = (snapshot.service_revisions[one.revision_arn] for one in deployments)
    groups = sorted({balanced.target_group_arn for one in revisions for balanced in one.load_balancers})
    counted = ((arn, Counter(target.state for target in snapshot.group_targets(arn))) for arn in groups)
    return [
        {"target_group": _group_name(snapshot, arn), "states": dict(sorted(states.items()))}
        for arn, states in counted
        if states
    ]


def _group_name(snapshot: Snapshot, arn: str) -> str:
    group = snapshot.target_groups.get(arn)
    return group.name if group is not None else arn


def _blocked_because(snapshot: Snapshot, service: Service) -> str | None:
    """Why the last start or stop was refused, as a sentence; None where none was."""
    primary = snapshot.primary(service.arn)
    if service.blocked_by is None or primary is None:
        return None
    return blocked_because(snapshot, service, primary)

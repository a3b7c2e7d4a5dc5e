"""Scale-in protection of tasks: update and get. Source: ECS API, UpdateTaskProtection and GetTaskProtection."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.identifiers import failure, find_cluster, task_arn_of
from slipway.api.parameters import asked_for, number
from slipway.core.deployments.desired import desired_count
from slipway.core.model.clusters import Cluster
from slipway.core.model.tasks import DesiredStatus, Task
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

#: Most tasks of one call (ECS API).
UPDATE_LIMIT = 10
GET_LIMIT = 100
#: How long a task may be protected, in minutes, and how long it is where nothing is said (ECS API).
MINUTES_LIMIT = 2_880
MINUTES_DEFAULT = 120


def update_task_protection(call: Call) -> dict[str, Any]:
    """A task that is protected already is protected for the new time. Tasks that cannot be are failures."""
    cluster = find_cluster(call)
    arns = _asked(call, cluster, limit=UPDATE_LIMIT)
    minutes = number(call.params, "expiresInMinutes", low=1, high=MINUTES_LIMIT)
    is_enabled = call.params["protectionEnabled"]
    until = call.now + 60.0 * (minutes or MINUTES_DEFAULT) if is_enabled else None
    protected: dict[str, set[str]] = {}
    shown, failures = [], []
    for arn in arns:
        task, refused = _found(call, cluster, arn)
        if task is not None and until is not None:
            refused = _blocked(call, task, protected)
        if task is None or refused is not None:
            failures.append(refused)
            continue
        changed = replace(task, protected_until=until)
        if changed != task:
            call.put(changed, cause="protected from scale-in" if is_enabled else "not protected any more")
        shown.append(_view(changed, now=call.now))
    return {"protectedTasks": shown, "failures": failures}


def get_task_protection(call: Call) -> dict[str, Any]:
    cluster = find_cluster(call)
    shown, failures = [], []
    for arn in _asked(call, cluster, limit=GET_LIMIT):
        task, refused = _found(call, cluster, arn)
        if task is None:
            failures.append(refused)
        else:
            shown.append(_view(task, now=call.now))
    return {"protectedTasks": shown, "failures": failures}


def _asked(call: Call, cluster: Cluster, *, limit: int) -> list[str]:
    """The ARNs of the tasks the call names, each once."""
    names = asked_for(call.params, "tasks", limit=limit)
    return list(dict.fromkeys(task_arn_of(call, cluster, name) for name in names))


def _found(call: Call, cluster: Cluster, arn: str) -> tuple[Task | None, dict[str, str] | None]:
    """The task, or why it can have no protection: ECS's reasons, and a detail with the fix."""
    task = call.snapshot.tasks.get(arn)
    if task is None or task.cluster_arn != cluster.arn or task.is_stopped:
        return None, failure(arn)
    if task.service_arn is None:
        detail = "The task belongs to no service, so nothing scales it in; leave it out."
        return None, {"arn": arn, "reason": "TASK_NOT_VALID", "detail": detail}
    if task.desired_status is DesiredStatus.STOPPED:
        detail = "The task is stopping already; name a task that is to run."
        return None, {"arn": arn, "reason": "TASK_NOT_VALID", "detail": detail}
    return task, None


def _blocked(call: Call, task: Task, protected: dict[str, set[str]]) -> dict[str, str] | None:
    """Why one more protected task would hold up its service for good; None, and it is one of `protected`, if not."""
    assert task.service_arn is not None, f"{task.arn} is a standalone task"
    service = call.snapshot.services[task.service_arn]
    known = protected.setdefault(service.arn, _protected(call.snapshot, service.arn, now=call.now))
    desired = desired_count(call.snapshot, service)
    if len(known | {task.arn}) > desired:
        detail = (
            f"{len(known | {task.arn})} tasks would be protected, and the service is to have {desired}; "
            "end the protection of others, or raise its desired count."
        )
        return {"arn": task.arn, "reason": "DEPLOYMENT_BLOCKED", "detail": detail}
    known.add(task.arn)
    return None


def _protected(snapshot: Snapshot, service_arn: str, *, now: float) -> set[str]:
    """The ARNs of the service's protected tasks that are to run."""
    tasks = snapshot.service_tasks(service_arn)
    arns = (arn for one in snapshot.service_deployments_of(service_arn) for arn in tasks.of(one.id).protected(*Phase))
    found = (snapshot.tasks[arn] for arn in arns)
    return {task.arn for task in found if task.desired_status is DesiredStatus.RUNNING and _is_protected(task, now=now)}


def _is_protected(task: Task, *, now: float) -> bool:
    return task.protected_until is not None and task.protected_until > now


def _view(task: Task, *, now: float) -> dict[str, Any]:
    is_protected = _is_protected(task, now=now)
    expiry = {"expirationDate": task.protected_until} if is_protected else {}
    return {"taskArn": task.arn, "protectionEnabled": is_protected, **expiry}


HANDLERS: Mapping[str, Handler] = {
    "UpdateTaskProtection": update_task_protection,
    "GetTaskProtection": get_task_protection,
}

"""Tasks: run and stop. Their reads are in `ecs_reads`."""

from collections.abc import Callable, Mapping
from typing import Any

from slipway.api.call import Answer, Call, Handler
from slipway.api.errors import ApiError
from slipway.api.idempotency import earlier, fingerprint, remember
from slipway.api.identifiers import find_active_cluster, find_active_task_definition, find_cluster, find_task
from slipway.api.launch_form import read_capacity
from slipway.api.network_form import read_network
from slipway.api.override_form import read_overrides
from slipway.api.parameters import choice, invalid
from slipway.api.tag_lists import read_tags
from slipway.api.task_view import task_view
from slipway.core.model.clusters import Cluster
from slipway.core.model.tags import merge_tags
from slipway.core.model.tasks import StopCode
from slipway.core.placing.placement import Refusal
from slipway.core.tasks.launch import Launch, launch_tasks, start_command
from slipway.core.tasks.stopping import decide_stop

#: ECS quotas: tasks a RunTask call.
COUNT_LIMIT = 10
#: ECS API, RunTask.
STARTED_BY_LIMIT = 128
REASON_LIMIT = 1_024


def run_task(call: Call) -> Callable[[], Answer] | Answer:
    """RunTask: as many tasks as there is room for, and a failure for each of the others."""
    cluster = find_active_cluster(call)
    token = call.params.get("clientToken")
    scope = f"RunTask {cluster.arn}"
    made = earlier(call, scope, token) if token else None
    if made is not None:
        return _repeated(call, made.fingerprint, made.resource_arns)
    launch, count = _read_launch(call, cluster)
    if not call.snapshot.hosts:
        raise invalid("No Container Instances were found in your cluster.")
    tasks, refusal = launch_tasks(call.snapshot, launch, count, arns=call.arns, ids=call.ids, now=call.now)
    for task in tasks:
        call.put(task, cause="run by RunTask")
        call.commands.append(start_command(call.snapshot, task))
    if token:
        remember(call, scope, token, (task.arn for task in tasks))
    failures = [] if refusal is None else [_failure(call, cluster, refusal)] * (count - len(tasks))
    return lambda: {
        "tasks": [task_view(call.snapshot, call.snapshot.tasks[task.arn], with_tags=True) for task in tasks],
        "failures": failures,
    }


def _repeated(call: Call, known: str, arns: tuple[str, ...]) -> Answer:
    """The answer to a call whose token was seen: the same tasks, if it asks for the same."""
    if known != fingerprint(call):
        raise ApiError(
            "ConflictException",
            "clientToken was used before with other parameters; use a new token for a new run.",
            resourceIds=list(arns),
        )
    found = (call.snapshot.tasks.get(arn) for arn in arns)
    return {
        "tasks": [task_view(call.snapshot, task, with_tags=True) for task in found if task is not None],
        "failures": [],
    }


def _read_launch(call: Call, cluster: Cluster) -> tuple[Launch, int]:
    params = call.params
    definition = find_active_task_definition(call, params["taskDefinition"])
    count = params.get("count", 1)
    if not 1 <= count <= COUNT_LIMIT:
        raise invalid(f"count is {count}; give a number from 1 to {COUNT_LIMIT}.")
    started_by = params.get("startedBy")
    if started_by and len(started_by) > STARTED_BY_LIMIT:
        raise invalid(f"startedBy has {len(started_by)} characters; give at most {STARTED_BY_LIMIT}.")
    if params.get("volumeConfigurations"):
        raise ApiError(
            "UnsupportedFeatureException", "volumeConfigurations are not served by this version; leave them out."
        )
    group = params.get("group") or f"family:{definition.family}"
    if group.startswith("service:"):
        raise invalid(f"group '{group}' is reserved for services; choose a name without 'service:'.")
    propagated = choice(params, "propagateTags", ("TASK_DEFINITION", "NONE"))
    overrides = read_overrides(params, definition)
    capacity = read_capacity(params, cluster, definition)
    document: dict[str, Any] = {
        "overrides": overrides.document,
        **read_network(params, definition),
        **capacity.document,
    }
    if "enableExecuteCommand" in params:
        document["enableExecuteCommand"] = params["enableExecuteCommand"]
    tags = definition.tags if propagated == "TASK_DEFINITION" else ()
    launch = Launch(
        cluster_arn=cluster.arn,
        cluster_name=cluster.name,
        definition=definition,
        group=group,
        launch_type=capacity.launch_type,
        started_by=started_by,
        cpu=overrides.cpu,
        memory=overrides.memory,
        document=document,
        tags=merge_tags(tags, read_tags(params)),
    )
    return launch, count


def _failure(call: Call, cluster: Cluster, refusal: Refusal) -> dict[str, str]:
    """Why a task found no room: the closest container instance and what it lacks."""
    assert refusal.host_id is not None, "a host was there when the tasks were placed"
    arn = call.arns.container_instance(cluster.name, refusal.host_id)
    return {"arn": arn, "reason": refusal.reason, "detail": f"The container instance {refusal.lack}."}


def stop_task(call: Call) -> Callable[[], Answer]:
    """StopTask: the task is drained first, then signalled. A task that is stopping already keeps its reason.

    One that stopped long ago may be forgotten by the commit this answer waits for: it is shown as it was.
    """
    task = find_task(call, find_cluster(call), call.params["task"])
    reason = call.params.get("reason") or "Task stopped by user"
    if len(reason) > REASON_LIMIT:
        raise invalid(f"reason has {len(reason)} characters; give at most {REASON_LIMIT}.")
    stopping = decide_stop(task, code=StopCode.USER_INITIATED, reason=reason, now=call.now)
    if stopping != task:
        call.put(stopping, cause=f"stopped by user: {reason}")
    return lambda: {"task": task_view(call.snapshot, call.snapshot.tasks.get(task.arn, stopping), with_tags=True)}


HANDLERS: Mapping[str, Handler] = {"RunTask": run_task, "StopTask": stop_task}

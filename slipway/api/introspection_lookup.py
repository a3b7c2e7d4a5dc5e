"""Finding what a path of Slipway's own routes names; a refusal says what is there instead."""

from collections.abc import Iterable

from slipway.api.errors import ApiError
from slipway.core.answers.postmortem import failed_roll_out
from slipway.core.arns import deployment_id_of, resource_name
from slipway.core.model.clusters import Cluster, ClusterStatus
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tasks import Container, Task
from slipway.core.snapshot import Snapshot

#: The fewest leading characters of a task id that may stand for it.
SHORTEST_TASK_ID = 4
NAMED_MOST = 10

_NO_ROLL_OUT = "ServiceDeploymentNotFoundException"


def find_service(snapshot: Snapshot, cluster: str, service: str) -> Service:
    """The service of that name, in any status: a deleted one until another has its name. Raises `ApiError`."""
    there = tuple(snapshot.cluster_services(_find_cluster(snapshot, cluster).arn))
    found = next((one for one in there if one.name == service), None)
    if found is None:
        names = sorted(one.name for one in there if one.status is not ServiceStatus.INACTIVE)
        sentence = f"There is no service {service} in cluster {cluster}; {_listed('its services are', names)}."
        raise ApiError("ServiceNotFoundException", sentence)
    return found


def find_roll_out(snapshot: Snapshot, service: Service, name: str) -> ServiceDeployment:
    """The service deployment that `name` means: its ARN, the deployment's id or the number of that; where it is empty,
    the newest that did not succeed. Raises `ApiError`."""
    if not name:
        failed = failed_roll_out(snapshot, service)
        if failed is not None:
            return failed
        sentence = f"No deployment of {service.name} failed: each succeeded or goes on; name one with deployment=."
        raise ApiError(_NO_ROLL_OUT, sentence)
    history = [one for one in snapshot.service_history(service.arn) if one.created_at >= service.created_at]
    found = next((one for one in history if name in _names(one)), None)
    if found is None:
        there = _listed("those kept are, newest first,", [deployment_id_of(one.target_revision_arn) for one in history])
        raise ApiError(_NO_ROLL_OUT, f"There is no deployment {name} of {service.name}; {there}.")
    return found


def _names(roll_out: ServiceDeployment) -> tuple[str, ...]:
    deployment_id = deployment_id_of(roll_out.target_revision_arn)
    return roll_out.arn, resource_name(roll_out.arn), deployment_id, deployment_id.removeprefix("ecs-svc/")


def find_task(snapshot: Snapshot, task: str) -> Task:
    """The task with that id, or whose id alone begins so (at least four characters). Raises `ApiError`."""
    for cluster in snapshot.clusters.values():
        found = snapshot.tasks.get(f"{cluster.arn.replace(':cluster/', ':task/', 1)}/{task}")
        if found is not None:
            return found
    if len(task) < SHORTEST_TASK_ID:
        sentence = f"{task} is no task's id: give all 32 characters of it, or the first {SHORTEST_TASK_ID} at least."
        raise ApiError("InvalidParameterException", sentence)
    begun = [one for one in snapshot.tasks.values() if one.id.startswith(task)]
    if len(begun) > 1:
        ids = _listed("", sorted(one.id for one in begun))
        raise ApiError("InvalidParameterException", f"{len(begun)} tasks have an id that begins {task}:{ids}.")
    if not begun:
        sentence = f"There is no task {task}; a stopped task is kept for about an hour."
        raise ApiError("InvalidParameterException", sentence)
    return begun[0]


def find_container(task: Task, name: str) -> Container:
    """The container called `name`, or the only one where the name is empty. Raises `ApiError`."""
    if not name and len(task.containers) == 1:
        return task.containers[0]
    found = next((container for container in task.containers if container.name == name), None)
    if found is None:
        names = ", ".join(container.name for container in task.containers)
        wrong = f"Task {task.id} has no container {name}" if name else f"Task {task.id} has several containers"
        raise ApiError("InvalidParameterException", f"{wrong}: name one with container=, of {names}.")
    return found


def revision_name(task_definition_arn: str) -> str:
    """`family:revision` of a task definition's ARN."""
    return task_definition_arn.rpartition("/")[2]


def _find_cluster(snapshot: Snapshot, name: str) -> Cluster:
    active = {one.name: one for one in snapshot.clusters.values() if one.status is ClusterStatus.ACTIVE}
    if name in active:
        return active[name]
    names = sorted(active)
    raise ApiError("ClusterNotFoundException", f"There is no cluster {name}; {_listed('the clusters are', names)}.")


def _listed(head: str, names: Iterable[str]) -> str:
    names = tuple(names)
    if not names:
        return "there are none"
    more = f" and {len(names) - NAMED_MOST} more" if len(names) > NAMED_MOST else ""
    return f"{head} {', '.join(names[:NAMED_MOST])}{more}"

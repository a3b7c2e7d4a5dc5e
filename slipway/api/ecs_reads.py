"""ECS services and tasks, read."""

from collections.abc import Iterable, Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.identifiers import (
    container_instance_arn_of,
    container_instances,
    failure,
    find_cluster,
    find_service,
    service_arn_of,
    task_arn_of,
)
from slipway.api.paging import page_of_names
from slipway.api.parameters import asked_for, choice, included, invalid
from slipway.api.service_view import service_view
from slipway.api.task_view import task_view
from slipway.core.model.clusters import Cluster
from slipway.core.model.services import SchedulingStrategy, ServiceStatus
from slipway.core.model.tasks import Task

#: Most items of one Describe call, and services of a page where no size is asked for (ECS API).
DESCRIBE_SERVICES_LIMIT = 10
DESCRIBE_TASKS_LIMIT = 100
LIST_SERVICES_DEFAULT = 10

_LAUNCH_TYPES = ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")


def describe_services(call: Call) -> dict[str, Any]:
    cluster = find_cluster(call)
    with_tags = "TAGS" in included(call.params, ("TAGS",))
    found, failures = [], []
    for name in asked_for(call.params, "services", limit=DESCRIBE_SERVICES_LIMIT):
        arn = service_arn_of(call, cluster, name)
        service = call.snapshot.services.get(arn)
        if service is None or service.cluster_arn != cluster.arn:
            failures.append(failure(arn))
        else:
            found.append(service_view(call.snapshot, service, with_tags=with_tags))
    return {"services": found, "failures": failures}


def list_services(call: Call) -> dict[str, Any]:
    """INACTIVE services are not listed; they can be described."""
    cluster = find_cluster(call)
    launch_type = choice(call.params, "launchType", _LAUNCH_TYPES)
    strategy = choice(call.params, "schedulingStrategy", tuple(SchedulingStrategy))
    manager = choice(call.params, "resourceManagementType", ("CUSTOMER", "ECS"))
    arns = (
        service.arn
        for service in call.snapshot.cluster_services(cluster.arn)
        if service.status is not ServiceStatus.INACTIVE
        and launch_type in (None, service.launch_type)
        and strategy in (None, service.scheduling_strategy)
        and manager != "ECS"
    )
    found, rest = page_of_names(arns, call.params, "ListServices", default=LIST_SERVICES_DEFAULT)
    return {"serviceArns": found, **rest}


def describe_tasks(call: Call) -> dict[str, Any]:
    cluster = find_cluster(call)
    with_tags = "TAGS" in included(call.params, ("TAGS",))
    found, failures = [], []
    for name in asked_for(call.params, "tasks", limit=DESCRIBE_TASKS_LIMIT):
        arn = task_arn_of(call, cluster, name)
        task = call.snapshot.tasks.get(arn)
        if task is None or task.cluster_arn != cluster.arn:
            failures.append(failure(arn))
        else:
            found.append(task_view(call.snapshot, task, with_tags=with_tags))
    return {"tasks": found, "failures": failures}


def list_tasks(call: Call) -> dict[str, Any]:
    """`desiredStatus` PENDING finds nothing, as in ECS: no task is ever wanted PENDING."""
    cluster = find_cluster(call)
    wanted = choice(call.params, "desiredStatus", ("RUNNING", "PENDING", "STOPPED")) or "RUNNING"
    tasks = (task for task in _chosen(call, cluster) if task.desired_status == wanted)
    found, rest = page_of_names((task.arn for task in tasks), call.params, "ListTasks")
    return {"taskArns": found, **rest}


def _chosen(call: Call, cluster: Cluster) -> Iterable[Task]:
    """The tasks of the cluster that pass the call's filters, whatever their desired status."""
    params = call.params
    tasks: Iterable[Task] = call.snapshot.cluster_tasks(cluster.arn)
    filters = [name for name in ("containerInstance", "family", "launchType", "serviceName") if params.get(name)]
    if params.get("daemonName"):
        raise invalid("Slipway does not serve managed daemons yet; list without daemonName.")
    if starter := params.get("startedBy"):
        if filters:
            raise invalid(f"startedBy cannot be used together with {filters[0]}; leave one of them out.")
        return (task for task in tasks if task.started_by == starter)
    if launch_type := choice(params, "launchType", _LAUNCH_TYPES):
        tasks = (task for task in tasks if task.launch_type == launch_type)
    if family := params.get("family"):
        start = call.arns.task_definition(family, 0).removesuffix("0")
        tasks = (task for task in tasks if task.task_definition_arn.startswith(start))
    if service_name := params.get("serviceName"):
        service_arn = find_service(call, cluster, service_name).arn
        tasks = (task for task in tasks if task.service_arn == service_arn)
    if instance := params.get("containerInstance"):
        host_id = _host_id(call, cluster, instance)
        tasks = (task for task in tasks if task.host_id == host_id)
    return tasks


def _host_id(call: Call, cluster: Cluster, instance: str) -> str:
    host = container_instances(call, cluster).get(container_instance_arn_of(call, cluster, instance))
    if host is None:
        raise invalid(
            f"The container instance '{instance}' was not found in the cluster; list them by ListContainerInstances."
        )
    return host.id


HANDLERS: Mapping[str, Handler] = {
    "DescribeServices": describe_services,
    "ListServices": list_services,
    "DescribeTasks": describe_tasks,
    "ListTasks": list_tasks,
}

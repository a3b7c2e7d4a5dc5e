"""Names and ARNs as callers give them, resolved to records: short names, long ARNs, and the old short ARNs of ECS.

`find_…` raise the operation's error for what is not there; `…_arn_of` only say which ARN is meant, for Describe
operations, which answer a failure instead.
"""

from slipway.api.call import Call
from slipway.api.errors import ApiError
from slipway.api.parameters import client_error, invalid
from slipway.core.model.clusters import Cluster, ClusterStatus
from slipway.core.model.hosts import Host
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.task_definitions import TaskDefinition, TaskDefinitionStatus
from slipway.core.model.tasks import Task

#: The cluster that is meant where none is named (ECS API).
DEFAULT_CLUSTER = "default"

#: Why a Describe operation shows nothing for a name (ECS API, `Failure.reason`).
MISSING = "MISSING"


def failure(arn: str) -> dict[str, str]:
    """The entry of `failures[]` for a resource that is not there."""
    return {"arn": arn, "reason": MISSING}


def resource_kind(arn: str) -> str | None:
    """The kind in an ECS ARN (`cluster`, `service`, `task`, `task-definition`, …); None for anything else."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "ecs":
        return None
    return parts[5].partition("/")[0]


def cluster_arn_of(call: Call, name_or_arn: str) -> str:
    """The ARN of the cluster meant. Raises InvalidParameterException for the ARN of something else."""
    if not name_or_arn.startswith("arn:"):
        return call.arns.cluster(name_or_arn)
    _expect(name_or_arn, "cluster", "cluster")
    return name_or_arn


def find_cluster(call: Call, name: str = "cluster") -> Cluster:
    """The cluster that the member `name` means, `default` where it is absent. Raises ClusterNotFoundException."""
    cluster = call.snapshot.clusters.get(cluster_arn_of(call, call.params.get(name) or DEFAULT_CLUSTER))
    if cluster is None:
        raise ApiError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def find_active_cluster(call: Call, name: str = "cluster") -> Cluster:
    """`find_cluster`, of clusters that were not deleted: those that services and tasks can be made in."""
    cluster = find_cluster(call, name)
    if cluster.status is not ClusterStatus.ACTIVE:
        raise ApiError("ClusterNotFoundException", "The referenced cluster was inactive.")
    return cluster


def service_arn_of(call: Call, cluster: Cluster, name_or_arn: str) -> str:
    """The ARN of the service meant; for the old ARN without a cluster, that of the service in `cluster`."""
    return _in_cluster(name_or_arn, "service", call.arns.service(cluster.name, _last(name_or_arn)))


def find_service(call: Call, cluster: Cluster, name_or_arn: str) -> Service:
    """The service of `cluster` meant, in any status. Raises ServiceNotFoundException."""
    service = call.snapshot.services.get(service_arn_of(call, cluster, name_or_arn))
    if service is None or service.cluster_arn != cluster.arn:
        raise ApiError("ServiceNotFoundException", "Service not found.")
    return service


def find_active_service(call: Call, cluster: Cluster, name_or_arn: str) -> Service:
    """`find_service`, of services that were not deleted. Raises ServiceNotActiveException too."""
    service = find_service(call, cluster, name_or_arn)
    if service.status is not ServiceStatus.ACTIVE:
        raise ApiError("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


def task_arn_of(call: Call, cluster: Cluster, id_or_arn: str) -> str:
    """The ARN of the task meant; for an id or the old ARN without a cluster, that of the task in `cluster`."""
    return _in_cluster(id_or_arn, "task", call.arns.task(cluster.name, _last(id_or_arn)))


def find_task(call: Call, cluster: Cluster, id_or_arn: str) -> Task:
    """The task of `cluster` meant. Raises InvalidParameterException, as StopTask does."""
    task = call.snapshot.tasks.get(task_arn_of(call, cluster, id_or_arn))
    if task is None or task.cluster_arn != cluster.arn:
        raise invalid("The referenced task was not found.")
    return task


def container_instance_arn_of(call: Call, cluster: Cluster, id_or_arn: str) -> str:
    """The ARN of the container instance meant."""
    of_cluster = cluster.arn.replace(":cluster/", ":container-instance/", 1)
    return _in_cluster(id_or_arn, "container-instance", f"{of_cluster}/{_last(id_or_arn)}")


def container_instances(call: Call, cluster: Cluster) -> dict[str, Host]:
    """The container instances of `cluster` by ARN: every host, while the cluster is ACTIVE."""
    if cluster.status is not ClusterStatus.ACTIVE:
        return {}
    return {call.arns.container_instance(cluster.name, host.id): host for host in call.snapshot.hosts.values()}


def find_task_definition(call: Call, name: str) -> TaskDefinition:
    """The revision meant by a family (its latest ACTIVE one), `family:revision` or an ARN, in any status.

    Raises ClientException `Unable to describe task definition.`, or InvalidParameterException for a bad revision.
    """
    family, revision = _family_and_revision(name)
    if revision is None:
        found = latest_active(call, family)
    else:
        arn = name if name.startswith("arn:") else call.arns.task_definition(family, revision)
        found = call.snapshot.task_definitions.get(arn)
    if found is None:
        raise client_error("Unable to describe task definition.")
    return found


def find_active_task_definition(call: Call, name: str) -> TaskDefinition:
    """`find_task_definition`, of revisions that tasks can be made of. Raises ClientException for others."""
    definition = find_task_definition(call, name)
    if definition.status is not TaskDefinitionStatus.ACTIVE:
        raise client_error("TaskDefinition is inactive")
    return definition


def find_revision(call: Call, name: str) -> TaskDefinition:
    """`find_task_definition`, where the revision must be named: `family:revision` or an ARN."""
    if _family_and_revision(name)[1] is None:
        raise invalid(f"Invalid revision number. Number: null. Name one revision, as in {name}:1.")
    return find_task_definition(call, name)


def latest_active(call: Call, family: str) -> TaskDefinition | None:
    """The newest ACTIVE revision of a family; None where there is none."""
    revisions = reversed(call.snapshot.revisions(family))
    return next((item for item in revisions if item.status is TaskDefinitionStatus.ACTIVE), None)


def _family_and_revision(name: str) -> tuple[str, int | None]:
    if name.startswith("arn:"):
        _expect(name, "task-definition", "taskDefinition")
        name = name.split(":", 5)[5].partition("/")[2]
    family, colon, revision = name.partition(":")
    if not colon:
        return family, None
    if not (revision.isascii() and revision.isdecimal() and 0 < int(revision[:10]) < 2**31):
        raise invalid(f"Invalid revision number. Number: {revision}")
    return family, int(revision[:10])


def _expect(arn: str, kind: str, member: str) -> None:
    if resource_kind(arn) != kind:
        raise invalid(f"Invalid identifier: {arn} is not the ARN of a {kind}; give {member} as its name or ARN.")


def _in_cluster(name_or_arn: str, kind: str, arn: str) -> str:
    """`arn`, the one in the cluster that the call names, unless a long ARN was given, which says it all."""
    if not name_or_arn.startswith("arn:"):
        return arn
    _expect(name_or_arn, kind, kind)
    return name_or_arn if name_or_arn.count("/") > 1 else arn


def _last(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]

"""All clusters, services, tasks and hosts at a glance: what `slipway status` prints."""

from typing import Any

from slipway.api.introspection_lookup import revision_name
from slipway.api.introspection_picture import phase_counts
from slipway.api.introspection_roll_outs import roll_outs_of
from slipway.core.deployments.desired import desired_count
from slipway.core.model.clusters import Cluster, ClusterStatus
from slipway.core.model.hosts import Host
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

#: Standalone tasks listed of one cluster, the newest first.
STANDALONE_LISTED = 50
STANDALONE_SOUGHT = 500


def overview(snapshot: Snapshot, *, now: float) -> dict[str, Any]:
    """Clusters with their services and standalone tasks, and hosts with the room left (CPU units, MiB)."""
    clusters = (one for one in snapshot.clusters.values() if one.status is ClusterStatus.ACTIVE)
    return {
        "at": now,
        "clusters": [_cluster(snapshot, one) for one in sorted(clusters, key=lambda one: one.name)],
        "hosts": [_host(snapshot, one) for one in sorted(snapshot.hosts.values(), key=lambda one: one.id)],
    }


def _cluster(snapshot: Snapshot, cluster: Cluster) -> dict[str, Any]:
    services = [one for one in snapshot.cluster_services(cluster.arn) if one.status is not ServiceStatus.INACTIVE]
    alone = [
        task
        for task in snapshot.recent_tasks(cluster.arn, STANDALONE_SOUGHT)
        if task.service_arn is None and not task.is_stopped
    ]
    return {
        "name": cluster.name,
        "arn": cluster.arn,
        "status": cluster.status,
        "services": [_service(snapshot, one) for one in sorted(services, key=lambda one: one.name)],
        "tasks": [_standalone(task) for task in alone[:STANDALONE_LISTED]],
    }


def _service(snapshot: Snapshot, service: Service) -> dict[str, Any]:
    tasks = snapshot.service_tasks(service.arn)
    primary = snapshot.primary(service.arn)
    return {
        "name": service.name,
        "arn": service.arn,
        "status": service.status,
        "desired_count": desired_count(snapshot, service),
        "running": tasks.running,
        "healthy": tasks.count(Phase.HEALTHY),
        "starting": tasks.count(Phase.STARTING),
        "stopping": tasks.count(Phase.STOPPING),
        "task_definition": revision_name(primary.task_definition_arn) if primary is not None else None,
        "is_steady": service.steady_at is not None,
        "blocked_by": service.blocked_by,
        "addresses": list(_addresses(snapshot, service)),
        "last_deployment": next(iter(roll_outs_of(snapshot, service, count=1)), None),
        "deployments": [
            {
                "id": one.id,
                "status": one.status,
                "rollout_state": one.rollout_state,
                "task_definition": revision_name(one.task_definition_arn),
                "counts": phase_counts(snapshot, service, one),
            }
            for one in snapshot.service_deployments_of(service.arn)
        ],
    }


def _addresses(snapshot: Snapshot, service: Service) -> tuple[str, ...]:
    """Where the service is reached: `http://<address>:<port>` of every listener that forwards to it."""
    primary = snapshot.primary(service.arn)
    if primary is None:
        return ()
    groups = [one.target_group_arn for one in snapshot.service_revisions[primary.revision_arn].load_balancers]
    listeners = {one.arn: one for group in groups for one in snapshot.group_listeners(group)}
    found = ((snapshot.load_balancers[one.load_balancer_arn], one) for one in listeners.values())
    return tuple(
        f"{listener.protocol.lower()}://{balancer.address}:{listener.port}"
        for balancer, listener in sorted(found, key=lambda pair: (pair[0].name, pair[1].port))
    )


def _standalone(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "task_definition": revision_name(task.task_definition_arn),
        "group": task.group,
        "last_status": task.last_status,
        "desired_status": task.desired_status,
        "created_at": task.created_at,
        "started_at": task.started_at,
    }


def _host(snapshot: Snapshot, host: Host) -> dict[str, Any]:
    room = snapshot.room(host.id)
    return {
        "id": host.id,
        "runtime": host.runtime,
        "address": host.address,
        "is_connected": host.is_connected,
        "cpu": host.cpu,
        "cpu_left": room.cpu_left(host),
        "memory": host.memory,
        "memory_left": room.memory_left(host),
        "tasks": len(room.tasks),
    }

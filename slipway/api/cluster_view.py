"""Clusters as DescribeClusters shows them."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from slipway.api.tag_lists import show_tags
from slipway.core.model.clusters import Cluster, ClusterStatus
from slipway.core.model.services import ServiceStatus
from slipway.core.model.tasks import LaunchType, TaskStatus
from slipway.core.snapshot import Snapshot

#: What `include` of DescribeClusters can name (ECS API, `ClusterField`).
CLUSTER_FIELDS = ("ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS")

_PENDING = (TaskStatus.PROVISIONING, TaskStatus.PENDING, TaskStatus.ACTIVATING)
_TITLES = {LaunchType.EC2: "EC2", LaunchType.FARGATE: "Fargate", LaunchType.EXTERNAL: "External"}


def cluster_view(
    snapshot: Snapshot, cluster: Cluster, include: Collection[str] = ("SETTINGS", "CONFIGURATIONS", "TAGS")
) -> dict[str, Any]:
    """The cluster's JSON. Lists that `include` does not name are empty, as in ECS's answers."""
    counts = _counts(snapshot, cluster)
    document = cluster.document
    view: dict[str, Any] = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status.value,
        "registeredContainerInstancesCount": len(snapshot.hosts) if cluster.status is ClusterStatus.ACTIVE else 0,
        "runningTasksCount": sum(counts["running", kind] for kind in LaunchType),
        "pendingTasksCount": sum(counts["pending", kind] for kind in LaunchType),
        "activeServicesCount": sum(counts["active", kind] for kind in LaunchType),
        "statistics": _statistics(counts) if "STATISTICS" in include else [],
        "tags": show_tags(cluster.tags) if "TAGS" in include else [],
        "settings": document.get("settings", []) if "SETTINGS" in include else [],
        "capacityProviders": list(cluster.capacity_providers),
        "defaultCapacityProviderStrategy": document.get("defaultCapacityProviderStrategy", []),
    }
    if "CONFIGURATIONS" in include and "configuration" in document:
        view["configuration"] = document["configuration"]
    if "ATTACHMENTS" in include:
        view["attachments"] = []
    if "serviceConnectDefaults" in document:
        view["serviceConnectDefaults"] = document["serviceConnectDefaults"]
    return view


def _counts(snapshot: Snapshot, cluster: Cluster) -> Counter[tuple[str, LaunchType]]:
    counts: Counter[tuple[str, LaunchType]] = Counter()
    for task in snapshot.cluster_tasks(cluster.arn):
        if task.last_status is TaskStatus.RUNNING:
            counts["running", task.launch_type] += 1
        elif task.last_status in _PENDING:
            counts["pending", task.launch_type] += 1
    for service in snapshot.cluster_services(cluster.arn):
        if service.status is ServiceStatus.ACTIVE:
            counts["active", service.launch_type] += 1
        elif service.status is ServiceStatus.DRAINING:
            counts["draining", service.launch_type] += 1
    return counts


def _statistics(counts: Counter[tuple[str, LaunchType]]) -> list[dict[str, str]]:
    """`statistics[]` (ECS API, `Cluster.statistics`): every count by launch type."""
    return [
        {"name": f"{state}{title}{noun}", "value": str(counts[state, kind])}
        for state, noun in (
            ("running", "TasksCount"),
            ("pending", "TasksCount"),
            ("active", "ServiceCount"),
            ("draining", "ServiceCount"),
        )
        for kind, title in _TITLES.items()
    ]

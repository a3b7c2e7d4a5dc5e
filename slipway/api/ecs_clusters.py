"""ECS clusters: create, read, change and delete."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.capacity_provider_strategy import read_capacity_providers, read_strategy
from slipway.api.cluster_view import CLUSTER_FIELDS, cluster_view
from slipway.api.errors import ApiError
from slipway.api.identifiers import DEFAULT_CLUSTER, cluster_arn_of, failure, find_active_cluster, find_cluster
from slipway.api.paging import page_of_names
from slipway.api.parameters import choice, included, invalid
from slipway.api.tag_lists import read_tags
from slipway.core.model.clusters import Cluster, ClusterStatus
from slipway.core.model.services import ServiceStatus

#: ECS API, `CreateCluster`: up to 255 letters, digits, underscores and hyphens.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

#: Most clusters of one DescribeClusters (ECS API).
DESCRIBE_LIMIT = 100

_INSIGHTS = ("enabled", "disabled", "enhanced")
_DEFAULT_SETTINGS = ({"name": "containerInsights", "value": "disabled"},)


def create_cluster(call: Call) -> dict[str, Any]:
    """A cluster of that name that is there already is the answer, as it is."""
    name = call.params.get("clusterName", DEFAULT_CLUSTER)
    if not _NAME.fullmatch(name):
        raise invalid("clusterName must have 1 to 255 letters, digits, underscores and hyphens.")
    cluster = call.snapshot.clusters.get(call.arns.cluster(name))
    if cluster is None or cluster.status is not ClusterStatus.ACTIVE:
        providers = read_capacity_providers(call.params.get("capacityProviders", ()))
        cluster = Cluster(
            arn=call.arns.cluster(name),
            name=name,
            created_at=call.now,
            capacity_providers=providers,
            document=_with_strategy({"settings": list(_DEFAULT_SETTINGS)} | _document(call.params), call, providers),
            tags=read_tags(call.params),
        )
        call.put(cluster, f"Cluster {name} was created.")
    return {"cluster": cluster_view(call.snapshot, cluster)}


def describe_clusters(call: Call) -> dict[str, Any]:
    include = included(call.params, CLUSTER_FIELDS)
    names = call.params.get("clusters") or [DEFAULT_CLUSTER]
    if len(names) > DESCRIBE_LIMIT:
        raise invalid(f"Clusters cannot have more than {DESCRIBE_LIMIT} items; {len(names)} were given.")
    found, failures = [], []
    for arn in (cluster_arn_of(call, name) for name in names):
        cluster = call.snapshot.clusters.get(arn)
        if cluster is None:
            failures.append(failure(arn))
        else:
            found.append(cluster_view(call.snapshot, cluster, include))
    return {"clusters": found, "failures": failures}


def list_clusters(call: Call) -> dict[str, Any]:
    clusters = call.snapshot.clusters.values()
    arns = (cluster.arn for cluster in clusters if cluster.status is ClusterStatus.ACTIVE)
    found, rest = page_of_names(arns, call.params, "ListClusters")
    return {"clusterArns": found, **rest}


def update_cluster(call: Call) -> dict[str, Any]:
    cluster = find_active_cluster(call)
    return _changed(call, replace(cluster, document={**cluster.document, **_document(call.params)}))


def update_cluster_settings(call: Call) -> dict[str, Any]:
    return update_cluster(call)


def put_cluster_capacity_providers(call: Call) -> dict[str, Any]:
    """Both lists replace those of the cluster."""
    cluster = find_active_cluster(call)
    providers = read_capacity_providers(call.params["capacityProviders"])
    document = _with_strategy(dict(cluster.document), call, providers)
    return _changed(call, replace(cluster, capacity_providers=providers, document=document))


def delete_cluster(call: Call) -> dict[str, Any]:
    """Deleting a cluster that is INACTIVE already changes nothing."""
    cluster = find_cluster(call)
    if any(service.status is not ServiceStatus.INACTIVE for service in call.snapshot.cluster_services(cluster.arn)):
        raise ApiError("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if any(not task.is_stopped for task in call.snapshot.cluster_tasks(cluster.arn)):
        raise ApiError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    if cluster.status is ClusterStatus.ACTIVE:
        cluster = replace(cluster, status=ClusterStatus.INACTIVE)
        call.put(cluster, f"Cluster {cluster.name} was deleted.")
    return {"cluster": cluster_view(call.snapshot, cluster)}


def _changed(call: Call, cluster: Cluster) -> dict[str, Any]:
    call.put(cluster, f"Cluster {cluster.name} was changed.")
    return {"cluster": cluster_view(call.snapshot, cluster)}


def _document(params: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are only shown again, checked."""
    document: dict[str, Any] = {}
    if "settings" in params:
        document["settings"] = [_setting(setting) for setting in params["settings"]] or list(_DEFAULT_SETTINGS)
    if "configuration" in params:
        execute = params["configuration"].get("executeCommandConfiguration", {})
        logging = choice(execute, "logging", ("NONE", "DEFAULT", "OVERRIDE"))
        if logging == "OVERRIDE" and not execute.get("logConfiguration"):
            raise invalid("executeCommandConfiguration.logging is OVERRIDE; give logConfiguration, or use DEFAULT.")
        document["configuration"] = params["configuration"]
    if "serviceConnectDefaults" in params:
        document["serviceConnectDefaults"] = params["serviceConnectDefaults"]
    return document


def _setting(setting: Mapping[str, Any]) -> dict[str, str]:
    choice(setting, "name", ("containerInsights",), place="settings.")
    choice(setting, "value", _INSIGHTS, place="settings.")
    if not {"name", "value"} <= setting.keys():
        raise invalid("Each of settings needs a name and a value, as in containerInsights and disabled.")
    return {"name": setting["name"], "value": setting["value"]}


def _with_strategy(document: dict[str, Any], call: Call, providers: tuple[str, ...]) -> dict[str, Any]:
    name = "defaultCapacityProviderStrategy"
    return {**document, name: read_strategy(call.params.get(name, ()), providers, name)}


HANDLERS: Mapping[str, Handler] = {
    "CreateCluster": create_cluster,
    "DescribeClusters": describe_clusters,
    "ListClusters": list_clusters,
    "UpdateCluster": update_cluster,
    "UpdateClusterSettings": update_cluster_settings,
    "PutClusterCapacityProviders": put_cluster_capacity_providers,
    "DeleteCluster": delete_cluster,
}

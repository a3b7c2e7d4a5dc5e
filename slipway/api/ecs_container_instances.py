"""ECS container instances: every host is one of every ACTIVE cluster."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.container_instance_view import CONTAINER_INSTANCE_FIELDS, container_instance_view
from slipway.api.identifiers import container_instance_arn_of, container_instances, failure, find_cluster
from slipway.api.paging import page_of_names
from slipway.api.parameters import asked_for, choice, included, invalid

#: Most container instances of one DescribeContainerInstances (ECS API).
DESCRIBE_LIMIT = 100

_STATUSES = ("ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED")


def list_container_instances(call: Call) -> dict[str, Any]:
    """All hosts are ACTIVE. A `filter` is refused: Slipway has no cluster query language yet."""
    cluster = find_cluster(call)
    if call.params.get("filter"):
        raise invalid(
            "Slipway does not serve the member filter yet; list all, and choose by DescribeContainerInstances."
        )
    status = choice(call.params, "status", _STATUSES)
    arns = container_instances(call, cluster) if status in (None, "ACTIVE") else ()
    found, rest = page_of_names(arns, call.params, "ListContainerInstances")
    return {"containerInstanceArns": found, **rest}


def describe_container_instances(call: Call) -> dict[str, Any]:
    cluster = find_cluster(call)
    include = included(call.params, CONTAINER_INSTANCE_FIELDS)
    hosts = container_instances(call, cluster)
    found, failures = [], []
    for name in asked_for(call.params, "containerInstances", limit=DESCRIBE_LIMIT):
        arn = container_instance_arn_of(call, cluster, name)
        if arn in hosts:
            found.append(container_instance_view(call.snapshot, arn, hosts[arn], include))
        else:
            failures.append(failure(arn))
    return {"containerInstances": found, "failures": failures}


HANDLERS: Mapping[str, Handler] = {
    "ListContainerInstances": list_container_instances,
    "DescribeContainerInstances": describe_container_instances,
}

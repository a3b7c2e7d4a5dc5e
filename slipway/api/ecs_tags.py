"""Tags of ECS resources: clusters, services, tasks and task definitions."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.errors import ApiError
from slipway.api.identifiers import resource_kind
from slipway.api.parameters import invalid
from slipway.api.tag_lists import TAGS_LIMIT, check_service_tags, read_tags, show_tags
from slipway.core.deployments.extensions import extensions_of
from slipway.core.model.clusters import Cluster, ClusterStatus
from slipway.core.model.deployments import RolloutState
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.tags import Tag, drop_tags, merge_tags
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task

Tagged = Cluster | Service | Task | TaskDefinition

_KINDS = ("cluster", "service", "task", "task-definition")


def tag_resource(call: Call) -> dict[str, Any]:
    added = read_tags(call.params)
    if resource_kind(call.params["resourceArn"]) == "service":
        check_service_tags(added)
    _change(call, lambda tags: merge_tags(tags, added))
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    keys = frozenset(call.params["tagKeys"])
    _change(call, lambda tags: drop_tags(tags, keys))
    return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    # ResourceNotFoundException is not among this operation's errors.
    return {"tags": show_tags(_find(call, "InvalidParameterException").tags)}


def _change(call: Call, change: Callable[[tuple[Tag, ...]], tuple[Tag, ...]]) -> None:
    record = _find(call, "ResourceNotFoundException")
    tags = change(record.tags)
    if len(tags) > TAGS_LIMIT:
        raise ApiError(
            "LimitExceededException", f"A resource has at most {TAGS_LIMIT} tags; these would make {len(tags)}."
        )
    if tags == record.tags:
        return
    changed = replace(record, tags=tags)
    call.put(changed)
    if isinstance(changed, Service):
        _keep_deadline(call, changed)


def _keep_deadline(call: Call, service: Service) -> None:
    """The deployment in progress has the deadline that the service's tags ask for now."""
    primary = call.snapshot.primary(service.arn)
    if primary is None or primary.rollout_state is not RolloutState.IN_PROGRESS or primary.rolls_back is not None:
        return
    deadline_s = extensions_of(service).deadline_s
    deadline_at = None if deadline_s is None else primary.created_at + deadline_s
    if deadline_at != primary.deadline_at:
        call.put(replace(primary, deadline_at=deadline_at), cause="deadline changed by a tag")


def _find(call: Call, missing: str) -> Tagged:
    """The resource of `resourceArn`. Raises the error `missing` for one that is not there, or was deleted."""
    arn = call.params["resourceArn"]
    kind = resource_kind(arn)
    if kind not in _KINDS:
        raise invalid(
            f"resourceArn '{arn}' cannot have tags here; give the ARN of a cluster, service, task or task definition."
        )
    snapshot = call.snapshot
    tables: dict[str, Mapping[str, Tagged]] = {
        "cluster": snapshot.clusters,
        "service": snapshot.services,
        "task": snapshot.tasks,
        "task-definition": snapshot.task_definitions,
    }
    record = tables[kind].get(arn)
    title = kind.replace("-", " ")
    if record is None:
        raise ApiError(missing, f"The specified {title} could not be found. Specify a valid {title} and try again.")
    if isinstance(record, (Cluster, Service)) and record.status in (ClusterStatus.INACTIVE, ServiceStatus.INACTIVE):
        raise invalid(f"The specified {title} is inactive. Specify an active {title} and try again.")
    return record


HANDLERS: Mapping[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}

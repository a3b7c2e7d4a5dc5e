"""ECS task definitions: register, read, deregister and delete."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.errors import ApiError
from slipway.api.identifiers import failure, find_revision, find_task_definition, latest_active
from slipway.api.paging import page, page_of_names
from slipway.api.parameters import asked_for, choice, included
from slipway.api.tag_lists import read_tags, show_tags
from slipway.api.task_definition_form import read_task_definition
from slipway.api.task_definition_view import task_definition_view
from slipway.core.model.task_definitions import TaskDefinition, TaskDefinitionStatus

#: Most revisions of one DeleteTaskDefinitions (ECS API).
DELETE_LIMIT = 10


def register_task_definition(call: Call) -> dict[str, Any]:
    """Always a new revision, even of the same content; numbers are never used again."""
    form = read_task_definition(call.params)
    tags = read_tags(call.params)
    revisions = call.snapshot.revisions(form.family)
    revision = revisions[-1].revision + 1 if revisions else 1
    definition = TaskDefinition(
        arn=call.arns.task_definition(form.family, revision),
        family=form.family,
        revision=revision,
        registered_at=call.now,
        containers=form.containers,
        document={**form.document, "registeredBy": f"arn:aws:iam::{call.arns.account}:root"},
        network_mode=form.network_mode,
        cpu=form.cpu,
        memory=form.memory,
        tags=tags,
    )
    call.put(definition, f"Task definition {form.family}:{revision} was registered.")
    return {"taskDefinition": task_definition_view(definition), **({"tags": show_tags(tags)} if tags else {})}


def describe_task_definition(call: Call) -> dict[str, Any]:
    include = included(call.params, ("TAGS",))
    definition = find_task_definition(call, call.params["taskDefinition"])
    tags = {"tags": show_tags(definition.tags)} if "TAGS" in include else {}
    return {"taskDefinition": task_definition_view(definition), **tags}


def deregister_task_definition(call: Call) -> dict[str, Any]:
    """Services and tasks that use the revision keep it."""
    definition = find_revision(call, call.params["taskDefinition"])
    if definition.status is TaskDefinitionStatus.ACTIVE:
        definition = replace(definition, status=TaskDefinitionStatus.INACTIVE, deregistered_at=call.now)
        call.put(definition, f"Task definition {definition.family}:{definition.revision} was deregistered.")
    return {"taskDefinition": task_definition_view(definition)}


def delete_task_definitions(call: Call) -> dict[str, Any]:
    """Deleted revisions stay DELETE_IN_PROGRESS, so that their numbers are not given again."""
    deleted, failures = [], []
    for name in asked_for(call.params, "taskDefinitions", limit=DELETE_LIMIT):
        try:
            definition = find_revision(call, name)
        except ApiError as error:
            if error.code != "ClientException":
                raise
            failures.append(failure(name))
            continue
        if definition.status is TaskDefinitionStatus.ACTIVE:
            failures.append(_still_active(definition))
            continue
        deleted.append(task_definition_view(_deleted(call, definition)))
    return {"taskDefinitions": deleted, "failures": failures}


def _deleted(call: Call, definition: TaskDefinition) -> TaskDefinition:
    if definition.status is TaskDefinitionStatus.DELETE_IN_PROGRESS:
        return definition
    definition = replace(definition, status=TaskDefinitionStatus.DELETE_IN_PROGRESS)
    call.put(definition, f"Task definition {definition.family}:{definition.revision} was deleted.")
    return definition


def _still_active(definition: TaskDefinition) -> dict[str, str]:
    detail = "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
    return {"arn": definition.arn, "reason": "INVALID_STATUS", "detail": detail}


def list_task_definitions(call: Call) -> dict[str, Any]:
    """By family and revision. `familyPrefix` is the whole name of one family."""
    status = choice(call.params, "status", tuple(TaskDefinitionStatus)) or TaskDefinitionStatus.ACTIVE
    order = choice(call.params, "sort", ("ASC", "DESC"))
    family = call.params.get("familyPrefix")
    definitions = call.snapshot.revisions(family) if family else call.snapshot.task_definitions.values()
    found, rest = page(
        (definition for definition in definitions if definition.status == status),
        call.params,
        "ListTaskDefinitions",
        key=lambda definition: (definition.family, definition.revision),
        is_descending=order == "DESC",
    )
    return {"taskDefinitionArns": [definition.arn for definition in found], **rest}


def list_task_definition_families(call: Call) -> dict[str, Any]:
    """A family is ACTIVE while it has an ACTIVE revision."""
    status = choice(call.params, "status", ("ACTIVE", "INACTIVE", "ALL")) or "ALL"
    prefix = call.params.get("familyPrefix", "")
    families = (
        family
        for family in call.snapshot.families()
        if family.startswith(prefix)
        and (status == "ALL" or (latest_active(call, family) is not None) == (status == "ACTIVE"))
    )
    found, rest = page_of_names(families, call.params, "ListTaskDefinitionFamilies")
    return {"families": found, **rest}


HANDLERS: Mapping[str, Handler] = {
    "RegisterTaskDefinition": register_task_definition,
    "DescribeTaskDefinition": describe_task_definition,
    "DeregisterTaskDefinition": deregister_task_definition,
    "DeleteTaskDefinitions": delete_task_definitions,
    "ListTaskDefinitions": list_task_definitions,
    "ListTaskDefinitionFamilies": list_task_definition_families,
}

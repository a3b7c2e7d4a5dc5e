"""Task definitions as the API shows them."""

from typing import Any

from slipway.core.model.task_definitions import TaskDefinition


def task_definition_view(definition: TaskDefinition) -> dict[str, Any]:
    """The definition's JSON: what was registered, with its identity and where it stands."""
    view = {
        **definition.document,
        "taskDefinitionArn": definition.arn,
        "family": definition.family,
        "revision": definition.revision,
        "status": definition.status.value,
        "registeredAt": definition.registered_at,
    }
    if definition.deregistered_at is not None:
        view["deregisteredAt"] = definition.deregistered_at
    return view

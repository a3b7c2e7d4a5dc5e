"""RunTask's `overrides`: what one run changes of its task definition."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.api.parameters import has_nul, invalid
from slipway.api.task_size import read_task_cpu, read_task_memory
from slipway.core.model.task_definitions import TaskDefinition

#: ECS API, RunTask: "A total of 8192 characters are allowed for overrides."
OVERRIDES_LIMIT = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The document shown again, and the task's own CPU and memory (None: as defined)."""

    document: Mapping[str, Any] = field(default_factory=dict)
    cpu: int | None = None
    memory: int | None = None


def read_overrides(params: Mapping[str, Any], definition: TaskDefinition) -> Overrides:
    """The overrides of a run. Raises InvalidParameterException for a container the definition does not have."""
    given = params.get("overrides") or {}
    if len(json.dumps(given)) > OVERRIDES_LIMIT:
        raise invalid(f"overrides have more than {OVERRIDES_LIMIT} characters; shorten them.")
    if has_nul(given):
        raise invalid("overrides have a NUL character, which no program can be given; leave it out.")
    for override in given.get("containerOverrides", ()):
        name = override.get("name")
        if name is None or definition.container(name) is None:
            raise invalid(f"Override for container named {name} is not a container in the TaskDefinition.")
    cpu, memory = given.get("cpu"), given.get("memory")
    document = {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **given}
    return Overrides(
        document=document,
        cpu=None if cpu is None else read_task_cpu(cpu),
        memory=None if memory is None else read_task_memory(memory),
    )

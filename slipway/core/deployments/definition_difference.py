"""What differs between two task definitions, as people read differences: pure, over AWS's JSON."""

import json
from collections.abc import Collection, Mapping
from difflib import unified_diff
from typing import Any

#: Members that differ from revision to revision, and say nothing.
_IGNORED = frozenset(
    ("family", "revision", "status", "taskDefinitionArn", "registeredAt", "registeredBy", "deregisteredAt")
)


def definition_difference(
    old: Mapping[str, Any], new: Mapping[str, Any], names: tuple[str, str], *, members: Collection[str] | None = None
) -> tuple[str, ...]:
    """The unified difference of two definitions as JSON, of `members` only (None: of all that say something), headed by
    `names`; empty where they agree."""
    before, after = (json.dumps(_shown(one, members), indent=2, sort_keys=True).splitlines() for one in (old, new))
    return tuple(unified_diff(before, after, *names, lineterm=""))


def _shown(definition: Mapping[str, Any], members: Collection[str] | None) -> dict[str, Any]:
    return {
        name: value
        for name, value in definition.items()
        if name not in _IGNORED and (members is None or name in members)
    }

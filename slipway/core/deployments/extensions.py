"""Slipway's own settings of a service, which ECS has no member for: tags whose keys begin with `slipway:`.

A tag with another value than those listed is refused where it is set (`tag_error`), and means the default here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from slipway.core.model.services import Service
from slipway.core.model.tags import Tag

PREFIX = "slipway:"
TARGET_HEALTH = "slipway:target-health"
DEADLINE = "slipway:deployment-deadline"
DEADLINE_ACTION = "slipway:deployment-deadline-action"
COUNT_PLACEMENT = "slipway:circuit-breaker-counts-placement"
FAIL_ON_CERTAINTY = "slipway:fail-on-certainty"

#: Seconds of a unit in a duration.
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"([0-9]{1,7})([smh]?)")


class DeadlineAction(StrEnum):
    """What becomes of a deployment at its deadline: the way back, or it stays as it is, FAILED."""

    ROLLBACK = "rollback"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """The settings of one service."""

    is_readiness_only: bool = False  # a target that fails its checks loses traffic, and its task stays
    deadline_s: float | None = None  # None: no deadline
    deadline_action: DeadlineAction = DeadlineAction.ROLLBACK
    counts_placement: bool = False  # a start that finds no room is a failure
    fails_on_certainty: bool = True


_VALUES = {
    TARGET_HEALTH: ("replace", "readiness"),
    DEADLINE_ACTION: tuple(DeadlineAction),
    COUNT_PLACEMENT: ("true", "false"),
    FAIL_ON_CERTAINTY: ("true", "false"),
}


def extensions_of(service: Service) -> Extensions:
    """What the service's tags say."""
    said = {tag.key: tag.value for tag in service.tags if tag.key.startswith(PREFIX) and tag_error(tag) is None}
    return Extensions(
        is_readiness_only=said.get(TARGET_HEALTH) == "readiness",
        deadline_s=_seconds(said.get(DEADLINE, "")),
        deadline_action=DeadlineAction(said.get(DEADLINE_ACTION, DeadlineAction.ROLLBACK)),
        counts_placement=said.get(COUNT_PLACEMENT) == "true",
        fails_on_certainty=said.get(FAIL_ON_CERTAINTY) != "false",
    )


def tag_error(tag: Tag) -> str | None:
    """Why a tag of a service cannot be what it says, as a sentence with the mend; None: it can."""
    if not tag.key.startswith(PREFIX):
        return None
    if tag.key == DEADLINE:
        is_known = _seconds(tag.value) is not None
        return (
            None
            if is_known
            else f"The tag {DEADLINE} is '{tag.value}'; give seconds, minutes or hours as 90s, 10m or 1h."
        )
    if tag.key not in _VALUES:
        return f"The tag {tag.key} is not known; Slipway's own are {', '.join(sorted((*_VALUES, DEADLINE)))}."
    if tag.value not in _VALUES[tag.key]:
        return f"The tag {tag.key} is '{tag.value}'; use {' or '.join(_VALUES[tag.key])}."
    return None


def _seconds(duration: str) -> float | None:
    found = _DURATION.fullmatch(duration)
    if found is None or not int(found[1]):
        return None
    return float(int(found[1]) * _UNITS[found[2]])

"""What a simulated roll rests on, as its page tells it: the settings that were given, by the names of their flags."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from math import inf

from slipway.foresight.rollout import Rollout


def rollout_told(rollout: Rollout) -> Iterator[tuple[str, str]]:
    """The settings that are not what they are by default, each with its value; and what holds for the others."""
    for one in fields(rollout):
        value = getattr(rollout, one.name)
        if value != one.default:
            yield one.name.replace("_", " "), _shown(value, one.metadata)
    yield "all else", "the defaults of ECS and ELB, and the worst case of the program where they have none"


def _shown(value: object, about: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return about["endless"] if value == inf else f"{value:,.6g} {about['unit']}".rstrip()
    return str(value)

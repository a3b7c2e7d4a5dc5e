"""What a deployment system elsewhere says of a service, as a rollout: each value with where it is from.

Nothing is invented silently: what is not known is named, with what was assumed instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import inf
from typing import Any

from slipway.foresight.pages.clock import duration_text
from slipway.foresight.rollout import Panel, Rollout, RolloutError


class ImportRefused(Exception):
    """What is described cannot be simulated, or is not there; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One setting of the rollout."""

    name: str  # of the field of `Rollout`
    value: Any  # of its type; inf: never
    source: str  # where it is from; of one that is not known: what is missing
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A service as it was described."""

    title: str  # `service web in cluster shop`
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()  # what the rollout does not say, in sentences

    def rollout(self) -> Rollout:
        """The rollout. Raises `ImportRefused` where there can be none of these values."""
        try:
            return Rollout(**{fact.name: fact.value for fact in self.facts})
        except RolloutError as error:
            raise ImportRefused(f"{self.title} cannot be simulated: {error}") from error

    def assumptions(self) -> tuple[str, ...]:
        """What is not known, each in a line with what was assumed."""
        return tuple(lack_text(fact) for fact in self.facts if not fact.is_known)


def lack_text(fact: Fact) -> str:
    """`not known: time to exit on SIGTERM; assumed: ignores`."""
    return f"not known: {fact.source}; assumed: {_plain(fact)}"


def rollout_toml(imported: Imported) -> str:
    """The rollout as `slipway simulate` and `slipway advise --rollout` take it, with a comment beside each value."""
    settings = {item.name: item.metadata for item in fields(Rollout)}
    lines = [f"# {imported.title}, as `slipway simulate` takes it."]
    for panel in Panel:
        facts = [fact for fact in imported.facts if settings[fact.name]["panel"] is panel]
        if facts:
            lines += ["", f"# {panel}", *(_toml_line(settings[fact.name], fact) for fact in facts)]
    if imported.notes:
        lines += ["", *(f"# {_line(note)}" for note in imported.notes)]
    return "\n".join(lines) + "\n"


def _toml_line(metadata: Any, fact: Fact) -> str:
    comment = fact.source if fact.is_known else lack_text(fact)
    return f"{fact.name.replace('_', '-')} = {_toml(metadata, fact.value)} # {_line(comment)}"


def in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts in the order of the settings."""
    places = {item.name: place for place, item in enumerate(fields(Rollout))}
    return tuple(sorted(facts, key=lambda fact: places[fact.name]))


def _plain(fact: Fact) -> str:
    metadata = next(item.metadata for item in fields(Rollout) if item.name == fact.name)
    if isinstance(fact.value, bool):
        return "yes" if fact.value else "no"
    if fact.value == inf:
        return str(metadata["endless"])
    if metadata["unit"] == "seconds":
        return duration_text(fact.value) if fact.value else "none"
    return f"{fact.value}"


def _toml(metadata: Any, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f'"{metadata["endless"]}"' if value == inf else f"{round(value, 3):.10g}"
        case text:
            return f'"{text}"'


def _line(text: str) -> str:
    """Text that stays in its comment."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())

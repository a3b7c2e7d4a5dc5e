"""The facts below the blocks of a picture: what bounds the roll, how far it is, what failed, and what it waits for."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.picture_words import (
    Picture,
    because,
    bounds_text,
    clock_text,
    failures_text,
    newest_roll_out,
    primary_of,
    short_message,
    verdict_text,
)

ROUNDS_SHOWN = 8
ROUND_WIDTH = 13  # columns of `+50 started` and what is between two
LABEL_WIDTH = 12
WAITS_SHOWN = 4

#: Waits that the picture tells otherwise: by its title, by its blocks, or by another fact.
_TOLD = frozenset({"nothing", "roll", "way back", "bake", "deadline", "failed", "deletion"})

Fact = tuple[RenderableType, RenderableType]


def render_facts(picture: Picture, *, width: int) -> RenderableType:
    """A fact a line, and below them the verdict of the last deployment where that is not success."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    for label, text in _facts(picture, width):
        facts.add_row(label, text)
    verdict = _verdict(picture)
    return facts if verdict is None else Group(facts, verdict)


def _facts(picture: Picture, width: int) -> Iterator[Fact]:
    yield "bounds", bounds_text(picture)
    primary = primary_of(picture)
    if primary is not None and primary["rounds"]:
        yield f"round {len(primary['rounds'])}", _rounds(primary["rounds"], width)
    if targets := _targets(picture):
        yield "targets", targets
    newest = newest_roll_out(picture)
    if newest is not None:
        yield from _found(newest, picture["at"])
    if primary is not None:
        yield from _goes_on(picture, primary, newest)
    for wait in waits_of(picture)[:WAITS_SHOWN]:
        yield Text("waiting", style="yellow"), wait


def _rounds(rounds: list[Mapping[str, Any]], width: int) -> Text:
    shown = rounds[-max(min((width - LABEL_WIDTH) // ROUND_WIDTH, ROUNDS_SHOWN), 1) :]
    text = Text("… " if len(rounds) > len(shown) else "")
    for index, one in enumerate(shown):
        sign, word, colour = ("+", "started", "green") if one["kind"] == "START" else ("−", "stopped", "magenta")
        text.append("  " if index else "").append(f"{sign}{one['count']}", style=colour).append(" ").append(
            word, style="dim"
        )
    return text


def _targets(picture: Picture) -> str:
    return "; ".join(
        f"{group['target_group']}: {', '.join(f'{count} {state}' for state, count in group['states'].items())}"
        for group in picture["targets"]
    )


def _found(roll_out: Mapping[str, Any], at: float) -> Iterator[Fact]:
    """What speaks against the last deployment; once it has its verdict, that says so."""
    if roll_out["is_verdict"]:
        return
    if roll_out["failure_count"]:
        told = failures_text(roll_out["failure_count"], roll_out["threshold"])
        for last in roll_out["failures"][:1]:
            told += f"; the last {clock_text(at - last['at'])} ago: {last['class']}: {short_message(last['sentence'])}"
        yield Text("failures", style="red"), told
    if roll_out["triggered_alarms"]:
        yield Text("alarms", style="red"), f"{', '.join(roll_out['triggered_alarms'])} went into ALARM"


def _goes_on(picture: Picture, primary: Mapping[str, Any], newest: Mapping[str, Any] | None) -> Iterator[Fact]:
    """The way back, and the instants that a deployment runs up to."""
    at = picture["at"]
    rollback = None if newest is None else newest["rollback"]
    if rollback is not None and primary["rolls_back"] is not None and primary["rollout_state"] == "IN_PROGRESS":
        yield Text("way back", style="yellow"), _way_back(picture, primary, rollback)
    if primary["bake_until"] is not None:
        yield "bake time", f"{clock_text(primary['bake_until'] - at)} more, then it is complete"
    if primary["deadline_at"] is not None:
        yield "deadline", f"in {clock_text(primary['deadline_at'] - at)}; the deployment fails unless it is complete"


def _way_back(picture: Picture, primary: Mapping[str, Any], rollback: Mapping[str, Any]) -> str:
    """`to users:1 since 0:12, about 0:20 more; because …`"""
    told = f"to {primary['task_definition']} since {clock_text(picture['at'] - rollback['started_at'])}"
    if picture["rollback_estimate_s"]:
        told += f", about {clock_text(picture['rollback_estimate_s'])} more"
    if primary["failure_count"]:
        told += f"; {primary['failure_count']} failed on it"
    why = because(rollback["reason"])
    return f"{told}; because {why}" if why else told


def waits_of(picture: Picture) -> list[str]:
    """What is waited for, as sentences: of the service first, then of the tasks that wait longest, by their ids."""
    return [_wait(one, picture["arn"]) for one in picture["waits"] if one["kind"] not in _TOLD]


def _wait(wait: Mapping[str, Any], service_arn: str) -> str:
    sentence = short_message(wait["sentence"])
    if wait["subject"] == service_arn:
        return sentence
    return f"task {wait['subject'].rpartition('/')[2][:8]}: {sentence}"


def _verdict(picture: Picture) -> Text | None:
    newest = newest_roll_out(picture)
    verdict = None if newest is None else verdict_text(newest, picture["at"])
    return None if verdict is None else Text.assemble(("last deployment: ", "dim"), (verdict, "red"))

"""The live picture of a service, drawn: a pure function from the picture's JSON to what rich prints.

Each task is a block with a letter, so that the picture reads without colour too; a task keeps its place in its row for
as long as it lives.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.picture_facts import render_facts
from slipway.cli.picture_words import (
    Picture,
    clock_text,
    counts_text,
    primary_of,
    short_message,
    state_of,
    telling_stops,
    was_rolled_back,
)

#: Rows of blocks one deployment may take; with more tasks, each kind of block is shown once with its number.
ROWS_MOST = 4
EVENTS_SHOWN = 5
STOPS_SHOWN = 2
NARROWEST = 40
GAP_LEAST = 2

#: Kind of block: letter, colour, words of the legend. Draining tasks are stopping ones that the balancer still serves.
BLOCKS: dict[str, tuple[str, str, str]] = {
    "healthy": ("H", "green", "healthy"),
    "running": ("R", "cyan", "running, not healthy yet"),
    "starting": ("S", "yellow", "starting"),
    "sick": ("!", "red", "unhealthy"),
    "draining": ("D", "magenta", "draining"),
    "stopping": ("X", "bright_black", "stopping"),
}


def render_picture(picture: Picture, *, width: int = 100) -> RenderableType:
    """The picture (`slipway.api.introspection_picture`) as something rich prints, at most `width` columns wide."""
    width = max(width, NARROWEST)
    return Group(
        _title(picture, width),
        Text(),
        *(part for deployment in picture["deployments"] for part in _deployment(picture, deployment, width)),
        render_facts(picture, width=width),
        *_stops(picture),
        *_events(picture),
        Text(),
        _legend(),
    )


def kind_of(task: Mapping[str, Any]) -> str:
    """Which kind of block a task is."""
    if task["phase"] == "stopping" and task["stop_ordered_at"] is None and task["targets"]:
        return "draining"
    return str(task["phase"])


def _title(picture: Picture, width: int) -> RenderableType:
    primary = primary_of(picture)
    name = Text.assemble((picture["service"], "bold"), " ", (f"in {picture['cluster']}", "dim"), "  ", _state(picture))
    return _both_sides(name, Text() if primary is None else _elapsed(primary), width)


def _both_sides(left: Text, right: Text, width: int) -> RenderableType:
    """Two texts at the ends of one line, or in lines of their own where they would meet."""
    gap = width - len(left) - len(right)
    if gap < GAP_LEAST:
        right.justify = "right"
        return Group(left, right)
    return Text.assemble(left, " " * gap, right)


def _state(picture: Picture) -> Text:
    primary = primary_of(picture)
    state = "" if primary is None else primary["rollout_state"]
    style = {"COMPLETED": "green", "FAILED": "red"}.get(state, "yellow")
    if state == "COMPLETED" and was_rolled_back(picture):
        style = "yellow"
    return Text(state_of(picture), style=style)


def _elapsed(primary: Mapping[str, Any]) -> Text:
    took = clock_text(primary["elapsed_s"])
    return Text(f"took {took}" if primary["is_ended"] else took, style="bold")


def _deployment(picture: Picture, deployment: Mapping[str, Any], width: int) -> Iterable[RenderableType]:
    counts = counts_text(deployment)
    name = Text.assemble(
        (_age(picture, deployment), "dim"),
        (deployment["task_definition"], "bold" if deployment["status"] == "PRIMARY" else ""),
        "  ",
        (f"{deployment['status']} ", "dim"),
        (deployment["rollout_state"], "red" if deployment["rollout_state"] == "FAILED" else "dim"),
    )
    yield _both_sides(name, Text(counts), width)
    tasks = [task for task in picture["tasks"] if task["deployment"] == deployment["id"] and task["phase"] != "stopped"]
    yield _blocks([kind_of(task) for task in tasks], deployment, width)
    yield Text()


def _age(picture: Picture, deployment: Mapping[str, Any]) -> str:
    """Which of several deployments it is: new, old, or the old one that is gone back to."""
    if len(picture["deployments"]) == 1:
        return ""
    primary = primary_of(picture)
    if deployment is primary:
        return "new   " if deployment["rolls_back"] is None else "back  "
    is_taken_back = primary is not None and primary["rolls_back"] == deployment["id"]
    return "new   " if is_taken_back else "old   "


def _blocks(kinds: list[str], deployment: Mapping[str, Any], width: int) -> Text:
    """A block a task in rows; where they would take too many rows, or the picture lists only some, a block a kind."""
    a_row = width // 3
    total = sum(deployment["counts"].values())
    text = Text()
    if total > len(kinds) or total > a_row * ROWS_MOST:
        for phase in BLOCKS:
            if count := deployment["counts"].get(phase):
                text.append_text(_block(phase)).append(f" {count:,}   ")
        return text
    for index, kind in enumerate(kinds):
        if index and index % a_row == 0:
            text.append("\n")
        text.append_text(_block(kind))
    return text


def _block(kind: str) -> Text:
    letter, colour, _ = BLOCKS[kind]
    return Text.assemble(("▐", colour), (letter, f"bold black on {colour}"), ("▌", colour))


def _stops(picture: Picture) -> Iterable[RenderableType]:
    """Why tasks stopped lately, those apart that a scaling stopped."""
    for task in telling_stops(picture)[:STOPS_SHOWN]:
        codes = ", ".join(f"{name} exited with {code}" for name, code in task["exit_codes"].items())
        reason = short_message(task["stopped_reason"] or "it stopped")
        yield Text(
            f"task {task['id'][:8]} of {task['task_definition']} stopped: {reason}{codes and f' ({codes})'}", "red"
        )


def _events(picture: Picture) -> Iterable[RenderableType]:
    if not picture["events"]:
        return
    yield Text()
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(justify="right", style="dim", no_wrap=True, min_width=len("59:59 ago"))
    table.add_column(overflow="fold", ratio=1)
    for event in picture["events"][:EVENTS_SHOWN]:
        table.add_row(f"{clock_text(picture['at'] - event['at'])} ago", short_message(event["message"]))
    yield table


def _legend() -> Columns:
    entries = (
        Text.assemble((letter, f"bold {colour}"), " ", (words, "dim")) for letter, colour, words in BLOCKS.values()
    )
    return Columns(entries, padding=(0, 3))

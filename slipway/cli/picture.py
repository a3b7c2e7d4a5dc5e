"""The live picture of a service, drawn: a pure function from the picture's JSON to what rich prints.

Each task is a block with a letter, so that the picture reads without colour too; a task keeps its place in its row for
as long as it lives.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

#: Rows of blocks one deployment may take; with more tasks, each kind of block is shown once with its number.
ROWS_MOST = 4
EVENTS_SHOWN = 5
STOPS_SHOWN = 2
ROUNDS_SHOWN = 8
NARROWEST = 40

#: Kind of block: letter, colour, words of the legend. Draining tasks are stopping ones that the balancer still serves.
BLOCKS: dict[str, tuple[str, str, str]] = {
    "healthy": ("H", "green", "healthy"),
    "running": ("R", "cyan", "running, not healthy yet"),
    "starting": ("S", "yellow", "starting"),
    "sick": ("!", "red", "unhealthy"),
    "draining": ("D", "magenta", "draining"),
    "stopping": ("X", "bright_black", "stopping"),
}
_WORDS = {"sick": "unhealthy"}

Picture = Mapping[str, Any]


def render_picture(picture: Picture, *, width: int = 100) -> RenderableType:
    """The picture (`slipway.api.introspection_picture`) as something rich prints, at most `width` columns wide."""
    width = max(width, NARROWEST)
    return Group(
        _title(picture),
        Text(),
        *(part for deployment in picture["deployments"] for part in _deployment(picture, deployment, width)),
        _facts(picture),
        *_stops(picture),
        *_events(picture),
        Text(),
        _legend(),
    )


def state_of(picture: Picture) -> str:
    """What the service is doing, in a few words: `rolling users:1 → users:2`."""
    primary = primary_of(picture)
    if primary is None:
        return f"{picture['status']}"
    name = primary["task_definition"]
    if picture["status"] != "ACTIVE":
        return f"being deleted, {picture['alive']} tasks left"
    if primary["rollout_state"] == "FAILED":
        return f"deployment of {name} failed"
    if primary["rollout_state"] == "COMPLETED":
        return f"steady on {name}" if picture["steady_at"] is not None else f"mending {name}"
    if len(picture["deployments"]) == 1:
        return f"starting {name}"
    old = [one["task_definition"] for one in reversed(picture["deployments"]) if one["task_definition"] != name]
    return f"rolling {', '.join(old)} → {name}" if old else f"renewing {name}"


def primary_of(picture: Picture) -> Mapping[str, Any] | None:
    """The PRIMARY deployment of a picture; None where the service is gone."""
    return next((one for one in picture["deployments"] if one["status"] == "PRIMARY"), None)


def clock_text(seconds: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def kind_of(task: Mapping[str, Any]) -> str:
    """Which kind of block a task is."""
    if task["phase"] == "stopping" and task["stop_ordered_at"] is None and task["targets"]:
        return "draining"
    return str(task["phase"])


def telling_stops(picture: Picture) -> list[Mapping[str, Any]]:
    """The tasks that stopped lately for another reason than that there were too many, the newest first."""
    stopped = (task for task in picture["tasks"] if task["phase"] == "stopped")
    return [task for task in stopped if not (task["stopped_reason"] or "").startswith("Scaling activity")]


def counts_text(deployment: Mapping[str, Any]) -> str:
    """`2 healthy, 1 starting` of a deployment; `no tasks` where there is none."""
    shown = [
        f"{deployment['counts'][phase]} {_WORDS.get(phase, phase)}"
        for phase in ("healthy", "running", "starting", "sick", "stopping")
        if deployment["counts"][phase]
    ]
    return ", ".join(shown) or "no tasks"


def short_message(message: str) -> str:
    """An event's sentence with the service left out, task ids cut to eight digits and ARNs to their names."""
    text = re.sub(r"^\(service [^)]*\) ", "", message)
    text = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{24}\b", r"\1", text)
    return re.sub(r"arn:aws:elasticloadbalancing:[^ )]*:targetgroup/([^/ )]+)/[0-9a-f]+", r"\1", text)


def _title(picture: Picture) -> Table:
    primary = primary_of(picture)
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    line.add_column(justify="right", no_wrap=True)
    name = Text.assemble((picture["service"], "bold"), " ", (f"in {picture['cluster']}", "dim"), "  ", _state(picture))
    line.add_row(name, "" if primary is None else _elapsed(primary))
    return line


def _state(picture: Picture) -> Text:
    primary = primary_of(picture)
    state = "" if primary is None else primary["rollout_state"]
    style = {"COMPLETED": "green", "FAILED": "red"}.get(state, "yellow")
    return Text(state_of(picture), style=style)


def _elapsed(primary: Mapping[str, Any]) -> Text:
    took = clock_text(primary["elapsed_s"])
    return Text(f"took {took}" if primary["is_ended"] else took, style="bold")


def _deployment(picture: Picture, deployment: Mapping[str, Any], width: int) -> Iterable[RenderableType]:
    is_primary = deployment["status"] == "PRIMARY"
    age = "" if len(picture["deployments"]) == 1 else ("new  " if is_primary else "old  ")
    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(ratio=1, overflow="ellipsis", no_wrap=True)
    head.add_column(justify="right", no_wrap=True)
    failed = f", {deployment['failed_tasks']} failed in a row" if deployment["failed_tasks"] else ""
    name = Text.assemble(
        (age, "dim"),
        (deployment["task_definition"], "bold" if is_primary else ""),
        "  ",
        (f"{deployment['status']} {deployment['rollout_state']}", "dim"),
    )
    head.add_row(name, Text.assemble(counts_text(deployment), (failed, "red")))
    yield head
    tasks = [task for task in picture["tasks"] if task["deployment"] == deployment["id"] and task["phase"] != "stopped"]
    yield _blocks([kind_of(task) for task in tasks], deployment, width)
    yield Text()


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


def _facts(picture: Picture) -> Table:
    """What bounds the roll, how far it is, and what it waits for, a fact a line."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    facts.add_row("bounds", bounds_text(picture))
    primary = primary_of(picture)
    if primary is not None and primary["rounds"]:
        facts.add_row(f"round {len(primary['rounds'])}", _rounds(primary["rounds"]))
    if targets := _targets(picture):
        facts.add_row("targets", targets)
    if picture["blocked_because"]:
        facts.add_row(Text("waiting", style="yellow"), picture["blocked_because"])
    if picture["next_start_at"] is not None:
        wait = clock_text(picture["next_start_at"] - picture["at"])
        facts.add_row(Text("waiting", style="yellow"), f"tasks ended before they were healthy: next start in {wait}")
    return facts


def bounds_text(picture: Picture) -> str:
    """`healthy 4 of at least 4, wanted 6 of at most 8`"""
    lower, upper = picture["bounds"]["lower"], picture["bounds"]["upper"]
    return f"healthy {picture['healthy']} of at least {lower}, wanted {picture['wanted']} of at most {upper}"


def _rounds(rounds: list[Mapping[str, Any]]) -> Text:
    text = Text("… " if len(rounds) > ROUNDS_SHOWN else "")
    for index, one in enumerate(rounds[-ROUNDS_SHOWN:]):
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
    table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
    for event in picture["events"][:EVENTS_SHOWN]:
        table.add_row(f"{clock_text(picture['at'] - event['at'])} ago", short_message(event["message"]))
    yield table


def _legend() -> Columns:
    entries = (
        Text.assemble((letter, f"bold {colour}"), " ", (words, "dim")) for letter, colour, words in BLOCKS.values()
    )
    return Columns(entries, padding=(0, 3))

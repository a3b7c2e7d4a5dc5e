"""A post-mortem as text: a pure function from its JSON to the lines that rich prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from slipway.cli.difference_text import coloured
from slipway.cli.picture_words import short_message
from slipway.cli.postmortem_words import (
    Instant,
    Report,
    after_text,
    container_end,
    failures_line,
    last_lines,
    local_time,
    milestones,
    probe_text,
    task_ends,
    title_of,
)

_GOOD = "SUCCESSFUL"


def postmortem_text(report: Report, *, lines: int, instant: Instant = local_time) -> Iterator[Text]:
    """All of it, with the last `lines` lines of each container; `instant` tells when something was."""
    style = "bold green" if report["verdict"] == _GOOD else "bold red" if report["is_verdict"] else "bold yellow"
    yield Text.assemble((report["verdict"], style), f"  {title_of(report)}")
    yield Text(report["summary"])
    yield from _section("times", _times(report, instant))
    yield from _section("timeline", _timeline(report))
    yield from _section(f"failures  {failures_line(report)}", _failures(report))
    if report["difference"]:
        yield from _section("difference", coloured(report["difference"]))
    for task in report["tasks"]:
        yield from _section(_task_title(task), _task(task, lines))


def _section(title: str, content: Iterator[Text]) -> Iterator[Text]:
    yield Text()
    yield Text(title, style="bold")
    for line in content:
        yield Text.assemble("  ", line)


def _times(report: Report, instant: Instant) -> Iterator[Text]:
    for one in milestones(report):
        told = f"{one.name:<14}  {after_text(one.after_s):>7}  {instant(one.at)}"
        yield Text(f"{told}  {one.remark}".rstrip())


def _timeline(report: Report) -> Iterator[Text]:
    for moment in report["timeline"]:
        yield Text.assemble((f"{after_text(moment['after_s']):>7}", "dim"), f"  {short_message(moment['text'])}")


def _failures(report: Report) -> Iterator[Text]:
    began = report["times"]["update_at"]
    for task in report["tasks"]:
        after = after_text(task["at"] - began)
        yield Text.assemble((f"{after:>7}", "dim"), f"  {_task_title(task)}")


def _task_title(task: Mapping[str, Any]) -> str:
    return f"task {task['id'][:8]}  {task['failure_class']}: {short_message(task['sentence'])}"


def _task(task: Mapping[str, Any], lines: int) -> Iterator[Text]:
    for name, text in task_ends(task):
        yield Text.assemble((f"{name}: ", "dim"), short_message(text))
    for container in task["containers"]:
        yield Text.assemble(
            ("container ", "dim"), container["name"], (f" ({container['image']}): ", "dim"), container_end(container)
        )
        yield from _probes(container, task)
        told, last = last_lines(container["log"], lines)
        yield Text(f"  log: {told}", style="dim")
        for line in last:
            yield Text.assemble(("  | ", "dim"), line)


def _probes(container: Mapping[str, Any], task: Mapping[str, Any]) -> Iterator[Text]:
    began = task["started_at"] if task["started_at"] is not None else task["at"]
    for probe in container["health_probes"]:
        after = after_text(probe["at"] - began)
        yield Text.assemble(("  health check ", "dim"), f"{after} after the start: {probe_text(probe)}")

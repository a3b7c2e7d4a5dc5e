"""A post-mortem as one HTML page that loads nothing: a pure function from its JSON, with everything escaped."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from slipway.cli.picture_words import short_message
from slipway.cli.postmortem_chart import chart
from slipway.cli.postmortem_style import STYLE
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
from slipway.foresight.pages.document import document, section, table, verdict

#: Lines of a container's log on the page: all that a post-mortem carries.
LOG_LINES = 10_000
_DIFFERENCES = {"+": "added", "-": "removed", "@": "place"}


def postmortem_page(report: Report, *, instant: Instant = local_time) -> str:
    """The page; `instant` tells when something was."""
    title = f"{report['verdict']}: {title_of(report)}"
    content = (
        "<header>",
        *_header(report, instant),
        "</header><main>",
        *section("Times", _times(report, instant)),
        *section("Failed tasks", (*chart(report), *_failures(report))),
        *section("What it changed", _difference(report)),
        *section("What happened", _timeline(report)),
        *section("How each task ended", (part for task in report["tasks"] for part in _task(task))),
        f'</main><footer><p class="quiet">Told by Slipway at {escape(instant(report["at"]))}.</p></footer>',
    )
    return document(title, content, style=STYLE)


def _header(report: Report, instant: Instant) -> Iterator[str]:
    yield f"<h1>{escape(title_of(report))}</h1>"
    began = escape(instant(report["times"]["update_at"]))
    yield f"<p>{verdict(report['verdict'], is_over=report['is_verdict'])} begun {began}</p>"
    yield f"<p>{escape(report['summary'])}</p>"
    yield f'<p class="quiet"><code>{escape(report["service_deployment"])}</code></p>'


def _times(report: Report, instant: Instant) -> Iterator[str]:
    rows = [(one.name, after_text(one.after_s), instant(one.at), one.remark) for one in milestones(report)]
    yield from table(("", "+AFTER THE UPDATE", "AT", ""), rows)


def _failures(report: Report) -> Iterator[str]:
    yield f"<p>Counted: {escape(failures_line(report))}.</p>"
    began = report["times"]["update_at"]
    rows = [
        (after_text(task["at"] - began), task["id"][:8], task["failure_class"], short_message(task["sentence"]))
        for task in report["tasks"]
    ]
    if rows:
        yield from table(("+AFTER", "TASK", "CLASS", "FAILURE"), rows)


def _difference(report: Report) -> Iterator[str]:
    lines = report["difference"]
    if not lines:
        return
    yield "<pre>" + "".join(f'<span class="{_kind(line)}">{escape(line)}</span>' for line in lines) + "</pre>"


def _kind(line: str) -> str:
    return "head" if line.startswith(("--- ", "+++ ")) else _DIFFERENCES.get(line[:1], "quiet")


def _timeline(report: Report) -> Iterator[str]:
    rows = [(after_text(one["after_s"]), short_message(one["text"])) for one in report["timeline"]]
    if rows:
        yield from table(("+AFTER", "EVENT"), rows)


def _task(task: Mapping[str, Any]) -> Iterator[str]:
    head = f"{task['failure_class']}: {short_message(task['sentence'])}"
    yield f"<details><summary><code>{escape(task['id'][:8])}</code> {escape(head)}</summary>"
    yield f'<p class="quiet"><code>{escape(task["id"])}</code> of deployment {escape(task["deployment"])}</p>'
    for name, text in task_ends(task):
        yield f'<p><span class="quiet">{escape(name)}:</span> {escape(short_message(text))}</p>'
    for container in task["containers"]:
        yield from _container(container, task)
    yield "</details>"


def _container(container: Mapping[str, Any], task: Mapping[str, Any]) -> Iterator[str]:
    name, image = escape(container["name"]), escape(container["image"])
    yield f'<p>container <b>{name}</b> <span class="quiet">({image})</span>: {escape(container_end(container))}</p>'
    if container["health_probes"]:
        began = task["started_at"] if task["started_at"] is not None else task["at"]
        rows = [(after_text(one["at"] - began), probe_text(one)) for one in container["health_probes"]]
        yield from table(("+AFTER THE START", "HEALTH CHECK"), rows)
    told, lines = last_lines(container["log"], LOG_LINES)
    if not lines:
        yield f'<p class="quiet">log: {escape(told)}</p>'
        return
    yield f"<details><summary>log of {name}: {escape(told)}</summary>"
    yield "<pre>" + "".join(f"<span>{escape(line)}</span>" for line in lines) + "</pre></details>"

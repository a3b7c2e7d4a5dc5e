"""The time of a deployment as a chart of a post-mortem's page: a row a failed task, a line for each milestone."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from slipway.cli.postmortem_words import Report, after_text, milestones

#: Lines of the marks' names, one for each, so that none meet.
MARK_ROWS = 4
LATE = 60  # a mark so far to the right (per cent) has its name on its left


def chart(report: Report) -> Iterator[str]:
    """The chart in HTML; nothing where no task failed."""
    tasks = report["tasks"]
    if not tasks:
        return
    began = report["times"]["update_at"]
    span_s = max(_ends_at(report) - began, 0.001)
    yield '<div class="chart"><div class="marks">'
    for index, one in enumerate(milestones(report)[1:]):
        yield _mark(one.name, one.after_s, 100 * one.after_s / span_s, row=index % MARK_ROWS)
    yield "</div>"
    for task in tasks:
        yield from _row(task, began=began, span_s=span_s)
    yield f'<div class="axis"><span>0:00.0, update</span><span>{after_text(span_s)}</span></div></div>'
    yield (
        '<ul class="legend"><li><i style="background:var(--quiet)"></i>before it ran</li>'
        '<li><i style="background:var(--busy)"></i>ran</li>'
        '<li><i class="point" style="background:var(--bad)"></i>counted as failed</li></ul>'
    )


def _ends_at(report: Report) -> float:
    known = [one["stopped_at"] for one in report["tasks"]] + [one["at"] for one in report["tasks"]]
    known += list(report["times"].values())[:-1]
    known += [moment["at"] for moment in report["timeline"]]
    return float(max(at for at in known if at is not None))


def _mark(name: str, after_s: float, left: float, *, row: int) -> str:
    late = " late" if left > LATE else ""
    text = f'<span style="top:{row * 1.05:.2f}rem">{escape(f"{name} {after_text(after_s)}")}</span>'
    return f'<div class="mark{late}" style="left:{left:.2f}%">{text}</div>'


def _row(task: Mapping[str, Any], *, began: float, span_s: float) -> Iterator[str]:
    def place(at: float) -> float:
        return min(max(100 * (at - began) / span_s, 0.0), 100.0)

    made = task["created_at"] if task["created_at"] is not None else task["at"]
    ran = task["started_at"]
    gone = task["stopped_at"] if task["stopped_at"] is not None else max(task["at"], made)
    yield f'<div class="row"><code>{escape(task["id"][:8])}</code>'
    yield f'<div class="track" title="{escape(task["sentence"])}">'
    yield _bar("bar", place(made), place(gone if ran is None else ran))
    if ran is not None:
        yield _bar("bar ran", place(ran), place(gone))
    yield f'<span class="failed" style="left:{place(task["at"]):.2f}%"></span></div></div>'


def _bar(kind: str, left: float, right: float) -> str:
    return f'<span class="{kind}" style="left:{left:.2f}%;width:{max(right - left, 0.0):.2f}%"></span>'

"""An explanation as text: a pure function from it to what rich prints, as wide as it is told."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.bar import bar
from slipway.cli.explain_words import seconds_text, settings_text, share_text, task_text
from slipway.cli.postmortem_words import after_text
from slipway.cli.printable import printable
from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Segment, SegmentKind
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.explain import Explanation, Saving
from slipway.foresight.pages.kinds import kind_words
from slipway.foresight.pages.ledger_table import SHORT_SHARE

#: Columns from which on each segment has one line.
WIDE = 140

#: Segments shown, the longest; the others, and those below half a percent of the time, are told together.
SHOWN_MOST = 40

#: Columns below which bars and the counts of rounds are left out.
NARROW = 64

_STYLES = {
    SegmentKind.DRAIN: "magenta",
    SegmentKind.HEALTH_WAIT: "cyan",
    SegmentKind.FAILED_CHECKS: "red",
    SegmentKind.FAILURE: "red",
    SegmentKind.BACK_OFF: "red",
    SegmentKind.KILL_WAIT: "yellow",
    SegmentKind.CAPACITY_WAIT: "yellow",
    SegmentKind.PAUSE: "yellow",
    SegmentKind.SERVER_AWAY: "red",
    SegmentKind.OVERHEAD: "bright_black",
}


def explain_text(explanation: Explanation, *, width: int, encoding: str = "utf-8") -> Iterator[RenderableType]:
    """All of it: header, ledger, kinds, rounds, and what would have saved most. `encoding` is the terminal's."""
    yield from _header(explanation)
    shown, hidden = _shown(explanation.ledger.segments)
    if shown:
        yield from _titled("ledger")
        yield _wide_ledger(shown, explanation) if width >= WIDE else _narrow_ledger(shown, explanation)
    if hidden:
        seconds = seconds_text(sum(one.seconds for one in hidden), of=explanation.seconds)
        yield Text(f"  and {len(hidden)} shorter ones, together {seconds} s (--json has all)", style="dim")
    if explanation.totals:
        yield from _titled("by kind")
        yield _kinds(explanation, width, encoding)
    if explanation.rounds:
        yield from _titled("rounds")
        yield _rounds(explanation.rounds, width)
    if explanation.savings:
        yield from _titled("what would have saved most")
        for number, saving in enumerate(explanation.savings, start=1):
            yield _saving(number, saving)


def _header(explanation: Explanation) -> Iterator[Text]:
    is_good = explanation.status is ServiceDeploymentStatus.SUCCESSFUL
    style = "bold green" if is_good else "bold red" if explanation.is_over else "bold yellow"
    sources = f", from {', '.join(explanation.sources)}" if explanation.sources else ""
    what = f"{explanation.to} ({explanation.deployment}) of {explanation.service} in {explanation.cluster}{sources}"
    yield Text.assemble((explanation.status, style), f"  {what}")
    took = "It took" if explanation.is_over else "It has taken"
    so_far = "" if explanation.is_over else " so far"
    seconds = seconds_text(explanation.seconds, of=explanation.seconds)
    share = share_text(explanation.overhead_share)
    yield Text(f"{took} {after_text(explanation.seconds)} ({seconds} s){so_far}; {share} of it is owed to no setting.")
    if explanation.status_reason:
        yield Text(printable(explanation.status_reason))


def _titled(title: str) -> Iterator[Text]:
    yield Text()
    yield Text(title, style="bold")


def _shown(segments: tuple[Segment, ...]) -> tuple[list[Segment], list[Segment]]:
    """Those worth a row, the longest at most, in their order; and the others, which are milliseconds mostly."""
    whole = sum(one.seconds for one in segments)
    worth = [index for index, one in enumerate(segments) if one.seconds >= SHORT_SHARE * whole]
    longest = set(sorted(worth, key=lambda index: -segments[index].seconds)[:SHOWN_MOST])
    shown = [one for index, one in enumerate(segments) if index in longest]
    return shown, [one for index, one in enumerate(segments) if index not in longest]


def _wide_ledger(segments: list[Segment], explanation: Explanation) -> Table:
    table = _table()
    for name in ("FROM", "SECONDS", "SHARE"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("WHAT", "TASK"):
        table.add_column(name, no_wrap=True)
    for name in ("WHY", "SETTING"):
        table.add_column(name, overflow="fold")
    for one in segments:
        table.add_row(*_figures(one, explanation), _kind(one.kind), *map(Text, (task_text(one.task_arn), *_words(one))))
    return table


def _narrow_ledger(segments: list[Segment], explanation: Explanation) -> Table:
    """Two lines or more for each: the figures, and below them why."""
    table = _table(header=False)
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for one in segments:
        what = Text.assemble(_kind(one.kind), (f"  {task_text(one.task_arn)}", "dim"))
        for words in filter(None, _words(one)):
            what.append(f"\n{words}")
        table.add_row(*_figures(one, explanation), what)
    return table


def _figures(one: Segment, explanation: Explanation) -> tuple[Text, ...]:
    whole_s = explanation.seconds
    figures = (
        after_text(one.from_at - explanation.ledger.began_at),
        seconds_text(one.seconds, of=whole_s),
        share_text(one.seconds / whole_s),
    )
    return tuple(map(Text, figures))


def _words(one: Segment) -> tuple[str, str]:
    return printable(one.sentence), printable(settings_text(one.settings))


def _kind(kind: SegmentKind) -> Text:
    return Text(kind_words(kind), style=_STYLES.get(kind, ""))


def _kinds(explanation: Explanation, width: int, encoding: str) -> Table:
    table = _table(header=False)
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
    for total in explanation.totals:
        length = bar(total.share, encoding=encoding) if width >= NARROW else ""
        seconds = seconds_text(total.seconds, of=explanation.seconds)
        style = _STYLES.get(total.kind, "")
        table.add_row(_kind(total.kind), Text(f"{seconds} s"), Text(share_text(total.share)), Text(length, style=style))
    return table


def _rounds(rounds: tuple[RoundRow, ...], width: int) -> Table:
    table = _table()
    heads = ("#", "TASKS", "FROM", "TO", "HEALTHY", "RUNNING")
    shown = len(heads) if width >= NARROW else len(heads) - 2
    for name in heads[:shown]:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("WAITED FOR")
    for one in rounds:
        end = "-" if one.end_s is None else after_text(one.end_s)
        cause = Text("-") if one.cause is None else _kind(one.cause)
        counts = (str(one.healthy), str(one.running))
        figures = (str(one.number), f"{one.signed:+d}", after_text(one.start_s), end, *counts)
        table.add_row(*map(Text, figures[:shown]), cause)
    return table


def _saving(number: int, saving: Saving) -> Text:
    change = f"{saving.name} of {saving.of} from {saving.before} to {saving.after}"
    risk = f": {saving.risk}" if saving.risk else ""
    return Text.assemble(f"  {number}. ", (f"{after_text(saving.saved_s)} less", "bold"), f" by {change}{risk}")


def _table(*, header: bool = True) -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", show_header=header)

"""A forecast as text: pure functions from it to what rich prints, as wide as they are told."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.bar import bar
from slipway.cli.explain_words import seconds_text, settings_text, share_text
from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Ledger, SegmentKind
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.comparison import differences_of
from slipway.foresight.forecast import Forecast
from slipway.foresight.pages.clock import clock_text, duration_text
from slipway.foresight.pages.kinds import kind_words
from slipway.foresight.pages.roll_chart import roll_chart
from slipway.foresight.rollout import Rollout

T = TypeVar("T")

#: Columns that text is fitted into; from which on running tasks are told; from which on all of a wait is.
LEAST, MOST, MIDDLE, WIDE = 40, 200, 72, 120

#: Columns below which a round has neither the healthy count nor its way back.
NARROW = 60

#: Columns between two of a table.
_GAP = 2

#: Rounds shown: the first and the last ones of them.
FIRST, LAST = 24, 8


def forecast_text(forecast: Forecast, *, title: str, width: int, encoding: str = "utf-8") -> Iterator[RenderableType]:
    """All of it: verdict and totals, the rounds, a chart of the roll, and where the time goes. `width` in columns,
    `encoding` that of the terminal; `title` says what is rolled."""
    fitted = min(max(width, LEAST), MOST)
    yield from _header(forecast, title)
    yield from _titled("totals")
    yield _totals(forecast)
    if forecast.rounds:
        yield from _titled("rounds")
        yield _rounds(forecast, width=fitted)
        yield from _titled("roll")
        yield from roll_chart(forecast, width=fitted, encoding=encoding)
    if forecast.ledger.segments:
        yield from _titled("where the time goes")
        yield _kinds(forecast.ledger, width=fitted, encoding=encoding)


def rollout_title(rollout: Rollout) -> str:
    """`6 tasks, room for 8, 100/200 %`."""
    if rollout.hosts is not None:
        room = f"on {rollout.hosts:,} host{'' if rollout.hosts == 1 else 's'}"
    else:
        room = f"room for {rollout.peak if rollout.room is None else rollout.room:,}"
    tasks = f"{rollout.desired:,} task{'' if rollout.desired == 1 else 's'}"
    rounds = ", rounds strictly one after another" if rollout.sequential else ""
    return f"{tasks}, {room}, {rollout.minimum_healthy_percent}/{rollout.maximum_percent} %{rounds}"


def comparison_text(overlapping: Forecast, sequential: Forecast, *, width: int) -> Iterator[RenderableType]:
    """Both side by side, round by round, and the reason for each difference in words."""
    table = _table()
    table.add_column("ROUND", justify="right", no_wrap=True)
    for name in ("STRICTLY ONE AFTER ANOTHER", "OVERLAPPING (SLIPWAY)"):
        table.add_column(name, no_wrap=width >= NARROW)
    yield from _titled("compared")
    pairs = list(enumerate(zip_longest(sequential.rounds, overlapping.rounds), start=1))
    for number, (left, right) in _shown(pairs, table):
        table.add_row(str(number), _span(left), _span(right))
    for name, words in (("total", _total), ("lowest", _lowest), ("peak", _peak), ("back", _back)):
        table.add_row(Text(name, style="dim"), words(sequential), words(overlapping))
    yield table
    yield Text()
    for sentence in differences_of(overlapping, sequential):
        yield Text(f"  {sentence}")


def _header(forecast: Forecast, title: str) -> Iterator[Text]:
    is_good = forecast.verdict is ServiceDeploymentStatus.SUCCESSFUL
    style = "bold green" if is_good else "bold red" if forecast.has_ended else "bold yellow"
    yield Text.assemble((str(forecast.verdict), style), f"  {title}")
    rounds = f"{len(forecast.rounds):,} round{'' if len(forecast.rounds) == 1 else 's'}"
    if not forecast.has_ended:
        yield Text(f"The roll {forecast.reason} ({rounds}).")
        return
    of = f"never fewer than {forecast.lowest_healthy:,} of {forecast.desired:,} healthy"
    yield Text(f"The roll takes {_total(forecast)} in {rounds}, {of}, at most {forecast.peak_tasks:,} tasks at once.")
    if forecast.reason:
        yield Text(forecast.reason)


def _titled(title: str) -> Iterator[Text]:
    yield Text()
    yield Text(title, style="bold")


def _totals(forecast: Forecast) -> Table:
    table = _table(header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, words in (
        ("total time", _total(forecast)),
        ("lowest healthy", _lowest(forecast)),
        ("most tasks at once", _peak(forecast)),
        ("longest way back", _back(forecast)),
    ):
        table.add_row(name, words)
    return table


def _total(forecast: Forecast) -> str:
    text, exact = duration_text(forecast.duration_s), f"{round(forecast.duration_s, 3):,.10g} s"
    text = text if text == exact else f"{text} ({exact})"
    return text if forecast.has_ended else f"no end (looked ahead for {text})"


def _lowest(forecast: Forecast) -> str:
    return f"{forecast.lowest_healthy:,} of {forecast.desired:,} ({forecast.lowest_healthy_percent:.0f}%)"


def _peak(forecast: Forecast) -> str:
    extra = max(forecast.peak_tasks - forecast.desired, 0)
    return f"{forecast.peak_tasks:,} ({extra:,} more than desired)"


def _back(forecast: Forecast) -> str:
    if not forecast.ways_back:
        return forecast.no_way_back
    longest = "never ends" if forecast.rollback_s is None else duration_text(forecast.rollback_s)
    tried = len(forecast.ways_back)
    return longest if tried >= len(forecast.rounds) else f"{longest} (of {tried:,} of {len(forecast.rounds):,} rounds)"


def _rounds(forecast: Forecast, *, width: int) -> Table:
    table = _table()
    has_healthy, has_running, has_back = width >= NARROW, width >= MIDDLE, width >= NARROW and forecast.ways_back
    counts = (("HEALTHY",) if has_healthy else ()) + (("RUNNING",) if has_running else ())
    for name in ("ROUND", "TASKS", "FROM", "TO", *counts, *(("BACK",) if has_back else ())):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("WAITS FOR", no_wrap=NARROW <= width < WIDE)
    back = {way.round: "never" if way.seconds is None else clock_text(way.seconds) for way in forecast.ways_back}
    for row in _shown(forecast.rounds, table):
        figures = [str(row.number), f"{row.signed:+,d}", clock_text(row.start_s)]
        figures.append("-" if row.end_s is None else clock_text(row.end_s))
        figures += [f"{row.healthy:,}"] if has_healthy else []
        figures += [f"{row.running:,}"] if has_running else []
        figures += [back.get(row.number, "")] if has_back else []
        table.add_row(*figures, _wait(row, width))
    return table


def _wait(row: RoundRow, width: int) -> str:
    cause = "" if row.cause is None else kind_words(row.cause)
    if width < WIDE or not row.waits_for:
        return cause
    settings = settings_text(row.settings)
    return f"{cause}: {row.waits_for}{f' ({settings})' if settings else ''}"


def _shown(rows: Sequence[T], table: Table) -> Iterator[T]:
    """The first and the last rows; how many are left out stands between them in the table."""
    if len(rows) <= FIRST + LAST + 1:
        yield from rows
        return
    yield from rows[:FIRST]
    table.add_row("…", Text(f"{len(rows) - FIRST - LAST:,} more", style="dim"))
    yield from rows[-LAST:]


def _span(row: RoundRow | None) -> str:
    if row is None:
        return ""
    end = "-" if row.end_s is None else clock_text(row.end_s)
    return f"{row.signed:+,d}  {clock_text(row.start_s)} to {end}"


def _kinds(ledger: Ledger, *, width: int, encoding: str) -> Table:
    """The totals by kind, the largest first, with bars of what columns are left."""
    totals: dict[SegmentKind, float] = {}
    for one in ledger.segments:
        totals[one.kind] = totals.get(one.kind, 0.0) + one.seconds
    table = _table(header=False)
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    shares = {kind: seconds / ledger.seconds for kind, seconds in totals.items()}
    rows = [
        (kind_words(kind), f"{seconds_text(seconds, of=ledger.seconds)} s", share_text(shares[kind]))
        for kind, seconds in sorted(totals.items(), key=lambda total: -total[1])
    ]
    columns = width - sum(max(map(len, column)) + _GAP for column in zip(*rows, strict=True))
    for row, share in zip(rows, sorted(shares.values(), reverse=True), strict=True):
        table.add_row(*row, bar(share, columns=columns, encoding=encoding))
    return table


def _table(*, header: bool = True) -> Table:
    return Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim", show_header=header)

"""The parts of a page that tell of one roll: timeline, legend, ledger, rounds."""

from collections.abc import Iterator
from html import escape

from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Ledger
from slipway.core.explaining.summary import totals_of
from slipway.foresight.pages.clock import axis_text, duration_text
from slipway.foresight.pages.document import marked_table
from slipway.foresight.pages.frame import narrow, wide
from slipway.foresight.pages.kinds import kind_colour, kind_words, style_of
from slipway.foresight.pages.legend import legend
from slipway.foresight.pages.roll import Roll
from slipway.foresight.pages.timeline import timeline

#: Rows of the table; the other rounds are told together.
ROWS_MOST = 200


def roll_figure(roll: Roll, *, name: str) -> Iterator[str]:
    """The timeline, drawn for a window and for a telephone, with its legend."""
    yield "<figure>"
    yield f'<div class="wide">{timeline(roll, wide(roll.seconds), name=name)}</div>'
    yield f'<div class="narrow">{timeline(roll, narrow(roll.seconds), name=name)}</div>'
    yield from legend((roll,))
    yield "</figure>"


def share_bar(ledger: Ledger) -> Iterator[str]:
    """The kinds of time as parts of one bar, the longest first, and below it each with its time."""
    totals = totals_of(ledger)
    told = ", ".join(f"{kind_words(one.kind)} {one.share:.0%}" for one in totals)
    yield f'<div class="share" role="img" aria-label="{escape(told)}">'
    for one in totals:
        tip = escape(f"{kind_words(one.kind)}: {duration_text(one.seconds)}, {one.share:.1%}")
        yield f'<span class="{style_of(kind_colour(one.kind))}" style="flex:{one.share:.5f} 1 0" title="{tip}"></span>'
    yield '</div><ul class="legend">'
    for one in totals:
        time = f"{duration_text(one.seconds)} ({one.share:.1%})"
        yield f'<li><i class="{style_of(kind_colour(one.kind))}"></i>{kind_words(one.kind)} {time}</li>'
    yield "</ul>"


def rounds_table(rounds: tuple[RoundRow, ...], *, seconds: float) -> Iterator[str]:
    """The rounds: what each started or stopped, from when to when, why it lasted, and what there was after it. Of a
    roll of so many seconds."""
    rows = [_round_row(one, seconds) for one in rounds[:ROWS_MOST]]
    if left := rounds[ROWS_MOST:]:
        tasks = sum(one.count for one in left)
        rows.append(("", "", "", "", f'<span class="quiet">and {len(left):,} more, of {tasks:,} tasks</span>', "", ""))
    heads = ("+", "+tasks", "+from", "+to", "waits longest for", "+healthy", "~+running")
    yield from marked_table(heads, rows)


def _round_row(one: RoundRow, seconds: float) -> tuple[str, ...]:
    sign = "+" if one.signed > 0 else "−"
    why = ""
    if one.cause is not None:
        colour = style_of(kind_colour(one.cause))
        quiet = f'<span class="quiet more">: {escape(one.waits_for)}</span>'
        why = f'<i class="swatch {colour}"></i>{kind_words(one.cause)}{quiet}'
    end = "never" if one.end_s is None else axis_text(one.end_s, of=seconds)
    counts = (f"{one.healthy:,}", f"{one.running:,}")
    return str(one.number), f"{sign}{one.count:,}", axis_text(one.start_s, of=seconds), end, why, *counts

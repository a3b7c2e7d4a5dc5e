"""The parts of a page that tell of one roll: timeline, legend, ledger, rounds."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Ledger, Segment, Setting
from slipway.core.explaining.summary import totals_of
from slipway.foresight.pages.clock import axis_text, duration_text
from slipway.foresight.pages.course import State
from slipway.foresight.pages.document import marked_table
from slipway.foresight.pages.frame import narrow, wide
from slipway.foresight.pages.kinds import kind_colour, kind_words, state_colour, style_of
from slipway.foresight.pages.roll import Roll
from slipway.foresight.pages.timeline import timeline

#: Rows of a table, the longest segments or the first rounds; the others are told together.
ROWS_MOST = 200


def roll_figure(roll: Roll, *, name: str) -> Iterator[str]:
    """The timeline, drawn for a window and for a telephone, with its legend."""
    yield "<figure>"
    yield f'<div class="wide">{timeline(roll, wide(roll.seconds), name=name)}</div>'
    yield f'<div class="narrow">{timeline(roll, narrow(roll.seconds), name=name)}</div>'
    yield from legend((roll,))
    yield "</figure>"


def legend(rolls: Sequence[Roll]) -> Iterator[str]:
    """What the colours mean that occur, and the lines."""
    seen = {
        (state_colour(course, one.state), course.is_old if one.state is State.HEALTHY else None, one.state)
        for roll in rolls
        for course in roll.courses
        for one in course.stretches
    }
    order = list(State)
    yield '<ul class="legend">'
    for colour, is_old, state in sorted(seen, key=lambda one: (order.index(one[2]), not one[1])):
        age = "" if is_old is None else "old, " if is_old else "new, "
        yield f'<li><i class="{style_of(colour)}"></i>{age}{state.value}</li>'
    yield '<li><i class="line"></i>critical path</li><li><i class="line dashed"></i>desired</li>'
    if any(roll.minimum != roll.desired for roll in rolls):
        yield '<li><i class="line dotted"></i>least healthy</li>'
    yield "</ul>"


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


def ledger_table(ledger: Ledger) -> Iterator[str]:
    """Each segment with its time, task and cause; of very many the longest, and the others together."""
    numbered = list(enumerate(ledger.segments, start=1))
    kept = {number for number, _ in sorted(numbered, key=lambda one: (-one[1].seconds, one[0]))[:ROWS_MOST]}
    shown = [(number, one) for number, one in numbered if number in kept]
    rows = [_ledger_row(number, one, ledger) for number, one in shown]
    left = [one for number, one in numbered if number not in kept]
    if left:
        seconds = sum(one.seconds for one in left)
        words = f'<span class="quiet">and {len(left):,} shorter ones</span>'
        rows.append(("", f"{duration_text(seconds)}<br>{_share_text(seconds, ledger)}", words))
    rows.append(("", f"<b>{duration_text(ledger.seconds)}</b>", "<b>all of it</b>"))
    names = (f"s{number}" for number, _ in shown)
    yield from marked_table(("+", "+time", "what was waited for"), rows, names=names)


def highlights(ledger: Ledger) -> str:
    """The style that shows a segment of the path and its row of the ledger together, where a pointer rests on one."""
    rules = (
        f"body:has(.p{number}:hover) #s{number}{{background:var(--raised)}}"
        f"body:has(#s{number}:hover) .p{number}{{stroke:var(--mark);stroke-width:6}}"
        for number in range(1, min(len(ledger.segments), ROWS_MOST) + 1)
    )
    return "\n".join(rules)


def _share_text(seconds: float, ledger: Ledger) -> str:
    share = seconds / ledger.seconds if ledger.seconds else 0.0
    return f'<span class="quiet">{share:.1%}</span>'


def _ledger_row(number: int, one: Segment, ledger: Ledger) -> tuple[str, ...]:
    colour = style_of(kind_colour(one.kind))
    task = "" if one.task_arn is None else f" <code>{escape(one.task_arn.rpartition('/')[2][:8])}</code>"
    at = f'<span class="quiet">at {axis_text(one.from_at - ledger.began_at, of=ledger.seconds)}</span>'
    what = f'<i class="swatch {colour}"></i><b>{kind_words(one.kind)}</b>{task} {at}<br>{escape(one.sentence)}'
    if one.settings:
        what += f'<br><span class="quiet">{escape(settings_text(one.settings))}</span>'
    width = one.seconds / ledger.seconds if ledger.seconds else 0.0
    bar = f'<div class="gauge"><span class="{colour}" style="width:{width:.3%}"></span></div>'
    return str(number), f"{duration_text(one.seconds)}<br>{_share_text(one.seconds, ledger)}", what + bar


def settings_text(settings: Iterable[Setting]) -> str:
    """`HealthCheckIntervalSeconds 30, HealthyThresholdCount 5 of target group web`."""
    by_owner: dict[str, list[str]] = {}
    for one in settings:
        by_owner.setdefault(one.of, []).append(f"{one.name} {one.value}".rstrip())
    return "; ".join(f"{', '.join(named)} of {owner}" for owner, named in by_owner.items())


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

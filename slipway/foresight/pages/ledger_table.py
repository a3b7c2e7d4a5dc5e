"""The ledger of a roll as a table: each segment with its time, task and cause."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from slipway.core.explaining.segment import Ledger, Segment, SegmentKind, Setting
from slipway.foresight.pages.clock import axis_text, duration_text
from slipway.foresight.pages.document import marked_table
from slipway.foresight.pages.kinds import kind_colour, kind_words, style_of

#: Rows, those of the longest time; the others are told together.
ROWS_MOST = 200
#: Neighbours that take less than this share of the time have one row.
SHORT_SHARE = 0.005
#: Segments of one row that light up with it.
LIT_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Neighbouring segments that have one row. `number` is that of the first, counted from 1."""

    number: int
    segments: tuple[Segment, ...]
    share: float  # of the whole time, 0 to 1

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.segments)

    @property
    def last(self) -> int:
        return self.number + len(self.segments) - 1


def ledger_table(ledger: Ledger) -> Iterator[str]:
    """The table; its last row is the whole time."""
    entries = _entries(ledger)
    kept = _kept(entries)
    rows = [_row(entry, ledger) for entry in kept]
    shown = {entry.number for entry in kept}
    if left := [entry for entry in entries if entry.number not in shown]:
        count = sum(len(entry.segments) for entry in left)
        share = sum(entry.share for entry in left)
        time = _time(sum(entry.seconds for entry in left), share)
        rows.append(("", time, f'<span class="quiet">and {count:,} shorter ones</span>{_gauge("overhead", share)}'))
    rows.append(("", f"<b>{duration_text(ledger.seconds)}</b>", "<b>all of it</b>"))
    names = (f"s{entry.number}" for entry in kept)
    yield from marked_table(("+", "+time", "what was waited for"), rows, names=names)


def highlights(ledger: Ledger) -> str:
    """The style that shows a segment of the path and its row of the ledger together, where a pointer rests on one."""
    return "\n".join(
        f"body:has(.p{number}:hover) #s{entry.number}{{background:var(--raised)}}"
        f"body:has(#s{entry.number}:hover) .p{number}{{stroke:var(--mark);stroke-width:6}}"
        for entry in _kept(_entries(ledger))
        for number in range(entry.number, min(entry.last + 1, entry.number + LIT_MOST))
    )


def _kept(entries: list[_Entry]) -> list[_Entry]:
    """Those that have a row, in their order."""
    longest = sorted(entries, key=lambda entry: (-entry.seconds, entry.number))[:ROWS_MOST]
    return sorted(longest, key=lambda entry: entry.number)


def _entries(ledger: Ledger) -> list[_Entry]:
    entries: list[_Entry] = []
    for number, one in enumerate(ledger.segments, start=1):
        share = one.seconds / ledger.seconds
        last = entries[-1] if entries else None
        if last is not None and share < SHORT_SHARE and last.segments[-1].seconds < SHORT_SHARE * ledger.seconds:
            joined = (*last.segments, one)
            entries[-1] = _Entry(number=last.number, segments=joined, share=last.share + share)
        else:
            entries.append(_Entry(number=number, segments=(one,), share=share))
    return entries


def _row(entry: _Entry, ledger: Ledger) -> tuple[str, ...]:
    first = entry.segments[0]
    at = f'<span class="quiet">at {axis_text(first.from_at - ledger.began_at, of=ledger.seconds)}</span>'
    if len(entry.segments) > 1:
        what = f"<b>{len(entry.segments):,} short ones</b> {at}<br>{_parts(entry.segments)}"
        return f"{entry.number}–{entry.last}", _time(entry.seconds, entry.share), what + _gauge("overhead", entry.share)
    colour = style_of(kind_colour(first.kind))
    task = "" if first.task_arn is None else f" <code>{escape(first.task_arn.rpartition('/')[2][:8])}</code>"
    what = f'<i class="swatch {colour}"></i><b>{kind_words(first.kind)}</b>{task} {at}<br>{escape(first.sentence)}'
    if first.settings:
        what += f'<br><span class="quiet">{escape(settings_text(first.settings))}</span>'
    return str(entry.number), _time(entry.seconds, entry.share), what + _gauge(colour, entry.share)


def _time(seconds: float, share: float) -> str:
    return f'{duration_text(seconds)}<br><span class="quiet">{share:.1%}</span>'


def _gauge(style: str, share: float) -> str:
    return f'<div class="gauge"><span class="{style}" style="width:{share:.3%}"></span></div>'


def _parts(segments: Iterable[Segment]) -> str:
    """The kinds there are, each with its time, in the order in which they came."""
    seconds: dict[SegmentKind, float] = {}
    for one in segments:
        seconds[one.kind] = seconds.get(one.kind, 0.0) + one.seconds
    return " ".join(
        f'<span class="part"><i class="swatch {style_of(kind_colour(kind))}"></i>{kind_words(kind)} '
        f"{duration_text(time)}</span>"
        for kind, time in seconds.items()
    )


def settings_text(settings: Iterable[Setting]) -> str:
    """`HealthCheckIntervalSeconds 30, HealthyThresholdCount 5 of target group web`."""
    by_owner: dict[str, list[str]] = {}
    for one in settings:
        by_owner.setdefault(one.of, []).append(f"{one.name} {one.value}".rstrip())
    return "; ".join(f"{', '.join(named)} of {owner}" for owner, named in by_owner.items())

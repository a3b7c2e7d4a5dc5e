"""A ledger summed up by kind, and how much of it no setting owes."""

from dataclasses import dataclass

from slipway.core.explaining.segment import Ledger, Segment, SegmentKind, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTotal:
    """All segments of one kind together."""

    kind: SegmentKind
    seconds: float
    share: float  # of the whole time, 0 to 1
    count: int  # segments
    worst: Segment  # the longest of them
    settings: tuple[Setting, ...]  # what caused them, each once, those of the longest first


def totals_of(ledger: Ledger) -> tuple[KindTotal, ...]:
    """The kinds there are, the longest first; their seconds add up to the ledger's."""
    by_kind: dict[SegmentKind, list[Segment]] = {}
    for segment in ledger.segments:
        by_kind.setdefault(segment.kind, []).append(segment)
    totals = [_total(kind, segments, ledger.seconds) for kind, segments in by_kind.items()]
    return tuple(sorted(totals, key=lambda total: (-total.seconds, total.kind)))


def overhead_share(ledger: Ledger) -> float:
    """The share of the time that no setting owes, 0 to 1; 0 of a ledger that took no time."""
    overhead = sum(one.seconds for one in ledger.segments if one.kind is SegmentKind.OVERHEAD)
    return overhead / ledger.seconds if ledger.seconds else 0.0


def _total(kind: SegmentKind, segments: list[Segment], whole_s: float) -> KindTotal:
    longest_first = sorted(segments, key=lambda one: (-one.seconds, one.from_at))
    seconds = sum(one.seconds for one in segments)
    return KindTotal(
        kind=kind,
        seconds=seconds,
        share=seconds / whole_s,
        count=len(segments),
        worst=longest_first[0],
        settings=tuple(dict.fromkeys(setting for one in longest_first for setting in one.settings)),
    )

"""Times in which the control plane was away: what was due then waited until it was back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from slipway.core.explaining.segment import Segment, SegmentKind
from slipway.core.records import replace

#: Kinds that end with something the control plane does: while it is away, they are its absence.
_OWN = frozenset((SegmentKind.OVERHEAD, SegmentKind.PLACEMENT_WAIT, SegmentKind.REGISTRATION))


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """From the last commit before to the first step after, epoch seconds: it was away within that, not all of it."""

    from_at: float
    to_at: float
    sentence: str


def with_absences(segments: Iterable[Segment], absences: Iterable[Absence]) -> Iterator[Segment]:
    """The segments, with what the control plane owes of them told as its absence; they touch as they did. `absences`
    are the oldest first."""
    known = tuple(absences)
    for one in segments:
        yield from _parts(one, known) if one.kind in _OWN else (one,)


def _parts(segment: Segment, absences: tuple[Absence, ...]) -> Iterator[Segment]:
    for absence in absences:
        from_at, to_at = max(absence.from_at, segment.from_at), min(absence.to_at, segment.to_at)
        if from_at >= to_at:
            continue
        if from_at > segment.from_at:
            yield replace(segment, to_at=from_at)
        yield replace(
            segment, kind=SegmentKind.SERVER_AWAY, from_at=from_at, to_at=to_at, sentence=absence.sentence, settings=()
        )
        if to_at == segment.to_at:
            return
        segment = replace(segment, from_at=to_at)
    yield segment

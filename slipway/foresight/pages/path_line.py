"""The critical path through the rows of a timeline: each segment on the row of its task, one after the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.explaining.segment import Ledger, Segment
from slipway.foresight.pages import svg
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.pages.frame import Frame
from slipway.foresight.pages.kinds import kind_words

#: Narrower segments are drawn together with the next, pixels.
SEEN = 2.0
#: Pieces of a path whose way from row to row is set off from the rows; that of more would hide them.
CLEAR_MOST = 60
#: Width of a letter, pixels.
LETTER = 6.5
#: Segments that are wide enough for their number.
BADGE = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some neighbouring segments on one row; `number` is that of the first, counted from 1."""

    number: int
    segments: tuple[Segment, ...]
    from_x: float
    to_x: float
    y: float


def path_line(
    ledger: Ledger, frame: Frame, rows: Mapping[str, float], *, began_at: float, free_y: float
) -> Iterator[str]:
    """The path; `rows` are the heights by task ARN, `free_y` the one for segments that are no task's."""
    pieces = list(_pieces(ledger, frame, rows, began_at=began_at, free_y=free_y))
    if not pieces:
        return
    through = [point for piece in pieces for point in _ends(piece)]
    if len(pieces) <= CLEAR_MOST:
        yield svg.line(through, style="halo")
    yield svg.line(through, style="link" if len(pieces) <= CLEAR_MOST else "link faint")
    for piece in pieces:
        numbers = " ".join(f"p{piece.number + index}" for index in range(len(piece.segments)))
        yield svg.line(_ends(piece), style=f"path {numbers}", tip=_tip(piece, ledger))
    for piece in pieces:
        if piece.to_x - piece.from_x >= BADGE and len(piece.segments) == 1:
            x = (piece.from_x + piece.to_x) / 2
            yield svg.element("circle", cx=x, cy=piece.y, r=6.5, class_="badge")
            yield svg.words(x, piece.y + 3, str(piece.number), style="number")
        told = kind_words(piece.segments[0].kind)
        if piece.y == free_y and piece.to_x - piece.from_x > LETTER * len(told):
            yield svg.words(piece.from_x, piece.y - 7, told, style="quiet")


def _pieces(
    ledger: Ledger, frame: Frame, rows: Mapping[str, float], *, began_at: float, free_y: float
) -> Iterator[_Piece]:
    def placed(first: int, segments: list[Segment]) -> _Piece:
        longest = max(segments, key=lambda segment: segment.seconds)
        return _Piece(
            number=first,
            segments=tuple(segments),
            from_x=frame.x(segments[0].from_at - began_at),
            to_x=frame.x(segments[-1].to_at - began_at),
            y=rows.get(longest.task_arn or "", free_y),
        )

    waiting: list[Segment] = []
    first = 1
    for number, one in enumerate(ledger.segments, start=1):
        own = frame.x(one.to_at - began_at) - frame.x(one.from_at - began_at)
        if waiting and own >= BADGE:  # it has its number, whatever goes before it
            yield placed(first, waiting)
            waiting = []
        first = first if waiting else number
        waiting.append(one)
        if frame.x(one.to_at - began_at) - frame.x(waiting[0].from_at - began_at) >= SEEN:
            yield placed(first, waiting)
            waiting = []
    if waiting:
        yield placed(first, waiting)


def _ends(piece: _Piece) -> list[tuple[float, float]]:
    return [(piece.from_x, piece.y), (piece.to_x, piece.y)]


def _tip(piece: _Piece, ledger: Ledger) -> str:
    if len(piece.segments) > 1:
        told = ", ".join(dict.fromkeys(kind_words(one.kind) for one in piece.segments))
        seconds = sum(one.seconds for one in piece.segments)
        last = piece.number + len(piece.segments) - 1
        return f"{piece.number} to {last}: {told}, {duration_text(seconds)} together"
    (one,) = piece.segments
    share = one.seconds / ledger.seconds if ledger.seconds else 0.0
    settings = "".join(f"\n{setting.name} {setting.value} of {setting.of}" for setting in one.settings)
    took = f"{duration_text(one.seconds)} ({share:.1%})"
    return f"{piece.number}: {kind_words(one.kind)}, {took}\n{one.sentence}{settings}"

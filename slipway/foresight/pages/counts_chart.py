"""How many tasks there were of each kind over time, stacked, with the desired and the minimum healthy count."""

from collections.abc import Iterator

from slipway.foresight.pages import svg
from slipway.foresight.pages.course import Band, band_counts
from slipway.foresight.pages.frame import Frame, hatch
from slipway.foresight.pages.kinds import BAND_COLOURS, HATCHED
from slipway.foresight.pages.roll import Roll

#: Columns of time that are told apart where there are more changes than that.
COLUMNS = 480
#: Pixels between two labels.
LABEL_GAP = 13
#: Width of a letter, pixels.
LETTER = 6.9


def counts_chart(roll: Roll, frame: Frame, *, top: float) -> Iterator[str]:
    """The chart below `top`, `frame.counts` high."""
    ceiling = max(roll.peak, roll.desired, 1)
    bottom = top + frame.counts

    def y(count: float) -> float:
        return bottom - frame.counts * count / ceiling

    instants = _instants(roll)
    counts = band_counts(roll.courses, instants)
    reached = [0] * len(instants)
    for band in Band:
        if not any(counts[band]):
            continue
        under, reached = reached, [low + count for low, count in zip(reached, counts[band], strict=True)]
        path = _area(
            frame, instants, [(y(low), y(high)) for low, high in zip(under, reached, strict=True)], roll.seconds
        )
        most = max(counts[band])
        yield svg.element("path", d=path, class_=BAND_COLOURS[band], tip=f"{band.value}: at most {most:,}")
        if BAND_COLOURS[band] in HATCHED:
            yield svg.element("path", d=path, fill=f"url(#{hatch(frame)})")
    yield from _levels(roll, frame, {name: y(count) for name, count in _named(roll).items()})
    yield svg.line([(frame.left, bottom), (frame.x(frame.seconds), bottom)], style="grid")


def _instants(roll: Roll) -> list[float]:
    """Those at which anything changes; where they are very many, evenly spread ones."""
    changes = sorted({one.from_s for course in roll.courses for one in course.stretches} | {0.0})
    changes = sorted({*changes, *(one.to_s for course in roll.courses for one in course.stretches)})
    if len(changes) <= COLUMNS:
        return changes
    return [roll.seconds * index / COLUMNS for index in range(COLUMNS)]


def _area(frame: Frame, instants: list[float], spans: list[tuple[float, float]], seconds: float) -> str:
    """A band between steps: forward along its upper edge, back along its lower one."""
    ends = [*instants[1:], max(seconds, instants[-1])]
    upper, lower = [], []
    for from_s, to_s, (low, high) in zip(instants, ends, spans, strict=True):
        upper += [(frame.x(from_s), high), (frame.x(to_s), high)]
        lower += [(frame.x(from_s), low), (frame.x(to_s), low)]
    points = [*_corners(upper), *reversed(_corners(lower))]
    return "M" + "L".join(f"{svg.number(x)} {svg.number(y)}" for x, y in points) + "Z"


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points of a stepped line without those in the middle of a straight stretch."""
    kept: list[tuple[float, float]] = []
    for index, (x, y) in enumerate(points):
        is_flat = 0 < index < len(points) - 1 and points[index - 1][1] == y == points[index + 1][1]
        if not is_flat:
            kept.append((x, y))
    return kept


def _named(roll: Roll) -> dict[str, int]:
    named = {"desired": roll.desired, "minimum": roll.minimum, "peak": roll.peak, "": 0}
    if roll.minimum == roll.desired:
        named = {"desired, minimum": roll.desired, "peak": roll.peak, "": 0}
    if roll.peak == roll.desired:
        del named["peak"]
    return named


def _levels(roll: Roll, frame: Frame, places: dict[str, float]) -> Iterator[str]:
    """Lines across at the desired and the minimum count, and labels on the left as far as there is room for them."""
    numbers = _named(roll)
    taken: list[float] = []
    for name, at in places.items():
        across = [(frame.left, at), (frame.x(frame.seconds), at)]
        if name.startswith("desired"):
            yield svg.line(across, style="under") + svg.line(across, style="level")
        elif name == "minimum":
            yield svg.line(across, style="under") + svg.line(across, style="least")
        if any(abs(at - other) < LABEL_GAP for other in taken):
            continue
        taken.append(at)
        yield svg.words(frame.left - 8, at + 4, _label(frame, name, f"{numbers[name]:,}"), style="right quiet")


def _label(frame: Frame, name: str, count: str) -> str:
    """The longest that there is room for: `desired, minimum 6`, `desired 6`, `6`."""
    labels = (f"{name} {count}".strip(), f"{name.partition(',')[0]} {count}", count)
    return next((label for label in labels if LETTER * len(label) <= frame.left - 8), count)

"""The trade of a roll as a chart in SVG: the time it takes against the least share that is healthy meanwhile.

A point is larger the more room it takes. What is best is up and to the left; those that nothing beats are ringed, and
a line leads through those that nothing beats in time and health.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, sqrt

from slipway.foresight.pages import svg
from slipway.foresight.pages.clock import clock_text, duration_text, marks_of
from slipway.foresight.trade import TradePoint

#: Radius of a point without extra room, and of the one with the most, pixels.
SMALLEST, LARGEST = 8.0, 17.0
_TOP, _BOTTOM, _LETTER = 26.0, 44.0, 6.6
_LABEL_HEIGHT = 15.0
#: Letters of a label; the table has all of it.
LABEL_MOST = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        is_beside = self.right <= other.left or other.right <= self.left
        return not (is_beside or self.bottom <= other.top or other.bottom <= self.top)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """A point with its number in the table, counted from 1, and where it is drawn."""

    number: int
    point: TradePoint
    x: float
    y: float
    radius: float

    @property
    def box(self) -> _Box:
        reach = self.radius + 1
        return _Box(left=self.x - reach, top=self.y - reach, right=self.x + reach, bottom=self.y + reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Measures of the chart, pixels, and what its sides stand for."""

    width: float
    height: float
    left: float
    seconds: float
    lowest: float  # percent at the bottom

    @property
    def bottom(self) -> float:
        """Where the axis of time is."""
        return self.height - _BOTTOM

    def x(self, at_s: float) -> float:
        """Where that time is."""
        return self.left + (self.width - self.left - 28) * at_s / self.seconds

    def y(self, percent: float) -> float:
        """Where that share is."""
        return self.bottom - (self.bottom - _TOP) * (percent - self.lowest) / max(100 - self.lowest, 1)


def trade_chart(points: Sequence[TradePoint], *, width: float, name: str) -> str:
    """The chart of at least one point, numbered in their order; `width` in pixels."""
    least = min(point.lowest_healthy_percent for point in points)
    plane = Plane(
        width=width,
        height=380 if width > 600 else 340,
        left=64 if width > 600 else 48,
        seconds=1.08 * max(point.duration_s for point in points) or 1.0,
        lowest=max(floor(least / 10) * 10 - 15, -8),
    )
    spots = _spots(points, plane)
    parts = [*_axes(plane), *_front(spots), *_labels(spots, plane), *_marks(spots)]
    return svg.drawing(parts, width=width, height=plane.height, name=name, about=_about(points))


def _about(points: Sequence[TradePoint]) -> str:
    today = next((point for point in points if point.is_today), None)
    told = "" if today is None else f" Today: {duration_text(today.duration_s)}, {today.lowest_healthy_percent:.0f}%."
    return f"{len(points)} ways to set the roll: time against lowest healthy share.{told} The table below tells each."


def _spots(points: Sequence[TradePoint], plane: Plane) -> list[_Spot]:
    most = max((point.extra_room for point in points), default=0)

    def radius(point: TradePoint) -> float:
        return SMALLEST + (LARGEST - SMALLEST) * (sqrt(point.extra_room / most) if most else 0.0)

    return [
        _Spot(
            number=number,
            point=point,
            x=plane.x(point.duration_s),
            y=plane.y(point.lowest_healthy_percent),
            radius=radius(point),
        )
        for number, point in enumerate(points, start=1)
    ]


def _axes(plane: Plane) -> Iterator[str]:
    right = plane.width - 28
    for percent in range(0, 101, 25 if plane.lowest < 40 else 10):
        y = plane.y(percent)
        if _TOP <= y <= plane.bottom:
            yield svg.line([(plane.left, y), (right, y)], style="grid")
            yield svg.words(plane.left - 8, y + 4, f"{percent}%", style="right quiet")
    for at_s in marks_of(plane.seconds, most=max(int((right - plane.left) / 80), 2)):
        x = plane.x(at_s)
        yield svg.line([(x, _TOP), (x, plane.bottom)], style="grid")
        yield svg.words(x, plane.bottom + 17, clock_text(at_s), style="middle quiet")
    yield svg.words(right, plane.bottom + 36, "time of a roll →", style="right quiet")
    yield svg.words(4, 14, "↑ lowest healthy share", style="quiet")


def _front(spots: Sequence[_Spot]) -> Iterator[str]:
    """Steps through the points that no other beats in time and health."""
    ordered = sorted(spots, key=lambda spot: (spot.point.duration_s, -spot.point.lowest_healthy_percent))
    line: list[tuple[float, float]] = []
    best = -1.0
    for spot in ordered:
        if spot.point.lowest_healthy_percent > best:
            best = spot.point.lowest_healthy_percent
            line += [(spot.x, line[-1][1]), (spot.x, spot.y)] if line else [(spot.x, spot.y)]
    if len(line) > 1:
        yield svg.line(line, style="front", tip="no setting is both faster and keeps more healthy")


def _marks(spots: Sequence[_Spot]) -> Iterator[str]:
    """The points, the large ones first, so that none hides another."""
    for spot in sorted(spots, key=lambda one: -one.radius):
        point = spot.point
        style = "point today" if point.is_today else "point best" if point.is_front else "point"
        tip = (
            f"{spot.number}: {point.label}\n{duration_text(point.duration_s)}, at least "
            f"{point.lowest_healthy_percent:.0f}% healthy, {point.extra_room:,} tasks of extra room"
        )
        yield svg.element("circle", cx=spot.x, cy=spot.y, r=spot.radius, class_=style, tip=tip)
        yield svg.words(spot.x, spot.y + 3.5, str(spot.number), style="figure inverse" if point.is_today else "figure")


def _labels(spots: Sequence[_Spot], plane: Plane) -> Iterator[str]:
    """Names beside the points, as far as there is room: today's first, then of those that nothing beats."""
    taken = [spot.box for spot in spots]
    for spot in sorted(spots, key=lambda one: (not one.point.is_today, not one.point.is_front, one.number)):
        text = _short(spot.point.label)
        free = next((box for box in _places(spot, text) if _is_free(box, taken, plane)), None)
        if free is None:
            continue
        taken.append(free)
        middle = (free.top + free.bottom) / 2
        edge = free.left if free.left > spot.x else free.right if free.right < spot.x else spot.x
        if abs(middle - spot.y) > spot.radius + _LABEL_HEIGHT:
            yield svg.line([(spot.x, spot.y), (edge, middle)], style="grid")
        yield svg.words(free.left + 2, free.bottom - 4, text, style="head" if spot.point.is_today else "")


def _short(label: str) -> str:
    return label if len(label) <= LABEL_MOST else f"{label[: LABEL_MOST - 1].rstrip(' ,')}…"


def _places(spot: _Spot, text: str) -> Iterator[_Box]:
    """Boxes for a label, the nearest first: right, left, above, below, then further off."""
    width, height = _LETTER * len(text) + 4, _LABEL_HEIGHT
    reach = spot.radius + 3
    for distance in (0.0, 18.0, 36.0, 54.0):
        for dx, dy in ((1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1), (0, 1)):
            if distance and not dy:
                continue
            left = {1: spot.x + reach, -1: spot.x - reach - width, 0: spot.x - width / 2}[dx]
            top = spot.y - height / 2 + dy * (distance + (reach + height / 2 if not dx else height))
            yield _Box(left=left, top=top, right=left + width, bottom=top + height)


def _is_free(box: _Box, taken: Sequence[_Box], plane: Plane) -> bool:
    is_inside = plane.left + 2 <= box.left and box.right <= plane.width and box.top >= 18 and box.bottom <= plane.bottom
    return is_inside and not any(box.meets(other) for other in taken)

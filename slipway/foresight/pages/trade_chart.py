"""The trade of a roll as a chart in SVG: a row for what is given up, the time to the right.

A row is a lowest healthy share with the extra room it takes; the rows that give up most are at the bottom. Within it
each point is one way to set the roll. Those that nothing beats are ringed, and a line leads through them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slipway.foresight.pages import svg
from slipway.foresight.pages.clock import axis_text, duration_text, marks_of
from slipway.foresight.trade import TradePoint

#: Rows; points of the others are in the table only.
ROWS_MOST = 16
RADIUS = 8.5
#: Pixels: above the first row, below the last, between two levels of points in a row, and of a letter.
_TOP, _BOTTOM, _LEVEL, _LETTER, _LABEL = 12.0, 42.0, 20.0, 6.5, 15.0


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
    """A point with its number in the table, counted from 1, and where its middle is drawn."""

    number: int
    point: TradePoint
    x: float
    y: float

    @property
    def box(self) -> _Box:
        reach = RADIUS + 1
        return _Box(left=self.x - reach, top=self.y - reach, right=self.x + reach, bottom=self.y + reach)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """The points that give up the same, from `top` to `bottom`."""

    percent: int
    extra_room: int
    spots: tuple[_Spot, ...]
    top: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Across:
    """Where a time is, pixels."""

    left: float
    right: float
    seconds: float

    def x(self, at_s: float) -> float:
        return self.left + (self.right - self.left) * at_s / self.seconds


def trade_chart(points: Sequence[TradePoint], *, width: float, name: str) -> str:
    """The chart of at least one point, numbered in their order; `width` in pixels."""
    seconds = max(point.duration_s for point in points) or 1.0
    across = _Across(left=116, right=width - 34, seconds=1.02 * seconds)
    rows = _rows(points, across)
    bottom = rows[-1].bottom
    spots = [spot for row in rows for spot in row.spots]
    parts = [*_ground(rows, across, width), *_front(spots), *_labels(rows, across, width), *_marks(spots)]
    return svg.drawing(parts, width=width, height=bottom + _BOTTOM, name=name, about=_about(points))


def _about(points: Sequence[TradePoint]) -> str:
    today = next((point for point in points if point.is_today), None)
    told = "" if today is None else f" Today: {_told(today)}."
    return f"{len(points)} ways to set the roll: time, lowest healthy share, extra room.{told} The table tells each."


def _told(point: TradePoint) -> str:
    share = f"at least {point.lowest_healthy_percent:.0f}% healthy"
    return f"{duration_text(point.duration_s)}, {share}, {point.extra_room:,} tasks of extra room"


# Where all is


def _rows(points: Sequence[TradePoint], across: _Across) -> list[_Row]:
    by_cost: dict[tuple[int, int], list[_Spot]] = {}
    for number, point in enumerate(points, start=1):
        cost = (-round(point.lowest_healthy_percent), point.extra_room)
        by_cost.setdefault(cost, []).append(_Spot(number=number, point=point, x=across.x(point.duration_s), y=0.0))
    rows: list[_Row] = []
    top = _TOP
    for (negative, extra_room), spots in sorted(by_cost.items())[:ROWS_MOST]:
        levels = _levels(spots)
        first = top + _LABEL + RADIUS + 4
        placed = tuple(replace(spot, y=first + _LEVEL * level) for spot, level in zip(spots, levels, strict=True))
        bottom = first + _LEVEL * max(levels) + RADIUS + _LABEL + 4
        rows.append(_Row(percent=-negative, extra_room=extra_room, spots=placed, top=top, bottom=bottom))
        top = bottom
    return rows


def _levels(spots: Sequence[_Spot]) -> list[int]:
    """On which level each point is drawn, so that those of about the same time do not hide each other."""
    ends: list[float] = []
    levels: list[int] = []
    for spot in spots:
        level = next((index for index, end in enumerate(ends) if spot.x >= end), len(ends))
        ends[level : level + 1] = [spot.x + 2 * RADIUS + 2]
        levels.append(level)
    return levels


# What is drawn


def _ground(rows: Sequence[_Row], across: _Across, width: float) -> Iterator[str]:
    for index, row in enumerate(rows):
        if index % 2 == 0:
            yield svg.element("rect", x=0, y=row.top, width=width, height=row.bottom - row.top, class_="raised")
        middle = (row.top + row.bottom) / 2
        room = f"+{row.extra_room:,} task{'' if row.extra_room == 1 else 's'}"
        yield svg.words(8, middle - 3, f"{row.percent}% healthy", style="head")
        yield svg.words(8, middle + 13, room if row.extra_room else "no extra room", style="quiet")
    bottom = rows[-1].bottom
    for at_s in marks_of(across.seconds, most=max(int((across.right - across.left) / 75), 2)):
        x = across.x(at_s)
        yield svg.line([(x, _TOP), (x, bottom)], style="grid")
        yield svg.words(x, bottom + 17, axis_text(at_s, of=across.seconds), style="middle quiet")
    yield svg.words(width - 8, bottom + 35, "time of a roll →", style="right quiet")


def _front(spots: Sequence[_Spot]) -> Iterator[str]:
    line = [(spot.x, spot.y) for spot in spots if spot.point.is_front]
    if len(line) > 1:
        yield svg.line(line, style="front", tip="nothing is better than these in every way")


def _marks(spots: Sequence[_Spot]) -> Iterator[str]:
    for spot in spots:
        point = spot.point
        style = "point today" if point.is_today else "point best" if point.is_front else "point"
        tip = f"{spot.number}: {point.label}\n{_told(point)}"
        yield svg.element("circle", cx=spot.x, cy=spot.y, r=RADIUS, class_=style, tip=tip)
        yield svg.words(spot.x, spot.y + 3.5, str(spot.number), style="figure inverse" if point.is_today else "figure")


def _labels(rows: Sequence[_Row], across: _Across, width: float) -> Iterator[str]:
    """Names beside the points, as far as there is room in their rows: today's first, then of those nothing beats."""
    for row in rows:
        taken = [spot.box for spot in row.spots]
        for spot in sorted(row.spots, key=lambda one: (not one.point.is_today, not one.point.is_front, one.number)):
            for box in _places(spot):
                is_inside = row.top <= box.top and box.bottom <= row.bottom
                is_inside = is_inside and across.left - RADIUS <= box.left and box.right <= width - 4
                if is_inside and not any(box.meets(other) for other in taken):
                    taken.append(box)
                    style = "label head" if spot.point.is_today else "label" if spot.point.is_front else "label quiet"
                    yield svg.words(box.left + 2, box.bottom - 4, spot.point.label, style=style)
                    break


def _places(spot: _Spot) -> Iterator[_Box]:
    """Boxes for a label: to the right, to the left, above and below, the latter three ways."""
    width, reach = _LETTER * len(spot.point.label) + 8, RADIUS + 1
    level = (spot.y - _LABEL / 2, (spot.x + reach, spot.x - reach - width))
    over = (spot.y - reach - _LABEL, (spot.x - RADIUS, spot.x - width / 2, spot.x + RADIUS - width))
    under = (spot.y + reach, over[1])
    for top, lefts in (level, over, under):
        for left in lefts:
            yield _Box(left=left, top=top, right=left + width, bottom=top + _LABEL)

"""The trade as a chart of characters: time to the right, the least healthy share upwards."""

from collections.abc import Iterator, Sequence
from math import log10

from slipway.foresight.pages.clock import clock_text
from slipway.foresight.trade import TradePoint

#: Rows of the chart: one for each tenth of the desired count, and one for none.
_ROWS = 11

#: Columns beside the plot: the share and the axis.
_MARGIN = 8

#: What a point is drawn as, in this order of importance where several fall on one place; the second where the first
#: cannot be encoded.
TODAY, FRONT, OTHER = ("●", "T"), ("◆", "*"), ("·", ".")

#: From this ratio of the slowest to the fastest on, equal steps to the right are equal factors.
_LOGARITHMIC_FROM = 8.0


def trade_chart(points: Sequence[TradePoint], *, width: int, encoding: str) -> Iterator[str]:
    """The lines of the chart, at most `width` characters each."""
    is_plain = not encoding.lower().startswith("utf")
    columns = max(min(width - _MARGIN - 1, 72), 20)
    places = _places(points, columns)
    for row in range(_ROWS):
        share = 100 - 10 * row
        cells = "".join(_cell(places.get((column, row), ()), is_plain) for column in range(columns))
        label = f"{share} %" if share in (0, 50, 100) else ""
        axis = "|" if is_plain else "│"
        yield f"{label:>6} {axis}{cells}".rstrip()
    corner, line = ("+", "-") if is_plain else ("└", "─")
    yield f"{'':6} {corner}{line * columns}"
    fastest, slowest = clock_text(points[0].duration_s), clock_text(points[-1].duration_s)
    gap = max(columns - len(fastest) - len(slowest), 1)
    yield f"{'':{_MARGIN}}{fastest}{' ' * gap}{slowest}"


def legend(points: Sequence[TradePoint], encoding: str) -> str:
    """What the marks mean."""
    is_plain = not encoding.lower().startswith("utf")
    today, front, other = (mark[is_plain] for mark in (TODAY, FRONT, OTHER))
    steps = ", logarithmic" if _is_logarithmic(points) else ""
    return (
        f"{today} today   {front} no other is better in time, share and room   {other} others   "
        f"(up: least healthy share; right: time{steps})"
    )


def _is_logarithmic(points: Sequence[TradePoint]) -> bool:
    return points[0].duration_s > 0 and points[-1].duration_s / points[0].duration_s >= _LOGARITHMIC_FROM


def _places(points: Sequence[TradePoint], columns: int) -> dict[tuple[int, int], list[TradePoint]]:
    """The points by column and row."""
    places: dict[tuple[int, int], list[TradePoint]] = {}
    scaled = [log10(one.duration_s) if _is_logarithmic(points) else one.duration_s for one in points]
    span = scaled[-1] - scaled[0] or 1.0
    for point, x in zip(points, scaled, strict=True):
        column = round((x - scaled[0]) / span * (columns - 1))
        row = round((100 - min(point.lowest_healthy_percent, 100)) / 10)
        places.setdefault((column, row), []).append(point)
    return places


def _cell(points: Sequence[TradePoint], is_plain: bool) -> str:
    if not points:
        return " "
    mark = TODAY if any(one.is_today for one in points) else FRONT if any(one.is_front for one in points) else OTHER
    return mark[is_plain]

"""The trade of a roll: the time it takes, against the least share that is healthy meanwhile and the room it takes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePoint:
    """One way to set a roll, and what it costs."""

    label: str  # what is changed: `today`, `minimumHealthyPercent=50`
    duration_s: float
    lowest_healthy_percent: float  # of the desired count, at any instant
    extra_room: int  # tasks beyond the desired count that held room at once, at most
    is_today: bool = False
    is_front: bool = False  # no other point is as good in all three, and better in one


def with_front(points: Iterable[TradePoint]) -> tuple[TradePoint, ...]:
    """The points, the fastest first, each told whether it is on the Pareto front; of equal ones the first is kept."""
    distinct: dict[tuple[float, float, int], TradePoint] = {}
    for point in points:
        distinct.setdefault(_costs(point), point)
    ordered = sorted(distinct.values(), key=_costs)
    return tuple(replace(point, is_front=not _is_beaten(point, ordered)) for point in ordered)


def _costs(point: TradePoint) -> tuple[float, float, int]:
    """What is better the smaller it is."""
    return point.duration_s, -point.lowest_healthy_percent, point.extra_room


def _is_beaten(point: TradePoint, others: Iterable[TradePoint]) -> bool:
    mine = _costs(point)
    return any(_costs(one) != mine and all(a <= b for a, b in zip(_costs(one), mine, strict=True)) for one in others)

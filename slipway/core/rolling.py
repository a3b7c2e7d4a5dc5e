"""The rolling deployment: how many tasks may stop and start now.

Three bounds hold at every instant: healthy tasks never fall below the lower one through our doing, tasks that are to
run never exceed the upper one, and the host's room is never oversold (a task holds its room until it has stopped).
Source: `DeploymentConfiguration` of the ECS API: the lower bound rounds up, the upper one down.
"""

from dataclasses import dataclass, replace
from math import ceil, floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The least healthy tasks and the most wanted tasks of a service."""

    lower: int
    upper: int


def bounds(desired: int, *, minimum_healthy_percent: int, maximum_percent: int) -> Bounds:
    """The bounds in tasks: the lower rounded up, the upper rounded down."""
    return Bounds(
        lower=ceil(desired * minimum_healthy_percent / 100),
        upper=floor(desired * maximum_percent / 100),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The tasks of a service as the rolling decision sees them."""

    desired: int
    new_fit: int = 0  # tasks of the PRIMARY deployment that are to run, the sick ones apart
    new_healthy: int = 0  # of new_fit
    new_sick: int = 0  # unhealthy, to be replaced
    old_healthy: int = 0
    old_unhealthy: int = 0  # starting, running but not healthy, or sick
    old_lost: int = 0  # tasks the last completed deployment lost without our doing
    settling: int = 0  # starting, not yet healthy, or stopping: what a sequential round waits for

    @property
    def healthy(self) -> int:
        """Healthy tasks, old and new."""
        return self.new_healthy + self.old_healthy

    @property
    def wanted(self) -> int:
        """Tasks that are to run, old and new."""
        return self.new_fit + self.new_sick + self.old_healthy + self.old_unhealthy


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What to do now, in tasks. Stops of surplus new tasks are scale-in; `stop_sick` are replaced unhealthy ones."""

    stop_old_unhealthy: int = 0
    stop_old_healthy: int = 0
    stop_new: int = 0
    stop_sick: int = 0
    start_new: int = 0
    start_old: int = 0

    @property
    def stops(self) -> int:
        """All stops."""
        return self.stop_old_unhealthy + self.stop_old_healthy + self.stop_new + self.stop_sick


def plan_move(counts: Counts, limit: Bounds, *, is_blocked: bool = False, is_sequential: bool = False) -> Move:
    """How many tasks may stop and start now: stops first where the lower bound allows them, then starts.

    `is_blocked`: the last start found no room, so that a sick task must go before its replacement comes.
    `is_sequential`: a round waits until the one before has settled, and either stops or starts.
    """
    if is_sequential and counts.settling:
        return Move()
    stops = _plan_stops(counts, limit)
    if is_sequential and stops.stops:
        return stops
    left = max(limit.upper - (counts.wanted - stops.stops), 0)
    start_old = min(counts.old_lost, max(limit.lower - counts.healthy, 0), left)
    missing = max(counts.desired - counts.new_fit, 0)
    starts = replace(stops, start_old=start_old, start_new=min(missing, left - start_old))
    if missing and counts.new_sick and (is_blocked or not starts.start_new):
        return replace(starts, stop_sick=max(starts.stop_sick, _sick_first(counts)))
    return starts


def _plan_stops(counts: Counts, limit: Bounds) -> Move:
    """Old tasks as the lower bound allows, surplus new ones, and sick ones whose replacement is healthy."""
    kept = min(counts.old_unhealthy, max(limit.lower - counts.healthy - counts.new_fit, 0))
    return Move(
        stop_old_unhealthy=counts.old_unhealthy - kept,
        stop_old_healthy=min(counts.old_healthy, max(counts.healthy - limit.lower, 0)),
        stop_new=max(counts.new_fit - counts.desired, 0),
        stop_sick=min(counts.new_sick, max(counts.new_healthy + counts.new_sick - counts.desired, 0)),
    )


def _sick_first(counts: Counts) -> int:
    """Sick tasks to stop before their replacements can start: one at a time while any serve, else all."""
    return 1 if counts.new_healthy else counts.new_sick


def back_off_s(failures: int, *, after: int, first_s: float, most_s: float) -> float:
    """Seconds to wait before the next start after `failures` in a row: none for the first `after`, then doubling."""
    if failures <= after:
        return 0.0
    return min(first_s * 2.0 ** min(failures - after - 1, 40), most_s)

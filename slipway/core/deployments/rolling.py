"""The rolling deployment: how many tasks may stop and start now.

Three bounds hold at every instant: healthy tasks never fall below the lower one through our doing, tasks that are to
run never exceed the upper one, and the host's room is never oversold (a task holds its room until it has stopped).
Source: `DeploymentConfiguration` of the ECS API: the lower bound rounds up, the upper one down.

An old deployment that had completed is known to be good: while fewer tasks are healthy than the lower bound asks for,
it keeps the tasks that are on their way and makes up for those it lost, so that failures of the new revision never eat
the old one. What is on its way of an old deployment that never completed is stopped at once. Its sick tasks may be all
that answers, as after a roll-back from a version that fell ill: like the good one's they stay while too few are
healthy, unless they are in the way.

A task under scale-in protection is not stopped by a roll or a scale-in; how many stops that held back is in the move.
"""

from dataclasses import dataclass
from math import ceil, floor

from slipway.core.records import replace


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
    """The tasks of a service as the rolling decision sees them; *good* is the last completed deployment of the old."""

    desired: int
    new_fit: int = 0  # tasks of the PRIMARY deployment that are to run, the sick ones apart
    new_healthy: int = 0  # of new_fit
    new_sick: int = 0  # unhealthy, to be replaced
    old_healthy: int = 0  # of all old deployments
    old_rising: int = 0  # of the good one: starting, or running and not healthy yet
    good_sick: int = 0  # of the good one: unhealthy, to be replaced
    good_settling: int = 0  # of the good one: starting, not yet healthy, or stopping
    old_sick: int = 0  # of the other old ones: unhealthy
    old_unproven: int = 0  # of the other old ones: starting, or running and not healthy yet
    old_lost: int = 0  # tasks the good one is to keep and has not, or has sick
    settling: int = 0  # starting, not yet healthy, or stopping: what a sequential round waits for
    new_rising_protected: int = 0  # of new_fit less new_healthy, those under scale-in protection
    new_healthy_protected: int = 0  # of new_healthy
    old_healthy_protected: int = 0  # of old_healthy
    old_rising_protected: int = 0  # of old_rising
    old_unproven_protected: int = 0  # of old_unproven

    @property
    def healthy(self) -> int:
        """Healthy tasks, old and new."""
        return self.new_healthy + self.old_healthy

    @property
    def wanted(self) -> int:
        """Tasks that are to run, old and new."""
        old = self.old_healthy + self.old_rising + self.good_sick + self.old_sick + self.old_unproven
        return self.new_fit + self.new_sick + old


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What to do now, in tasks. Stops of surplus new tasks are scale-in; sick ones are replaced unhealthy ones."""

    stop_old_unproven: int = 0
    stop_old_rising: int = 0
    stop_old_sick: int = 0
    stop_good_sick: int = 0
    stop_old_healthy: int = 0
    stop_new: int = 0
    stop_sick: int = 0
    start_new: int = 0
    start_old: int = 0
    held_back: int = 0  # stops that scale-in protection forbids

    @property
    def stops(self) -> int:
        """All stops."""
        sick = self.stop_old_sick + self.stop_good_sick
        old = self.stop_old_unproven + self.stop_old_rising + sick + self.stop_old_healthy
        return old + self.stop_new + self.stop_sick

    @property
    def starts(self) -> int:
        """All starts."""
        return self.start_new + self.start_old


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds starts back beside the bounds."""

    is_blocked: bool = False  # the last start found no room: a sick task must go before its replacement can come
    is_sequential: bool = False  # a round waits until the one before has settled, and either stops or starts
    new_waits: bool = False  # the PRIMARY deployment backs off after failures
    old_waits: bool = False  # so does the good old one
    old_fails: bool = False  # the good old one's replacements fail again and again: the new ones come first
    is_failed: bool = False  # the PRIMARY deployment failed and stays: what serves of the old ones goes on


def plan_move(counts: Counts, limit: Bounds, limits: Limits = Limits()) -> Move:
    """How many tasks may stop and start now: stops first where the lower bound allows them, then starts."""
    if limits.is_sequential and counts.settling:
        return Move()
    stops = _plan_stops(counts, limit)
    if limits.is_failed:
        most = max(counts.old_healthy - counts.desired, 0)
        stops = replace(stops, stop_old_healthy=min(stops.stop_old_healthy, most))
    if limits.is_sequential and stops.stops:
        return stops
    left = max(limit.upper - (counts.wanted - stops.stops), 0)
    owed = 0 if limits.old_waits else min(counts.old_lost, max(limit.lower - counts.healthy - counts.old_rising, 0))
    missing = 0 if limits.new_waits else max(counts.desired - counts.new_fit, 0)
    first_new = min(missing, left) if limits.old_fails else 0
    start_old = min(owed, left - first_new)
    move = replace(stops, start_old=start_old, start_new=min(missing, left - start_old))
    if owed + missing and (limits.is_blocked or not move.starts):
        return _make_way(counts, move, missing=missing, owed=owed)
    return move


def _plan_stops(counts: Counts, limit: Bounds) -> Move:
    """The stops that the lower bound and scale-in protection allow, and how many that protection held back."""
    may = _stops(counts, limit)
    bare = replace(
        counts,
        new_rising_protected=0,
        new_healthy_protected=0,
        old_healthy_protected=0,
        old_rising_protected=0,
        old_unproven_protected=0,
    )
    return may if bare == counts else replace(may, held_back=max(_stops(bare, limit).stops - may.stops, 0))


def _stops(counts: Counts, limit: Bounds) -> Move:
    """Old tasks as the lower bound allows, surplus new ones, and sick ones whose replacement is healthy.

    Of the surplus those go first that serve least. Where protection makes it fall on healthy ones, these count against
    the lower bound before old ones do.
    """
    lacking = max(limit.lower - counts.healthy, 0)
    spare = max(counts.healthy - limit.lower, 0)
    is_made_up_for = not (counts.old_lost or counts.old_rising)  # sick ones of the good deployment have replacements
    surplus = max(counts.new_fit - counts.desired, 0)
    new_rising = counts.new_fit - counts.new_healthy
    from_rising = min(surplus, new_rising - counts.new_rising_protected)
    from_healthy = min(surplus - from_rising, counts.new_healthy - counts.new_healthy_protected, spare)
    return Move(
        stop_old_unproven=counts.old_unproven - counts.old_unproven_protected,
        stop_old_rising=min(max(counts.old_rising - lacking, 0), counts.old_rising - counts.old_rising_protected),
        stop_old_sick=max(counts.old_sick - lacking, 0),
        stop_good_sick=counts.good_sick if is_made_up_for else max(counts.good_sick - lacking, 0),
        stop_old_healthy=min(counts.old_healthy - counts.old_healthy_protected, spare - from_healthy),
        stop_new=from_rising + from_healthy,
        stop_sick=min(counts.new_sick, max(counts.new_healthy + counts.new_sick - counts.desired, 0)),
    )


def _make_way(counts: Counts, move: Move, *, missing: int, owed: int) -> Move:
    """At the upper bound, or without room, a sick task goes first and its replacement comes after it (ECS: one at a
    time). The sick of an old deployment make way when none of the new ones can, the good one's last: it waits for its
    own tasks only, not for new ones that may take long to rise."""
    is_settling = counts.settling > 0
    new = _giving_way(counts.new_sick, missing, serves=counts.new_healthy > 0, is_settling=is_settling)
    if new:
        return replace(move, stop_sick=max(move.stop_sick, new))
    needed, serves = missing + owed, counts.old_healthy > 0
    old = _giving_way(counts.old_sick, needed, serves=serves, is_settling=is_settling)
    if old:
        return replace(move, stop_old_sick=max(move.stop_old_sick, old))
    good = _giving_way(counts.good_sick, needed, serves=serves, is_settling=counts.good_settling > 0)
    return replace(move, stop_good_sick=max(move.stop_good_sick, good))


def _giving_way(sick: int, needed: int, *, serves: bool, is_settling: bool) -> int:
    """One at a time while others serve, each when the one before has settled; else all that are in the way."""
    if serves:
        return min(sick, needed, 0 if is_settling else 1)
    return min(sick, needed)


def back_off_s(failures: int, *, after: int, first_s: float, most_s: float) -> float:
    """Seconds to wait before the next start after `failures` in a row: none for the first `after`, then doubling."""
    if failures <= after:
        return 0.0
    return min(first_s * 2.0 ** min(failures - after - 1, 40), most_s)

"""One roll, run to its verdict in a world of its own, and again and again from its beginning for its ways back.

Where the world comes from is all the same: a description without a server (`stage`), or a fork of a live service.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.ledger import ledger_of
from slipway.core.explaining.rounds import round_rows
from slipway.core.explaining.segment import Ledger
from slipway.core.model.deployments import ServiceDeployment, ServiceDeploymentStatus
from slipway.foresight.forecast import Forecast, WayBack
from slipway.sim.world import World

T = TypeVar("T")

#: Seconds that are looked ahead: a roll that takes longer has no verdict.
LIMIT_S = 86_400.0

#: Tasks that the ways back of one forecast may roll in all: each is a roll of its own. Rounds beyond it are left out,
#: evenly; none is computed where one alone takes more.
WAYS_BACK_TASKS = 20_000

#: How long before its completion the last way back is asked for, seconds.
BEFORE_THE_END_S = 0.001


class Roll(Protocol):
    """One world in which a service is rolled once."""

    world: World
    chronicle: Chronicle | None  # None: the roll has not begun

    @property
    def desired(self) -> int:
        """Tasks of the service."""

    def begin(self) -> ServiceDeployment:
        """Begin the roll, and the chronicle with it."""

    def go_back(self) -> None:
        """Ask for the way back of the roll, as StopServiceDeployment with ROLLBACK does."""

    def run_to_verdict(self, arn: str, *, limit_s: float) -> bool:
        """Go on to the verdict on the roll, or until none is to be expected. Whether there is one."""

    def why_endless(self) -> str:
        """Why the roll has not ended, in a sentence."""

    def roll_out(self, arn: str) -> ServiceDeployment:
        """The record of the roll as it is now."""


def forecast_of(make: Callable[[], Roll], *, ways_back: bool, limit_s: float = LIMIT_S) -> Forecast:
    """What the roll will do that `make` makes, each time anew. `ways_back`: also how long the way back would take from
    each round. `limit_s`: seconds of virtual time that are looked ahead."""
    roll = make()
    begun = roll.begin()
    roll.run_to_verdict(begun.arn, limit_s=limit_s)
    forecast = _forecast(roll, roll.roll_out(begun.arn))
    if not (ways_back and forecast.has_ended):
        return forecast
    return _with_ways_back(forecast, make, limit_s)


def _forecast(roll: Roll, roll_out: ServiceDeployment) -> Forecast:
    chronicle = roll.chronicle
    assert chronicle is not None, "the roll has begun"
    ended_at = roll_out.finished_at or roll_out.stopped_at or roll.world.clock.now()
    return Forecast(
        verdict=roll_out.status,
        reason=(roll_out.status_reason or "") if roll_out.status.is_verdict else roll.why_endless(),
        began_at=chronicle.began_at,
        duration_s=ended_at - chronicle.began_at,
        rounds=round_rows(chronicle),
        desired=roll.desired,
        lowest_healthy=min(sample.all_healthy for sample in chronicle.samples),
        peak_tasks=max(sample.all_alive for sample in chronicle.samples),
        ways_back=(),
        ledger=_ledger(chronicle, roll_out, ended_at),
        chronicle=chronicle,
    )


def _ledger(chronicle: Chronicle, roll_out: ServiceDeployment, ended_at: float) -> Ledger:
    """The ledger; an empty one of a roll that had begun before the chronicle, which does not know all of its path."""
    if roll_out.created_at < chronicle.began_at:
        return Ledger(began_at=chronicle.began_at, ended_at=ended_at, segments=())
    return ledger_of(chronicle, roll_out.arn, now=ended_at)


def _with_ways_back(forecast: Forecast, make: Callable[[], Roll], limit_s: float) -> Forecast:
    """The forecast with the time back from the beginning of its rounds, and from right before its end."""
    most = WAYS_BACK_TASKS // max(forecast.desired, 1)
    points: list[tuple[int | None, float]] = [(row.number, row.start_s) for row in forecast.rounds]
    points.append((None, forecast.duration_s - BEFORE_THE_END_S))
    ways = tuple(_way_back(make, number, at_s, limit_s=limit_s) for number, at_s in _spread(points, most))
    return replace(forecast, ways_back=ways)


def _way_back(make: Callable[[], Roll], number: int | None, at_s: float, *, limit_s: float) -> WayBack:
    """The way back asked for so long after the roll began."""
    roll = make()
    begun = roll.begin()
    roll.world.run_for(max(at_s, 0.0))
    if roll.roll_out(begun.arn).status is ServiceDeploymentStatus.IN_PROGRESS:
        roll.go_back()
    asked_s = roll.world.elapsed_s
    is_over = roll.run_to_verdict(begun.arn, limit_s=limit_s)
    is_back = is_over and roll.roll_out(begun.arn).status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    return WayBack(round=number, at_s=at_s, seconds=roll.world.elapsed_s - asked_s if is_back else None)


def _spread(points: list[T], most: int) -> list[T]:
    """At most so many of the points, evenly, the last of them always."""
    if len(points) <= most:
        return points
    return [points[-1 - round(place * len(points) / most)] for place in range(most)][::-1]

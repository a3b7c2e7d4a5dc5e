"""One roll, run to its verdict in a world of its own, and its ways back in worlds that go on from its rounds.

Where the world comes from is all the same: a description without a server (`stage`), or a fork of a live service.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.ledger import ledger_of
from slipway.core.explaining.rounds import round_rows
from slipway.core.explaining.segment import Ledger
from slipway.core.model.deployments import ServiceDeployment
from slipway.foresight.forecast import Forecast
from slipway.foresight.ways_back import Checkpoints, find_ways_back
from slipway.sim.collector import no_collections
from slipway.sim.world import World

#: Seconds that are looked ahead: a roll that takes longer has no verdict.
LIMIT_S = 86_400.0


class Roll(Protocol):
    """One world in which a service is rolled once."""

    world: World
    chronicle: Chronicle | None  # None: the roll has not begun

    @property
    def desired(self) -> int:
        """Tasks of the service."""

    def begin(self) -> ServiceDeployment:
        """Begin the roll, and the chronicle with it."""

    def run_to_verdict(self, arn: str, *, limit_s: float) -> bool:
        """Go on to the verdict on the roll, or until none is to be expected. Whether there is one."""

    def why_endless(self) -> str:
        """Why the roll has not ended, in a sentence."""

    def roll_out(self, arn: str) -> ServiceDeployment:
        """The record of the roll as it is now."""


@no_collections()
def forecast_of(make: Callable[[], Roll], *, ways_back: bool, limit_s: float = LIMIT_S) -> Forecast:
    """What the roll will do that `make` makes. `ways_back`: also how long the way back would take from
    each round. `limit_s`: seconds of virtual time that are looked ahead."""
    roll = make()
    begun = roll.begin()
    assert roll.chronicle is not None, "the roll has begun"
    checkpoints = Checkpoints(roll.world, roll.chronicle, desired=roll.desired)
    if ways_back:
        roll.world.on_rest = checkpoints.note
    roll.run_to_verdict(begun.arn, limit_s=limit_s)
    forecast = _forecast(roll, roll.roll_out(begun.arn))
    if untold := _no_way_back(forecast, checkpoints, is_asked=ways_back):
        roll.world.close()
        return replace(forecast, no_way_back=untold)
    found = find_ways_back(checkpoints, begun.arn, forecast.rounds, duration_s=forecast.duration_s, limit_s=limit_s)
    roll.world.close()
    return replace(forecast, ways_back=found)


def _no_way_back(forecast: Forecast, checkpoints: Checkpoints, *, is_asked: bool) -> str:
    """Why no way back is told of a roll; empty: some are."""
    if not is_asked:
        return "not asked for"
    if not forecast.has_ended:
        return "none: the roll does not end"
    if not checkpoints.most:
        return "left out: so large a roll takes too long to take back again and again"
    return "" if checkpoints.kept else "none: no task is started or stopped"


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

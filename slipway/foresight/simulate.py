"""Simulate a rollout: the production controller rolls it in virtual time, and what it did is the forecast.

forecast = simulate(Rollout(desired=6, room=8))
forecast.duration_s, [row.signed for row in forecast.rounds]
"""

from dataclasses import replace
from typing import TypeVar

from slipway.core.explaining.ledger import ledger_of
from slipway.core.explaining.rounds import round_rows
from slipway.core.model.deployments import ServiceDeployment, ServiceDeploymentStatus
from slipway.foresight.forecast import Forecast, WayBack
from slipway.foresight.rollout import Rollout
from slipway.foresight.stage import Stage

T = TypeVar("T")

#: Seconds that are looked ahead: a roll that takes longer has no verdict.
LIMIT_S = 86_400.0

#: Tasks that the ways back of one forecast may roll in all: each is a roll of its own. Rounds beyond it are left out,
#: evenly; none is computed where one alone takes more.
WAYS_BACK_TASKS = 20_000

#: How long before its completion the last way back is asked for, seconds.
BEFORE_THE_END_S = 0.001


def simulate(rollout: Rollout, *, ways_back: bool = True, limit_s: float = LIMIT_S) -> Forecast:
    """What the rollout will do. `ways_back`: also how long the way back would take from each round (each is a roll of
    its own; large rollouts leave them out). `limit_s`: seconds of virtual time that are looked ahead.

    Raises `RolloutError` where the old version would not have come up."""
    stage = Stage(rollout)
    begun = stage.begin()
    stage.run_to_verdict(begun.arn, limit_s=limit_s)
    forecast = _forecast(stage, stage.roll_out(begun.arn))
    if not (ways_back and forecast.has_ended):
        return forecast
    return _with_ways_back(forecast, rollout, limit_s)


def _forecast(stage: Stage, roll_out: ServiceDeployment) -> Forecast:
    chronicle = stage.chronicle
    assert chronicle is not None, "the roll has begun"
    ended_at = roll_out.finished_at or roll_out.stopped_at or stage.world.clock.now()
    return Forecast(
        verdict=roll_out.status,
        reason=(roll_out.status_reason or "") if roll_out.status.is_verdict else stage.why_endless(),
        began_at=chronicle.began_at,
        duration_s=ended_at - chronicle.began_at,
        rounds=round_rows(chronicle),
        desired=stage.rollout.desired,
        lowest_healthy=min(sample.all_healthy for sample in chronicle.samples),
        peak_tasks=max(sample.all_alive for sample in chronicle.samples),
        ways_back=(),
        ledger=ledger_of(chronicle, roll_out.arn, now=ended_at),
        chronicle=chronicle,
    )


def _with_ways_back(forecast: Forecast, rollout: Rollout, limit_s: float) -> Forecast:
    """The forecast with the time back from the beginning of its rounds, and from right before its end."""
    most = WAYS_BACK_TASKS // rollout.desired
    points: list[tuple[int | None, float]] = [(row.number, row.start_s) for row in forecast.rounds]
    points.append((None, forecast.duration_s - BEFORE_THE_END_S))
    ways = tuple(_way_back(rollout, number, at_s, limit_s=limit_s) for number, at_s in _spread(points, most))
    return replace(forecast, ways_back=ways)


def _way_back(rollout: Rollout, number: int | None, at_s: float, *, limit_s: float) -> WayBack:
    """The way back asked for so long after the roll began."""
    stage = Stage(rollout)
    begun = stage.begin()
    stage.world.run_for(max(at_s, 0.0))
    if stage.roll_out(begun.arn).status is ServiceDeploymentStatus.IN_PROGRESS:
        stage.go_back()
    asked_s = stage.world.elapsed_s
    is_over = stage.run_to_verdict(begun.arn, limit_s=limit_s)
    is_back = is_over and stage.roll_out(begun.arn).status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    return WayBack(round=number, at_s=at_s, seconds=stage.world.elapsed_s - asked_s if is_back else None)


def _spread(points: list[T], most: int) -> list[T]:
    """At most so many of the points, evenly, the last of them always."""
    if len(points) <= most:
        return points
    return [points[-1 - round(place * len(points) / most)] for place in range(most)][::-1]

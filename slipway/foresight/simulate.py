"""Simulate a rollout: the production controller rolls it in virtual time, and what it did is the forecast.

forecast = simulate(Rollout(desired=6, room=8))
forecast.duration_s, [row.signed for row in forecast.rounds]
"""

from slipway.foresight.forecast import Forecast
from slipway.foresight.roll import LIMIT_S, forecast_of
from slipway.foresight.rollout import Rollout
from slipway.foresight.stage import Stage


def simulate(rollout: Rollout, *, ways_back: bool = True, limit_s: float = LIMIT_S) -> Forecast:
    """What the rollout will do. `ways_back`: also how long the way back would take from each round (each is a roll of
    its own; large rollouts leave them out). `limit_s`: seconds of virtual time that are looked ahead.

    Raises `RolloutError` where the old version would not have come up."""
    return forecast_of(lambda: Stage(rollout), ways_back=ways_back, limit_s=limit_s)

"""Foresight for notebooks and pipelines, in Python.

import slipway

forecast = slipway.simulate(desired=6, room=8)
assert forecast.total_s <= 600, forecast.rounds
"""

from typing import Any

from slipway.foresight.forecast import Forecast
from slipway.foresight.roll import LIMIT_S
from slipway.foresight.rollout import Rollout
from slipway.foresight.rollout_file import load_rollout, with_settings
from slipway.foresight.simulate import simulate as simulate_rollout


def simulate(
    rollout: Rollout | None = None, /, *, ways_back: bool = True, limit_s: float = LIMIT_S, **settings: Any
) -> Forecast:
    """What a rollout will do, as the production scheduler does it in virtual time.

    `settings` are the fields of `Rollout` by name, over those of `rollout` or its defaults: times are seconds (numbers,
    or text as `"1m30s"`), percentages numbers from 0 to 100; `exit="ignores"` and `connection_age="stay"` never end.
    `ways_back`: also how long the way back would take from each round. `limit_s`: seconds that are looked ahead.

    A roll that never ends has no `total_s` but infinity, and `has_ended` is false; `duration_s` is then how far was
    looked ahead. Of the answer, names that end in `_s` are seconds since the roll began, or durations in seconds;
    `…_at` are epoch seconds of virtual time; counts are tasks. Raises `slipway.RolloutError` for what cannot be, and
    TypeError for a `rollout` that is none.
    """
    if rollout is not None and not isinstance(rollout, Rollout):
        raise TypeError(
            f"simulate() takes a slipway.Rollout, not {rollout!r}; settings go by name, as simulate(desired=6, room=8)"
        )
    described = load_rollout(settings) if rollout is None else with_settings(rollout, settings)
    return simulate_rollout(described, ways_back=ways_back, limit_s=limit_s)

"""The pages that the tests look at, by name, of rolls whose services are named as nobody should name them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from slipway.foresight.advise import Advice, advise
from slipway.foresight.advise_subject import RolloutSubject
from slipway.foresight.explain import Explanation, Saving, explain
from slipway.foresight.forecast import Forecast
from slipway.foresight.pages.explanation_page import explanation_page
from slipway.foresight.pages.forecast_page import forecast_page
from slipway.foresight.pages.trade_page import trade_page
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate
from tests.foresight.recorded import recording_of_a_roll

NASTY = '<b>web & "co"</b>'

#: Rollouts whose pictures differ: the worked example, its overlapping rounds, failures, fractions of a second, a bake.
ROLLOUTS = {
    "one_after_another": Rollout(desired=6, room=8, sequential=True),
    "overlapping": Rollout(desired=6, room=8, minimum_healthy_percent=50, pull_time=12, start_time=4, jitter_percent=5),
    "many_rounds": Rollout(desired=30, maximum_percent=104, jitter_percent=10, deregistration_delay=5),
    "many_tasks": Rollout(desired=500, hosts=50, host_cpu=4096, pull_time=20, jitter_percent=20),
    "never_healthy": Rollout(desired=4, never_healthy=True, circuit_breaker=True),
    "crashing": Rollout(desired=8, crash_percent=40, crash_after=3, pull_time=5),
    "short": Rollout(desired=3, load_balancer=False, healthy_after=2, exit=0.4, pull_time=0.3),
    "baking": Rollout(desired=5, load_balancer=False, exit=2, minimum_healthy_percent=80, bake_time=60),
    "one_task": Rollout(desired=1),
}


@cache
def forecast(name: str) -> Forecast:
    """The forecast of one of the rollouts."""
    return simulate(ROLLOUTS[name], ways_back=name == "overlapping")


@cache
def explanation() -> Explanation:
    """The worked example, with a saving."""
    saving = Saving(
        name="deregistration_delay.timeout_seconds",
        of=f"target group {NASTY}",
        before="300",
        after="5",
        saved_s=885.0,
        risk="requests that take longer are cut off",
    )
    return replace(explain(recording_of_a_roll()), service=NASTY, savings=(saving,))


@cache
def advice() -> Advice:
    """What to change in the worked example."""
    return advise(RolloutSubject(Rollout(desired=6, room=8), name=NASTY))


PAGES: dict[str, Callable[[], str]] = {
    "simulate": lambda: forecast_page(
        forecast("overlapping"), title=NASTY, told=((NASTY, NASTY),), warnings=(f"{NASTY} ignores SIGTERM.",)
    ),
    "plan": lambda: forecast_page(forecast("overlapping"), slow=forecast("one_after_another"), title=NASTY),
    "failure": lambda: forecast_page(forecast("never_healthy"), title=NASTY),
    "many_tasks": lambda: forecast_page(forecast("many_tasks"), title=NASTY),
    "explain": lambda: explanation_page(explanation()),
    "advise": lambda: trade_page(advice()),
}

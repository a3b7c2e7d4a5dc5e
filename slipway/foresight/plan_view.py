"""A plan in words, as `slipway deploy` tells it first, and as JSON, as `slipway plan --json` prints it."""

from collections.abc import Iterator
from math import inf
from typing import Any

from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.assumption import CRASHES_AFTER_S, SLOW_S, Assumption, Failure
from slipway.foresight.forecast import Forecast
from slipway.foresight.forecast_view import forecast_view, seconds
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.plan import Plan

_GOOD = ServiceDeploymentStatus.SUCCESSFUL


def plan_title(plan: Plan) -> str:
    """`web:7 to web:8`, `web:7 again`, with the settings and the failure that are assumed."""
    title = f"{plan.revision_now} to {plan.revision}" if plan.revision != plan.revision_now else f"{plan.revision}"
    if plan.revision == plan.revision_now:
        title += " once more" if plan.is_new else ", what is left of it"
    if plan.settings:
        title += f", with {', '.join(plan.settings)}"
    return title if plan.assume is None else f"{title}, if its tasks {_wrong(plan.assume)}"


def _wrong(failure: Failure) -> str:
    match failure:
        case Failure.CRASHES:
            return f"crash {CRASHES_AFTER_S:g} s after they run"
        case Failure.NEVER_HEALTHY:
            return "never become healthy"
        case Failure.SLOW:
            return f"are ready {SLOW_S:g} s later"


def summary(plan: Plan) -> Iterator[str]:
    """Two to four sentences, and one for each warning."""
    yield f"{plan_title(plan)}: {duration_words(plan)}."
    yield f"{_healthy(plan)}; {room_words(plan)}."
    if plan.forecast_p90.ways_back:
        yield f"{way_back_words(plan)}."
    yield from (f"Warning: {warning}" for warning in plan.warnings)


def duration_words(plan: Plan) -> str:
    """`about 2 m 10 s (P90 3 m), in 6 rounds`, or how it does not succeed."""
    usual, slow = plan.forecast_p50, plan.forecast_p90
    if not usual.has_ended:
        return f"the roll {usual.reason}"
    rounds = f"{len(usual.rounds):,} round{'' if len(usual.rounds) == 1 else 's'}"
    took = f"about {duration_text(usual.duration_s)} (P90 {_total(slow)})"
    if usual.verdict is _GOOD:
        return f"{took}, in {rounds}"
    reason = usual.reason.rstrip(".") or "no reason is told"
    return f"it ends {usual.verdict} after {took}: {reason}"


def _total(forecast: Forecast) -> str:
    text = duration_text(forecast.duration_s)
    if not forecast.has_ended:
        return "has no end"
    return text if forecast.verdict is _GOOD else f"{forecast.verdict} after {text}"


def _healthy(plan: Plan) -> str:
    return f"Never fewer than {plan.lowest_healthy:,} of {plan.forecast_p50.desired:,} healthy"


def room_words(plan: Plan) -> str:
    """`4 more tasks at once than now, and there is room for 12`."""
    room = plan.room
    extra = max(room.peak - room.now, 0)
    more = "no more tasks at once than now" if not extra else f"{extra:,} more task{'' if extra == 1 else 's'} at once"
    if room.free is None:
        return more
    if room.is_short:
        wanted = room.wanted - room.now
        return f"{more}, for there is room for {room.free:,} more only and the percentages would allow {wanted:,}"
    return f"{more}, and there is room for {room.free:,}"


def way_back_words(plan: Plan) -> str:
    """The longest way back."""
    if plan.worst_way_back_s is None:
        return "From some round there is no way back that ends"
    return f"The way back takes {duration_text(plan.worst_way_back_s)} at most"


def time_text(value: float) -> str:
    """`2.5 s`; of a part of a task's life that only its limit ends: `its limit`."""
    return "its limit" if value == inf else duration_text(value)


def plan_view(plan: Plan) -> dict[str, Any]:
    """All of it as JSON. Times are seconds; one that only a limit ends is null."""
    return {
        "service": plan.service,
        "cluster": plan.cluster,
        "at": plan.at,
        "revision_now": plan.revision_now,
        "revision": plan.revision,
        "is_new": plan.is_new,
        "settings": list(plan.settings),
        "assume": None if plan.assume is None else str(plan.assume),
        "duration_s": {"p50": _ended(plan.forecast_p50), "p90": _ended(plan.forecast_p90)},
        "lowest_healthy": plan.lowest_healthy,
        "desired": plan.forecast_p50.desired,
        "room": {"now": plan.room.now, "peak": plan.room.peak, "wanted": plan.room.wanted, "free": plan.room.free},
        "worst_way_back_s": seconds(plan.worst_way_back_s),
        "warnings": list(plan.warnings),
        "assumptions": [_assumption(one) for one in plan.assumptions],
        "p50": forecast_view(plan.forecast_p50),
        "p90": forecast_view(plan.forecast_p90),
    }


def _ended(forecast: Forecast) -> float | None:
    """None: it does not end."""
    return seconds(forecast.duration_s) if forecast.has_ended else None


def _assumption(one: Assumption) -> dict[str, Any]:
    return {
        "revision": one.revision,
        "part": str(one.part),
        "p50_s": None if one.p50_s == inf else one.p50_s,
        "p90_s": None if one.p90_s == inf else one.p90_s,
        "source": one.source,
    }


def assumption_facts(plan: Plan) -> list[tuple[str, str]]:
    """What a plan rests on, as names and values of a page."""
    return [
        (f"{one.revision}: {one.part}", f"{time_text(one.p50_s)}, P90 {time_text(one.p90_s)} ({one.source})")
        for one in plan.assumptions
    ] + [("room", room_words(plan)), ("way back", way_back_words(plan))]

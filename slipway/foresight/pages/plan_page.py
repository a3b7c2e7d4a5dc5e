"""A plan as one HTML page: its forecast at both paces, side by side, and what it rests on."""

from collections.abc import Iterator
from math import inf

from slipway.foresight.assumption import Assumption
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.pages.forecast_page import forecast_page
from slipway.foresight.plan import Plan


def plan_page(plan: Plan) -> str:
    """The page."""
    change = f"{plan.revision_now} → {plan.revision}" if plan.is_new else f"{plan.revision}, which is in progress"
    title = f"Plan for {plan.service} in {plan.cluster}: {change}"
    return forecast_page(
        plan.forecast_p50, slow=plan.forecast_p90, title=title, told=_told(plan), warnings=plan.warnings
    )


def _told(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.settings:
        yield "as if set to", ", ".join(plan.settings)
    if plan.assume is not None:
        yield "new tasks are assumed to fail", str(plan.assume)
    room = plan.room
    free = "it takes none of a host" if room.free is None else f"{room.free:,} fit besides the {room.now:,} of now"
    wanted = f"; {room.wanted:,} are allowed at once" if room.is_short else ""
    yield "room", f"{room.peak:,} tasks at most; {free}{wanted}"
    for one in plan.assumptions:
        yield f"{one.part} of {one.revision}", _assumed(one)


def _assumed(one: Assumption) -> str:
    slow = "" if one.p50_s == one.p90_s else f", P90 {_lasts(one.p90_s)}"
    return f"{_lasts(one.p50_s)}{slow}: {one.source}"


def _lasts(seconds: float) -> str:
    return "until its limit is over" if seconds == inf else duration_text(seconds)

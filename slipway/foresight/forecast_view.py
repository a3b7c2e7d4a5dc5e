"""A forecast as JSON: what `slipway simulate --json` and `slipway plan --json` print. Times are rounded seconds."""

from dataclasses import asdict, fields
from math import inf
from typing import Any

from slipway.core.explaining.segment import Segment, Setting
from slipway.foresight.forecast import Forecast
from slipway.foresight.rollout import Rollout


def forecast_view(forecast: Forecast) -> dict[str, Any]:
    """All of it but the chronicle. A time that never comes is null, that of a roll without a verdict among them."""
    back = {way.round: way.seconds for way in forecast.ways_back}
    return {
        "verdict": str(forecast.verdict),
        "reason": forecast.reason,
        "has_ended": forecast.has_ended,
        "duration_s": seconds(forecast.duration_s) if forecast.has_ended else None,
        "looked_ahead_s": seconds(forecast.duration_s),
        "desired": forecast.desired,
        "lowest_healthy": forecast.lowest_healthy,
        "lowest_healthy_percent": seconds(forecast.lowest_healthy_percent),
        "peak_tasks": forecast.peak_tasks,
        "rollback_s": seconds(forecast.rollback_s),
        "no_way_back": forecast.no_way_back or None,
        "rounds": [
            {
                "number": row.number,
                "kind": str(row.kind),
                "count": row.count,
                "start_s": seconds(row.start_s),
                "end_s": seconds(row.end_s),
                "healthy": row.healthy,
                "running": row.running,
                "cause": None if row.cause is None else str(row.cause),
                "waits_for": row.waits_for,
                "settings": _settings(row.settings),
                "rollback_s": seconds(back.get(row.number)),
            }
            for row in forecast.rounds
        ],
        "ways_back": [
            {"round": way.round, "at_s": seconds(way.at_s), "seconds": seconds(way.seconds)}
            for way in forecast.ways_back
        ],
        "ledger": [_segment(one, forecast) for one in forecast.ledger.segments],
    }


def _segment(one: Segment, forecast: Forecast) -> dict[str, Any]:
    whole = forecast.ledger.seconds
    return {
        "kind": str(one.kind),
        "start_s": seconds(one.from_at - forecast.ledger.began_at),
        "seconds": seconds(one.seconds),
        "share": round(one.seconds / whole, 6) if whole else 0.0,
        "sentence": one.sentence,
        "task": None if one.task_arn is None else one.task_arn.rpartition("/")[2],
        "settings": _settings(one.settings),
    }


def _settings(settings: tuple[Setting, ...]) -> list[dict[str, str]]:
    return [asdict(setting) for setting in settings]


def rollout_view(rollout: Rollout) -> dict[str, Any]:
    """Every setting by its name, with the word for what never ends (`ignores`, `stay`)."""
    view: dict[str, Any] = {}
    for item in fields(rollout):
        value = getattr(rollout, item.name)
        view[item.name] = item.metadata["endless"] if value == inf else value
    return view


def seconds(value: float | None) -> float | None:
    """To the millisecond, and whole where it is: 1440 and not 1440.0000001. None stays None."""
    if value is None:
        return None
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded

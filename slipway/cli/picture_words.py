"""What a picture of a service says in words: pure functions over its JSON (`slipway.api.introspection_picture`)."""

import re
from collections.abc import Mapping
from typing import Any

#: Tasks that a sentence names; an event of ECS may name twenty.
TASKS_NAMED = 4

_WORDS = {"sick": "unhealthy"}
_TASK = r"\(task [^)]*\)"

Picture = Mapping[str, Any]


def state_of(picture: Picture) -> str:
    """What the service is doing, in a few words: `rolling users:1 → users:2`, `going back to users:1`."""
    primary = primary_of(picture)
    if primary is None:
        return f"{picture['status']}"
    if picture["status"] != "ACTIVE":
        left = picture["alive"]
        return f"being deleted, {left} task{'' if left == 1 else 's'} left"
    name, is_back = primary["task_definition"], primary["rolls_back"] is not None
    match primary["rollout_state"]:
        case "FAILED":
            return f"way back to {name} failed" if is_back else f"deployment of {name} failed"
        case "COMPLETED":
            if picture["steady_at"] is None:
                return f"mending {name}"
            return f"rolled back to {name}" if was_rolled_back(picture) else f"steady on {name}"
        case _:
            return f"going back to {name}" if is_back else _rolling(picture, primary)


def _rolling(picture: Picture, primary: Mapping[str, Any]) -> str:
    name = primary["task_definition"]
    if primary["bake_until"] is not None:
        return f"watching {name}, which is healthy"
    if len(picture["deployments"]) == 1:
        return f"starting {name}" if len(picture["roll_outs"]) == 1 else f"rolling to {name}"
    old = [one["task_definition"] for one in reversed(picture["deployments"]) if one["task_definition"] != name]
    return f"rolling {', '.join(old)} → {name}" if old else f"renewing {name}"


def primary_of(picture: Picture) -> Mapping[str, Any] | None:
    """The PRIMARY deployment of a picture; None where the service is gone."""
    return next((one for one in picture["deployments"] if one["status"] == "PRIMARY"), None)


def newest_roll_out(picture: Picture) -> Mapping[str, Any] | None:
    """The service deployment that began last; None where the service is gone."""
    return next(iter(picture["roll_outs"]), None)


def was_rolled_back(picture: Picture) -> bool:
    """Whether what runs is what was there before the last deployment."""
    newest = newest_roll_out(picture)
    return newest is not None and newest["status"] == "ROLLBACK_SUCCESSFUL"


_ENDS = {
    "ROLLBACK_SUCCESSFUL": "rolled back{ago}",
    "ROLLBACK_FAILED": "failed{ago}, and so did its way back",
    "STOPPED": "ended without success{ago}",
}


def verdict_text(roll_out: Mapping[str, Any], at: float) -> str | None:
    """`users:3 rolled back 2:10 ago: the circuit breaker threshold was exceeded: …` of a service deployment that ended
    so; None of one that succeeded, or goes on."""
    end = _ENDS.get(roll_out["status"])
    if end is None:
        return None
    what = roll_out["task_definition"] or roll_out["deployment"]
    ago = "" if roll_out["finished_at"] is None else f" {clock_text(at - roll_out['finished_at'])} ago"
    why = because(roll_out["status_reason"] or "")
    return f"{what} {end.format(ago=ago)}{why and f': {why}'}"


def because(reason: str) -> str:
    """The reason of a verdict without what the verdict says itself, and without a full stop."""
    return re.sub(r"^Service deployment (rolled back|stopped) because ", "", reason).rstrip(".")


def clock_text(seconds: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counts_text(deployment: Mapping[str, Any]) -> str:
    """`2 healthy, 1 starting` of a deployment; `no tasks` where there is none."""
    shown = [
        f"{deployment['counts'][phase]} {_WORDS.get(phase, phase)}"
        for phase in ("healthy", "running", "starting", "sick", "stopping")
        if deployment["counts"][phase]
    ]
    return ", ".join(shown) or "no tasks"


def bounds_text(picture: Picture) -> str:
    """`healthy 4 of at least 4, wanted 6 of at most 8`"""
    lower, upper = picture["bounds"]["lower"], picture["bounds"]["upper"]
    return f"healthy {picture['healthy']} of at least {lower}, wanted {picture['wanted']} of at most {upper}"


def failures_text(count: int, threshold: int | None) -> str:
    """`2 of 3`, so many end the deployment; `2`, where no number does."""
    return f"{count}" if threshold is None else f"{count} of {threshold}"


def telling_stops(picture: Picture) -> list[Mapping[str, Any]]:
    """The tasks that stopped lately for another reason than that there were too many, the newest first."""
    stopped = (task for task in picture["tasks"] if task["phase"] == "stopped")
    return [task for task in stopped if not (task["stopped_reason"] or "").startswith("Scaling activity")]


def short_message(message: str) -> str:
    """An event's sentence with the service left out, task ids cut to eight digits, ARNs to their names, and of many
    tasks the first."""
    text = re.sub(r"^\(service [^)]*\) ", "", message)
    text = re.sub(r"\b([0-9a-f]{8})[0-9a-f]{24}\b", r"\1", text)
    text = re.sub(r"arn:aws:elasticloadbalancing:[^ )]*:targetgroup/([^/ )]+)/[0-9a-f]+", r"\1", text)
    named = rf"({_TASK}(?: {_TASK}){{{TASKS_NAMED - 1}}})((?: {_TASK})+)(?: and (\d+) more)?"
    return re.sub(named, _and_more, text)


def _and_more(match: re.Match[str]) -> str:
    more = match[2].count("(task ") + int(match[3] or 0)
    return f"{match[1]} and {more} more"

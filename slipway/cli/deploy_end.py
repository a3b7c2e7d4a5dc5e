"""How a deployment ended, as a sentence and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.cli.follow import Outcome, roll_out_of
from slipway.cli.picture_words import because, clock_text, counts_text

#: From here on a duration is told as by a clock, `0:51`.
CLOCK_FROM_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployEnd:
    """The end of a deployment."""

    sentence: str
    value: Mapping[str, Any]


def told_end(picture: Mapping[str, Any], outcome: Outcome, *, deployment_id: str, revision: str) -> DeployEnd:
    """The end of the deployment of `revision` (`family:number`) as the last picture shows it."""
    found = next((one for one in picture["deployments"] if one["id"] == deployment_id), None)
    roll_out = roll_out_of(picture, deployment_id)
    value = {
        "cluster": picture["cluster"],
        "service": picture["service"],
        "deployment": deployment_id,
        "service_deployment": roll_out["arn"] if roll_out else None,
        "task_definition": revision,
        "outcome": outcome,
        "reason": roll_out["status_reason"] if roll_out else None,
        "rolled_back_to": _way_back(roll_out),
        "rounds": len(found["rounds"]) if found else None,
        "duration_s": _duration_s(roll_out),
        "failure_count": roll_out["failure_count"] if roll_out else None,
    }
    return DeployEnd(sentence=_sentence(picture, outcome, found, revision=revision, roll_out=roll_out), value=value)


def _way_back(roll_out: Mapping[str, Any] | None) -> str | None:
    rollback = roll_out["rollback"] if roll_out else None
    return str(rollback["task_definition"]) if rollback else None


def _duration_s(roll_out: Mapping[str, Any] | None) -> float | None:
    if roll_out is None or roll_out["finished_at"] is None:
        return None
    return round(float(roll_out["finished_at"]) - float(roll_out["created_at"]), 3)


def _took(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < CLOCK_FROM_S else clock_text(seconds)


def _sentence(
    picture: Mapping[str, Any],
    outcome: Outcome,
    found: Mapping[str, Any] | None,
    *,
    revision: str,
    roll_out: Mapping[str, Any] | None,
) -> str:
    service = picture["service"]
    reason = because(roll_out["status_reason"] or "") if roll_out else ""
    why, took = f": {reason}" if reason else "", _took(_duration_s(roll_out) or 0.0)
    more = f" `slipway postmortem {service}` tells more."
    match outcome:
        case Outcome.SUCCESSFUL:
            count = len(found["rounds"]) if found else 0
            rounds = f"{count} round{'' if count == 1 else 's'}, " if found else ""
            return f"{service} is steady on {revision}: {rounds}{took}."
        case Outcome.ROLLBACK_SUCCESSFUL:
            return f"{service} is back on {_way_back(roll_out)} after {took}, and not on {revision}{why}.{more}"
        case Outcome.ROLLBACK_FAILED:
            return f"{revision} failed on {service}, and so did the way back{why}.{more}"
        case Outcome.STOPPED:
            return f"The deployment of {revision} to {service} was stopped{why}.{more if reason else ''}"
        case Outcome.DELETED:
            return f"The service {service} was deleted while {revision} was deployed."
        case Outcome.TIMED_OUT:
            stands = counts_text(found) if found is not None else "gone"
            return f"{revision} is not steady on {service} yet ({stands}); it goes on: `slipway watch {service}`."

"""How a deploy ended, as a sentence and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.cli.follow import Outcome
from slipway.cli.picture import clock_text, counts_text, primary_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployEnd:
    """The end of a deploy."""

    sentence: str
    value: Mapping[str, Any]


def told_end(picture: Mapping[str, Any], outcome: Outcome, *, deployment_id: str, task_definition: str) -> DeployEnd:
    """The end of the deployment as the last picture shows it."""
    found = next((one for one in picture["deployments"] if one["id"] == deployment_id), None)
    revision = task_definition.rpartition("/")[2]
    value = {
        "cluster": picture["cluster"],
        "service": picture["service"],
        "deployment": deployment_id,
        "task_definition": revision,
        "outcome": outcome,
        "rollout_state": found["rollout_state"] if found else None,
        "rounds": len(found["rounds"]) if found else None,
        "duration_s": found["elapsed_s"] if found else None,
        "failed_tasks": found["failed_tasks"] if found else None,
    }
    return DeployEnd(sentence=_sentence(picture, outcome, found, revision), value=value)


def _sentence(picture: Mapping[str, Any], outcome: Outcome, found: Mapping[str, Any] | None, revision: str) -> str:
    service = picture["service"]
    match outcome:
        case Outcome.COMPLETED:
            assert found is not None, "a completed deployment is the PRIMARY"
            rounds = f"{len(found['rounds'])} round{'' if len(found['rounds']) == 1 else 's'}"
            return f"{service} is steady on {revision}: {rounds}, {clock_text(found['elapsed_s'])}."
        case Outcome.FAILED:
            reason = found["rollout_state_reason"] if found is not None else ""
            return f"The deployment of {revision} to {service} failed: {reason}"
        case Outcome.SUPERSEDED:
            newer = primary_of(picture)
            by = f"a newer one, of {newer['task_definition']}" if newer is not None else "a newer one"
            return f"The deployment of {revision} to {service} was superseded by {by}."
        case Outcome.DELETED:
            return f"The service {service} was deleted while {revision} was deployed."
        case Outcome.TIMED_OUT:
            stands = counts_text(found) if found is not None else "gone"
            return f"{revision} is not steady on {service} yet ({stands}); it goes on: `slipway watch {service}`."

"""An explanation as one JSON value: what `slipway explain --json` prints. Instants are epoch seconds, times seconds."""

from typing import Any

from slipway.core.explaining.life import TaskLife
from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Ledger, Segment, Setting
from slipway.core.explaining.summary import KindTotal
from slipway.foresight.explain import Explanation, Saving


def explain_document(explanation: Explanation) -> dict[str, Any]:
    """All of it. `…_s` count from the creation of the deployment; `seconds` of the ledger add up to `duration_s`."""
    ledger = explanation.ledger
    return {
        "service": explanation.service,
        "cluster": explanation.cluster,
        "service_arn": explanation.service_arn,
        "service_deployment_arn": explanation.service_deployment_arn,
        "deployment": explanation.deployment,
        "task_definition": explanation.to,
        "sources": list(explanation.sources),
        "verdict": explanation.status.value,
        "reason": explanation.status_reason,
        "is_over": explanation.is_over,
        "began_at": ledger.began_at,
        "ended_at": ledger.ended_at,
        "duration_s": explanation.seconds,
        "overhead_share": explanation.overhead_share,
        "ledger": [_segment(one, ledger) for one in ledger.segments],
        "kinds": [_total(one) for one in explanation.totals],
        "rounds": [_round(one) for one in explanation.rounds],
        "savings": [_saving(one) for one in explanation.savings],
        "tasks": [_task(one, began_at=ledger.began_at) for one in explanation.chronicle.lives],
    }


def _segment(one: Segment, ledger: Ledger) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "start_s": one.from_at - ledger.began_at,
        "seconds": one.seconds,
        "share": one.seconds / ledger.seconds if ledger.seconds else 0.0,
        "sentence": one.sentence,
        "task": _id(one.task_arn),
        "settings": _settings(one.settings),
    }


def _total(one: KindTotal) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "seconds": one.seconds,
        "share": one.share,
        "parts": one.count,
        "longest_s": one.worst.seconds,
        "longest_task": _id(one.worst.task_arn),
        "settings": _settings(one.settings),
    }


def _round(one: RoundRow) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind.value,
        "count": one.count,
        "start_s": one.start_s,
        "end_s": one.end_s,
        "healthy": one.healthy,
        "running": one.running,
        "cause": None if one.cause is None else one.cause.value,
        "waits_for": one.waits_for,
        "settings": _settings(one.settings),
    }


def _saving(one: Saving) -> dict[str, Any]:
    return {
        "name": one.name,
        "of": one.of,
        "before": one.before,
        "after": one.after,
        "saved_s": one.saved_s,
        "risk": one.risk,
    }


def _task(life: TaskLife, *, began_at: float) -> dict[str, Any]:
    """A task of the service and its phases; those it was in when the deployment began reach back before it."""
    return {
        "id": life.task.id,
        "deployment": life.task.deployment_id,
        "was_there": life.was_there,
        "phases": [
            {
                "phase": span.phase.name,
                "start_s": span.from_at - began_at,
                "end_s": None if span.to_at is None else span.to_at - began_at,
            }
            for span in life.spans
        ],
    }


def _settings(settings: tuple[Setting, ...]) -> list[dict[str, str]]:
    return [{"name": one.name, "value": one.value, "of": one.of} for one in settings]


def _id(task_arn: str | None) -> str | None:
    return None if task_arn is None else task_arn.rpartition("/")[2]

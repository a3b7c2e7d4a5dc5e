"""The latest service deployments of a service, as its picture shows them: verdicts, ways back, counted failures."""

from itertools import islice
from typing import Any

from slipway.api.introspection_lookup import revision_name
from slipway.core.arns import deployment_id_of, resource_name
from slipway.core.deployments.desired import desired_count
from slipway.core.model.deployments import Rollback, ServiceDeployment
from slipway.core.model.failures import CountedFailure
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot

#: Service deployments of a picture, and failures of each: the newest.
ROLL_OUTS_SHOWN = 5
FAILURES_SHOWN = 10


def roll_outs_of(snapshot: Snapshot, service: Service, *, count: int = ROLL_OUTS_SHOWN) -> list[dict[str, Any]]:
    """The service's latest service deployments, at most `count`, newest first."""
    history = islice(snapshot.service_history(service.arn), count)
    return [_roll_out(snapshot, service, one) for one in history if one.created_at >= service.created_at]


def _roll_out(snapshot: Snapshot, service: Service, roll_out: ServiceDeployment) -> dict[str, Any]:
    return {
        "deployment": deployment_id_of(roll_out.target_revision_arn),
        "arn": roll_out.arn,
        "task_definition": _definition_of(snapshot, roll_out.target_revision_arn),
        "status": roll_out.status,
        "status_reason": roll_out.status_reason,
        "is_verdict": roll_out.status.is_verdict,
        "created_at": roll_out.created_at,
        "finished_at": roll_out.finished_at if roll_out.finished_at is not None else roll_out.stopped_at,
        "detected_by": roll_out.detected_by,
        "detected_at": roll_out.detected_at,
        "failure_count": roll_out.failure_count,
        "threshold": _threshold(snapshot, service, roll_out),
        "triggered_alarms": list(roll_out.triggered_alarms),
        "rollback": None if roll_out.rollback is None else _rollback(snapshot, roll_out.rollback),
        "failures": [failure_entry(one) for one in islice(reversed(roll_out.failures), FAILURES_SHOWN)],
    }


def failure_entry(counted: CountedFailure) -> dict[str, Any]:
    """One counted failure; `task` is an id, None where no task could be placed."""
    return {
        "at": counted.at,
        "class": counted.failure.failure_class,
        "sentence": counted.failure.sentence,
        "task": None if counted.task_arn is None else resource_name(counted.task_arn),
    }


def _rollback(snapshot: Snapshot, rollback: Rollback) -> dict[str, Any]:
    return {
        "started_at": rollback.started_at,
        "deployment": deployment_id_of(rollback.revision_arn),
        "task_definition": _definition_of(snapshot, rollback.revision_arn),
        "reason": rollback.reason,
    }


def _threshold(snapshot: Snapshot, service: Service, roll_out: ServiceDeployment) -> int | None:
    """How many failures end it, or ended it; None: no number of them does."""
    if roll_out.status.is_verdict or roll_out.threshold:
        return roll_out.threshold or None
    breaker = service.circuit_breaker
    return breaker.threshold(desired_count(snapshot, service)) if breaker.is_enabled else None


def _definition_of(snapshot: Snapshot, revision_arn: str) -> str | None:
    """`family:revision` of a service revision's task definition; None: the revision is not kept any more."""
    revision = snapshot.service_revisions.get(revision_arn)
    return None if revision is None else revision_name(revision.task_definition_arn)

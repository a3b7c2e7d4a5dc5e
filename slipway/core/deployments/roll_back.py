"""The way back: ending a deployment that failed, and making the last good one the PRIMARY again.

The way back is the old deployment itself, under its old id (ECS): its tasks that still run are its tasks, so only the
missing ones are started. It is rolled by the same rules as any other. While it goes, it has not completed: what fails
then has nothing to go back to, as in ECS, and an event says so.
"""

from collections.abc import Mapping
from typing import Any

from slipway.core import events
from slipway.core.decision import Context
from slipway.core.deployments.detection import Detection
from slipway.core.deployments.failures import forgiven
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    Detector,
    Rollback,
    RolloutState,
    ServiceDeployment,
    ServiceDeploymentStatus,
)
from slipway.core.model.services import Service
from slipway.core.plan import Change, Plan, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.task_counts import kept_counts, revision_counts, threshold_now

_NOTHING = "there is no completed deployment to go back to"


def request_roll_back(roll_out: ServiceDeployment, *, now: float) -> ServiceDeployment:
    """The service deployment with the wish to go back; one that goes back already is left as it is.

    It must not have ended. Source: ECS API, StopServiceDeployment.
    """
    if roll_out.status in (ServiceDeploymentStatus.PENDING, ServiceDeploymentStatus.IN_PROGRESS):
        return replace(roll_out, status=ServiceDeploymentStatus.ROLLBACK_REQUESTED, updated_at=now)
    return roll_out


def end_deployment(
    snapshot: Snapshot, service: Service, primary: Deployment, *, detection: Detection, context: Context
) -> Plan:
    """The plan that ends the PRIMARY deployment: it is FAILED, and where it is to go back and can, on its way back."""
    target = None
    if detection.rolls_back and primary.rolls_back is None:
        target = roll_back_target(snapshot, service, primary)
    roll_out = _ended(snapshot, service, primary, detection=detection, context=context)
    messages = [events.deployment_failed(primary.id, detection.event)]
    if detection.detector is Detector.CERTAINTY:
        messages.append(f"(deployment {primary.id}) was ended because {detection.because}.")
    changes: list[Change]
    if target is not None:
        changes = _go_back(snapshot, primary, target, roll_out=roll_out, detection=detection, context=context)
        messages.append(events.rolling_back(target.id))
    else:
        why = "this was the way back" if primary.rolls_back else _NOTHING
        if detection.rolls_back:
            messages.append(events.not_rolled_back(primary.id, why))
        changes = _stay(snapshot, primary, roll_out=roll_out, detection=detection, context=context)
    told = tuple(events.event(context, service, message) for message in messages)
    return Plan(changes=tuple(changes), events=told)


def roll_back_target(snapshot: Snapshot, service: Service, failed: Deployment) -> Deployment | None:
    """The deployment to go back to: of those in the state COMPLETED the one that completed last.

    While the one that completed last of all is on a way back that was superseded, it is not COMPLETED: then there is
    nothing to go back to (ECS), and certainly nothing older.
    """
    found = [
        deployment
        for roll_out in snapshot.service_history(service.arn)
        if (deployment := snapshot.deployment_of(roll_out)) is not None
        and deployment.id != failed.id
        and deployment.completed_at is not None
        and deployment.rollout_state is not RolloutState.FAILED
        and deployment.created_at >= service.created_at
        and deployment.task_definition_arn in snapshot.task_definitions
    ]
    last = max(found, key=lambda deployment: (deployment.completed_at or 0.0, deployment.created_at), default=None)
    return last if last is not None and last.rollout_state is RolloutState.COMPLETED else None


def _ended(
    snapshot: Snapshot, service: Service, primary: Deployment, *, detection: Detection, context: Context
) -> ServiceDeployment:
    """The service deployment with what ended it; a way back that failed keeps what had ended the deployment itself."""
    roll_out = replace(snapshot.roll_out(primary), updated_at=context.now)
    if primary.rolls_back is not None:
        return roll_out
    return replace(
        roll_out,
        detected_by=detection.detector,
        detected_at=context.now,
        threshold=threshold_now(snapshot, service),
        triggered_alarms=detection.alarms,
    )


def _go_back(
    snapshot: Snapshot,
    primary: Deployment,
    target: Deployment,
    *,
    roll_out: ServiceDeployment,
    detection: Detection,
    context: Context,
) -> list[Change]:
    now = context.now
    why = f"Service deployment rolled back because {detection.because}."
    rollback = Rollback(reason=why, started_at=now, revision_arn=target.revision_arn)
    reason = f"{detection.state_reason.partition(':')[0].rstrip('.')}: rolling back to deploymentId {target.id}."
    back = replace(
        forgiven(target),
        status=DeploymentStatus.PRIMARY,
        rollout_state=RolloutState.IN_PROGRESS,
        rollout_state_reason=reason,
        rolls_back=roll_out.arn,
        bake_until=None,
        deadline_at=None,
        rounds=(),
        updated_at=now,
    )
    wanted = snapshot.service_tasks(primary.service_arn).of(primary.id).wanted
    failed = replace(_failed(primary, detection, context), status=DeploymentStatus.ACTIVE, desired_count=wanted)
    going = replace(
        roll_out,
        status=ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS,
        status_reason=why,
        rollback=rollback,
        counts=revision_counts(snapshot, primary.service_arn, primary.revision_arn),
    )
    return [
        Put(record=failed, cause=f"deployment failed: {detection.because}"),
        Put(record=going, cause=f"rolling back to {target.id}"),
        Put(record=back, cause=f"the way back of {primary.id}"),
    ]


def _stay(
    snapshot: Snapshot, primary: Deployment, *, roll_out: ServiceDeployment, detection: Detection, context: Context
) -> list[Change]:
    """The deployment stays PRIMARY, FAILED, and starts nothing any more."""
    now = context.now
    is_way_back = primary.rolls_back is not None
    reason = f"Service deployment stopped because {detection.because}."
    if is_way_back:
        reason = f"{roll_out.status_reason} The way back failed because {detection.because}."
    elif detection.rolls_back:
        reason = f"{reason} It was not rolled back: {_NOTHING}."
    ended: Mapping[str, Any] = {"finished_at": now} if is_way_back else {"stopped_at": now}
    verdict = ServiceDeploymentStatus.ROLLBACK_FAILED if is_way_back else ServiceDeploymentStatus.STOPPED
    over = replace(
        roll_out,
        status=verdict,
        status_reason=reason,
        **kept_counts(snapshot, roll_out),
        **ended,
    )
    failed = replace(_failed(primary, detection, context), rolls_back=None)
    cause = f"deployment failed: {detection.because}"
    return [Put(record=failed, cause=cause), Put(record=over, cause=cause)]


def _failed(deployment: Deployment, detection: Detection, context: Context) -> Deployment:
    return replace(
        deployment,
        rollout_state=RolloutState.FAILED,
        rollout_state_reason=detection.state_reason,
        is_proven=deployment.completed_at is not None,  # what failed while it baked is not good after all
        retry_at=None,
        bake_until=None,
        deadline_at=None,
        updated_at=context.now,
    )

"""Detection: whether the deployment in progress is to end before it is complete, and why.

The first that has tripped decides: the user's request, certainty (two failures that will come again for ever), the
circuit breaker, an alarm, the deadline. Only the one that tripped says whether the deployment goes back (ECS Developer
Guide, deployment alarms). A way back is watched by the breaker only: its alarms were those of what it takes back.
"""

from dataclasses import dataclass

from slipway.core.decision import Context
from slipway.core.deployments.desired import desired_count
from slipway.core.deployments.extensions import DeadlineAction, extensions_of
from slipway.core.deployments.failures import acts_on_certainty, certain_signature
from slipway.core.model.deployments import (
    Deployment,
    Detector,
    RolloutState,
    ServiceDeployment,
    ServiceDeploymentStatus,
)
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

_TASKS_FAILED = "tasks failed to start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What ended a deployment. `event` and `state_reason` are ECS's words, `because` is a clause for the verdict."""

    detector: Detector
    rolls_back: bool
    event: str
    state_reason: str
    because: str
    alarms: tuple[str, ...] = ()


def detect(snapshot: Snapshot, service: Service, primary: Deployment, context: Context) -> Detection | None:
    """Whether the PRIMARY deployment is to end now; None: it goes on."""
    if primary.rollout_state is not RolloutState.IN_PROGRESS:
        return None
    roll_out = snapshot.roll_out(primary)
    if roll_out.status is ServiceDeploymentStatus.ROLLBACK_REQUESTED:
        return _requested()
    found = _detect_failures(snapshot, service, primary, context)
    if found is not None or primary.rolls_back is not None:
        return found
    return _detect_alarm(snapshot, service, roll_out) or _detect_deadline(service, primary, context)


def _requested() -> Detection:
    return Detection(
        detector=Detector.USER,
        rolls_back=True,
        event="stopped by StopServiceDeployment",
        state_reason="ECS deployment stopped by StopServiceDeployment.",
        because="StopServiceDeployment asked for it",
    )


def _detect_failures(snapshot: Snapshot, service: Service, primary: Deployment, context: Context) -> Detection | None:
    breaker = service.circuit_breaker
    if not breaker.is_enabled:
        return None
    state_reason = f"ECS deployment circuit breaker: {_TASKS_FAILED}."
    if acts_on_certainty(service, context):
        certain = _certainty(snapshot, primary)
        if certain is not None:
            return Detection(
                detector=Detector.CERTAINTY,
                rolls_back=breaker.rolls_back,
                event=_TASKS_FAILED,
                state_reason=state_reason,
                because=f"it was certain to fail: {certain}",
            )
    threshold = breaker.threshold(desired_count(snapshot, service))
    if primary.failure_count < threshold or not primary.failure_count:
        return None
    return Detection(
        detector=Detector.CIRCUIT_BREAKER,
        rolls_back=breaker.rolls_back,
        event=_TASKS_FAILED,
        state_reason=state_reason,
        because=f"the circuit breaker threshold was exceeded: {_failures(primary.failure_count)} of {threshold}",
    )


def _failures(count: int) -> str:
    return f"{count} failure{'' if count == 1 else 's'}"


def _certainty(snapshot: Snapshot, primary: Deployment) -> str | None:
    """What will go wrong for ever, as a clause; None where nothing is certain."""
    signature = certain_signature(primary)
    if signature is not None:
        count = primary.signatures[signature]
        return f"{count} tasks failed in the same way, which will not change by itself ({signature})"
    missing = _missing_group(snapshot, primary)
    return None if missing is None else f"the target group {missing} does not exist any more"


def _missing_group(snapshot: Snapshot, primary: Deployment) -> str | None:
    """A target group that running tasks should be registered with and that is gone."""
    if not snapshot.service_tasks(primary.service_arn).of(primary.id).count(Phase.RUNNING):
        return None
    bindings = snapshot.service_revisions[primary.revision_arn].load_balancers
    arns = (binding.target_group_arn for binding in bindings)
    return next((arn for arn in arns if arn not in snapshot.target_groups), None)


def _detect_alarm(snapshot: Snapshot, service: Service, roll_out: ServiceDeployment) -> Detection | None:
    if not service.alarms.is_enabled or roll_out.ignores_alarms:
        return None
    names = snapshot.firing_alarms(service)
    if not names:
        return None
    return Detection(
        detector=Detector.ALARM,
        rolls_back=service.alarms.rolls_back,
        event="alarm detected",
        state_reason="ECS deployment alarms: alarm detected.",
        because=f"an alarm was detected: {', '.join(names)} is in ALARM",
        alarms=names,
    )


def _detect_deadline(service: Service, primary: Deployment, context: Context) -> Detection | None:
    if primary.deadline_at is None or context.now < primary.deadline_at:
        return None
    seconds = primary.deadline_at - primary.created_at
    return Detection(
        detector=Detector.DEADLINE,
        rolls_back=extensions_of(service).deadline_action is DeadlineAction.ROLLBACK,
        event=f"not complete by its deadline of {seconds:g} s",
        state_reason=f"ECS deployment not complete by its deadline of {seconds:g} s.",
        because=f"it was not complete by its deadline of {seconds:g} s",
    )

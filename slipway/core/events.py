"""Service events in ECS's wording (section 2.8 of ECS's own texts: always plural, tasks by id)."""

from collections.abc import Iterable

from slipway.core.decision import Context
from slipway.core.model.services import Service, ServiceEvent

#: Tasks named in one event; ECS starts at most this many in a batch, and so never names more.
TASKS_NAMED = 20


def event(context: Context, service: Service, message: str) -> ServiceEvent:
    """An event of `service` at this instant: `(service NAME) MESSAGE`."""
    return ServiceEvent(
        id=context.ids.uuid(),
        service_arn=service.arn,
        created_at=context.now,
        message=f"(service {service.name}) {message}",
    )


def started(task_ids: Iterable[str], *, replaced: int = 0) -> str:
    """`has started N tasks: (task T1) …`, and how many of them replace unhealthy ones."""
    ids = tuple(task_ids)
    replacing = f" Amazon ECS replaced {replaced} tasks due to an unhealthy status." if replaced else ""
    return f"has started {len(ids)} tasks: {_named(ids)}.{replacing}"


def stopped(task_ids: Iterable[str]) -> str:
    """`has stopped N running tasks: (task T1) …`."""
    ids = tuple(task_ids)
    return f"has stopped {len(ids)} running tasks: {_named(ids)}."


def stopped_pending(count: int) -> str:
    """`stopped N pending tasks.`"""
    return f"stopped {count} pending tasks."


def registered(count: int, target_group_arn: str) -> str:
    """`registered N targets in (target-group ARN)`"""
    return f"registered {count} targets in (target-group {target_group_arn})"


def deregistered(count: int, target_group_arn: str) -> str:
    """`deregistered N targets in (target-group ARN)`"""
    return f"deregistered {count} targets in (target-group {target_group_arn})"


def draining(count: int) -> str:
    """`has begun draining connections on N tasks.`"""
    return f"has begun draining connections on {count} tasks."


def unhealthy_target(task_id: str, *, port: int, target_group_arn: str, reason: str) -> str:
    """`(task T) (port P) is unhealthy in (target-group ARN) due to (reason …).`"""
    return f"(task {task_id}) (port {port}) is unhealthy in (target-group {target_group_arn}) due to (reason {reason})."


def not_in_use(target_group_arn: str, *, is_known: bool) -> str:
    """Why targets in a group never become healthy. Slipway's own: ECS goes on waiting without a word."""
    lack = "no listener forwards to it, so its targets are not checked" if is_known else "it does not exist any more"
    return f"was unable to reach steady state because of (target-group {target_group_arn}): {lack}."


def deployment_completed(deployment_id: str) -> str:
    """`(deployment ID) deployment completed.`"""
    return f"(deployment {deployment_id}) deployment completed."


def counted_failures(
    deployment_id: str,
    *,
    count: int,
    threshold: int | None,
    what: str,
    task_ids: tuple[str, ...],
    delay_s: float | None,
) -> str:
    """Failures for one reason, the last of them number `count` of at most `threshold` (None: no limit), and when the
    next task starts (None: that waits for other things). Slipway's own: ECS only counts."""
    first = count - max(len(task_ids), 1) + 1
    which = f"failure {count}" if first == count else f"failures {first} to {count}"
    limit = "" if threshold is None else f" of {threshold}" if count <= threshold else f" ({threshold} end it)"
    tasks = f"{_named(task_ids)} " if task_ids else ""
    is_last = delay_s is None or (threshold is not None and count >= threshold)
    then = "" if is_last else f"; next start {f'in {delay_s:g} s' if delay_s else 'at once'}"
    return f"(deployment {deployment_id}) {which}{limit}: {tasks}{what.rstrip('.')}{then}."


def uncounted_failures(deployment_id: str, *, what: str, task_ids: tuple[str, ...], delay_s: float) -> str:
    """Starts that failed by no fault of the revision, and when the next comes. Slipway's own."""
    return (
        f"(deployment {deployment_id}) could not start {_named(task_ids)}, which is not counted: {what.rstrip('.')}; "
        f"next start in {delay_s:g} s."
    )


def deployment_failed(deployment_id: str, why: str) -> str:
    """`(deployment ID) deployment failed: tasks failed to start.`, `… alarm detected.`"""
    return f"(deployment {deployment_id}) deployment failed: {why}."


def rolling_back(deployment_id: str) -> str:
    """`rolling back to deployment ID.`"""
    return f"rolling back to deployment {deployment_id}."


def not_rolled_back(deployment_id: str, why: str) -> str:
    """Why a deployment that failed stays as it is. Slipway's own."""
    return f"(deployment {deployment_id}) is not rolled back: {why}."


def preflight(warning: str) -> str:
    """A warning about what was asked for, said before it is tried. Slipway's own."""
    return f"preflight: {warning}"


def alarms_ignored(names: Iterable[str]) -> str:
    """Alarms that were firing when a deployment began, which disables all for it (ECS). The sentence is our own."""
    return preflight(
        f"ignores its alarms during this deployment, because {', '.join(names)} was in ALARM when it began; "
        "watch it yourself, or clear the alarm and deploy again."
    )


def baking(deployment_id: str, seconds: float) -> str:
    """A deployment whose tasks are healthy is watched for so long. Slipway's own."""
    return f"(deployment {deployment_id}) is watched for {seconds:g} s (bake time) before it is complete."


def under_protection(deployment_id: str, count: int) -> str:
    """ECS's event of a scale-in that task protection holds up."""
    return (
        f"was unable to reach steady state because (taskSet {deployment_id}) was unable to scale in due to "
        f"(reason {count} tasks under protection)"
    )


def failed_container_checks(task_id: str) -> str:
    """`(task T) failed container health checks.`"""
    return f"(task {task_id}) failed container health checks."


STEADY = "has reached a steady state."
CANNOT_START = "is unable to consistently start tasks successfully."
CANNOT_MOVE = (
    "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
    "Update the minimumHealthyPercent or maximumPercent value and try again."
)


def _named(ids: tuple[str, ...]) -> str:
    named = " ".join(f"(task {task_id})" for task_id in ids[:TASKS_NAMED])
    more = len(ids) - TASKS_NAMED
    return f"{named} and {more} more" if more > 0 else named

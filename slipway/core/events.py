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


def backs_off(failed: int, delay_s: float) -> str:
    """How many tasks ended before they were healthy, and when the next starts. Slipway's own: ECS says nothing."""
    return f"had {failed} tasks in a row that ended before they were healthy; the next starts in {delay_s:g} s."


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

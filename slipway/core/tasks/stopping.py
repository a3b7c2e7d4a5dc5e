"""Deciding that a task is to stop. How it then stops, drained before it is signalled, is in `task_steps`."""

from slipway.core.model.tasks import DesiredStatus, StopCode, Task
from slipway.core.records import replace


def decide_stop(task: Task, *, code: StopCode, reason: str, now: float) -> Task:
    """The task with the decision to stop it; a task that is to stop already keeps its first reason."""
    if task.desired_status is DesiredStatus.STOPPED:
        return task
    return replace(
        task,
        desired_status=DesiredStatus.STOPPED,
        stop_code=code,
        stopped_reason=reason,
        stop_decided_at=now,
        version=task.version + 1,
    )

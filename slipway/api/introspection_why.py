"""What a task or a service waits for, as Slipway's own routes tell it."""

from typing import Any

from slipway.core.answers.wait import Sight, Wait
from slipway.core.answers.why import why_task
from slipway.core.answers.why_service import why_service
from slipway.core.model.services import Service
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot


def wait_entry(wait: Wait) -> dict[str, Any]:
    """One wait; `clears` says whether it clears at `clears_at`, at the earliest then, or at the latest."""
    return {
        "kind": wait.kind,
        "sentence": wait.sentence,
        "since": wait.since,
        "clears_at": wait.clears_at,
        "clears": wait.clears,
        "subject": wait.subject,
    }


def task_why(snapshot: Snapshot, task: Task, sight: Sight) -> dict[str, Any]:
    """What a task waits for: no wait, or one."""
    wait = why_task(snapshot, task, sight)
    return {"at": sight.now, "arn": task.arn, "waits": [] if wait is None else [wait_entry(wait)]}


def service_why(snapshot: Snapshot, service: Service, sight: Sight) -> dict[str, Any]:
    """What a service waits for, the most telling first, and its tasks that hold it up."""
    return {"at": sight.now, "arn": service.arn, "waits": service_waits(snapshot, service, sight)}


def service_waits(snapshot: Snapshot, service: Service, sight: Sight) -> list[dict[str, Any]]:
    """The waits of a service, as its picture has them too."""
    return [wait_entry(wait) for wait in why_service(snapshot, service, sight)]

"""Failures: tasks that ended before they were healthy, counted by deployment, and the back-off they bring.

A task that failed its load balancer's checks is counted too, but delays nothing: the checks have paced it already
(ECS Developer Guide, service throttle logic: it is for tasks that never reach RUNNING). A task that ended by itself is
followed by a delay from the fourth in a row on, where ECS has only its slow launches between them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from slipway.core import events
from slipway.core.decision import Context
from slipway.core.model.deployments import Deployment
from slipway.core.model.services import Service
from slipway.core.model.tasks import StopCode, Task
from slipway.core.plan import Change, Put
from slipway.core.roll import last_completed
from slipway.core.rolling import back_off_s
from slipway.core.snapshot import Snapshot

#: Stops somebody decided; the other codes are ends that came by themselves.
_BY_CHOICE = (StopCode.USER_INITIATED, StopCode.SERVICE_SCHEDULER_INITIATED)


def count_failures(
    snapshot: Snapshot, service: Service, ended: Iterable[Task], context: Context
) -> tuple[list[Change], list[str]]:
    """The failures among the tasks that ended, counted for their deployments; and the delay, told as an event."""
    failures = [task for task in ended if _is_failure(task)]
    counts = Counter(task.deployment_id for task in failures)
    changes: list[Change] = []
    rows: dict[str | None, int] = {}
    for deployment in _failing(snapshot, service, counts):
        failed = rows[deployment.id] = deployment.failed_tasks + counts[deployment.id]
        counted = replace(deployment, failed_tasks=failed, updated_at=context.now)
        changes.append(Put(record=counted, cause=f"failed tasks: {failed}"))
    by_themselves = [task for task in failures if task.unhealthy_reason is None and task.deployment_id in rows]
    failed = max((rows[task.deployment_id] for task in by_themselves), default=0)
    delay = _delay_s(failed, context)
    if not delay:
        return changes, []
    waiting = replace(service, wake_at=context.now + delay)
    changes.append(Put(record=waiting, cause=f"next start in {delay:g} s after {failed} failed tasks"))
    if any(task.started_at is not None for task in by_themselves):
        return changes, [events.backs_off(failed, delay)]
    is_first = failed - len(by_themselves) <= context.rules.start_back_off_after
    return changes, [events.CANNOT_START] if is_first else []


def forget_failures(snapshot: Snapshot, healthy: Iterable[Task]) -> list[Change]:
    """A task that became healthy ends its deployment's row of failures (`Deployment.failedTasks`)."""
    ids = {task.deployment_id for task in healthy if task.deployment_id is not None}
    failed = [snapshot.deployments[each] for each in sorted(ids) if snapshot.deployments[each].failed_tasks]
    return [Put(record=replace(each, failed_tasks=0), cause="a task became healthy") for each in failed]


def _delay_s(failed: int, context: Context) -> float:
    rules = context.rules
    return back_off_s(
        failed, after=rules.start_back_off_after, first_s=rules.start_back_off_s, most_s=rules.start_back_off_max_s
    )


def _failing(snapshot: Snapshot, service: Service, failures: Mapping[str | None, int]) -> list[Deployment]:
    """The deployments whose failures count: the PRIMARY, and the old one that makes up for its losses."""
    may_start = (snapshot.primary(service.arn), last_completed(snapshot, service.arn))
    return [deployment for deployment in may_start if deployment is not None and deployment.id in failures]


def _is_failure(task: Task) -> bool:
    """Ended before it ever was healthy, though nobody wanted it gone for another reason than that."""
    if task.healthy_at is not None:
        return False
    return task.unhealthy_reason is not None or task.stop_code not in _BY_CHOICE

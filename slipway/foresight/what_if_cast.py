"""How each task of a recorded deployment behaved, so that it can behave so again when a setting is another.

What is not known of a task, because it never came to that, is what the others took. A check that passed at once does
not tell since when it would have passed: such a task is taken to have been ready from the beginning.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from statistics import median
from typing import Any

from slipway.core.arns import resource_name
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.life import TargetLife, TaskLife
from slipway.core.model.tasks import Task
from slipway.core.plan import TaskPayload
from slipway.core.tasks.service_tasks import Phase
from slipway.sim.behaviours import Behaviour, HealthScript

#: What another task's time stands for where a task's own is not known.
_FILLED = ("pull_s", "launch_s", "ready_s", "linger_s", "exit_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTimes:
    """What one task took, in seconds; None: it did not come to that. `inf` stands for "never"."""

    pull_s: float | None  # from its creation until its images were there
    launch_s: float | None  # from then to RUNNING
    ready_s: float | None  # from RUNNING until checks passed
    sick_s: float | None  # from RUNNING until they failed again
    linger_s: float | None  # how long something was open to it while it drained; inf: for as long as it might
    exit_s: float | None  # from the order to stop to its end; inf: it was killed
    runs_s: float | None  # from RUNNING to its end, where it ended by itself
    exit_code: int
    start_error: str | None  # why it never ran


class RecordedCast:
    """The tasks of a chronicle, to be played again: those that were there, and the others in the order of their starts.

    It is asked for each task once or more, and says the same of it each time.
    """

    def __init__(self, chronicle: Chronicle) -> None:
        lives = chronicle.lives
        times = recorded_times(chronicle)
        usual = _Usual(zip(lives, times, strict=True))
        self._known: dict[str, Behaviour] = {}
        self._coming: dict[str, deque[Behaviour]] = {}
        for life, took in zip(lives, times, strict=True):
            definition = life.task.task_definition_arn
            behaviour = _behaviour(usual.filled(took, definition))
            if life.was_there:
                self._known[life.task.arn] = behaviour
            else:
                self._coming.setdefault(resource_name(definition), deque()).append(behaviour)

    def __call__(self, payload: TaskPayload) -> Behaviour | None:
        """How a task behaves; None: nothing is recorded of any task of its definition. Where more are started than
        were then, the first one's behaviour comes again."""
        if payload.task_arn not in self._known:
            coming = self._coming.get(f"{payload.family}:{payload.revision}")
            if coming is None:
                return None
            self._known[payload.task_arn] = coming[0]
            coming.rotate(-1)
        return self._known[payload.task_arn]


class _Usual:
    """The medians of what tasks took: of those of one definition, else of all."""

    def __init__(self, took: Iterable[tuple[TaskLife, TaskTimes]]) -> None:
        samples: dict[tuple[str, str], list[float]] = {}
        for life, times in took:
            for name in _FILLED:
                value = getattr(times, name)
                if value is not None:
                    for definition in (life.task.task_definition_arn, ""):
                        samples.setdefault((definition, name), []).append(value)
        self._medians = {key: median(values) for key, values in samples.items()}

    def filled(self, times: TaskTimes, definition: str) -> TaskTimes:
        """The times with what is not known of the task filled in; 0 where nothing is known of any."""
        given: dict[str, Any] = {
            name: self._medians.get((definition, name), self._medians.get(("", name), 0.0))
            for name in _FILLED
            if getattr(times, name) is None
        }
        return replace(times, **given)


def recorded_times(chronicle: Chronicle) -> tuple[TaskTimes, ...]:
    """What the tasks of a chronicle took, in the order in which they were first seen."""
    return tuple(task_times(life, chronicle) for life in chronicle.lives)


def task_times(life: TaskLife, chronicle: Chronicle) -> TaskTimes:
    """What a task took, as far as it came."""
    task = life.task
    ended_by_itself = task.is_stopped and task.stop_ordered_at is None
    has_run = task.started_at is not None
    return TaskTimes(
        pull_s=_between(task.created_at, task.pull_stopped_at) if has_run else _failed_after(life),
        launch_s=_between(task.pull_stopped_at or task.created_at, task.started_at),
        ready_s=_ready_s(life, chronicle),
        sick_s=_sick_s(life, chronicle),
        linger_s=_linger_s(life.targets),
        exit_s=_exit_s(life),
        runs_s=_between(task.started_at, task.execution_stopped_at) if ended_by_itself else None,
        exit_code=next((one.exit_code for one in task.containers if one.exit_code), 1),
        start_error=_start_error(task) if ended_by_itself and not has_run else None,
    )


def _between(began_at: float | None, ended_at: float | None) -> float | None:
    return None if began_at is None or ended_at is None else max(ended_at - began_at, 0.0)


def _failed_after(life: TaskLife) -> float | None:
    """When a task ended that never ran."""
    return _between(life.task.created_at, life.stopped_at)


def _start_error(task: Task) -> str:
    reasons = (one.reason for one in task.containers if one.reason)
    return next(reasons, task.stopped_reason or "it did not start")


def _ready_s(life: TaskLife, chronicle: Chronicle) -> float | None:
    task = life.task
    if task.started_at is None:
        return None
    if not life.targets:
        interval_s = _own_interval_s(task, chronicle)
        ready_s = _between(task.started_at, task.ready_at)
        if ready_s is None:
            return inf if any(span.phase is Phase.SICK for span in life.spans) else None
        return max(ready_s - interval_s, 0.0)
    slowest = max(life.targets, key=lambda one: inf if one.first_passed_at is None else one.first_passed_at)
    if slowest.first_passed_at is None:
        if slowest.failing_since is None:
            return None
        return 0.0 if _passed_at_first(slowest, chronicle) else inf
    if not slowest.failed_checks:
        return 0.0
    return max(slowest.first_passed_at - task.started_at - _interval_s(slowest, chronicle) / 2, 0.0)


def _sick_s(life: TaskLife, chronicle: Chronicle) -> float | None:
    """From when on checks failed of a task that had passed them."""
    started_at = life.task.started_at
    since = [
        one.failing_since - _interval_s(one, chronicle) / 2
        for one in life.targets
        if one.failing_since is not None and _has_passed(one, one.failing_since, chronicle)
    ]
    return None if started_at is None or not since else max(min(since) - started_at, 0.0)


def _has_passed(target: TargetLife, failing_since: float, chronicle: Chronicle) -> bool:
    """Whether it passed checks before it failed them."""
    if target.healthy_at is None:
        return target.first_passed_at is None and _passed_at_first(target, chronicle)
    return failing_since > target.healthy_at


def _passed_at_first(target: TargetLife, chronicle: Chronicle) -> bool:
    """Whether a target that never was healthy passed its first check, which comes one interval after it was made."""
    first_at = target.registered_at + _interval_s(target, chronicle)
    return target.failing_since is not None and target.failing_since > first_at + _interval_s(target, chronicle) / 2


def _interval_s(target: TargetLife, chronicle: Chronicle) -> float:
    at = target.registered_at
    groups = chronicle.target_groups_in(target.target.target_group_arn, at, at)
    return float(groups[0].health_check.interval_s) if groups else 0.0


def _own_interval_s(task: Task, chronicle: Chronicle) -> float:
    definition = chronicle.definitions.get(task.task_definition_arn)
    checks = () if definition is None else (one.health_check for one in definition.containers if one.essential)
    return float(max((check.interval_s for check in checks if check is not None), default=0))


def _linger_s(targets: Sequence[TargetLife]) -> float | None:
    """What was open longest; a target that never was healthy had nothing open."""
    drained = [one for one in targets if one.draining_at is not None and one.healthy_at is not None]
    if any(one.was_held_open for one in drained):
        return inf
    known = [_between(one.draining_at, one.removed_at) for one in drained]
    return max((one for one in known if one is not None), default=None)


def _exit_s(life: TaskLife) -> float | None:
    task = life.task
    if task.stop_ordered_at is None or task.started_at is None or life.stopped_at is None:
        return None
    if any(container.was_killed for container in task.containers):
        return inf
    return _between(task.stop_ordered_at, life.stopped_at)


# As a behaviour


def _behaviour(times: TaskTimes) -> Behaviour:
    """The behaviour of a task that took these times, none of the usual ones unknown."""
    script = HealthScript(
        ready_s=times.ready_s or 0.0,
        sick_s=inf if times.sick_s is None else max(times.sick_s, times.ready_s or 0.0),
    )
    return Behaviour(
        pull_s=times.pull_s or 0.0,
        launch_s=times.launch_s or 0.0,
        exits_in_s=None if times.exit_s == inf else times.exit_s,
        runs_s=times.runs_s,
        exit_code=times.exit_code,
        start_error=times.start_error,
        linger_s=None if times.linger_s == inf else times.linger_s,
        health=script,
        container_health=script,
    )

"""What a task that is to stop waits for: its targets drain, its containers exit or are killed.

What counts as what: the stop timeout is measured from the order to stop, so a killed task's time since then is the
timeout's. A task that exits has its time from SIGTERM on; the order's way to the container, and the end's way to the
commit, are overhead. So is what a drain took beyond its deregistration delay.
"""

from slipway.core.explaining.life import TargetLife, TaskLife
from slipway.core.explaining.segment import Segment, SegmentKind, Setting
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.strip import Strip
from slipway.core.model.tasks import Task

#: What a container that was killed exits with: 128 + SIGKILL.
KILLED = 137

#: How much earlier than its stop timeout a host may be seen to kill a task: the two clocks are not one.
EARLY_S = 0.1


def stop_segments(
    life: TaskLife, settings: Settings, *, from_at: float, to_at: float, why: tuple[Setting, ...] = ()
) -> tuple[Segment, ...]:
    """The stretch of a task's life from `from_at`, when its stop was decided, to `to_at`, when its end was committed,
    or which is as far as is asked for. `why` are settings for which its end was waited for."""
    strip, task = Strip(from_at, to_at, task_arn=life.task.arn), life.task
    draining = [one for one in life.targets if one.draining_at is not None]
    if draining:
        _cut_drain(strip, draining, settings, why)
    strip.cut(SegmentKind.OVERHEAD, task.stop_ordered_at, "until its stop was ordered")
    if task.started_at is None:
        strip.cut(SegmentKind.OVERHEAD, None, "it had not run yet; its host let go of it")
    else:
        _cut_exit(strip, task, settings, why)
    return strip.segments()


def _cut_exit(strip: Strip, task: Task, settings: Settings, why: tuple[Setting, ...]) -> None:
    """From the order to its end."""
    timeout_s, timeout = settings.stop_timeout_s(task), (*settings.stop_timeout(task), *why)
    kill_at = (task.stop_ordered_at if task.stop_ordered_at is not None else strip.to_at) + timeout_s
    if _was_killed(task, kill_at):
        until = kill_at if len(task.containers) == 1 else _exited_at(task)
        sentence = f"it ignored SIGTERM to its stop timeout of {timeout_s:g} s, and was killed"
        strip.cut(SegmentKind.KILL_WAIT, until, sentence, timeout)
    else:
        strip.cut(SegmentKind.OVERHEAD, _signalled_at(task), "until it was sent SIGTERM")
        strip.cut(SegmentKind.SIGTERM_TO_EXIT, _exited_at(task), "it exited after SIGTERM", timeout)
    strip.cut(SegmentKind.OVERHEAD, None, "until its end was committed")


def _cut_drain(strip: Strip, targets: list[TargetLife], settings: Settings, why: tuple[Setting, ...]) -> None:
    """The drain of the target that was removed last."""
    last = max(targets, key=lambda one: float("inf") if one.removed_at is None else one.removed_at)
    draining_at = strip.to_at if last.draining_at is None else last.draining_at
    owed = (*settings.drain(last.target, at=draining_at), *why)
    if last.removed_at is None or last.removed_at > strip.to_at:
        strip.cut(SegmentKind.DRAIN, None, "its target drains", owed)
    elif last.was_held_open:
        sentence = "something was open to it until its deregistration delay was over"
        strip.cut(SegmentKind.DRAIN, last.target.drain_until, sentence, owed)
        strip.cut(SegmentKind.OVERHEAD, last.removed_at, "until the end of its drain was committed")
    else:
        sentence = "its requests ended before its deregistration delay was over"
        strip.cut(SegmentKind.DRAIN, last.removed_at, sentence, owed)


def _was_killed(task: Task, kill_at: float) -> bool:
    """Whether SIGKILL ended it at its stop timeout. A host that does not say so says the exit code, and when."""
    if any(container.was_killed for container in task.containers):
        return True
    is_late = task.stopped_at is not None and task.stopped_at >= kill_at - EARLY_S
    return is_late and any(container.exit_code == KILLED for container in task.containers)


def _signalled_at(task: Task) -> float | None:
    """When the first of its containers was sent SIGTERM; None: that is not known, and it may not have been."""
    known = [one.signalled_at for one in task.containers if one.signalled_at is not None]
    return min(known, default=task.stopping_at)


def _exited_at(task: Task) -> float | None:
    """When the last of its containers had exited; None: that is not known."""
    known = [one.stopped_at for one in task.containers if one.stopped_at is not None]
    if known and len(known) == len(task.containers):
        return max(known)
    return task.stopped_at

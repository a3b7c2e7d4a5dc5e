"""The course of each task of a roll, as it is drawn: which state it was in, from when to when."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from slipway.core.arns import resource_name
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.life import Span, TaskLife
from slipway.core.tasks.service_tasks import Phase


class State(StrEnum):
    """What a task does, in the order in which tasks come to it. The value is the word that is shown."""

    PLACED = "waits for its host"
    PULL = "pull"
    START = "start"
    CHECKED = "waits for health"
    HEALTHY = "healthy"
    SICK = "unhealthy"
    DRAIN = "draining"
    STOP = "stopping"


class Band(StrEnum):
    """What tasks are counted as, from the bottom of a stack upward. The value is the word that is shown."""

    OLD = "old, healthy"
    NEW = "new, healthy"
    RISING = "starting or not healthy yet"
    SICK = "unhealthy"
    LEAVING = "draining or stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A task was in one state from one instant to another, seconds since the roll began."""

    state: State
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One task of a roll, within the time that is drawn. A task that was there all the time has one stretch."""

    task_arn: str
    name: str  # eight digits of its id
    is_old: bool  # of a deployment that had tasks when the roll began
    stretches: tuple[Stretch, ...]  # oldest first, touching
    failed_s: float | None  # when it ended without having been told to; None: it did not


def courses_of(chronicle: Chronicle, *, seconds: float) -> tuple[Course, ...]:
    """The courses of all tasks that there were in the first `seconds` of the chronicle, in the order they were first
    seen; those that held nothing in it are left out."""
    lives = chronicle.lives
    old = {life.task.deployment_id for life in lives if life.was_there}
    drawn = (_course(life, chronicle.began_at, seconds, is_old=life.task.deployment_id in old) for life in lives)
    return tuple(course for course in drawn if course.stretches)


def _course(life: TaskLife, began_at: float, seconds: float, *, is_old: bool) -> Course:
    stretches: list[Stretch] = []
    for span in life.spans:
        for state, from_at, to_at in _states(life, span, until=began_at + seconds):
            from_s, to_s = max(from_at - began_at, 0.0), min(to_at - began_at, seconds)
            if to_s > from_s:
                stretches.append(Stretch(state=state, from_s=from_s, to_s=to_s))
    return Course(
        task_arn=life.task.arn,
        name=resource_name(life.task.arn)[:8],
        is_old=is_old,
        stretches=tuple(stretches),
        failed_s=_failed_s(life, began_at, seconds),
    )


def _failed_s(life: TaskLife, began_at: float, seconds: float) -> float | None:
    stopped_at = life.stopped_at
    if stopped_at is None or len(life.spans) < 2 or life.spans[-2].phase is Phase.STOPPING:
        return None
    return stopped_at - began_at if stopped_at - began_at <= seconds else None


def _states(life: TaskLife, span: Span, *, until: float) -> Iterator[tuple[State, float, float]]:
    """A span as states with epoch seconds, cut at the instants that a host told; those lie within the span."""
    end = until if span.to_at is None else span.to_at
    task = life.task
    match span.phase:
        case Phase.STARTING:
            cuts = [(State.PLACED, task.pull_started_at), (State.PULL, task.pull_stopped_at), (State.START, end)]
            if task.pull_started_at is None:
                cuts = [(State.PLACED, end)]
            yield from _cut(cuts, span.from_at, end)
        case Phase.RUNNING:
            yield State.CHECKED, span.from_at, end
        case Phase.SICK:
            yield State.SICK, span.from_at, end
        case Phase.HEALTHY:
            yield State.HEALTHY, span.from_at, end
        case Phase.STOPPING:
            is_draining = any(one.draining_at is not None for one in life.targets)
            drained = (task.stop_ordered_at or end) if is_draining else span.from_at
            yield from _cut([(State.DRAIN, drained), (State.STOP, end)], span.from_at, end)
        case Phase.STOPPED:
            pass


def _cut(cuts: list[tuple[State, float | None]], from_at: float, end: float) -> Iterator[tuple[State, float, float]]:
    cursor = from_at
    for state, told_at in cuts:
        to_at = end if told_at is None else min(max(told_at, cursor), end)
        yield state, cursor, to_at
        cursor = to_at


def band_of(course: Course, state: State) -> Band:
    """What a task counts as while it is in a state."""
    match state:
        case State.HEALTHY:
            return Band.OLD if course.is_old else Band.NEW
        case State.SICK:
            return Band.SICK
        case State.DRAIN | State.STOP:
            return Band.LEAVING
        case _:
            return Band.RISING


def band_counts(courses: Iterable[Course], instants: Sequence[float]) -> dict[Band, list[int]]:
    """How many tasks there are of each band at each of the instants (seconds, ascending). Costs what the courses
    have, not their product with the instants."""
    steps = {band: [0] * (len(instants) + 1) for band in Band}
    for course in courses:
        for one in course.stretches:
            step = steps[band_of(course, one.state)]
            step[bisect_left(instants, one.from_s)] += 1
            step[bisect_left(instants, one.to_s)] -= 1
    return {band: list(accumulate(step))[:-1] for band, step in steps.items()}

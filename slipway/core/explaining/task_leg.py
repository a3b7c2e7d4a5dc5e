"""The leg of the path that one task owes: the stretch of its life that came to its end at a moment."""

from slipway.core.explaining.leg import Decision, Leg, Moment
from slipway.core.explaining.life import Span, TaskLife
from slipway.core.explaining.rise import relapse_segments, rise_segments
from slipway.core.explaining.segment import Setting
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.stop import stop_segments
from slipway.core.tasks.service_tasks import Phase

#: Phases of a task that is not healthy and is not to stop.
RISE = frozenset((Phase.STARTING, Phase.RUNNING, Phase.SICK))
STOP = frozenset((Phase.STOPPING,))
_HEALTHY = frozenset((Phase.HEALTHY,))


def task_leg(life: TaskLife, settings: Settings, *, at: float, why: tuple[Setting, ...] = ()) -> Leg | None:
    """What the task did right before `at`: it rose, or it stopped. None: it had been healthy, or was not there. `why`
    are settings for which the end of its stop was waited for."""
    arn = life.task.arn
    if stop := stretch_before(life, at, STOP):
        segments = stop_segments(life, settings, from_at=stop.from_at, to_at=at, why=why)
        return Leg(before=Moment(at=stop.from_at, decision=Decision.STOP, task_arn=arn), segments=segments)
    if rise := stretch_before(life, at, RISE):
        if rise is not life.spans[0]:
            return _relapse(life, from_at=rise.from_at, at=at)
        from_at = min(rise.from_at, life.task.created_at) if life.was_there else rise.from_at
        segments = rise_segments(life, settings, from_at=from_at, to_at=at)
        return Leg(before=Moment(at=from_at, decision=Decision.START, task_arn=arn), segments=segments)
    if healthy := stretch_before(life, at, _HEALTHY):
        failing = [one.failing_since for one in life.targets if one.failing_since is not None]
        since = [one for one in failing if healthy.from_at < one < at]
        return _relapse(life, from_at=min(since), at=at) if since else None
    return None


def _relapse(life: TaskLife, *, from_at: float, at: float) -> Leg:
    before = Moment(at=from_at, decision=Decision.ANY, task_arn=life.task.arn)
    return Leg(before=before, segments=relapse_segments(life, from_at=from_at, to_at=at))


def stretch_before(life: TaskLife, at: float, phases: frozenset[Phase]) -> Span | None:
    """The first span of the unbroken stretch in these phases that a task was in just before `at`; None: it was in
    another phase, or was not there."""
    found: Span | None = None
    for span in life.spans:
        if span.from_at >= at:
            break
        if span.phase not in phases:
            found = None
        elif found is None:
            found = span
    return found

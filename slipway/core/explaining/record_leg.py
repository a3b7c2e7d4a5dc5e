"""The legs of the path that no task owes: the launch throttle, the bake time, missing room, what held a roll up."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.leg import Decision, Leg, Moment
from slipway.core.explaining.segment import Segment, SegmentKind, Setting
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.strip import Strip
from slipway.core.model.services import DEPLOYMENT_CONFIGURATION, PROTECTION, Service

T = TypeVar("T")


def back_off_leg(chronicle: Chronicle, deployment_id: str, *, at: float) -> Leg | None:
    """The launch throttle of a deployment, if it was what the start at `at` waited for, or is still on then."""
    known = chronicle.deployment_before(deployment_id, at)
    if known is None or known.retry_at is None or chronicle.has_commit(known.retry_at, at):
        return None
    retry_at, count = known.retry_at, known.failed_tasks
    from_at = _since(chronicle.deployments[deployment_id], at, lambda one: one.retry_at == retry_at)
    after = f"after {count} failure{'' if count == 1 else 's'} in a row" if count else "after a start that failed"
    strip = Strip(from_at, at)
    strip.cut(SegmentKind.BACK_OFF, retry_at, f"the launch throttle held the next start back {after}")
    strip.cut(SegmentKind.OVERHEAD, None, "until the start was committed")
    return Leg(before=Moment(at=from_at, decision=Decision.ANY), segments=strip.segments())


def bake_leg(chronicle: Chronicle, settings: Settings, deployment_id: str, *, at: float) -> Leg | None:
    """The bake time of a deployment, if it was being watched just before `at`. Once that is over, the deployment waits
    for something else, as for tasks that were lost meanwhile."""
    known = chronicle.deployment_before(deployment_id, at)
    if known is None or known.bake_until is None or chronicle.has_commit(known.bake_until, at):
        return None
    bake_until = known.bake_until
    from_at = _since(chronicle.deployments[deployment_id], at, lambda one: one.bake_until == bake_until)
    strip = Strip(from_at, at)
    sentence = "all was healthy and the old tasks gone; it was watched (bake time)"
    strip.cut(SegmentKind.BAKE, bake_until, sentence, settings.bake(at))
    strip.cut(SegmentKind.OVERHEAD, None, "until its completion was committed")
    return Leg(before=Moment(at=from_at, decision=Decision.BAKING), segments=strip.segments())


def capacity_leg(chronicle: Chronicle, settings: Settings, *, at: float) -> Leg | None:
    """The time without room up to `at`, where none of its own tasks made room; None: there was room."""
    service = chronicle.service_before(at)
    if service is None or not service.lacks_room:
        return None
    from_at = _since(chronicle.services, at, lambda one: one.lacks_room)
    sentence = f"no host had room for another task ({service.blocked_by})"
    return _held(SegmentKind.CAPACITY_WAIT, sentence, settings.room(at), from_at=from_at, at=at, by=Decision.START)


def pause_leg(chronicle: Chronicle, settings: Settings, *, at: float) -> Leg | None:
    """The time up to `at` in which protection, or the percentages, let nothing move; None: they did."""
    service = chronicle.service_before(at)
    if service is None or not _is_held(service):
        return None
    from_at = _since(chronicle.services, at, _is_held)
    cause, _, count = (service.blocked_by or "").partition(" ")
    if cause == PROTECTION:
        held = "1 task" if count == "1" else f"{count} tasks"
        sentence = f"{held} that should stop had scale-in protection"
        owed: tuple[Setting, ...] = (Setting(name="protectionEnabled", value="true", of=held),)
    else:
        sentence, owed = "the percentages let no task stop and none start", settings.percentages(at)
    return _held(SegmentKind.PAUSE, sentence, owed, from_at=from_at, at=at, by=Decision.STOP)


def _is_held(service: Service) -> bool:
    return (service.blocked_by or "").partition(" ")[0] in (PROTECTION, DEPLOYMENT_CONFIGURATION)


def _held(
    kind: SegmentKind, sentence: str, settings: tuple[Setting, ...], *, from_at: float, at: float, by: Decision
) -> Leg | None:
    if from_at >= at:
        return None
    segment = Segment(kind=kind, from_at=from_at, to_at=at, sentence=sentence, settings=settings)
    return Leg(before=Moment(at=from_at, decision=by), segments=(segment,))


def _since(states: Sequence[tuple[float, T]], at: float, holds: Callable[[T], bool]) -> float:
    """Since when it has been so, of what was so just before `at`."""
    since = at
    for index in range(bisect_left(states, at, key=lambda one: one[0]) - 1, -1, -1):
        from_at, state = states[index]
        if not holds(state):
            break
        since = from_at
    return since

"""The rounds of a roll as rows: from when to when each lasted, what it waited for, and what there was afterwards."""

from bisect import bisect_right
from dataclasses import dataclass

from slipway.core.explaining.absence import with_absences
from slipway.core.explaining.chronicle import Chronicle, Sample
from slipway.core.explaining.moves import RollRound, rounds_of
from slipway.core.explaining.segment import Segment, SegmentKind, Setting
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.task_leg import task_leg
from slipway.core.model.deployments import RoundKind
from slipway.core.tasks.service_tasks import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """One round. `start_s` and `end_s` are seconds since the roll began; counts are of old and new tasks together."""

    number: int  # from 1
    kind: RoundKind
    count: int  # tasks started, or stopped
    start_s: float
    end_s: float | None  # when the last of its tasks was healthy, or STOPPED; None: that did not come
    healthy: int  # after the last of its tasks
    running: int
    cause: SegmentKind | None = None  # what took it longest; None: it took no time
    waits_for: str = ""  # that, as a sentence
    settings: tuple[Setting, ...] = ()  # what caused it

    @property
    def signed(self) -> int:
        """The count, negative for stops."""
        return self.count if self.kind is RoundKind.START else -self.count


def round_rows(chronicle: Chronicle, *, together_s: float = 0.0, now: float | None = None) -> tuple[RoundRow, ...]:
    """The rounds of a chronicle, oldest first; moves within `together_s` seconds count as one instant. `now`: up to
    when a round that goes on is told (epoch seconds; None: to the last commit)."""
    instants = [sample.at for sample in chronicle.samples]
    told_at = instants[-1] if now is None else max(now, instants[-1])
    sight = _Sight(chronicle=chronicle, settings=Settings(chronicle), instants=instants, told_at=told_at)
    return tuple(
        _row(sight, one, number)
        for number, one in enumerate(rounds_of(chronicle.moves, together_s=together_s), start=1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What rows are read off."""

    chronicle: Chronicle
    settings: Settings
    instants: list[float]  # of the samples
    told_at: float


def _row(sight: _Sight, one: RollRound, number: int) -> RoundRow:
    chronicle = sight.chronicle
    ends = [(end, arn) for arn in one.task_arns if (end := _end_of(chronicle, arn, one.kind)) is not None]
    is_over = len(ends) == len(one.task_arns)
    last_at, last = max(ends) if is_over else (sight.told_at, _unsettled(chronicle, one))
    after = _sample_at(sight, last_at)
    longest = _longest(sight, last, _came_to_at(chronicle, last, one.kind) or last_at)
    return RoundRow(
        number=number,
        kind=one.kind,
        count=one.count,
        start_s=one.at - chronicle.began_at,
        end_s=last_at - chronicle.began_at if is_over else None,
        healthy=after.all_healthy,
        running=after.all_running,
        cause=None if longest is None else longest.kind,
        waits_for="" if longest is None else longest.sentence,
        settings=() if longest is None else longest.settings,
    )


def _unsettled(chronicle: Chronicle, one: RollRound) -> str:
    """The first task of a round that it still waits for."""
    return next(arn for arn in one.task_arns if _end_of(chronicle, arn, one.kind) is None)


def _came_to_at(chronicle: Chronicle, task_arn: str, kind: RoundKind) -> float | None:
    """When a task had what its round is about behind it: one that was started and then told to stop, its rise."""
    phases = (Phase.STOPPED,) if kind is RoundKind.STOP else (Phase.HEALTHY, Phase.STOPPING, Phase.STOPPED)
    return chronicle.first_in(task_arn, phases)


def _longest(sight: _Sight, task_arn: str, at: float) -> Segment | None:
    """What took the last task of a round longest, up to that instant; None: it took no time."""
    leg = task_leg(sight.chronicle.life(task_arn), sight.settings, at=at)
    if leg is None:
        return None
    return max(with_absences(leg.segments, sight.chronicle.absences), key=lambda segment: segment.seconds, default=None)


def _end_of(chronicle: Chronicle, task_arn: str, kind: RoundKind) -> float | None:
    """When a started task was first healthy or gone, or a stopped one gone."""
    phases = (Phase.STOPPED,) if kind is RoundKind.STOP else (Phase.HEALTHY, Phase.STOPPED)
    return chronicle.first_in(task_arn, phases)


def _sample_at(sight: _Sight, at: float) -> Sample:
    return sight.chronicle.samples[max(bisect_right(sight.instants, at) - 1, 0)]

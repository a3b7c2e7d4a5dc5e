"""The rounds of a roll as rows: from when to when each lasted, what it waited for, and what there was afterwards."""

from bisect import bisect_right
from dataclasses import dataclass

from slipway.core.explaining.chronicle import Chronicle, Sample
from slipway.core.explaining.moves import RollRound, rounds_of
from slipway.core.explaining.segment import SegmentKind, Setting
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


def round_rows(chronicle: Chronicle, *, together_s: float = 0.0) -> tuple[RoundRow, ...]:
    """The rounds of a chronicle, oldest first; moves within `together_s` seconds count as one instant."""
    instants = [sample.at for sample in chronicle.samples]
    return tuple(
        _row(chronicle, one, number, instants=instants)
        for number, one in enumerate(rounds_of(chronicle.moves, together_s=together_s), start=1)
    )


def _row(chronicle: Chronicle, one: RollRound, number: int, *, instants: list[float]) -> RoundRow:
    ends = [_end_of(chronicle, arn, one.kind) for arn in one.task_arns]
    known = [end for end in ends if end is not None]
    end = max(known) if len(known) == len(ends) else None
    after = _sample_at(chronicle, instants, chronicle.samples[-1].at if end is None else end)
    return RoundRow(
        number=number,
        kind=one.kind,
        count=one.count,
        start_s=one.at - chronicle.began_at,
        end_s=None if end is None else end - chronicle.began_at,
        healthy=after.all_healthy,
        running=after.all_running,
    )


def _end_of(chronicle: Chronicle, task_arn: str, kind: RoundKind) -> float | None:
    """When a started task was first healthy or gone, or a stopped one gone."""
    phases = (Phase.STOPPED,) if kind is RoundKind.STOP else (Phase.HEALTHY, Phase.STOPPED)
    return chronicle.first_in(task_arn, phases)


def _sample_at(chronicle: Chronicle, instants: list[float], at: float) -> Sample:
    return chronicle.samples[max(bisect_right(instants, at) - 1, 0)]

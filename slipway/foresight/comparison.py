"""Two forecasts of one rollout: Slipway's overlapping rounds beside rounds strictly one after another, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from slipway.core.explaining.moves import RollRound, rounds_of
from slipway.core.model.deployments import RoundKind
from slipway.core.tasks.service_tasks import Phase
from slipway.foresight.forecast import Forecast
from slipway.foresight.pages.clock import clock_text, duration_text

#: Rounds that are told of one by one.
TOLD_MOST = 8

_DONE = {RoundKind.START: (Phase.HEALTHY, Phase.STOPPED), RoundKind.STOP: (Phase.STOPPED,)}


def differences_of(overlapping: Forecast, sequential: Forecast) -> tuple[str, ...]:
    """Why the two are not the same, in sentences; why they are, where they are."""
    told = tuple(_overlaps(overlapping))
    if not told:
        same = "Both are the same" if overlapping.total_s == sequential.total_s else "No round overlaps another"
        return (f"{same}: each round waits for room or health that only the round before it gives.",)
    more = (f"So do {len(told) - TOLD_MOST:,} more rounds.",) if len(told) > TOLD_MOST else ()
    return (*told[:TOLD_MOST], *more, _gain(overlapping, sequential))


def _gain(overlapping: Forecast, sequential: Forecast) -> str:
    if not (overlapping.has_ended and sequential.has_ended):
        return _endless(overlapping, sequential)
    gain_s = sequential.duration_s - overlapping.duration_s
    times = f"{duration_text(overlapping.duration_s)} instead of {duration_text(sequential.duration_s)}"
    if abs(gain_s) < 0.001:
        return f"It takes {duration_text(overlapping.duration_s)} both ways: what overlaps is not what takes longest."
    return f"It takes {times}: {duration_text(abs(gain_s))} {'less' if gain_s > 0 else 'more'}."


def _endless(overlapping: Forecast, sequential: Forecast) -> str:
    if overlapping.has_ended or sequential.has_ended:
        return f"It ends only {'as Slipway rolls it' if overlapping.has_ended else 'strictly one after another'}."
    return "It has no end either way."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Busy:
    """A round whose tasks are not all done."""

    number: int
    kind: RoundKind
    ends: tuple[float, ...]  # when each of its tasks is done; inf: never

    def count(self, at: float) -> int:
        """Its tasks that are not done at an instant."""
        return sum(end > at for end in self.ends)


def _overlaps(forecast: Forecast) -> Iterator[str]:
    """A sentence for each round that begins while tasks of others are not done."""
    busy: list[_Busy] = []
    for number, one in enumerate(rounds_of(forecast.chronicle.moves), start=1):
        busy = [other for other in busy if other.count(one.at)]
        if busy:
            yield _sentence(forecast, one, number, busy)
        ends = (forecast.chronicle.first_in(arn, _DONE[one.kind]) for arn in one.task_arns)
        ends_at = tuple(inf if end is None else end for end in ends)
        busy.append(_Busy(number=number, kind=one.kind, ends=ends_at))


def _sentence(forecast: Forecast, one: RollRound, number: int, busy: list[_Busy]) -> str:
    verb = "starts" if one.kind is RoundKind.START else "stops"
    at = clock_text(one.at - forecast.began_at)
    kinds = dict.fromkeys(each.kind for each in busy)
    still = " and ".join(_still([each for each in busy if each.kind is kind], one.at) for kind in kinds)
    return f"At {at} round {number} {verb} {_tasks(one.count)} while {still}: {_reason(one, number, at, busy)}."


def _reason(one: RollRound, number: int, at: str, busy: list[_Busy]) -> str:
    stops = [each for each in busy if each.kind is RoundKind.STOP]
    if one.kind is RoundKind.STOP:
        return f"enough others are healthy to do without {'it' if one.count == 1 else 'them'}"
    if stops and stops[-1].number == number - 1:
        return "the room that there is, is used at once" if at == "0:00" else "room that stops left is used at once"
    return "there is room for more"


def _still(busy: list[_Busy], at: float) -> str:
    """`3 of round 1 still stop`, of rounds of one kind."""
    count = sum(each.count(at) for each in busy)
    ending = "s" if count == 1 else ""
    doing = f"stop{ending}" if busy[0].kind is RoundKind.STOP else f"become{ending} healthy"
    rounds = f"round {busy[0].number}" if len(busy) == 1 else f"{len(busy):,} rounds"
    return f"{count:,} of {rounds} still {doing}"


def _tasks(count: int) -> str:
    return f"{count:,} task{'' if count == 1 else 's'}"

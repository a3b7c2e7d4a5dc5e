"""Two forecasts of one rollout: Slipway's overlapping rounds beside rounds strictly one after another, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from slipway.core.explaining.moves import RollRound, rounds_of
from slipway.core.model.deployments import RoundKind
from slipway.core.tasks.service_tasks import Phase
from slipway.foresight.forecast import Forecast
from slipway.foresight.pages.clock import clock_text, duration_text

#: Rounds that are told of one by one.
TOLD_MOST = 12

_DONE = {RoundKind.START: (Phase.HEALTHY, Phase.STOPPED), RoundKind.STOP: (Phase.STOPPED,)}


def differences_of(overlapping: Forecast, sequential: Forecast) -> tuple[str, ...]:
    """Why the two are not the same, in sentences; why they are, where they are."""
    told = tuple(_overlaps(overlapping))
    if not told:
        same = "Both are the same" if overlapping.duration_s == sequential.duration_s else "No round overlaps another"
        return (f"{same}: each round waits for room or health that only the round before it gives.",)
    more = (f"So do {len(told) - TOLD_MOST:,} more rounds.",) if len(told) > TOLD_MOST else ()
    return (*told[:TOLD_MOST], *more, _gain(overlapping, sequential))


def _gain(overlapping: Forecast, sequential: Forecast) -> str:
    gain_s = sequential.duration_s - overlapping.duration_s
    times = f"{duration_text(overlapping.duration_s)} instead of {duration_text(sequential.duration_s)}"
    if abs(gain_s) < 0.001:
        return f"It takes {duration_text(overlapping.duration_s)} both ways: what overlaps is not what takes longest."
    return f"It takes {times}: {duration_text(abs(gain_s))} {'less' if gain_s > 0 else 'more'}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsettled:
    """Tasks of a round that are not done at an instant."""

    number: int
    kind: RoundKind
    count: int


def _overlaps(forecast: Forecast) -> Iterator[str]:
    """A sentence for each round that begins while tasks of others are not done."""
    rounds = rounds_of(forecast.chronicle.moves)
    for index, one in enumerate(rounds):
        busy = [
            found
            for number, other in enumerate(rounds[:index], start=1)
            if (found := _unsettled(forecast, number, other, at=one.at)) is not None
        ]
        if busy:
            yield _sentence(forecast, one, index + 1, busy)


def _unsettled(forecast: Forecast, number: int, one: RollRound, *, at: float) -> _Unsettled | None:
    chronicle, done = forecast.chronicle, _DONE[one.kind]
    ends = (chronicle.first_in(arn, done) for arn in one.task_arns)
    count = sum(end is None or end > at for end in ends)
    return _Unsettled(number=number, kind=one.kind, count=count) if count else None


def _sentence(forecast: Forecast, one: RollRound, number: int, busy: list[_Unsettled]) -> str:
    verb = "starts" if one.kind is RoundKind.START else "stops"
    at = clock_text(one.at - forecast.began_at)
    still = " and ".join(f"{each.count:,} of round {each.number} still {_verb(each)}" for each in busy)
    return f"At {at} round {number} {verb} {_tasks(one.count)} while {still}: {_reason(one, number, at, busy)}."


def _reason(one: RollRound, number: int, at: str, busy: list[_Unsettled]) -> str:
    stops = [each for each in busy if each.kind is RoundKind.STOP]
    if one.kind is RoundKind.STOP:
        return f"enough others are healthy to do without {'it' if one.count == 1 else 'them'}"
    if stops and stops[-1].number == number - 1:
        return "the room that there is, is used at once" if at == "0:00" else "room that stops left is used at once"
    return "there is room for more"


def _verb(each: _Unsettled) -> str:
    ending = "s" if each.count == 1 else ""
    return f"stop{ending}" if each.kind is RoundKind.STOP else f"become{ending} healthy"


def _tasks(count: int) -> str:
    return f"{count:,} task{'' if count == 1 else 's'}"

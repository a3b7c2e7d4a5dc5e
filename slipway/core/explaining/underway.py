"""Which tasks were under way at an instant: rising or stopping. Asked where no fact of that instant is known."""

from bisect import bisect_left
from itertools import accumulate
from math import inf

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.task_leg import RISE, STOP
from slipway.core.tasks.service_tasks import Phase


class Underway:
    """The stretches of all tasks of a chronicle, so that asking costs the logarithm of their number."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._stretches = sorted(
            (from_at, to_at, arn) for arn in chronicle.task_arns for from_at, to_at in _stretches(chronicle.spans(arn))
        )
        self._latest = list(accumulate((to_at for _, to_at, _ in self._stretches), max))

    def longest_at(self, at: float) -> str | None:
        """The ARN of the task that has been under way for longest just before `at`; None: none is."""
        first = bisect_left(self._latest, at)
        if first == len(self._stretches) or self._stretches[first][0] >= at:
            return None
        return self._stretches[first][2]


def _stretches(spans: tuple[tuple[Phase, float], ...]) -> list[tuple[float, float]]:
    """From when to when a task rose or stopped; inf: it still does."""
    ends = (*(at for _, at in spans[1:]), inf)
    return [
        (from_at, to_at)
        for (phase, from_at), to_at in zip(spans, ends, strict=True)
        if (phase in RISE or phase in STOP) and to_at > from_at
    ]

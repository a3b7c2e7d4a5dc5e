"""When records are to be decided again though nothing happened: the waits that are instants in them."""

from collections.abc import Iterator
from heapq import heappop, heappush

from slipway.core.model.deployments import Deployment
from slipway.core.model.load_balancing import Target
from slipway.core.model.tasks import Task

#: Records in which instants are waited for.
Timed = Task | Target | Deployment


class Timers:
    """A heap of (instant, key of a record). An instant that was moved stays, and wakes its record for nothing."""

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []

    def set(self, old: Timed | None, new: Timed | None) -> None:
        """Wait for the instants of `new` that `old` did not have."""
        if new is None:
            return
        known = () if old is None else _instants(old)
        for at in _instants(new):
            if at is not None and at not in known:
                heappush(self._heap, (at, new.key))

    @property
    def next_at(self) -> float | None:
        """The earliest instant; None: nothing waits."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[str]:
        """The keys of the records whose time has come, which are waited for no longer."""
        while self._heap and self._heap[0][0] <= now:
            yield heappop(self._heap)[1]


def _instants(record: Timed) -> tuple[float | None, ...]:
    match record:
        case Task():
            return record.wake_at, record.protected_until
        case Target():
            return (record.drain_until,)
        case Deployment():
            return record.retry_at, record.bake_until, record.deadline_at

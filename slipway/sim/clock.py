"""Virtual time: a clock that moves only when it is told to, and the agenda of what is to happen."""

from collections.abc import Callable
from heapq import heappop, heappush

#: Where virtual time begins: 2001-09-09T01:46:40Z, so that instants look like instants and differences are exact.
BEGINNING = 1_000_000_000.0


class VirtualClock:
    """A `ports.Clock` whose time is moved by hand."""

    def __init__(self, now: float = BEGINNING) -> None:
        self._now = now

    def now(self) -> float:
        """Epoch seconds of virtual time."""
        return self._now

    def move_to(self, now: float) -> None:
        """Go on to `now`; time does not go back."""
        assert now >= self._now, f"time would go back by {self._now - now} s"
        self._now = now


class Agenda:
    """What is to happen when. Things of one instant happen in the order they were put down."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def put(self, at: float, action: Callable[[], None]) -> None:
        """Have `action` called at the instant `at`."""
        self._count += 1
        heappush(self._heap, (at, self._count, action))

    def clear(self) -> None:
        """Nothing is to happen any more."""
        self._heap.clear()

    @property
    def next_at(self) -> float | None:
        """The instant of the next action; None: nothing is to happen."""
        return self._heap[0][0] if self._heap else None

    def run_due(self, now: float) -> bool:
        """Call all actions whose time has come, those that they put down for now among them; whether there were any."""
        any_due = False
        while self._heap and self._heap[0][0] <= now:
            _, _, action = heappop(self._heap)
            action()
            any_due = True
        return any_due

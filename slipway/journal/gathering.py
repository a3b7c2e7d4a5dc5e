"""Gathering what a step is decided from, as it comes in, so that the step can be replayed."""

from collections.abc import Iterable

from slipway.core.model.services import ServiceEvent
from slipway.core.observations import Observation
from slipway.core.plan import Change, Record
from slipway.core.snapshot import Snapshot
from slipway.ports import Inputs, Loaded, Taken


class Gathering:
    """The inputs since the last commit. The controller tells it of each, and takes them for the next commit."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._loaded: Loaded | None = None
        self._idle_at: list[float] = []
        self._transactions: list[Taken] = []
        self._observations: list[Observation] = []
        self._before: dict[tuple[type[Record], str], Record | None] = {}

    def load(self, loaded: Loaded) -> None:
        """The records were taken anew: what came in since the last commit is lost."""
        self._clear()
        self._loaded = loaded

    def take(self, taken: Taken) -> None:
        """A plan was taken between two steps."""
        self._transactions.append(taken)

    def observe(self, observation: Observation) -> None:
        """An observation was folded, and brought something."""
        self._observations.append(observation)

    def keep(self, snapshot: Snapshot, changes: Iterable[Change]) -> None:
        """Keep what is about to be changed as it is, if it was not changed since the last commit already."""
        before = self._before
        for change in changes:
            record = change.record
            key = type(record), record.key
            if key not in before and key[0] is not ServiceEvent:
                before[key] = snapshot.known(record)

    def rest(self, at: float, *, is_stirred: bool) -> None:
        """A step changed nothing. It counts if something was looked at (`is_stirred`): that is not looked at again."""
        self._observations.clear()
        if is_stirred:
            self._idle_at.append(at)

    def inputs(self, *, sequence: int) -> Inputs:
        """All since the last commit; `sequence` is that of the ids when the step began."""
        return Inputs(
            loaded=self._loaded,
            idle_at=tuple(self._idle_at),
            transactions=tuple(self._transactions),
            observations=tuple(self._observations),
            sequence=sequence,
            before=self._before,
        )

    def commit(self) -> None:
        """What was gathered is committed."""
        self._clear()

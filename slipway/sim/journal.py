"""The journal of a store in memory: what a server's store keeps in its file, for virtual worlds that are replayed."""

from collections.abc import Iterator

from slipway.core.model.services import ServiceEvent
from slipway.core.plan import Change, Put, Record
from slipway.journal.journal import PlacedRecord
from slipway.journal.kinds import fields_of
from slipway.journal.row import JournalRow, Key, Load, decode_row, encode_row
from slipway.ports import Commit


class MemoryJournal:
    """A `Journal` that is told of each commit. It costs a step what it costs a server: large worlds do without."""

    def __init__(self, *, seed: str) -> None:
        self._seed = seed
        self._records: dict[Key, Record] = {}
        self._places: dict[Key, int] = {}
        self._placed = 0
        self._rows: list[bytes] = []
        self._first = 1  # the number of the oldest row

    @property
    def seed(self) -> str:
        """The seed of the store."""
        return self._seed

    def write(self, commit: Commit) -> None:
        """Keep one step."""
        removed: dict[Key, int] = {}
        for change in commit.changes:
            self.note(change, removed)
        if commit.inputs is not None:
            self._rows.append(encode_row(commit, commit.inputs, places=removed))

    def note(self, change: Change, removed: dict[Key, int]) -> None:
        """Keep one change; the place of a record it removes goes to `removed`."""
        record = change.record
        key = type(record).__name__, record.key
        if isinstance(record, ServiceEvent):
            return
        if not isinstance(change, Put):
            self._records.pop(key, None)
            removed.setdefault(key, self._places.pop(key, 0))
            return
        if key not in self._records:
            self._placed += 1
            self._places[key] = self._placed
        self._records[key] = record

    def drop(self, *, keep: int) -> None:
        """Drop rows, all but so many, the newest."""
        self._first += len(self._rows) - keep
        del self._rows[: len(self._rows) - keep]

    def records(self) -> Iterator[PlacedRecord]:
        """All records but events."""
        for (kind, key), record in self._records.items():
            yield PlacedRecord(kind=kind, key=key, place=self._places[kind, key], document=fields_of(record))

    def rows(self) -> Iterator[tuple[int, JournalRow]]:
        """All rows and their numbers, newest first."""
        for number, row in reversed(tuple(enumerate(self._rows, self._first))):
            yield number, decode_row(row)

    def load_before(self, number: int) -> Load | None:
        """Under what the records were loaded last, at the row `number` or before; None: nobody knows any more."""
        loads = (decode_row(row).loaded for row in reversed(self._rows[: number - self._first + 1]))
        return next((load for load in loads if load is not None), None)

"""The journal as it is read: the records of today, and the steps that led to them, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from slipway.journal.row import JournalRow, Load


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRecord:
    """A record of today and its place among those of its kind: oldest first."""

    kind: str
    key: str
    place: int
    document: bytes | dict[str, Any]  # its fields as JSON, or read


class JournalError(Exception):
    """A step cannot be told from the journal any more; the sentence says why."""


class Journal(Protocol):
    """Records and rows as of one commit; a store goes on being written while they are read."""

    @property
    def seed(self) -> str:
        """The seed of the store."""

    def records(self) -> Iterator[PlacedRecord]:
        """All records but events."""

    def rows(self) -> Iterator[tuple[int, JournalRow]]:
        """All rows and their numbers, newest first."""

    def load_before(self, number: int) -> Load | None:
        """Under what the records were loaded last, at the row `number` or before; None: nobody knows any more."""

"""The journal in the store's database: one row for each step, the oldest of which go as new ones come.

It is written in the step's own transaction. It is read over a connection of its own, in one read transaction: the
write-ahead log lets the store go on writing meanwhile, and the reader sees the records and the rows as of one commit.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from slipway.journal.journal import PlacedRecord
from slipway.journal.row import JournalRow, Key, Load, decode_row, encode_row, load_of
from slipway.ports import Commit, StoreError

#: Bytes of rows that are kept, the newest: the replacement of some 17,000 tasks behind a load balancer, one by one.
KEPT_BYTES = 256 * 1024 * 1024

#: Rows are dropped once in so many steps, at most so many at once: a step is never held up by what is too old.
DROPPED_EVERY = 64
DROPPED_AT_ONCE = 10_000

#: Of a row beside its document.
_ROW_BYTES = 40

#: `upto` counts the bytes of all rows ever written: how many are kept is a difference, and dropping reads no document.
#: `story` is the last row of the story as of the step: where the store's is another, steps were taken without a row.
JOURNAL_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, upto INTEGER NOT NULL, story INTEGER NOT NULL, document BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS journal_load (seq INTEGER PRIMARY KEY, document BLOB NOT NULL);
"""

_WRITE = (
    "INSERT INTO journal (at, upto, story, document) "
    "VALUES (?, ? + coalesce((SELECT upto FROM journal ORDER BY seq DESC LIMIT 1), 0), "
    "coalesce((SELECT max(seq) FROM story), 0), ?)"
)
_HAS_GAP = "SELECT story <> coalesce((SELECT max(seq) FROM story), 0) FROM journal ORDER BY seq DESC LIMIT 1"
#: Looks at what it drops and one row more: `upto` grows with `seq`.
_DROP = (
    "DELETE FROM journal WHERE seq < (SELECT seq FROM journal WHERE upto > "
    "(SELECT upto FROM journal ORDER BY seq DESC LIMIT 1) - ? ORDER BY seq LIMIT 1) "
    "AND seq < (SELECT min(seq) FROM journal) + ?"
)
_DROP_LOADS = (
    "DELETE FROM journal_load WHERE seq < "
    "(SELECT max(seq) FROM journal_load WHERE seq <= (SELECT min(seq) FROM journal))"
)
_RECORDS = "SELECT kind, key, seq, document FROM record ORDER BY seq"
_ROWS = "SELECT seq, document FROM journal ORDER BY seq DESC"
_LOAD = "SELECT document FROM journal_load WHERE seq <= ? ORDER BY seq DESC LIMIT 1"


def write_journal(
    connection: sqlite3.Connection,
    commit: Commit,
    *,
    places: Mapping[Key, int],
    documents: Iterable[bytes],
    kept_bytes: int,
) -> None:
    """Write the row of a commit within its transaction. `places` of the records it removed, `documents` of all its
    changes' records."""
    if commit.inputs is None:
        return
    row = encode_row(commit, commit.inputs, places=places, documents=documents)
    number = connection.execute(_WRITE, (commit.at, len(row) + _ROW_BYTES, row)).lastrowid
    assert number is not None, "an INSERT has a row"
    if commit.inputs.loaded is not None:
        load = msgspec.json.encode(load_of(commit.inputs.loaded))
        connection.execute("INSERT INTO journal_load VALUES (?, ?)", (number, load))
    if number % DROPPED_EVERY == 0:
        connection.execute(_DROP, (kept_bytes, DROPPED_AT_ONCE))
        connection.execute(_DROP_LOADS)


def forget_gap(connection: sqlite3.Connection) -> None:
    """Drop the journal of a store that was written to without it since, as by an older version: walking back over what
    is not in it would give records that never were together."""
    if connection.execute(_HAS_GAP).fetchone() == (1,):
        connection.execute("DELETE FROM journal")
        connection.execute("DELETE FROM journal_load")


class SqliteJournal:
    """A `Journal` read from a store's file, as of when it was opened. For one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        ((seed,),) = connection.execute("SELECT value FROM meta WHERE name = 'seed'")
        self._seed = str(seed)

    @property
    def seed(self) -> str:
        """The seed of the store."""
        return self._seed

    def records(self) -> Iterator[PlacedRecord]:
        """All records but events."""
        for kind, key, place, document in self._connection.execute(_RECORDS):
            yield PlacedRecord(kind=kind, key=key, place=place, document=document)

    def rows(self) -> Iterator[tuple[int, JournalRow]]:
        """All rows and their numbers, newest first."""
        for number, document in self._connection.execute(_ROWS):
            yield number, decode_row(document)

    def load_before(self, number: int) -> Load | None:
        """Under what the records were loaded last, at the row `number` or before; None: nobody knows any more."""
        found = self._connection.execute(_LOAD, (number,)).fetchone()
        return None if found is None else msgspec.json.decode(found[0], type=Load)


@contextmanager
def sqlite_journal(path: Path) -> Iterator[SqliteJournal]:
    """The journal of the store at `path`, while inside. Raises `StoreError` where it cannot be read."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreError(f"the journal cannot be read: {error}") from error
    try:
        connection.execute("BEGIN")
        yield SqliteJournal(connection)
    except sqlite3.Error as error:
        raise StoreError(f"the journal cannot be read: {error}") from error
    finally:
        connection.close()

"""The store on SQLite: records as JSON documents by kind and key, and the append-only story of their changes.

Write-ahead log with `synchronous=NORMAL`: a commit survives the death of the process at any instant, and the database
stays whole if the machine loses power (the last commits may then be lost, and with them the tasks of that machine).
The story is bounded: its oldest rows go as new ones come. Replacing a task behind a load balancer tells some 13 rows,
1.1 KB each.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from slipway.adapters.sql_journal import JOURNAL_TABLES, KEPT_BYTES, forget_gap, write_journal
from slipway.core.model.alarms import Alarm
from slipway.core.model.clusters import Cluster
from slipway.core.model.deployments import Deployment, ServiceDeployment, ServiceRevision
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Listener, LoadBalancer, Target, TargetGroup
from slipway.core.model.measured import MeasuredTimes
from slipway.core.model.services import Service, ServiceEvent
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task
from slipway.core.model.tokens import ClientToken
from slipway.core.plan import Put, Record
from slipway.core.snapshot import EVENTS_KEPT
from slipway.journal.row import Key
from slipway.ports import Commit, StoreError, StoryRow

#: Rows of the story kept, the newest: half a gigabyte, or the replacement of some 35,000 tasks.
STORY_KEPT = 500_000

#: Seconds a commit waits while another program writes to the database. The whole API waits with it.
BUSY_S = 0.5

#: The format of the tables. A store of another format is refused, never guessed at.
FORMAT = 1

_KINDS: tuple[type[Any], ...] = (
    Cluster,
    TaskDefinition,
    Service,
    Deployment,
    ServiceRevision,
    ServiceDeployment,
    Host,
    LoadBalancer,
    Listener,
    TargetGroup,
    Target,
    Task,
    Alarm,
    ClientToken,
    MeasuredTimes,
)

_TABLES = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, document BLOB NOT NULL, UNIQUE (kind, key));
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, service_arn TEXT NOT NULL, document BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS event_of_service ON event (service_arn, seq);
CREATE TABLE IF NOT EXISTS story (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, cause TEXT NOT NULL,
    document BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS story_of_key ON story (key, seq);
{JOURNAL_TABLES}"""

_PUT = (
    "INSERT INTO record (kind, key, document) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document"
)
_REMOVE = "DELETE FROM record WHERE kind = ? AND key = ? RETURNING seq"
_TELL = "INSERT INTO story (at, kind, key, cause, document) VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM story WHERE seq <= (SELECT max(seq) FROM story) - ?"
_EVENT = "INSERT INTO event (service_arn, document) VALUES (?, ?)"
_PRUNE = (
    "DELETE FROM event WHERE service_arn = :arn AND seq <= "
    "(SELECT seq FROM event WHERE service_arn = :arn ORDER BY seq DESC LIMIT 1 OFFSET :kept)"
)


class SqliteStore:
    """All records of one data directory. `path` is the database file; its folder must exist."""

    def __init__(self, path: Path, *, story_kept: int = STORY_KEPT, journal_kept: int = KEPT_BYTES) -> None:
        """`story_kept` is the number of rows of the story that are kept, `journal_kept` the bytes of the journal; 0: it
        keeps none. Raises `StoreError`."""
        self._path = path
        self._story_kept = story_kept
        self._journal_kept = journal_kept
        self._sequence: int | None = None  # as committed last; None: not by this process
        self._encoder = msgspec.json.Encoder()
        self._decoders = {kind.__name__: msgspec.json.Decoder(kind) for kind in _KINDS}
        self._events = msgspec.json.Decoder(ServiceEvent)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # its log gets the same mode; both hold environments
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the store {path} cannot be opened: {error}") from error
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._seed = self._found()
            self._identity = self._file_identity()
        except sqlite3.Error as error:
            self._connection.close()
            raise StoreError(f"the store {path} cannot be opened: {error}") from error
        except StoreError:
            self._connection.close()
            raise

    def _found(self) -> str:
        """The store's seed; a new store is made whole or not at all: its tables, its format and its seed."""
        self._connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}")
        meta = dict(self._connection.execute("SELECT name, value FROM meta"))
        if not meta:
            meta = {"format": str(FORMAT), "seed": secrets.token_hex(16), "sequence": "0"}
            self._connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        is_ours = meta["format"] == str(FORMAT)
        if is_ours:
            forget_gap(self._connection)
        self._connection.execute("COMMIT")
        if not is_ours:
            raise StoreError(
                f"the store has format {meta['format']} and this version reads format {FORMAT}: "
                "use the version that wrote it, or another --data directory"
            )
        return str(meta["seed"])

    def _file_identity(self) -> tuple[int, int] | None:
        """Which file the path leads to; None: to no file."""
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @property
    def seed(self) -> str:
        """The seed that ids and random choices derive from."""
        return self._seed

    @property
    def keeps_journal(self) -> bool:
        """Whether commits are to come with their inputs."""
        return self._journal_kept > 0

    def load(self) -> tuple[Iterator[Record], int]:
        """All records, each kind in the order its records were first written, events last; and the id sequence.

        Raises `StoreError` if the database cannot be read.
        """
        try:
            (sequence,) = self._connection.execute("SELECT value FROM meta WHERE name = 'sequence'").fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"the store cannot be read: {error}") from error
        return self._records(), int(sequence)

    def _records(self) -> Iterator[Record]:
        try:
            for kind in _KINDS:
                decode = self._decoders[kind.__name__].decode
                query = "SELECT document FROM record WHERE kind = ? ORDER BY seq"
                for (document,) in self._connection.execute(query, (kind.__name__,)):
                    yield decode(document)
            for (document,) in self._connection.execute("SELECT document FROM event ORDER BY seq"):
                yield self._events.decode(document)
        except sqlite3.Error as error:
            raise StoreError(f"the store cannot be read: {error}") from error

    def commit(self, commit: Commit) -> None:
        """Write one step in one transaction. Raises `StoreError`, having written nothing."""
        if self._file_identity() != self._identity:  # SQLite would go on writing to a file that no restart can find
            raise StoreError(
                f"the step could not be committed: {self._path} was removed or replaced while the server runs; "
                "put the file back, or restart the server to begin anew"
            )
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._write(commit)
            self._connection.execute("COMMIT")
            self._sequence = commit.sequence
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreError(f"the step could not be committed: {error}") from error

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.ProgrammingError:
            return  # the store was closed: there is nothing to roll back

    def _write(self, commit: Commit) -> None:
        """The last state of each record, every change that has a cause, and the journal."""
        last: dict[Key, bytes | None] = {}
        story: list[tuple[float, str, str, str, bytes]] = []
        events: list[tuple[str, bytes]] = []
        documents = [
            self._encoder.encode(change.record) if isinstance(change, Put) else b"" for change in commit.changes
        ]
        for change, document in zip(commit.changes, documents, strict=True):
            record = change.record
            if isinstance(record, ServiceEvent):
                events.append((record.service_arn, document))
                continue
            kind = type(record).__name__
            last[kind, record.key] = document or None
            if change.cause:
                story.append((commit.at, kind, record.key, change.cause, document))
        execute = self._connection.executemany
        execute(_PUT, [(*key, document) for key, document in last.items() if document is not None])
        places = self._remove([key for key, document in last.items() if document is None])
        if story:
            execute(_TELL, story)
            self._connection.execute(_FORGET, (self._story_kept,))
        if events:
            execute(_EVENT, events)
            execute(_PRUNE, [{"arn": arn, "kept": EVENTS_KEPT} for arn in sorted({arn for arn, _ in events})])
        if commit.sequence != self._sequence:  # most steps give no id: a page less to be written
            self._connection.execute("UPDATE meta SET value = ? WHERE name = 'sequence'", (str(commit.sequence),))
        write_journal(self._connection, commit, places=places, documents=documents, kept_bytes=self._journal_kept)

    def _remove(self, keys: list[Key]) -> dict[Key, int]:
        """Remove records; what places they had, those that were there."""
        places: dict[Key, int] = {}
        for key in keys:
            for (place,) in self._connection.execute(_REMOVE, key).fetchall():
                places[key] = place
        return places

    def story(self, key: str) -> tuple[StoryRow, ...]:
        """The committed changes of the record `key` that have a cause, oldest first. Raises `StoreError`."""
        query = "SELECT seq, at, kind, key, cause, document FROM story WHERE key = ? ORDER BY seq"
        try:
            rows = self._connection.execute(query, (key,)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"the story cannot be read: {error}") from error
        return tuple(
            StoryRow(seq=seq, at=at, kind=kind, key=key, cause=cause, document=bytes(document).decode())
            for seq, at, kind, key, cause, document in rows
        )

    def close(self) -> None:
        """Release the store."""
        self._connection.close()

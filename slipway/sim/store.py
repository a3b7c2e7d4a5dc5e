"""Stores for the virtual world: one in memory, and one around any store that fails and crashes on order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from slipway.core.model.services import ServiceEvent
from slipway.core.plan import Change, Put, Record
from slipway.core.snapshot import EVENTS_KEPT
from slipway.ports import Commit, Store, StoreError, StoryRow
from slipway.sim.journal import MemoryJournal


class MemoryStore:
    """A `ports.Store` that keeps everything in memory. `records` are what it begins with; `journal` None: it keeps
    none. Without a story it keeps no state of a record but the last, half the memory of a large world."""

    def __init__(
        self,
        *,
        seed: str,
        records: Iterable[Record] = (),
        sequence: int = 0,
        journal: MemoryJournal | None = None,
        keeps_story: bool = True,
    ) -> None:
        self._seed = seed
        self._keeps_story = keeps_story
        self.journal = journal
        self._records: dict[tuple[str, str], Record] = {}
        self._events: dict[str, list[ServiceEvent]] = {}
        self._story: dict[str, list[tuple[int, float, Change]]] = {}
        self._sequence = sequence
        self._told = 0
        for record in records:
            self._write(Put(record=record), at=0.0)
            if journal is not None:
                journal.note(Put(record=record), {})

    @property
    def seed(self) -> str:
        """The seed that ids and random choices derive from."""
        return self._seed

    @property
    def keeps_journal(self) -> bool:
        """Whether it was given a journal."""
        return self.journal is not None

    def load(self) -> tuple[Iterable[Record], int]:
        """All records in the order they were first written, events last; and the id sequence."""
        events = [event for kept in self._events.values() for event in kept]
        return (*self._records.values(), *events), self._sequence

    def commit(self, commit: Commit) -> None:
        """Write one step."""
        for change in commit.changes:
            self._write(change, at=commit.at)
        self._sequence = commit.sequence
        if self.journal is not None:
            self.journal.write(commit)

    def _write(self, change: Change, *, at: float) -> None:
        record = change.record
        if isinstance(record, ServiceEvent):
            kept = self._events.setdefault(record.service_arn, [])
            kept.append(record)
            del kept[:-EVENTS_KEPT]
            return
        key = type(record).__name__, record.key
        if isinstance(change, Put):
            self._records[key] = record
        else:
            self._records.pop(key, None)
        if change.cause and self._keeps_story:
            self._told += 1
            self._story.setdefault(record.key, []).append((self._told, at, change))

    def story(self, key: str) -> tuple[StoryRow, ...]:
        """The committed changes of the record `key` that have a cause, oldest first; none if it keeps no story."""
        return tuple(
            StoryRow(
                seq=seq,
                at=at,
                kind=type(change.record).__name__,
                key=key,
                cause=change.cause,
                document=msgspec.json.encode(change.record).decode() if isinstance(change, Put) else "",
            )
            for seq, at, change in self._story.get(key, ())
        )

    def close(self) -> None:
        """Nothing to release."""


class ControlPlaneCrash(Exception):
    """The control plane died in the middle of a step; the world starts it again from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """At which commits, counted from 1, what goes wrong; `every…` at each multiple of a number."""

    fails: frozenset[int] = frozenset()  # the store refuses: nothing is written
    crashes_before: frozenset[int] = frozenset()  # the control plane dies, nothing was written
    crashes_after: frozenset[int] = frozenset()  # it dies after the commit, before any command is performed
    crashes_every: int | None = None  # after each so-many-th commit; None: not


class WatchedStore:
    """A `ports.Store` around another: tells what was committed, and fails or crashes as its faults say."""

    def __init__(self, inner: Store, *, told: Callable[[Commit], None], faults: Faults = Faults()) -> None:
        self.inner = inner
        self.faults = faults
        self.commits = 0  # tried so far
        self.lost = 0  # of them, those that wrote nothing
        self._tell = told

    @property
    def seed(self) -> str:
        """The inner store's seed."""
        return self.inner.seed

    @property
    def keeps_journal(self) -> bool:
        """Whether the inner store keeps one."""
        return self.inner.keeps_journal

    def load(self) -> tuple[Iterable[Record], int]:
        """All records and the id sequence, as of the last commit."""
        return self.inner.load()

    def commit(self, commit: Commit) -> None:
        """Write one step, unless it is to go wrong: then `StoreError` or `ControlPlaneCrash`."""
        self.commits += 1
        faults = self.faults
        self.lost += self.commits in faults.fails | faults.crashes_before
        if self.commits in faults.fails:
            raise StoreError("the step could not be committed: simulated")
        if self.commits in faults.crashes_before:
            raise ControlPlaneCrash
        self.inner.commit(commit)
        self._tell(commit)
        is_nth = faults.crashes_every is not None and self.commits % faults.crashes_every == 0
        if is_nth or self.commits in faults.crashes_after:
            raise ControlPlaneCrash

    def story(self, key: str) -> tuple[StoryRow, ...]:
        """The story of the record `key`."""
        return self.inner.story(key)

    def close(self) -> None:
        """Release the inner store."""
        self.inner.close()

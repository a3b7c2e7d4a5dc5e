"""The ports: what the controller asks of a store, a host, a load balancer and a clock.

Adapters implement these protocols. They hold no decisions: they carry out commands and report observations through the
`Report` they were built with. Every method named here is called on the controller's thread of control.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from slipway.core.observations import HostReport, Observation
from slipway.core.plan import Change, HostCommand, Record
from slipway.core.snapshot import Snapshot

Report = Callable[[Observation], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What one step writes, in one transaction."""

    at: float
    changes: tuple[Change, ...]
    sequence: int  # the id sequence after this step


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """One committed change with a cause: the story of a record, oldest first."""

    seq: int
    at: float
    kind: str
    key: str
    cause: str
    document: str  # the record after the change, JSON; empty where it was removed


class StoreError(Exception):
    """The store could not commit (disk full, file gone); nothing of the step was written."""


class Store(Protocol):
    """All records, and the append-only story of their changes."""

    @property
    def seed(self) -> str:
        """The seed that ids and random choices derive from, made once when the store was created."""

    def load(self) -> tuple[Iterable[Record], int]:
        """All records and the id sequence, as of the last commit."""

    def commit(self, commit: Commit) -> None:
        """Write one step in one transaction. Raises `StoreError`, having written nothing."""

    def story(self, key: str) -> tuple[StoryRow, ...]:
        """The committed changes of the record `key` that have a cause, oldest first."""

    def close(self) -> None:
        """Release the store."""


class Host(Protocol):
    """A host that runs tasks."""

    @property
    def id(self) -> str:
        """The host's id, 32 hex digits, the same over restarts."""

    async def open(self) -> HostReport:
        """Connect, adopt what runs, and tell what the host offers and has."""

    def perform(self, command: HostCommand) -> None:
        """Begin to carry out a command; what comes of it is reported. Never blocks, never raises."""

    async def close(self) -> None:
        """Let go of the tasks, leaving them running."""


class LoadBalancer(Protocol):
    """The data plane of all load balancers."""

    async def open(self, snapshot: Snapshot) -> None:
        """Start, or adopt, the data plane and bring it to what the snapshot says."""

    def configure(self, snapshot: Snapshot, changes: Iterable[Change]) -> None:
        """Bring the data plane to what the snapshot says. `changes` are the load-balancing records and
        task definitions just committed."""

    def bind_error(self, address: str, port: int) -> str | None:
        """Why `address`:`port` cannot be bound, as a sentence; None if it can."""

    async def close(self) -> None:
        """Let go of the data plane, leaving it serving."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> float:
        """Epoch seconds, UTC."""

"""The ports: what the controller asks of a store, a host, a load balancer and a clock.

Adapters implement these protocols. They hold no decisions: they carry out commands and report observations through the
`Report` they were built with. Every method named here is called on the controller's thread of control.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from slipway.core.arns import Arns
from slipway.core.observations import HostReport, Observation
from slipway.core.plan import Change, HostCommand, Record
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot

Report = Callable[[Observation], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Under what a controller took its records anew: when it was started, and when a commit had failed."""

    host_ids: tuple[str, ...]  # the hosts that were there
    arns: Arns
    rules: Rules
    has_failed: bool = False  # a commit had failed; False: it was started


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One plan that was taken between two steps: what an API call wants changed, its events among the changes."""

    at: float
    changes: tuple[Change, ...]
    sequence: int  # the id sequence after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that one step was decided from, beside the records as of the last commit: with it the step can be replayed.

    `before` has every record that the step changed as it was, by kind and key; None: it was not there.
    """

    loaded: Loaded | None  # None: the records are those that the last step left in memory
    idle_at: tuple[float, ...]  # steps since the last commit that looked at something, and changed nothing
    transactions: tuple[Taken, ...]
    observations: tuple[Observation, ...]  # those that brought a change or a command, in the order they were folded
    sequence: int  # the id sequence when the first of them was folded
    before: Mapping[tuple[type[Record], str], Record | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What one step writes, in one transaction, and what it commands."""

    at: float
    changes: tuple[Change, ...]
    sequence: int  # the id sequence after this step
    commands: tuple[HostCommand, ...] = ()  # those the step decided, without those of transactions
    inputs: Inputs | None = None  # None: the store keeps no journal


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

    @property
    def keeps_journal(self) -> bool:
        """Whether commits are to come with their inputs."""

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

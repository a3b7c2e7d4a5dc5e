"""Replay: a recording run again through the production controller, in virtual time, every decision compared.

The controller of today is given the records as they were, and at each step's instant the same transactions and
observations. It must decide the same changes, events and commands, and draw the same ids. Hosts and balancer do
nothing: what they did is in the recording.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from slipway.controller import Controller, Transaction
from slipway.core.decision import Context
from slipway.core.model.hosts import Host
from slipway.core.observations import HostReport
from slipway.core.plan import Change, HostCommand, Plan, Put, Record
from slipway.core.snapshot import Snapshot
from slipway.foresight.difference import Difference, find_change, find_difference
from slipway.foresight.recording import RecordedStep, Recording
from slipway.journal.row import Key, Load, this_version
from slipway.ports import Commit
from slipway.sim.store import MemoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay found."""

    steps: int  # run again, up to the first difference
    decisions: int  # changes, events and commands that were compared in them
    version: str  # of Slipway that ran them again
    recorded_by: tuple[str, ...]  # the versions that had decided
    difference: Difference | None  # the first; None: every decision is the same

    @property
    def is_identical(self) -> bool:
        """Whether every decision is the same."""
        return self.difference is None


def replay(recording: Recording, *, told: Callable[[Commit], None] = lambda commit: None) -> Replayed:
    """Run a recording again, to its end or to the first difference. `told` of each commit: with all changes in order,
    their causes, events and commands, which the recording itself does not hold."""
    stage = _Stage(recording)
    decisions = 0
    difference: Difference | None = None
    number = 0
    for number, step in enumerate(recording.steps, 1):
        found = stage.perform(number, step)
        if isinstance(found, Difference):
            difference = found
            break
        decisions += len(found.changes) + len(found.commands)
        told(found)
    return Replayed(
        steps=number,
        decisions=decisions,
        version=this_version(),
        recorded_by=recording.versions,
        difference=difference,
    )


class _Stage:
    """The controller on a store of the recorded records, with a clock that says what it is told to."""

    def __init__(self, recording: Recording) -> None:
        self._clock = _Clock()
        sequence = recording.steps[0].began
        self._store = MemoryStore(seed=recording.seed, records=recording.records, sequence=sequence)
        self._records: dict[Key, Record] = {(type(one).__name__, one.key): one for one in recording.records}
        self._commits: list[Commit] = []
        hosts = tuple(record.id for record in recording.records if isinstance(record, Host))
        self._controller = self._begin(replace(recording.load, host_ids=hosts))  # nothing is found to be gone
        if recording.rested_at is not None:
            _lay_to_rest(self._controller.snapshot, recording.rested_at)

    def _begin(self, load: Load) -> Controller:
        return Controller(
            store=self._store,
            hosts=[_NoHost(host_id) for host_id in load.host_ids],
            load_balancer=_NoBalancer(),
            clock=self._clock,
            arns=load.arns,
            rules=load.rules,
            observers=(self._commits.append,),
        )

    def perform(self, number: int, step: RecordedStep) -> Commit | Difference:
        """Take a step; what it committed, or the first difference."""
        if step.loaded is not None:
            self._controller = self._begin(step.loaded)
        for at in step.idle_at:
            commit = self._step(at)
            if commit is not None:
                return find_change(number, at, commit, before=self._records)
        for taken in step.transactions:
            self._clock.instant = taken.at
            self._controller.apply(_transaction(taken.changes, taken.sequence))
        self._controller.apply(_transaction((), step.began))
        for observation in step.observations:
            self._controller.report(observation)
        commit = self._step(step.at)
        difference = find_difference(number, step, commit, before=self._records)
        if difference is not None:
            return difference
        assert commit is not None, "what is the same as what was committed was committed"
        self._note(step.changes)
        return commit

    def _step(self, at: float) -> Commit | None:
        """What a step at this instant commits; None: nothing."""
        self._clock.instant = at
        self._commits.clear()
        self._controller.step()
        return next(iter(self._commits), None)

    def _note(self, changes: Iterable[Change]) -> None:
        for change in changes:
            key = type(change.record).__name__, change.record.key
            if isinstance(change, Put):
                self._records[key] = change.record
            else:
                del self._records[key]


def _lay_to_rest(snapshot: Snapshot, at: float) -> None:
    """Records that are loaded are all to be looked at; those of a controller that goes on were, at `at`."""
    snapshot.wake(at)
    for arn in snapshot.dirty_services:
        snapshot.service_tasks(arn).touched.clear()
    for marked in (snapshot.dirty_services, snapshot.dirty_tasks, snapshot.dirty_targets):
        marked.clear()


def _transaction(changes: tuple[Change, ...], sequence: int) -> Transaction[None]:
    """A call that changes this, and leaves the ids at `sequence`."""

    def taken(snapshot: Snapshot, context: Context) -> tuple[Plan, None]:
        context.ids.sequence = sequence
        return Plan(changes=changes), None

    return taken


class _Clock:
    """A clock that also goes back: the machine's may have."""

    def __init__(self) -> None:
        self.instant = 0.0

    def now(self) -> float:
        """Epoch seconds."""
        return self.instant


class _NoHost:
    """A host that only takes note: what it did is in the recording."""

    def __init__(self, host_id: str) -> None:
        self.id = host_id

    async def open(self) -> HostReport:
        """Never called: nothing is opened in a replay."""
        raise AssertionError("a replay opens no host")

    def perform(self, command: HostCommand) -> None:
        """Nothing: the command is in its commit."""

    async def close(self) -> None:
        """Nothing to let go of."""


class _NoBalancer:
    """A balancer that serves nobody."""

    async def open(self, snapshot: Snapshot) -> None:
        """Nothing to open."""

    def configure(self, snapshot: Snapshot, changes: Iterable[Change]) -> None:
        """Nothing to bring about."""

    def bind_error(self, address: str, port: int) -> str | None:
        """Every address can be bound."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""

"""One run of a recorded deployment in a virtual world that begins where it began.

Callers and alarms do in it what they did, at the same instants. A call is taken as what it changed: the members of a
record that it made others, not the record as it was then.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, assert_never

from slipway.core.decision import Context
from slipway.core.explaining.chronicle import Chronicle
from slipway.core.model.services import ServiceEvent
from slipway.core.model.tasks import Task
from slipway.core.observations import AlarmEvaluated, HostReport
from slipway.core.plan import Change, Plan, Put, Record, Remove
from slipway.core.snapshot import Snapshot
from slipway.foresight.advise_subject import Outcome
from slipway.foresight.knobs import Assignment, assigned
from slipway.foresight.recording import RecordedStep, Recording
from slipway.foresight.what_if_cast import RecordedCast
from slipway.journal.row import Key
from slipway.ports import Commit, Taken
from slipway.sim.resumption import Resumption
from slipway.sim.store import MemoryStore
from slipway.sim.world import World

#: Seconds that a run is looked at beyond the last thing that was done to it.
BEYOND_S = 86_400.0


def key_of(record: Record) -> Key:
    """Its kind and its key."""
    return type(record).__name__, record.key


def outcome_in(chronicle: Chronicle, service_deployment_arn: str, *, now: float) -> Outcome:
    """What a chronicle tells that a deployment came to, as of `now` where it has no verdict."""
    roll_out = chronicle.service_deployments[service_deployment_arn]
    ended_at = roll_out.finished_at or roll_out.stopped_at or now
    samples = [sample for sample in chronicle.samples if sample.at <= ended_at]
    return Outcome(
        verdict=roll_out.status,
        reason=roll_out.status_reason or "",
        duration_s=ended_at - roll_out.created_at,
        desired=chronicle.service.desired_count,
        lowest_healthy=min(sample.all_healthy for sample in samples),
        peak_tasks=max(sample.all_alive for sample in samples),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """What a call wanted of one record."""

    record: Record
    is_removed: bool
    members: dict[str, Any] | None  # those it made others; None: the record was not there before
    cause: str

    def change(self, snapshot: Snapshot) -> Change | None:
        """It, made to the record as it is now; None: the record is not there, or a task would begin out of nothing."""
        known = snapshot.known(self.record)
        if self.is_removed:
            return None if known is None else Remove(record=known, cause=self.cause)
        if self.members is None:
            return None if isinstance(self.record, Task) else Put(record=self.record, cause=self.cause)
        return None if known is None else Put(record=replace(known, **self.members), cause=self.cause)


class Again:
    """One run. `own` are the keys of the records that the settings of the service are in."""

    def __init__(
        self, recording: Recording, chronicle: Chronicle, *, own: frozenset[Key], assignments: Sequence[Assignment]
    ) -> None:
        self._recording = recording
        self._own = own
        self._assignments = assignments
        self._recorded: dict[Key, Record] = {key_of(one): one for one in recording.records}  # as it was at that instant
        first = recording.steps[0]
        records = tuple(self._set(one) for one in recording.records)
        begins_at = min((taken.at for taken in first.transactions), default=first.at)
        self._chronicle = Chronicle(recording.service_arn, records, at=begins_at)
        self._world = World(
            seed=recording.seed,
            rules=recording.load.rules,
            store=MemoryStore(seed=recording.seed, records=records, sequence=first.began),
            watch=self._watch,
            arns=recording.load.arns,
            resumption=Resumption(at=begins_at, cast=RecordedCast(chronicle)),
        )

    def _watch(self, snapshot: Snapshot, commit: Commit) -> None:
        self._chronicle.tell(commit.at, commit.changes)

    def _set(self, record: Record) -> Record:
        """A record with the settings, if it is one that has any."""
        return assigned(record, self._assignments) if key_of(record) in self._own else record

    def run(self) -> Outcome:
        """Run it to its verdict."""
        for step in self._recording.steps:
            for at, event in _events(step):
                if not self._run_until(at):
                    return self._outcome()
                self._do(event)
                self._world.step()
            self._note(step)
        self._world.run(self._is_over, limit_s=BEYOND_S)
        return self._outcome()

    def _do(self, event: Taken | AlarmEvaluated | HostReport) -> None:
        """Have it happen now."""
        match event:
            case Taken():
                self._world.apply(self._transaction(event))
            case AlarmEvaluated():
                self._world.report(event)
            case HostReport():
                if event.host.id in self._world.hosts:
                    self._world.hosts[event.host.id].restart()
            case _:
                assert_never(event)

    def _run_until(self, at: float) -> bool:
        """Go on to an instant; whether the deployment still goes on then."""
        wait_s = at - self._world.clock.now()
        if wait_s > 0 and not self._world.run(self._is_over, limit_s=wait_s):
            self._world.run_for(max(at - self._world.clock.now(), 0.0))
        return not self._is_over()

    def _is_over(self) -> bool:
        found = self._world.snapshot.service_deployments.get(self._recording.service_deployment_arn)
        return found is not None and found.status.is_verdict

    def _outcome(self) -> Outcome:
        return outcome_in(self._chronicle, self._recording.service_deployment_arn, now=self._world.clock.now())

    # What callers did

    def _transaction(self, taken: Taken) -> Callable[[Snapshot, Context], Plan]:
        meant = tuple(self._meant(taken.changes))

        def decide(snapshot: Snapshot, context: Context) -> Plan:
            context.ids.sequence = max(context.ids.sequence, taken.sequence)
            changes = (one.change(snapshot) for one in meant)
            return Plan(changes=tuple(change for change in changes if change is not None))

        return decide

    def _meant(self, changes: Iterable[Change]) -> Iterator[_Meant]:
        """What a call changed, against the records as they were then."""
        for change in changes:
            if isinstance(change.record, ServiceEvent):
                continue  # they are told anew
            record, before = self._set(change.record), self._recorded.get(key_of(change.record))
            yield _Meant(
                record=record,
                is_removed=isinstance(change, Remove),
                members=None if before is None else _differing(before, record),
                cause=change.cause,
            )

    def _note(self, step: RecordedStep) -> None:
        for change in step.changes:
            if isinstance(change, Put):
                self._recorded[key_of(change.record)] = change.record
            else:
                self._recorded.pop(key_of(change.record), None)


def _events(step: RecordedStep) -> Iterator[tuple[float, Taken | AlarmEvaluated | HostReport]]:
    """What happened to the cluster from outside before a step, with its instant: what targets did, and hosts, is the
    tasks' own, but for a host that came up again with nothing."""
    yield from ((taken.at, taken) for taken in step.transactions)
    for one in step.observations:
        if isinstance(one, AlarmEvaluated) or (isinstance(one, HostReport) and not one.tasks):
            yield one.at, one


def _differing(before: Record, after: Record) -> dict[str, Any]:
    """The members of a record that are others than before, as they are after."""
    names = [item.name for item in fields(after)]
    return {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}

"""The rows of a journal: what of all that comes in is kept, and what is not."""

from dataclasses import replace

from slipway.controller import Controller
from slipway.core.model.clusters import Cluster
from slipway.core.model.tasks import TaskStatus
from slipway.core.observations import TaskReport
from slipway.core.plan import Plan, Put, Record, Remove
from slipway.core.rules import Rules
from slipway.journal.row import JournalRow, Undo, decode_row, encode_row, this_version
from slipway.ports import Commit, Store
from slipway.sim.clock import BEGINNING, Agenda, VirtualClock
from slipway.sim.journal import MemoryJournal
from slipway.sim.store import Faults, MemoryStore, WatchedStore
from slipway.sim.targets import SimLoadBalancer
from slipway.sim.world import ARNS
from tests.core.records import a_definition, a_host, a_task

CLUSTER = Cluster(arn="arn:cluster", name="default", created_at=BEGINNING)


class Journaled:
    """A controller on a store with a journal, and a clock moved by hand."""

    def __init__(self, *records: Record, faults: Faults = Faults()) -> None:
        self.journal = MemoryJournal(seed="1")
        inner = MemoryStore(seed="1", records=records, journal=self.journal)
        self.clock = VirtualClock()
        self.commits: list[Commit] = []
        self.controller = a_controller(WatchedStore(inner, told=self.commits.append, faults=faults), self.clock)

    def put(self, record: Record) -> None:
        """A call that writes a record."""
        self.controller.apply(lambda snapshot, context: (Plan(changes=(Put(record=record, cause="put"),)), None))

    def step(self, *, after_s: float = 0.0) -> None:
        """One step, so much later."""
        self.clock.move_to(self.clock.now() + after_s)
        self.controller.step()

    @property
    def rows(self) -> list[JournalRow]:
        """The rows, oldest first."""
        return [row for _, row in self.journal.rows()][::-1]


def a_controller(store: Store, clock: VirtualClock) -> Controller:
    """A controller without hosts."""
    balancer = SimLoadBalancer(clock=clock, agenda=Agenda(), report=lambda seen: None, task_of=lambda arn: None)
    return Controller(store=store, load_balancer=balancer, clock=clock, arns=ARNS, rules=Rules())


def test_a_call_is_kept_with_its_instant() -> None:
    journaled = Journaled()
    journaled.put(CLUSTER)
    journaled.step(after_s=0.5)
    (row,) = journaled.rows
    assert row.at == BEGINNING + 0.5
    ((taken,),) = [row.transactions]
    assert (taken.at, taken.sequence) == (BEGINNING, 0)
    assert [change[:3] for change in taken.changes] == [(True, "Cluster", "put")]
    assert row.undo == (Undo("Cluster", "arn:cluster", None),)
    assert row.loaded is not None
    assert (row.loaded.version, row.loaded.rules, row.loaded.host_ids) == (this_version(), Rules(), ())


def test_the_undo_has_what_was_other_before_the_step() -> None:
    """The first state of the step where there were several; of what was removed all of it, and its place."""
    journaled = Journaled(CLUSTER)
    journaled.put(replace(CLUSTER, name="second"))
    journaled.put(replace(CLUSTER, name="third"))
    journaled.step()
    journaled.controller.apply(lambda snapshot, context: (Plan(changes=(Remove(record=CLUSTER),)), None))
    journaled.step()
    journaled.put(replace(CLUSTER, name="fourth"))
    journaled.step()
    changed, removed, made = (row.undo for row in journaled.rows)
    assert changed == (Undo("Cluster", "arn:cluster", {"name": "default"}),)
    assert (removed[0].fields or {})["name"] == "third"
    assert removed[0].place == 1
    assert made == (Undo("Cluster", "arn:cluster", None),)


def test_reports_that_say_nothing_new_are_not_kept() -> None:
    task = a_task(1, last_status=TaskStatus.PENDING)
    journaled = Journaled(a_host(), a_definition(), task)
    news = TaskReport(
        task_arn=task.arn, host_id="host1", last_status=TaskStatus.ACTIVATING, containers=(), at=BEGINNING
    )
    stale = replace(news, last_status=TaskStatus.PENDING)
    for report in (stale, news, stale):
        journaled.controller.report(report)
    journaled.step()
    journaled.controller.report(stale)
    journaled.step(after_s=1)
    (row,) = journaled.rows
    assert [said["last_status"] for _, said in row.observations] == ["ACTIVATING"]
    assert row.idle_at == ()


def test_an_instant_at_which_something_was_looked_at_is_kept() -> None:
    """All records are when they were loaded; after that nothing is, until its time has come."""
    task = replace(a_task(1, last_status=TaskStatus.RUNNING), healthy_at=1.0, wake_at=BEGINNING + 10)
    journaled = Journaled(a_host(is_connected=False), a_definition(), task)
    journaled.step(after_s=1)
    journaled.step(after_s=1)
    journaled.step(after_s=9)
    journaled.put(CLUSTER)
    journaled.step(after_s=1)
    (row,) = journaled.rows
    assert row.idle_at == (BEGINNING + 1, BEGINNING + 11)


def test_what_a_failed_commit_lost_is_not_kept() -> None:
    journaled = Journaled(faults=Faults(fails=frozenset({2})))
    journaled.put(CLUSTER)
    journaled.step()
    journaled.put(replace(CLUSTER, name="lost"))
    journaled.step()
    journaled.put(replace(CLUSTER, name="kept"))
    journaled.step(after_s=2)
    first, second = journaled.rows
    assert first.loaded is not None
    assert not first.loaded.has_failed
    assert second.loaded == replace(first.loaded, has_failed=True)
    assert [taken.changes[0][3]["name"] for taken in second.transactions] == ["kept"]
    assert second.undo == (Undo("Cluster", "arn:cluster", {"name": "default"}),)


def test_large_rows_are_compressed() -> None:
    journaled = Journaled()
    for number in range(200):
        journaled.put(Cluster(arn=f"arn:{number}", name="x" * 100, created_at=0.5))
    journaled.step()
    ((_, row),) = journaled.journal.rows()
    (commit,) = journaled.commits
    assert commit.inputs is not None
    encoded = encode_row(commit, commit.inputs, places={})
    assert (len(row.undo), len(encoded) < 10_000, decode_row(encoded)) == (200, True, row)


def test_without_a_journal_nothing_is_gathered() -> None:
    commits: list[Commit] = []
    store = WatchedStore(MemoryStore(seed="1"), told=commits.append)
    controller = a_controller(store, VirtualClock())
    controller.apply(lambda snapshot, context: (Plan(changes=(Put(record=CLUSTER),)), None))
    controller.step()
    assert [commit.inputs for commit in commits] == [None]

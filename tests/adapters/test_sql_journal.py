"""The journal in the database: bounded, whole after any death, there for stores of before, read beside its writer."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.adapters.sql import SqliteStore
from slipway.adapters.sql_journal import DROPPED_EVERY, sqlite_journal
from slipway.controller import Controller
from slipway.core.model.clusters import Cluster
from slipway.core.model.tasks import Task
from slipway.core.plan import Plan, Put
from slipway.core.rules import Rules
from slipway.foresight.recording_cut import cut_recording
from slipway.foresight.replay import replay
from slipway.journal.row import JournalRow
from slipway.ports import StoreError
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.operator import Operator
from slipway.sim.targets import SimLoadBalancer
from slipway.sim.world import ARNS, World

LONG = "x" * 2000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def a_controller(store: SqliteStore, clock: VirtualClock) -> Controller:
    balancer = SimLoadBalancer(clock=clock, agenda=Agenda(), report=lambda seen: None, task_of=lambda arn: None)
    return Controller(store=store, load_balancer=balancer, clock=clock, arns=ARNS, rules=Rules())


def put(controller: Controller, number: int) -> None:
    """One step, which writes the cluster of this number."""
    cluster = Cluster(arn=f"arn:{number}", name=LONG, created_at=0.5)
    controller.apply(lambda snapshot, context: (Plan(changes=(Put(record=cluster, cause="created"),)), None))
    controller.step()


def rows(path: Path) -> list[JournalRow]:
    """The rows that are kept, oldest first."""
    with sqlite_journal(path) as journal:
        return [row for _, row in journal.rows()][::-1]


def test_the_newest_rows_are_kept(path: Path) -> None:
    store = SqliteStore(path, journal_kept=50_000)
    controller = a_controller(store, VirtualClock())
    for number in range(4 * DROPPED_EVERY):
        put(controller, number)
    kept = rows(path)
    names = [row.undo[0].key for row in kept]
    assert names == [f"arn:{number}" for number in range(4 * DROPPED_EVERY - len(kept), 4 * DROPPED_EVERY)]
    ((size, largest),) = store._connection.execute("SELECT sum(length(document)), max(length(document)) FROM journal")
    assert 40_000 < size - largest <= 50_000  # the row that is kept in part is kept whole
    store.close()


def test_what_it_was_loaded_under_outlives_its_row(path: Path) -> None:
    """Which rules held is known as long as one row that followed them is kept; older ones are forgotten."""
    clock = VirtualClock()
    store = SqliteStore(path, journal_kept=50_000)
    for _ in range(3):
        controller = a_controller(store, clock)
        for number in range(DROPPED_EVERY):
            put(controller, number)
    with sqlite_journal(path) as journal:
        numbers = [number for number, _ in journal.rows()]
        assert all(row.loaded is None for _, row in journal.rows())
        load = journal.load_before(numbers[-1])
    assert load is not None
    assert (load.rules, load.arns, load.host_ids) == (Rules(), ARNS, ())
    assert store._connection.execute("SELECT count(*) FROM journal_load").fetchone() == (1,)
    store.close()


def test_no_journal(path: Path) -> None:
    store = SqliteStore(path, journal_kept=0)
    put(a_controller(store, VirtualClock()), 1)
    assert not store.keeps_journal
    assert rows(path) == []
    store.close()


def test_a_store_of_before_gets_its_journal(path: Path) -> None:
    """A database that an older version made has no such tables: they are made when it is opened."""
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE journal; DROP TABLE journal_load")
    connection.close()
    store = SqliteStore(path)
    put(a_controller(store, VirtualClock()), 1)
    assert [row.undo[0].key for row in rows(path)] == ["arn:1"]
    store.close()


def test_a_database_without_a_journal_is_told(path: Path) -> None:
    with pytest.raises(StoreError, match="the journal cannot be read: unable to open database file"):
        rows(path)
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE journal")
    connection.close()
    with pytest.raises(StoreError, match="the journal cannot be read: no such table: journal"):
        rows(path)


def test_a_reader_holds_up_no_writer_and_sees_one_commit(path: Path) -> None:
    store = SqliteStore(path)
    controller = a_controller(store, VirtualClock())
    put(controller, 1)
    with sqlite_journal(path) as journal:
        before = [record.key for record in journal.records()]
        put(controller, 2)  # raises StoreError where it would have to wait
        assert [record.key for record in journal.records()] == before == ["arn:1"]
        assert len(list(journal.rows())) == 1
    assert len(rows(path)) == 2
    store.close()


def test_records_that_were_removed_come_back_to_their_places(path: Path) -> None:
    """Oldest first is what indexes are made from, in a replay too."""
    store = SqliteStore(path)
    world = World(store=store)
    world.add_host(cpu=4096, memory=4096)
    user = Operator(world)
    user.create_service("web", user.register("web"), desired=4, target_group=user.create_target_group("web"))
    assert world.run()
    before = [record.arn for record in store.load()[0] if isinstance(record, Task)]
    user.deploy("web", user.register("web"))
    assert world.run()
    world.run_for(2 * Rules().stopped_task_kept_s)  # the old tasks are forgotten
    (roll_out, _) = world.snapshot.service_history(world.service("web").arn)
    with sqlite_journal(path) as journal:
        recording = cut_recording(journal, roll_out.arn)
    assert not set(before) & {record.key for record in store.load()[0]}
    assert [record.arn for record in recording.records if isinstance(record, Task)] == before
    assert replay(recording).is_identical
    store.close()


WRITER = """
import sys
from pathlib import Path
from slipway.adapters.sql import SqliteStore
from tests.adapters.test_sql_journal import VirtualClock, a_controller, put

controller = a_controller(SqliteStore(Path(sys.argv[1])), VirtualClock())
number = 0
while True:
    number += 1
    put(controller, number)
    print(number, flush=True)
"""


@pytest.mark.parametrize("steps", [1, 40])
def test_killed_between_or_within_steps(path: Path, steps: int) -> None:
    """`kill -9`: the row of each step that is there is there, and no other; the next start goes on after it."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ},
    )
    assert writer.stdout is not None
    for _ in range(steps):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    store = SqliteStore(path)
    written = [record.key for record in store.load()[0]]
    assert len(written) >= steps
    assert [row.undo[0].key for row in rows(path)] == written
    put(a_controller(store, VirtualClock()), len(written) + 1)
    assert [row.loaded is not None for row in rows(path)] == [True, *[False] * (len(written) - 1), True]
    store.close()


def test_a_journal_with_a_gap_is_forgotten(path: Path) -> None:
    """Steps without a row, as an older version takes them: nothing before them can be told any more."""
    store = SqliteStore(path)
    put(a_controller(store, VirtualClock()), 1)
    store.close()
    older = SqliteStore(path, journal_kept=0)
    put(a_controller(older, VirtualClock()), 2)
    older.close()
    newer = SqliteStore(path)
    assert rows(path) == []
    put(a_controller(newer, VirtualClock()), 3)
    newer.close()
    again = SqliteStore(path)
    assert [row.undo[0].key for row in rows(path)] == ["arn:3"]
    again.close()

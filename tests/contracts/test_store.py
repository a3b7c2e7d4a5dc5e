"""The stores: the contract on each, and what only SQLite can get wrong."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.adapters.sql import SqliteStore
from slipway.core.model.clusters import Cluster
from slipway.core.plan import Put
from slipway.ports import Store, StoreError
from slipway.sim.store import ControlPlaneCrash, Faults, MemoryStore, WatchedStore
from tests.contracts.store_contract import StoreContract, a_cluster, commit, records
from tests.core.records import a_task


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def opened(self) -> Store:
        return MemoryStore(seed="seed")

    def reopened(self, store: Store) -> Store:
        return store

    def test_begins_with_records(self) -> None:
        store = MemoryStore(seed="seed", records=[a_task(1), a_cluster()], sequence=9)
        assert records(store) == [a_task(1), a_cluster()]
        assert store.load()[1] == 9


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[Store]:
        self.path = tmp_path / "store.db"
        self.stores = [SqliteStore(self.path)]
        yield self.stores[0]
        for store in self.stores:
            store.close()

    def reopened(self, store: Store) -> Store:
        self.stores.append(SqliteStore(self.path))
        return self.stores[-1]


class TestWatchedStore(StoreContract):
    @pytest.fixture
    def opened(self) -> Store:
        return WatchedStore(MemoryStore(seed="seed"), told=lambda commit: None)

    def reopened(self, store: Store) -> Store:
        return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_faults() -> None:
    """The third commit is refused, the fourth dies before it, the fifth after it: only the fifth was written."""
    faults = Faults(fails=frozenset({3}), crashes_before=frozenset({4}), crashes_after=frozenset({5}))
    store = WatchedStore(MemoryStore(seed="seed"), told=lambda commit: None, faults=faults)
    for number in (1, 2):
        commit(store, Put(record=a_task(number)))
    for number, error in ((3, StoreError), (4, ControlPlaneCrash), (5, ControlPlaneCrash)):
        with pytest.raises(error):
            commit(store, Put(record=a_task(number)))
    assert records(store) == [a_task(1), a_task(2), a_task(5)]
    assert (store.commits, store.lost) == (5, 2)


def test_full_disk(path: Path) -> None:
    """A step that does not fit is refused whole; a smaller one, once there is room, is written."""
    store = SqliteStore(path)
    commit(store, Put(record=a_task(1), cause="first"))
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="could not be committed: database or disk is full"):
        commit(store, *(Put(record=a_task(number), cause="more") for number in range(2, 200)), sequence=2)
    assert records(store) == [a_task(1)]
    assert store.load()[1] == 1
    store._connection.execute("PRAGMA max_page_count = 100000")
    commit(store, Put(record=a_task(2)), sequence=3)
    assert records(store) == [a_task(1), a_task(2)]
    store.close()


def test_no_room_for_a_reader_of_the_same_store(path: Path) -> None:
    """What another process holds locked is a step refused, and written at the next try."""
    store, other = SqliteStore(path), sqlite3.connect(path, isolation_level=None)
    store._connection.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        commit(store, Put(record=a_task(1)))
    other.execute("ROLLBACK")
    other.close()
    commit(store, Put(record=a_task(1)))
    assert records(store) == [a_task(1)]
    store.close()


def test_closed(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match="could not be committed"):
        commit(store, Put(record=a_task(1)))
    with pytest.raises(StoreError, match="cannot be read"):
        store.load()


def test_another_format_is_refused(path: Path) -> None:
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    connection.close()
    with pytest.raises(StoreError, match=r"has format 99 and this version reads format 1: use the version that wrote"):
        SqliteStore(path)


@pytest.mark.parametrize(("name", "cause"), [("", "Is a directory"), ("missing/store.db", "No such file or directory")])
def test_a_path_that_cannot_be_opened(tmp_path: Path, name: str, cause: str) -> None:
    with pytest.raises(StoreError, match=f"cannot be opened: .*{cause}"):
        SqliteStore(tmp_path / name)


def test_a_file_that_is_no_store(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(StoreError, match="cannot be opened: file is not a database"):
        SqliteStore(path)


def test_a_store_half_made_is_made_whole(path: Path) -> None:
    """A process that died while it made the store left tables and no seed, or nothing at all."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    connection.close()
    store = SqliteStore(path)
    assert store.seed
    assert records(store) == []
    store.close()


WRITER = """
import sys
from pathlib import Path
from slipway.adapters.sql import SqliteStore
from slipway.core.plan import Put, Remove
from slipway.ports import Commit
from tests.contracts.store_contract import a_cluster

store = SqliteStore(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    changes = [Put(record=a_cluster(f"{half}{number}"), cause="written") for half in "ab"]
    changes += [Remove(record=a_cluster(f"{half}{number - 1}")) for half in "ab" if number > 1]
    store.commit(Commit(at=float(number), changes=tuple(changes), sequence=number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("steps", [1, 17, 60])
def test_killed_between_or_within_commits(path: Path, steps: int) -> None:
    """`kill -9` of a process that commits without a pause: what is there is whole steps, and all that were answered."""
    root = Path(__file__).parents[2]
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ}
    )
    assert writer.stdout is not None
    for _ in range(steps):
        answered = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    answered = max([answered, *(int(line) for line in writer.stdout if line.strip().isdigit())])
    writer.wait()
    writer.stdout.close()
    store = SqliteStore(path)
    names = sorted(record.name for record in records(store) if isinstance(record, Cluster))
    sequence = store.load()[1]
    assert sequence >= answered
    assert names == [f"a{sequence}", f"b{sequence}"]
    store.close()

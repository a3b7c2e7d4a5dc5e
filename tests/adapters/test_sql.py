"""The store on SQLite: what it keeps, what it lets go, and what it refuses."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.adapters.sql import SqliteStore
from slipway.core.model.clusters import Cluster
from slipway.core.model.measured import MeasuredTimes, ProgramStops
from slipway.core.plan import Change, Put, Remove
from slipway.ports import Commit, StoreError
from tests.core.records import a_target, a_task

CLUSTER = Cluster(arn="arn:aws:ecs:us-east-1:000000000000:cluster/one", name="one", created_at=0)


def commit(store: SqliteStore, *changes: Change, sequence: int = 0) -> None:
    store.commit(Commit(at=1.0, changes=changes, sequence=sequence))


def named(name: str) -> Cluster:
    return replace(CLUSTER, arn=f"{CLUSTER.arn}-{name}", name=name)


def names(store: SqliteStore) -> list[str]:
    records, _ = store.load()
    return [record.name for record in records if isinstance(record, Cluster)]


def test_a_store_opened_again_has_what_was_committed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "slipway.db")
    commit(store, Put(record=named("a"), cause="made"), Put(record=named("b")), sequence=3)
    commit(store, Remove(record=named("b")), sequence=7)
    store.close()
    again = SqliteStore(tmp_path / "slipway.db")
    assert again.seed == store.seed
    assert names(again) == ["a"]
    assert again.load()[1] == 7
    assert [row.cause for row in again.story(named("a").arn)] == ["made"]
    again.close()


def test_a_store_of_a_version_that_measured_nothing_is_read(tmp_path: Path) -> None:
    """What was added to records since has its default, and kinds of records that it has none of are empty."""
    store = SqliteStore(tmp_path / "slipway.db")
    task = a_task()
    commit(store, Put(record=task), Put(record=a_target()))
    store.close()
    task_fields = ("ready_at", "first_healthy_at", "passing_since")
    fields = (*task_fields, *(f"containers[0].{name}" for name in ("signalled_at", "stopped_at", "was_killed")))
    with closing(sqlite3.connect(tmp_path / "slipway.db")) as older:
        paths = ", ".join(f"'$.{name}'" for name in fields)
        older.execute(f"UPDATE record SET document = CAST(json_remove(CAST(document AS TEXT), {paths}) AS BLOB)")
        older.commit()
        (left,) = older.execute("SELECT CAST(document AS TEXT) FROM record WHERE kind = 'Task'").fetchone()
    assert "was_killed" not in left
    again = SqliteStore(tmp_path / "slipway.db")
    assert list(again.load()[0]) == [a_target(), task]
    program = ProgramStops(
        container="app", image="web:1", image_digest=None, program="0", exit_s=(2.0,), was_killed=(True,)
    )
    times = MeasuredTimes(service_arn="web", pull_s=(1.5,), exit_s=(2.0,), was_killed=(True,), programs=(program,))
    commit(again, Put(record=times))
    assert list(again.load()[0])[-1] == times
    again.close()


def test_only_its_owner_may_read_a_store(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "slipway.db")
    commit(store, Put(record=CLUSTER))
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {"slipway.db": 0o600, "slipway.db-wal": 0o600, "slipway.db-shm": 0o600}
    store.close()


def test_only_the_newest_rows_of_the_story_are_kept(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "slipway.db", story_kept=3)
    for number in range(5):
        commit(store, Put(record=CLUSTER, cause=f"change {number}"), Put(record=named("quiet")))
    assert [row.cause for row in store.story(CLUSTER.arn)] == ["change 2", "change 3", "change 4"]
    assert names(store) == ["one", "quiet"]
    store.close()


@pytest.mark.parametrize(
    "is_replaced", [pytest.param(False, id="removed"), pytest.param(True, id="replaced by another file")]
)
def test_a_commit_to_a_database_that_is_not_there_any_more_is_refused(tmp_path: Path, is_replaced: bool) -> None:
    path = tmp_path / "slipway.db"
    store = SqliteStore(path)
    path.rename(tmp_path / "elsewhere.db")
    if is_replaced:
        path.write_bytes(b"")
    with pytest.raises(StoreError, match="was removed or replaced"):
        commit(store, Put(record=CLUSTER))
    assert names(store) == []
    (tmp_path / "elsewhere.db").replace(path)
    commit(store, Put(record=CLUSTER))
    assert names(store) == ["one"]
    store.close()


def test_a_commit_while_another_program_writes_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "slipway.db")
    other = sqlite3.connect(tmp_path / "slipway.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="database is locked"):
        commit(store, Put(record=CLUSTER))
    other.execute("ROLLBACK")
    assert names(store) == []
    commit(store, Put(record=CLUSTER))
    assert names(store) == ["one"]
    other.close()
    store.close()


def test_a_story_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "slipway.db")
    store.close()
    with pytest.raises(StoreError, match="the story cannot be read: "):
        store.story("any")


def test_a_store_of_another_format_is_refused(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "slipway.db").close()
    other = sqlite3.connect(tmp_path / "slipway.db", isolation_level=None)
    other.execute("UPDATE meta SET value = '999' WHERE name = 'format'")
    other.close()
    with pytest.raises(StoreError, match="format 999"):
        SqliteStore(tmp_path / "slipway.db")

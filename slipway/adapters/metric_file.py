"""Metric data on disk: buckets by series, length and instant, in a SQLite file of their own.

`synchronous=OFF`: nothing is waited for. A killed process loses only what it had not written; a machine that loses
power may lose the file, and a file that cannot be read is begun anew: metric data are worth no more than that.
"""

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from slipway.core.monitoring.metrics import Bucket, Histogram, Metric

_log = logging.getLogger(__name__)

#: The most the file may grow to. A bucket takes some 80 bytes, one of many different values up to 3 KB.
MAX_BYTES = 256 * 1024 * 1024

#: The share of the bound above which old buckets go before their time.
_FULL_SHARE = 0.9

_PAGE_BYTES = 4096

_TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, metric_name TEXT NOT NULL, dimensions TEXT NOT NULL,
    unit TEXT NOT NULL, last_at REAL NOT NULL, UNIQUE (namespace, metric_name, dimensions, unit));
CREATE TABLE IF NOT EXISTS bucket (
    series INTEGER NOT NULL, length_s INTEGER NOT NULL, at INTEGER NOT NULL, sample_count REAL NOT NULL,
    sum REAL NOT NULL, minimum REAL NOT NULL, maximum REAL NOT NULL, histogram BLOB,
    PRIMARY KEY (series, length_s, at)) WITHOUT ROWID;
"""

_TOUCH = (
    "INSERT INTO series (namespace, metric_name, dimensions, unit, last_at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET last_at = max(last_at, excluded.last_at) RETURNING id"
)
_BUCKET = "SELECT sample_count, sum, minimum, maximum, histogram FROM bucket"
_READ = f"{_BUCKET} WHERE series = ? AND length_s = ? AND at = ?"
_RANGE = (
    "SELECT at, sample_count, sum, minimum, maximum, {histogram} FROM bucket "
    "WHERE series = ? AND length_s = ? AND at >= ? AND at < ? ORDER BY at"
)
_PEAK = "SELECT at, maximum FROM bucket WHERE series = ? AND length_s = ? ORDER BY maximum DESC, at LIMIT 1"
_SPAN = "SELECT min(at), sum(sample_count) FROM bucket WHERE series = ? AND length_s = ?"
_WRITE = "INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_EMPTY = "DELETE FROM series WHERE id = ? AND NOT EXISTS (SELECT 1 FROM bucket WHERE series = series.id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric in one unit: what buckets are kept by."""

    metric: Metric
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a bucket is kept: its series, its length in seconds, and its first second."""

    series: Series
    length_s: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The largest sample of a series. Instants are the first seconds of buckets."""

    maximum: float
    at: int  # the bucket that it is in
    since: int  # the oldest bucket there is
    sample_count: float  # of all


class MetricFile:
    """The buckets of one data directory."""

    def __init__(self, path: Path | None, *, max_bytes: int = MAX_BYTES) -> None:
        """Opens or makes the file; one that cannot be used is begun anew, and in memory where that fails too.

        `path` None keeps the data in memory.
        """
        self._max_pages = max_bytes // _PAGE_BYTES
        self._connection = self._opened(path) if path is not None else self._connected(None)

    def _opened(self, path: Path) -> sqlite3.Connection:
        try:
            return self._connected(path)
        except (sqlite3.Error, OSError) as error:
            _log.warning("metric data were begun anew path=%s error=%s", path, error)
        try:
            for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                each.unlink(missing_ok=True)
            return self._connected(path)
        except (sqlite3.Error, OSError) as error:
            _log.warning("metric data are kept in memory only path=%s error=%s", path, error)
        return self._connected(None)

    def _connected(self, path: Path | None) -> sqlite3.Connection:
        if path is not None:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=0)
        try:
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(f"PRAGMA max_page_count={self._max_pages}")
            connection.executescript(_TABLES)
            connection.execute(f"{_BUCKET} LIMIT 1").fetchall()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def write(self, buckets: Iterable[tuple[Place, Bucket]]) -> None:
        """Add these buckets to those there are, all or none. Raises `sqlite3.Error`."""
        with self._transaction() as connection:
            for place, bucket in buckets:
                metric = place.series.metric
                named = (metric.namespace, metric.metric_name, json.dumps(metric.dimensions), place.series.unit)
                (series_id,) = connection.execute(_TOUCH, (*named, place.at)).fetchone()
                key = (series_id, place.length_s, place.at)
                had = connection.execute(_READ, key).fetchone()
                whole = bucket if had is None else _bucket(had)
                if had is not None:
                    whole.merge(bucket)
                values = (whole.sample_count, whole.sum, whole.minimum, whole.maximum, _encoded(whole))
                connection.execute(_WRITE, (*key, *values))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def read(
        self, series: Series, length_s: int, *, begin: float, end: float, singly: bool
    ) -> Iterator[tuple[int, Bucket]]:
        """The buckets that begin from `begin` to before `end`, in order. `singly`: with what percentiles need."""
        series_id = self._id(series)
        if series_id is None:
            return
        query = _RANGE.format(histogram="histogram" if singly else "NULL")
        for at, *values in self._connection.execute(query, (series_id, length_s, begin, end)):
            yield at, _bucket(values)

    def peak(self, series: Series, length_s: int) -> Peak | None:
        """The largest sample of a series in its buckets of one length; None: there are none."""
        series_id = self._id(series)
        found = None if series_id is None else self._connection.execute(_PEAK, (series_id, length_s)).fetchone()
        if found is None:
            return None
        at, maximum = found
        since, sample_count = self._connection.execute(_SPAN, (series_id, length_s)).fetchone()
        return Peak(maximum=maximum, at=at, since=since, sample_count=sample_count)

    def _id(self, series: Series) -> int | None:
        query = "SELECT id FROM series WHERE namespace = ? AND metric_name = ? AND dimensions = ? AND unit = ?"
        metric = series.metric
        named = (metric.namespace, metric.metric_name, json.dumps(metric.dimensions), series.unit)
        row = self._connection.execute(query, named).fetchone()
        return None if row is None else int(row[0])

    def units(self, metric: Metric) -> set[str]:
        """The units that a metric has data in."""
        query = "SELECT unit FROM series WHERE namespace = ? AND metric_name = ? AND dimensions = ?"
        named = (metric.namespace, metric.metric_name, json.dumps(metric.dimensions))
        return {unit for (unit,) in self._connection.execute(query, named)}

    def metrics(self, since: float) -> set[Metric]:
        """The metrics with data from `since` on."""
        query = "SELECT DISTINCT namespace, metric_name, dimensions FROM series WHERE last_at >= ?"
        return {
            Metric(
                namespace=namespace,
                metric_name=name,
                dimensions=tuple((key, value) for key, value in json.loads(dimensions)),
            )
            for namespace, name, dimensions in self._connection.execute(query, (since,))
        }

    def prune(self, oldest: dict[int, float]) -> Iterator[None]:
        """Remove buckets that begin before `oldest` of their length, one series at each step. Raises `sqlite3.Error`.

        Steps may be far apart: others may use the file between them.
        """
        for (series_id,) in self._connection.execute("SELECT id FROM series").fetchall():
            with self._transaction() as connection:
                for length_s, at in oldest.items():
                    query = "DELETE FROM bucket WHERE series = ? AND length_s = ? AND at < ?"
                    connection.execute(query, (series_id, length_s, at))
                connection.execute(_EMPTY, (series_id,))
            yield

    @property
    def is_nearly_full(self) -> bool:
        """Whether little of the bound is left."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        return bool(pages - free > self._max_pages * _FULL_SHARE)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()


def _encoded(bucket: Bucket) -> bytes | None:
    """The histogram; empty where all samples are the same, None where single values are not known."""
    if bucket.histogram is None:
        return None
    if bucket.minimum == bucket.maximum:
        return b""
    bins = [(*key, *samples) for key, samples in bucket.histogram.bins.items()]
    return msgspec.msgpack.encode((bucket.histogram.scale, bins))


def _bucket(row: Sequence[Any]) -> Bucket:
    sample_count, total, minimum, maximum, blob = row
    bucket = Bucket(sample_count, total, minimum, maximum, None)
    if blob == b"":
        bucket.histogram = Histogram()
        bucket.histogram.add_value(minimum, sample_count)
    elif isinstance(blob, bytes):
        scale, bins = msgspec.msgpack.decode(blob, type=tuple[int, list[tuple[int, int, float, float]]])
        bucket.histogram = Histogram(
            scale=scale, bins={(sign, index): (count, part) for sign, index, count, part in bins}
        )
    return bucket

"""The metric data of one server: gathered in memory, written in batches, and read as if they were one.

They are no records: no commit waits for them, and a full disk loses data points, never anything else. Kept as long as
`RETENTION_S` says, which is CloudWatch's for the first days (3 hours below a minute, 15 days of minutes:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html), and in bounded room.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from slipway.adapters.background import Background
from slipway.adapters.metric_file import MAX_BYTES, MetricFile, Peak, Place, Series
from slipway.core.monitoring.metrics import (
    HIGH_RESOLUTION_S,
    STANDARD_RESOLUTION_S,
    Bucket,
    Metric,
    MetricDatum,
    bucket_start,
    gather,
)
from slipway.ports import Clock

_log = logging.getLogger(__name__)

#: Seconds between two writes: what a kill can lose.
WRITE_S = 5.0

#: How long buckets of each length are kept, in seconds.
RETENTION_S = {HIGH_RESOLUTION_S: 3 * 3600.0, STANDARD_RESOLUTION_S: 15 * 86400.0}

#: Seconds between two rounds that remove what is older.
PRUNE_S = 60.0

#: Buckets written in one go: some 5 ms of the event loop.
BATCH = 200

#: Buckets that may wait to be written. More come only where writing fails; then the oldest are lost.
MAX_PENDING = 20_000

#: How often retention is halved where the file is nearly full.
_HALVINGS = 12


class MetricStore:
    """Takes and gives metric data."""

    def __init__(
        self, path: Path | None, clock: Clock, *, max_bytes: int = MAX_BYTES, max_pending: int = MAX_PENDING
    ) -> None:
        """`path` is the file the data are kept in, in an existing folder; None: memory. `open()` begins to write."""
        self._file = MetricFile(path, max_bytes=max_bytes)
        self._clock = clock
        self._max_pending = max_pending
        self._pending: dict[Series, dict[tuple[int, int], Bucket]] = {}  # by length and first second
        self._waiting = 0  # buckets in `_pending`
        self._background = Background()
        self._is_losing = False

    def put(self, datum: MetricDatum) -> None:
        """Take one value. Its cost does not depend on how many there are."""
        series = Series(metric=datum.metric, unit=datum.unit)
        buckets = self._pending.setdefault(series, {})
        is_high = datum.storage_resolution_s < STANDARD_RESOLUTION_S
        for length_s in (HIGH_RESOLUTION_S, STANDARD_RESOLUTION_S) if is_high else (STANDARD_RESOLUTION_S,):
            place = (length_s, bucket_start(datum.at, length_s))
            bucket = buckets.get(place)
            if bucket is None:
                self._make_room(buckets)
                bucket = buckets[place] = Bucket()
                self._waiting += 1
            bucket.add(datum.value, datum.count)

    def _make_room(self, buckets: dict[tuple[int, int], Bucket]) -> None:
        """Where too many buckets wait to be written, a series gives up its oldest for each new one."""
        if self._waiting >= self._max_pending:
            self._lose("too many data points wait to be written")
            if buckets:
                del buckets[next(iter(buckets))]
                self._waiting -= 1

    def read(
        self,
        metric: Metric,
        *,
        begin: float,
        end: float,
        period_s: int,
        unit: str | None = None,
        singly: bool = False,
    ) -> dict[float, Bucket]:
        """What is known of `metric` from `begin` to before `end`, by the first instants of the periods that have data.

        Periods are counted from `begin`, which is a multiple of 10 s, or of 60 s where `period_s` is. `unit` None takes
        data of any unit. `singly`: with what percentiles need.
        """
        buckets: list[tuple[int, Bucket]] = []
        for each in self.units(metric) if unit is None else (unit,):
            series = Series(metric=metric, unit=each)
            if period_s % STANDARD_RESOLUTION_S == 0:
                buckets += self._range(series, STANDARD_RESOLUTION_S, begin, end, singly=singly)
            else:
                buckets += self._fine(series, begin, end, singly=singly)
        return gather(sorted(buckets, key=lambda bucket: bucket[0]), begin=begin, length_s=period_s)

    def _fine(self, series: Series, begin: float, end: float, *, singly: bool) -> list[tuple[int, Bucket]]:
        """Buckets of 10 s. What was published by the minute only counts for the first of them, as in CloudWatch."""
        minutes = self._range(series, STANDARD_RESOLUTION_S, begin, end, singly=singly)
        whole_end = bucket_start(end, STANDARD_RESOLUTION_S) + STANDARD_RESOLUTION_S
        fine = self._range(series, HIGH_RESOLUTION_S, begin, whole_end, singly=singly)
        covered = {bucket_start(at, STANDARD_RESOLUTION_S) for at, _ in fine}
        return [each for each in fine if each[0] < end] + [each for each in minutes if each[0] not in covered]

    def _range(
        self, series: Series, length_s: int, begin: float, end: float, *, singly: bool
    ) -> list[tuple[int, Bucket]]:
        try:
            found = dict(self._file.read(series, length_s, begin=begin, end=end, singly=singly))
        except sqlite3.Error as error:
            self._lose(str(error))
            found = {}
        for (length, at), pending in self._pending.get(series, {}).items():
            if length == length_s and begin <= at < end:
                found.setdefault(at, Bucket()).merge(pending)
        return list(found.items())

    def peak(self, metric: Metric, *, unit: str) -> Peak | None:
        """The largest sample of a metric in the data that are kept, by the minute; None: there are none. Reads no more
        than one row a minute, and gives none of them."""
        series = Series(metric=metric, unit=unit)
        try:
            peak = self._file.peak(series, STANDARD_RESOLUTION_S)
        except sqlite3.Error as error:
            self._lose(str(error))
            peak = None
        for (length, at), bucket in self._pending.get(series, {}).items():
            if length == STANDARD_RESOLUTION_S:
                peak = _higher(peak, Peak(maximum=bucket.maximum, at=at, since=at, sample_count=bucket.sample_count))
        return peak

    def units(self, metric: Metric) -> list[str]:
        """The units that `metric` has data in, sorted."""
        units = {series.unit for series in self._pending if series.metric == metric}
        try:
            units |= self._file.units(metric)
        except sqlite3.Error as error:
            self._lose(str(error))
        return sorted(units)

    def metrics(self, *, since: float) -> list[Metric]:
        """The metrics with data from `since` on, in the order of their names."""
        metrics = {series.metric for series, buckets in self._pending.items() if any(at >= since for _, at in buckets)}
        try:
            metrics |= self._file.metrics(since)
        except sqlite3.Error as error:
            self._lose(str(error))
        return sorted(metrics, key=lambda metric: (metric.namespace, metric.metric_name, metric.dimensions))

    def write(self) -> bool:
        """Write a batch of what waits; whether more waits that can be written now."""
        batch = list(self._batch())
        try:
            self._file.write((place, bucket) for place, bucket in batch)
        except sqlite3.Error as error:
            self._lose(str(error))
            return False
        for place, _ in batch:
            buckets = self._pending[place.series]
            del buckets[place.length_s, place.at]
            if not buckets:
                del self._pending[place.series]
        self._waiting -= len(batch)
        self._is_losing = self._is_losing and self._waiting >= self._max_pending
        return bool(self._pending)

    def _batch(self) -> Iterator[tuple[Place, Bucket]]:
        every = (
            (Place(series=series, length_s=length_s, at=at), bucket)
            for series, buckets in self._pending.items()
            for (length_s, at), bucket in buckets.items()
        )
        return islice(every, BATCH)

    def _lose(self, reason: str) -> None:
        """Say once, until data are written again, that they are not."""
        if not self._is_losing:
            _log.warning("metric data may be lost, free some disk space reason=%s", reason)
        self._is_losing = True

    def open(self) -> None:
        """Begin to write and to remove what is old, in the background."""
        self._background.start(self._keep_written(), name="metric data")
        self._background.start(self._keep_pruned(), name="metric retention")

    async def _keep_written(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            while self.write():
                await asyncio.sleep(0)

    async def _keep_pruned(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_S)
            try:
                await self.prune()
            except sqlite3.Error as error:
                self._lose(str(error))

    async def prune(self) -> None:
        """Remove what is older than its retention, and more where the file is nearly full. Raises `sqlite3.Error`."""
        now = self._clock.now()
        for halvings in range(_HALVINGS):
            for _ in self._file.prune({length: now - kept / 2**halvings for length, kept in RETENTION_S.items()}):
                await asyncio.sleep(0)
            if not self._file.is_nearly_full:
                break

    async def close(self) -> None:
        """Write what waits, and release the file."""
        await self._background.close()
        while self.write():
            pass
        self._file.close()


def _higher(peak: Peak | None, other: Peak) -> Peak:
    """The peak of both together."""
    if peak is None:
        return other
    highest = other if other.maximum > peak.maximum else peak
    since, count = min(peak.since, other.since), peak.sample_count + other.sample_count
    return replace(highest, since=since, sample_count=count)

"""The metric store: what is put is read, before and after it is written, and room is bounded."""

import asyncio
import logging
from pathlib import Path

import pytest

from slipway.adapters.metric_file import Peak
from slipway.adapters.metric_store import BATCH, RETENTION_S, MetricStore
from slipway.core.monitoring.metrics import Bucket, Metric, MetricDatum, StatisticSet
from slipway.sim.clock import VirtualClock

NOW = 1_700_000_040.0  # 40 s into a minute
MINUTE = 1_700_000_040 // 60 * 60
REQUESTS = Metric(namespace="AWS/ApplicationELB", metric_name="RequestCount", dimensions=(("TargetGroup", "a"),))


def datum(value: float | StatisticSet, *, at: float = NOW, unit: str = "Count", resolution_s: int = 60) -> MetricDatum:
    """A value of REQUESTS."""
    return MetricDatum(
        namespace=REQUESTS.namespace,
        metric_name=REQUESTS.metric_name,
        dimensions=REQUESTS.dimensions,
        at=at,
        value=value,
        unit=unit,
        storage_resolution_s=resolution_s,
    )


def sums(found: dict[float, Bucket]) -> dict[float, float]:
    """The sums by period."""
    return {at: bucket.sum for at, bucket in found.items()}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: VirtualClock) -> MetricStore:
    return MetricStore(tmp_path / "metrics.sqlite3", clock)


def test_values_of_a_minute_are_one_bucket_before_and_after_they_are_written(store: MetricStore) -> None:
    expected = {float(MINUTE): 3.0, float(MINUTE + 60): 4.0}
    store.put(datum(1))
    store.write()
    store.put(datum(2))
    store.put(datum(4, at=NOW + 60))
    for _ in range(2):
        assert sums(store.read(REQUESTS, begin=MINUTE, end=MINUTE + 120, period_s=60)) == expected
        assert store.write() is False
    assert sums(store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60)) == {float(MINUTE): 3.0}


def test_high_resolution_gives_periods_of_ten_seconds_and_whole_minutes_too(store: MetricStore) -> None:
    for second in (0, 5, 10, 20):
        store.put(datum(1, at=MINUTE + second, resolution_s=1))
    assert sums(store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=10)) == {
        MINUTE: 2.0,
        MINUTE + 10: 1.0,
        MINUTE + 20: 1.0,
    }
    assert sums(store.read(REQUESTS, begin=MINUTE + 10, end=MINUTE + 20, period_s=10)) == {MINUTE + 10: 1.0}
    assert sums(store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60)) == {MINUTE: 4.0}


def test_what_is_published_by_the_minute_counts_for_its_first_ten_seconds(store: MetricStore) -> None:
    store.put(datum(1, at=MINUTE + 45))
    assert sums(store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=10)) == {MINUTE: 1.0}
    assert store.read(REQUESTS, begin=MINUTE + 10, end=MINUTE + 60, period_s=10) == {}


def test_data_of_another_metric_or_unit_are_not_read(store: MetricStore) -> None:
    store.put(datum(1))
    store.put(datum(2, unit="None"))
    store.put(MetricDatum(namespace=REQUESTS.namespace, metric_name=REQUESTS.metric_name, at=NOW, value=8))
    for unit, total in ((None, 3.0), ("Count", 1.0)):
        found = store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60, unit=unit)
        assert sums(found) == {MINUTE: total}
    assert store.units(REQUESTS) == ["Count", "None"]
    assert len(store.metrics(since=MINUTE)) == 2
    assert store.metrics(since=MINUTE + 60) == []


def test_percentiles_survive_the_file(store: MetricStore) -> None:
    for value in range(1, 101):
        store.put(datum(value))
        store.write()
    (bucket,) = store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60, singly=True).values()
    assert bucket.statistic("p99") == pytest.approx(99, rel=0.01)
    assert bucket.statistic("p10") == pytest.approx(10, rel=0.01)
    (bucket,) = store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60).values()
    assert bucket.statistic("Average") == 50.5


def test_a_statistic_set_gives_no_percentile_after_the_file_either(store: MetricStore) -> None:
    store.put(datum(StatisticSet(sample_count=2, sum=3, minimum=1, maximum=2)))
    store.write()
    store.put(datum(1))
    (bucket,) = store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60, singly=True).values()
    assert (bucket.statistic("p50"), bucket.statistic("Sum")) == (None, 4)


def test_closing_writes_and_opening_finds(tmp_path: Path, clock: VirtualClock) -> None:
    async def put_and_close() -> None:
        store = MetricStore(tmp_path / "metrics.sqlite3", clock)
        store.open()
        for minute in range(2 * BATCH):
            store.put(datum(1, at=NOW - 60 * minute))
        await store.close()

    asyncio.run(put_and_close())
    again = MetricStore(tmp_path / "metrics.sqlite3", clock)
    found = again.read(REQUESTS, begin=MINUTE - 60 * 2 * BATCH, end=MINUTE + 60, period_s=60)
    assert len(found) == 2 * BATCH


def test_a_file_that_cannot_be_read_is_begun_anew(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "metrics.sqlite3"
    path.write_bytes(b"no database " * 1000)
    store = MetricStore(path, clock)
    store.put(datum(1))
    store.write()
    assert "begun anew" in caplog.text
    assert sums(MetricStore(path, clock).read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60)) == {MINUTE: 1.0}


def test_a_file_that_cannot_be_made_leaves_the_data_in_memory(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = MetricStore(tmp_path / "absent" / "metrics.sqlite3", clock)
    store.put(datum(1))
    store.write()
    assert "in memory only" in caplog.text
    assert sums(store.read(REQUESTS, begin=MINUTE, end=MINUTE + 60, period_s=60)) == {MINUTE: 1.0}


def test_a_full_file_loses_the_oldest_data_and_says_so_once(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = MetricStore(tmp_path / "metrics.sqlite3", clock, max_bytes=64 * 1024, max_pending=BATCH)
    with caplog.at_level(logging.WARNING):
        for minute in range(5_000):
            store.put(datum(1, at=NOW + 60 * minute))
            store.write()
    assert len(caplog.records) == 1
    end = MINUTE + 60 * 5_000
    found = store.read(REQUESTS, begin=MINUTE, end=end, period_s=60)
    assert end - 60 in found
    assert len(found) < 5_000


def test_data_go_when_their_time_is_over(store: MetricStore) -> None:
    for length_s, kept_s in RETENTION_S.items():
        store.put(datum(1, at=NOW - kept_s + 60, resolution_s=length_s))
        store.put(datum(2, at=NOW - kept_s - 120, resolution_s=length_s))
    store.write()
    asyncio.run(store.prune())
    day = sums(store.read(REQUESTS, begin=MINUTE - 20 * 86400, end=MINUTE + 60, period_s=60))
    assert sorted(day.values()) == [1, 1, 2]  # by the minute, those of three hours ago are both there
    fine = sums(store.read(REQUESTS, begin=MINUTE - 4 * 3600, end=MINUTE + 60, period_s=10))
    assert len(fine) == 2


def test_old_data_go_sooner_where_room_is_scarce(tmp_path: Path, clock: VirtualClock) -> None:
    store = MetricStore(tmp_path / "metrics.sqlite3", clock, max_bytes=128 * 1024)
    for minute in range(2_500):
        store.put(datum(0.3, at=NOW - 60 * minute))
    while store.write():
        pass
    asyncio.run(store.prune())
    left = store.read(REQUESTS, begin=MINUTE - 20 * 86400, end=MINUTE + 60, period_s=60)
    assert 0 < len(left) < 2_500
    assert max(left) == MINUTE


def test_what_has_no_data_any_more_is_no_metric(store: MetricStore, clock: VirtualClock) -> None:
    store.put(datum(1))
    store.write()
    clock.move_to(NOW + 16 * 86400)
    asyncio.run(store.prune())
    assert store.metrics(since=0) == []


def test_the_peak_is_that_of_all_that_is_kept(store: MetricStore) -> None:
    assert store.peak(REQUESTS, unit="Count") is None
    store.put(datum(3, at=NOW - 3600))
    store.put(datum(8))
    for _ in range(2):
        assert store.peak(REQUESTS, unit="Count") == Peak(maximum=8, at=MINUTE, since=MINUTE - 3600, sample_count=2)
        store.write()
    store.put(datum(5, at=NOW + 60))
    store.put(datum(9, at=NOW + 120))
    assert store.peak(REQUESTS, unit="Count") == Peak(maximum=9, at=MINUTE + 120, since=MINUTE - 3600, sample_count=4)
    assert store.peak(REQUESTS, unit="Seconds") is None

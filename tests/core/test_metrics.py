"""Buckets and the statistics they give."""

import math
import random

import pytest

from slipway.core.monitoring.metrics import (
    MAX_BINS,
    Bucket,
    StatisticSet,
    bucket_start,
    gather,
    is_period,
    is_statistic,
)


def _bucket(*values: float | StatisticSet) -> Bucket:
    bucket = Bucket()
    for value in values:
        bucket.add(value)
    return bucket


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        pytest.param("SampleCount", 4, id="count"),
        pytest.param("Sum", 10, id="sum"),
        pytest.param("Average", 2.5, id="average"),
        pytest.param("Minimum", -2, id="minimum"),
        pytest.param("Maximum", 7, id="maximum"),
        pytest.param("p0", -2, id="p0"),
        pytest.param("p25", -2, id="p25"),
        pytest.param("p50", 0, id="p50"),
        pytest.param("p75", 5, id="p75"),
        pytest.param("p99.9", 7, id="p99.9"),
        pytest.param("p100", 7, id="p100"),
    ],
)
def test_statistics_of_a_few_values_are_exact(statistic: str, value: float) -> None:
    assert _bucket(5, -2, 0, 7).statistic(statistic) == value


def test_a_bucket_without_samples_has_no_statistic() -> None:
    assert Bucket().statistic("Average") is None


@pytest.mark.parametrize(
    ("samples", "p50"),
    [
        pytest.param([StatisticSet(sample_count=3, sum=6, minimum=1, maximum=3)], None, id="hidden values"),
        pytest.param([StatisticSet(sample_count=3, sum=6, minimum=2, maximum=2), 9.0], 2, id="equal values"),
        pytest.param([StatisticSet(sample_count=3, sum=6, minimum=1, maximum=3), 9.0], None, id="hidden and shown"),
    ],
)
def test_a_statistic_set_gives_percentiles_only_where_its_values_are_known(
    samples: list[float | StatisticSet], p50: float | None
) -> None:
    bucket = _bucket(*samples)
    assert bucket.statistic("p50") == p50
    assert bucket.statistic("Maximum") == (3 if len(samples) == 1 else 9)


def test_percentiles_of_many_values_stay_near_and_take_bounded_room(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.lognormvariate(-3, 1.5) for _ in range(20_000)]
    bucket = _bucket(*values)
    assert bucket.histogram is not None
    assert len(bucket.histogram.bins) <= MAX_BINS
    values.sort()
    for percent in (1, 50, 90, 99):
        exact = values[math.ceil(len(values) * percent / 100) - 1]
        assert bucket.statistic(f"p{percent}") == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_our_fault(value: float) -> None:
    with pytest.raises(AssertionError, match="no number"):
        _bucket(value)


def test_merged_buckets_are_as_one(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.uniform(-1e6, 1e6) * 10 ** chance.randint(-9, 9) for _ in range(3_000)]
    one, first, second = _bucket(*values), _bucket(*values[:500]), _bucket(*values[500:])
    first.merge(second)
    assert first.histogram is not None
    assert len(first.histogram.bins) <= MAX_BINS
    for statistic in ("SampleCount", "Minimum", "Maximum"):
        assert first.statistic(statistic) == one.statistic(statistic)
    for statistic in ("Sum", "p10", "p50", "p99"):
        assert first.statistic(statistic) == pytest.approx(one.statistic(statistic), rel=0.2)


def test_periods_are_counted_from_their_begin() -> None:
    buckets = [(at, _bucket(at)) for at in range(100, 200, 10)]
    found = gather(buckets, begin=110, length_s=30)
    assert {at: bucket.sum for at, bucket in found.items()} == {
        80: 100,
        110: 110 + 120 + 130,
        140: 140 + 150 + 160,
        170: 170 + 180 + 190,
    }


def test_buckets_begin_at_multiples_of_their_length() -> None:
    assert [bucket_start(at, 10) for at in (0, 9.99, 10, 1_700_000_009.5)] == [0, 0, 10, 1_700_000_000]


def test_known_periods_and_statistics() -> None:
    assert [period for period in (-60, 0, 1, 5, 10, 20, 30, 40, 60, 90, 300) if is_period(period)] == [
        *(10, 20, 30, 60, 300)
    ]
    names = ["Average", "average", "p99", "p99.99", "p100", "p101", "tm90", "p", "p-1", "p99.", "IQM"]
    assert [name for name in names if is_statistic(name)] == ["Average", "p99", "p99.99", "p100"]

"""Metric data: what is published, how it is gathered into buckets, and the statistics that buckets give.

Data points are not records: they are kept by `adapters/metric_store.py`. The words are CloudWatch's
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Lengths in seconds of the buckets that data are gathered in: of metrics of high resolution, and of all.
HIGH_RESOLUTION_S = 10
STANDARD_RESOLUTION_S = 60

#: Bins of a histogram. With more values than bins, neighbours share one: a percentile is then off by some percent.
MAX_BINS = 160

#: The finest histogram has 2**6 bins for each doubling of a value: values within 1.1 % of each other share one.
_FINEST = 6

#: AWS's simple statistics (model `Statistic`).
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_PERCENTILE = re.compile(r"[pP](\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a series of data is about. Dimensions, names and values, are sorted: their order means nothing."""

    namespace: str
    metric_name: str
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticSet:
    """Samples summed up by whoever publishes them (`StatisticValues`)."""

    sample_count: float
    sum: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDatum:
    """A value of a metric at an instant: `count` samples of one number, or a statistic set."""

    namespace: str
    metric_name: str
    dimensions: tuple[tuple[str, str], ...] = ()  # name and value, sorted
    at: float  # epoch seconds; it counts for the bucket that this falls in
    value: float | StatisticSet
    count: float = 1.0  # how often the number was measured; means nothing beside a statistic set
    unit: str = "None"  # the model's `StandardUnit`: Count, Seconds, Percent …
    storage_resolution_s: int = STANDARD_RESOLUTION_S  # below 60: kept in buckets of 10 s too

    @property
    def metric(self) -> Metric:
        """The metric this is a value of."""
        return Metric(namespace=self.namespace, metric_name=self.metric_name, dimensions=self.dimensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPoint:
    """A statistic of one period."""

    at: float  # the period's first instant
    value: float
    sample_count: float
    unit: str = "None"


def bucket_start(at: float, length_s: int) -> int:
    """The first second of the bucket of `length_s` seconds that `at` falls in; buckets begin at multiples of it."""
    return math.floor(at / length_s) * length_s


@dataclass(slots=True)
class Histogram:
    """How often which values were measured, in bins that grow with the value, as OpenTelemetry's exponential histogram.

    A bin is keyed by sign and index, and knows the samples in it and their sum, so that one value alone stays exact.
    """

    scale: int = _FINEST
    bins: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)

    def add(self, key: tuple[int, int], count: float, total: float) -> None:
        """Add samples to the bin `key`, at this scale; bins are joined in pairs while there are too many."""
        had = self.bins.get(key)
        self.bins[key] = (count, total) if had is None else (had[0] + count, had[1] + total)
        while len(self.bins) > MAX_BINS:
            self.coarsen()

    def add_value(self, value: float, count: float) -> None:
        """Add `count` samples of one value."""
        self.add(_bin_of(value, self.scale), count, value * count)

    def coarsen(self) -> None:
        """Join each bin with its neighbour."""
        joined: dict[tuple[int, int], tuple[float, float]] = {}
        for (sign, index), (count, total) in self.bins.items():
            had = joined.get((sign, index >> 1), (0.0, 0.0))
            joined[sign, index >> 1] = (had[0] + count, had[1] + total)
        self.scale -= 1
        self.bins = joined

    def merge(self, other: "Histogram") -> None:
        """Add all samples of `other`."""
        while self.scale > other.scale:
            self.coarsen()
        for (sign, index), (count, total) in other.bins.items():
            self.add((sign, index >> (other.scale - self.scale)), count, total)

    def quantile(self, share: float) -> float:
        """The smallest value that at least this share (0 to 1) of all samples do not exceed."""
        ordered = sorted(self.bins.items(), key=lambda each: each[0][0] * (each[0][1] + _OFFSET))
        wanted = share * sum(count for _, (count, _) in ordered)
        seen = 0.0
        for _, (count, total) in ordered:
            seen += count
            if seen >= wanted - 1e-9 and count:
                return total / count
        _, (count, total) = ordered[-1]
        return total / count if count else 0.0


#: Larger than any index, so that sign times index plus this orders all values.
_OFFSET = 1 << 20


def _bin_of(value: float, scale: int) -> tuple[int, int]:
    if value == 0:
        return 0, 0
    per_doubling = 2.0**scale
    return (1 if value > 0 else -1), math.floor(math.log2(abs(value)) * per_doubling)


@dataclass(slots=True)
class Bucket:
    """The samples of one metric within a stretch of time, gathered. Costs the same however many are added."""

    sample_count: float = 0.0
    sum: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    histogram: Histogram | None = field(default_factory=Histogram)  # None: a statistic set hides single values

    def add(self, value: float | StatisticSet, count: float = 1.0) -> None:
        """Add `count` samples of a number, or those of a statistic set. All of it must be finite."""
        if not isinstance(value, StatisticSet):
            value = StatisticSet(sample_count=count, sum=value * count, minimum=value, maximum=value)
        assert math.isfinite(value.sum), "a value that is no number could not be written, nor any beside it"
        self.sample_count += value.sample_count
        self.sum += value.sum
        self.minimum = min(self.minimum, value.minimum)
        self.maximum = max(self.maximum, value.maximum)
        # AWS, PutMetricData: a statistic set gives percentiles only where its samples are all the same value.
        if value.minimum != value.maximum:
            self.histogram = None
        elif self.histogram is not None:
            self.histogram.add_value(value.minimum, value.sample_count)

    def merge(self, other: "Bucket") -> None:
        """Add all samples of `other`."""
        self.sample_count += other.sample_count
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        if self.histogram is not None and other.histogram is not None:
            self.histogram.merge(other.histogram)
        else:
            self.histogram = None

    def statistic(self, name: str) -> float | None:
        """One of `STATISTICS`, or a percentile (`p99.9`); None where there is none: no sample, or none known singly.

        `name` must be one that `is_statistic` knows.
        """
        if self.sample_count <= 0:
            return None
        match name:
            case "SampleCount":
                return self.sample_count
            case "Average":
                return self.sum / self.sample_count
            case "Sum":
                return self.sum
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
        if self.histogram is None:
            return None
        found = self.histogram.quantile(float(name[1:]) / 100)
        return min(max(found, self.minimum), self.maximum)


def is_percentile(name: str) -> bool:
    """Whether this is a percentile, p0 to p100 (model `ExtendedStatistic`)."""
    return _PERCENTILE.fullmatch(name) is not None


def is_statistic(name: str) -> bool:
    """Whether this is a statistic that buckets give: one of `STATISTICS` or a percentile."""
    return name in STATISTICS or is_percentile(name)


def is_period(period_s: int) -> bool:
    """Whether a period can be asked for: 10, 20, 30 or a multiple of 60 seconds (model, `PutMetricAlarm` Period)."""
    return period_s in (10, 20, 30) or (period_s > 0 and period_s % STANDARD_RESOLUTION_S == 0)


def gather(buckets: Iterable[tuple[int, Bucket]], *, begin: float, length_s: int) -> dict[float, Bucket]:
    """Buckets, each with its first second, joined into periods of `length_s` seconds counted from `begin`.

    The buckets given are used up: the first of a period takes in the others.
    """
    periods: dict[float, Bucket] = {}
    for at, bucket in buckets:
        start = begin + math.floor((at - begin) / length_s) * length_s
        joined = periods.get(start)
        if joined is None:
            periods[start] = bucket
        else:
            joined.merge(bucket)
    return periods

"""CloudWatch alarms: a metric watched against a threshold. Data points are kept elsewhere; the alarm is a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.core.model.tags import Tag


class AlarmState(StrEnum):
    """What an alarm says (`StateValue`); a new one says INSUFFICIENT_DATA."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class ComparisonOperator(StrEnum):
    """How a data point is held against the threshold to be breaching."""

    GREATER_THAN_OR_EQUAL_TO_THRESHOLD = "GreaterThanOrEqualToThreshold"
    GREATER_THAN_THRESHOLD = "GreaterThanThreshold"
    LESS_THAN_THRESHOLD = "LessThanThreshold"
    LESS_THAN_OR_EQUAL_TO_THRESHOLD = "LessThanOrEqualToThreshold"


class MissingData(StrEnum):
    """What a period without data points counts as (`TreatMissingData`)."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A metric alarm with a static threshold."""

    arn: str
    name: str
    namespace: str
    metric_name: str
    dimensions: tuple[tuple[str, str], ...] = ()  # name and value, sorted
    statistic: str = "Average"  # SampleCount, Average, Sum, Minimum, Maximum, or a percentile as p99
    unit: str | None = None  # None: data points of any unit
    period_s: int = 60
    evaluation_periods: int = 1
    datapoints_to_alarm: int = 1  # of the evaluation periods, so many must be breaching
    threshold: float = 0.0
    comparison_operator: ComparisonOperator = ComparisonOperator.GREATER_THAN_THRESHOLD
    treat_missing_data: MissingData = MissingData.MISSING
    evaluate_low_sample_count_percentile: str | None = None  # "ignore": few samples change nothing; None: "evaluate"
    state: AlarmState = AlarmState.INSUFFICIENT_DATA
    state_reason: str = "Unchecked: Initial alarm creation"
    state_reason_data: str = ""
    state_updated_at: float = 0.0
    configured_at: float = 0.0
    document: Mapping[str, Any] = field(default_factory=dict)  # actions, description …, as shown again
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The alarm's ARN."""
        return self.arn

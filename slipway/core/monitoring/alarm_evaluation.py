"""What the data say of an alarm, by CloudWatch's rules.

An alarm is judged on whole periods. It looks at somewhat more of them than it needs, the evaluation range, so that data
that come late, or not in every period, are judged all the same; periods without data count as the alarm says only as
far as real data do not suffice. Source, and that of the table in the tests: "How alarm state is evaluated when data is
missing", https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from slipway.core.model.alarms import Alarm, AlarmState, ComparisonOperator, MissingData
from slipway.core.monitoring.alarm_reason import reason_data_of, reason_of
from slipway.core.monitoring.metrics import DataPoint, is_percentile

#: Periods of the evaluation range beyond the evaluation periods. AWS says only that it depends; its examples have 2.
EXTRA_PERIODS = 2

#: Seconds between the ends of the windows that are judged: they slide, by a minute or, where periods are shorter, 10 s.
_STEP_S = 60
_SHORT_STEP_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Another state of an alarm, and why."""

    state: AlarmState
    reason: str
    reason_data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The evaluation range: `begin` to before `end`, in epoch seconds, a whole number of the alarm's periods."""

    begin: float
    end: float


def window_of(alarm: Alarm, now: float) -> Window:
    """The evaluation range of an alarm at `now`; it ends with the last whole period."""
    step = _STEP_S if alarm.period_s >= _STEP_S else _SHORT_STEP_S
    end = math.floor(now / step) * step
    return Window(begin=end - alarm.period_s * (alarm.evaluation_periods + EXTRA_PERIODS), end=end)


def evaluate(alarm: Alarm, points: Mapping[float, DataPoint], now: float) -> Evaluation | None:
    """The state that an alarm goes into; None where it stays as it is.

    `points` has the alarm's statistic of each period of the evaluation range that has data, by the period's begin.
    """
    window = window_of(alarm, now)
    count = alarm.evaluation_periods + EXTRA_PERIODS
    slots = [points.get(window.begin + index * alarm.period_s) for index in range(count)]
    state = _state(alarm, slots)
    if state is None or state is alarm.state:
        return None
    judged = tuple(point for point in slots if point is not None)[-alarm.evaluation_periods :]
    breaching = tuple(point for point in judged if is_breaching(alarm, point.value))
    return Evaluation(
        state=state,
        reason=reason_of(alarm, state, judged, breaching),
        reason_data=reason_data_of(alarm, judged, now),
    )


def is_breaching(alarm: Alarm, value: float) -> bool:
    """Whether a value is on the wrong side of the alarm's threshold."""
    match alarm.comparison_operator:
        case ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD:
            return value >= alarm.threshold
        case ComparisonOperator.GREATER_THAN_THRESHOLD:
            return value > alarm.threshold
        case ComparisonOperator.LESS_THAN_THRESHOLD:
            return value < alarm.threshold
        case ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD:
            return value <= alarm.threshold


def _state(alarm: Alarm, slots: list[DataPoint | None]) -> AlarmState | None:
    """The state that the data give, None for the present one; `slots` are the periods of the range, oldest first."""
    judged = [point for point in slots if point is not None][-alarm.evaluation_periods :]
    if alarm.evaluate_low_sample_count_percentile == "ignore" and any(_has_few_samples(alarm, each) for each in judged):
        return None
    breaching = sum(is_breaching(alarm, point.value) for point in judged)
    filled = alarm.evaluation_periods - len(judged)
    if alarm.treat_missing_data is MissingData.BREACHING:
        breaching += filled
    if breaching >= alarm.datapoints_to_alarm:
        return AlarmState.ALARM
    if not filled or breaching < len(judged) or alarm.treat_missing_data in _DECIDED:
        return AlarmState.OK
    return _of_few(alarm, slots)


#: Treatments that leave no period undecided.
_DECIDED = (MissingData.BREACHING, MissingData.NOT_BREACHING)


def _of_few(alarm: Alarm, slots: list[DataPoint | None]) -> AlarmState | None:
    """The state where all data there are breach the threshold, and they are too few to tell.

    "Alarms are designed to always go into ALARM state when the oldest available breaching datapoint … is at least as
    old as the value of Datapoints to Alarm, and all other more recent data points are breaching or missing." Until
    then the alarm waits for more: AWS says that it does not go into ALARM, and not what it does; here it stays.
    """
    if alarm.treat_missing_data is MissingData.IGNORE:
        return None
    first = next((index for index, point in enumerate(slots) if point is not None), None)
    if first is None:
        return AlarmState.INSUFFICIENT_DATA
    return AlarmState.ALARM if len(slots) - first >= alarm.datapoints_to_alarm else None


def _has_few_samples(alarm: Alarm, point: DataPoint) -> bool:
    """Whether a percentile says little, for there were fewer than 10 samples on its thinner side.

    Source: "Percentile-based CloudWatch alarms and low data samples",
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    if not is_percentile(alarm.statistic):
        return False
    share = float(alarm.statistic[1:]) / 100
    thinner = 1 - share if share >= 0.5 else share
    return point.sample_count * thinner < 10

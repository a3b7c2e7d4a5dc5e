"""Why an alarm is in its state: the sentence for people and the JSON for programs, in CloudWatch's words."""

import json
from collections.abc import Sequence
from typing import Any

from slipway.core.model.alarms import Alarm, AlarmState, ComparisonOperator, MissingData
from slipway.core.monitoring.metrics import DataPoint, is_percentile

#: Data points that are told, the newest: a reason has at most 1,023 characters, its data 4,000 (model `StateReason`).
_TOLD = 5
_TOLD_IN_DATA = 20

_COMPARED = {
    ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD: "greater than or equal to",
    ComparisonOperator.GREATER_THAN_THRESHOLD: "greater than",
    ComparisonOperator.LESS_THAN_THRESHOLD: "less than",
    ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD: "less than or equal to",
}
_TREATED = {MissingData.BREACHING: "Breaching", MissingData.NOT_BREACHING: "NonBreaching"}


def reason_of(alarm: Alarm, state: AlarmState, judged: Sequence[DataPoint], breaching: Sequence[DataPoint]) -> str:
    """The sentence for going into `state`; `judged` are the data points looked at, oldest first."""
    filled = alarm.evaluation_periods - len(judged)
    if state is AlarmState.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_datapoints(filled)} {_were(filled)} unknown."
    treated = _TREATED.get(alarm.treat_missing_data) if filled else None
    if not judged:
        periods = "1 period" if filled == 1 else f"{filled} periods"
        return f"Threshold Crossed: no datapoints were received for {periods} and {_as_treated(filled, treated)}."
    is_alarm = state is AlarmState.ALARM
    told = breaching if is_alarm else [point for point in judged if point not in breaching]
    parts = [f"{len(told)} out of the last {len(judged)} datapoints {_listed(told)} {_compared(alarm, told, is_alarm)}"]
    if treated is not None:
        parts.append(_as_treated(filled, treated))
    return f"Threshold Crossed: {' and '.join(parts)} ({_minimum(alarm, is_alarm)})."


def _compared(alarm: Alarm, told: Sequence[DataPoint], is_alarm: bool) -> str:
    compared = f"{_COMPARED[alarm.comparison_operator]} the threshold ({alarm.threshold!r})"
    return f"{_were(len(told))} {'' if is_alarm else 'not '}{compared}"


def _minimum(alarm: Alarm, is_alarm: bool) -> str:
    if is_alarm:
        return f"minimum {_datapoints(alarm.datapoints_to_alarm)} for OK -> ALARM transition"
    needed = alarm.evaluation_periods - alarm.datapoints_to_alarm + 1
    return f"minimum {_datapoints(needed)} for ALARM -> OK transition"


def _as_treated(filled: int, treated: str | None) -> str:
    return f"{filled} missing {'datapoint' if filled == 1 else 'datapoints'} {_were(filled)} treated as [{treated}]"


def _datapoints(count: int) -> str:
    return "1 datapoint" if count == 1 else f"{count} datapoints"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _listed(points: Sequence[DataPoint]) -> str:
    """The newest first, as CloudWatch writes them."""
    newest = list(reversed(points))
    shown = [f"{point.value!r} ({_day_first(point.at)})" for point in newest[:_TOLD]]
    return f"[{', '.join([*shown, '...'] if len(newest) > _TOLD else shown)}]"


def reason_data_of(alarm: Alarm, judged: Sequence[DataPoint], now: float) -> str:
    """The JSON for programs, version 1.0 of CloudWatch's."""
    newest = judged[-_TOLD_IN_DATA:]
    data: dict[str, Any] = {"version": "1.0", "queryDate": _year_first(now)}
    if newest:
        data["startDate"] = _year_first(newest[0].at)
    data["extendedStatistic" if is_percentile(alarm.statistic) else "statistic"] = alarm.statistic
    if alarm.unit is not None:
        data["unit"] = alarm.unit
    data["period"] = alarm.period_s
    data["recentDatapoints"] = [point.value for point in newest]
    data["threshold"] = alarm.threshold
    data["evaluatedDatapoints"] = [
        {"timestamp": _year_first(point.at), "sampleCount": point.sample_count, "value": point.value}
        for point in reversed(newest)
    ]
    return json.dumps(data, separators=(",", ":"))


def _day_first(at: float) -> str:
    """`22/11/26 03:51:00`"""
    year, month, day, hour, minute, second, _ = _calendar(at)
    return f"{day:02}/{month:02}/{year % 100:02} {hour:02}:{minute:02}:{second:02}"


def _year_first(at: float) -> str:
    """`2026-11-22T03:51:00.000+0000`"""
    year, month, day, hour, minute, second, milliseconds = _calendar(at)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}+0000"


def _calendar(at: float) -> tuple[int, int, int, int, int, int, int]:
    """Year, month, day, hour, minute, second and millisecond of an instant, in UTC: the core has no calendar else.

    Days are counted in years from March on, so that the leap day is the last; source:
    https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    """
    seconds, milliseconds = divmod(int(at * 1000), 1000)
    days, second_of_day = divmod(seconds, 86400)
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * march_month + 2) // 5 + 1
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    minute_of_day, second = divmod(second_of_day, 60)
    return year, month, day, minute_of_day // 60, minute_of_day % 60, second, milliseconds

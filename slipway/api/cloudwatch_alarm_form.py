"""PutMetricAlarm's request, checked and turned into an alarm.

Limits and defaults: CloudWatch API reference, PutMetricAlarm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from slipway.api.cloudwatch_forms import (
    MAX_NAME,
    UNITS,
    check_period,
    check_statistic,
    chosen,
    metric_of,
    text,
    validation,
)
from slipway.core.model.alarms import Alarm, ComparisonOperator, MissingData
from slipway.core.monitoring.metrics import STATISTICS, is_percentile

MAX_ACTIONS = 5
MAX_ACTION = 1024
MAX_DESCRIPTION = 1024

#: Seconds that the evaluation periods may cover together: a day, or a week where a period is an hour or more.
_DAY_S, _WEEK_S, _HOUR_S = 86_400, 604_800, 3_600

_ANOMALY = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")

#: Members that alarms of other kinds have, and those kinds.
_OTHER_KINDS = {
    "Metrics": "metric math and alarms on several metrics",
    "ThresholdMetricId": "anomaly detection",
    "EvaluationCriteria": "PromQL",
    "EvaluationInterval": "PromQL",
    "WarmUpConfiguration": "a warm-up",
}

#: Members that are shown again only where they were given: Terraform takes more for a change made by somebody else.
_SHOWN = (
    *("AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "ActionConfiguration"),
    *("DatapointsToAlarm", "EvaluationWindow"),
)

_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


def alarm_of(params: Mapping[str, Any], arn: str) -> Alarm:
    """The alarm that the request describes, new and without tags. Raises `ApiError`."""
    _check_kind(params)
    name = text(params, "AlarmName", most=MAX_NAME, least=1) or ""
    metric = metric_of(params)
    period_s, periods, needed = _periods(params)
    document = {member: params[member] for member in _SHOWN if member in params}
    return Alarm(
        arn=arn,
        name=name,
        namespace=metric.namespace,
        metric_name=metric.metric_name,
        dimensions=metric.dimensions,
        statistic=_statistic(params),
        unit=chosen(params, "Unit", UNITS),
        period_s=period_s,
        evaluation_periods=periods,
        datapoints_to_alarm=needed,
        threshold=_given(params, "Threshold"),
        comparison_operator=_operator(params),
        treat_missing_data=MissingData(chosen(params, "TreatMissingData", tuple(MissingData)) or MissingData.MISSING),
        evaluate_low_sample_count_percentile=_low_samples(params),
        document=_checked(document) | {"ActionsEnabled": params.get("ActionsEnabled", True)},
    )


def _check_kind(params: Mapping[str, Any]) -> None:
    for member, kind in _OTHER_KINDS.items():
        if params.get(member):
            raise validation(
                f"{member} is for {kind}, which Slipway does not serve; give one metric by Namespace and MetricName, "
                "with a Statistic, a Threshold and a ComparisonOperator."
            )
    if "WallClockWindow" in params.get("EvaluationWindow", {}):
        raise validation("EvaluationWindow.WallClockWindow is not served by Slipway; windows slide, so leave it out.")


def _given(params: Mapping[str, Any], name: str) -> Any:
    if name not in params:
        raise validation(f"{name} is required for an alarm on one metric; give it a value.")
    return params[name]


def _statistic(params: Mapping[str, Any]) -> str:
    simple, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    if (simple is None) == (extended is None):
        raise validation("Exactly one of Statistic and ExtendedStatistic must be given.")
    if simple is not None:
        return str(chosen(params, "Statistic", STATISTICS))
    if not is_percentile(extended or ""):
        check_statistic(extended or "", place="ExtendedStatistic")
        raise validation(f"ExtendedStatistic '{extended}' is no percentile; give it as Statistic.")
    return f"p{extended[1:]}" if extended else ""


def _operator(params: Mapping[str, Any]) -> ComparisonOperator:
    operator = _given(params, "ComparisonOperator")
    if operator in _ANOMALY:
        raise validation(
            f"ComparisonOperator '{operator}' is for anomaly detection, which Slipway does not serve; "
            f"use one of {', '.join(ComparisonOperator)}."
        )
    return ComparisonOperator(chosen(params, "ComparisonOperator", tuple(ComparisonOperator)) or "")


def _periods(params: Mapping[str, Any]) -> tuple[int, int, int]:
    """Period, EvaluationPeriods and DatapointsToAlarm."""
    period_s, periods = _given(params, "Period"), _given(params, "EvaluationPeriods")
    check_period(period_s)
    if periods < 1:
        raise validation(f"EvaluationPeriods is {periods}; give at least 1.")
    longest = _WEEK_S if period_s >= _HOUR_S else _DAY_S
    if period_s * periods > longest:
        raise validation(
            f"Metrics cannot be checked across more than {longest} seconds with a Period of {period_s}: "
            f"EvaluationPeriods * Period must be <= {longest}, and is {period_s * periods}."
        )
    needed = params.get("DatapointsToAlarm", periods)
    if not 1 <= needed <= periods:
        raise validation(f"DatapointsToAlarm is {needed}; give from 1 to EvaluationPeriods, {periods}.")
    return period_s, periods, needed


def _low_samples(params: Mapping[str, Any]) -> str | None:
    value = chosen(params, "EvaluateLowSampleCountPercentile", ("evaluate", "ignore"))
    if value is not None and "ExtendedStatistic" not in params:
        raise validation(
            "EvaluateLowSampleCountPercentile is for percentiles; give an ExtendedStatistic, or leave it out."
        )
    return value


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    text(document, "AlarmDescription", most=MAX_DESCRIPTION)
    for member in _ACTIONS:
        actions: Sequence[str] = document.get(member, ())
        if len(actions) > MAX_ACTIONS:
            raise validation(f"{member} has {len(actions)} items; give at most {MAX_ACTIONS}.")
        for index, action in enumerate(actions):
            text({f"{member}[{index}]": action}, f"{member}[{index}]", most=MAX_ACTION, least=1)
    return document

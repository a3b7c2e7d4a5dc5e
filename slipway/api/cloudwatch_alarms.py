"""Alarms: made, shown, set, deleted. Their actions are kept and shown; nothing performs them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.cloudwatch_alarm_form import alarm_of
from slipway.api.cloudwatch_forms import (
    MAX_NAME,
    chosen,
    dimensions_of,
    invalid_combination,
    invalid_value,
    page_of,
    text,
    validation,
)
from slipway.api.cloudwatch_tags import tags_of
from slipway.api.errors import ApiError
from slipway.core.model.alarms import Alarm, AlarmState
from slipway.core.monitoring.metrics import STATISTICS, Metric

#: Alarms of an account and region (CloudWatch service quotas).
MAX_ALARMS = 5_000
#: Names in one call, alarms on a page, and alarms on a page where no number is asked for (model; DescribeAlarms).
MAX_NAMES = 100
MAX_RECORDS = 100
DEFAULT_RECORDS = 50

_MAX_REASON = 1023
_MAX_REASON_DATA = 4000

_KINDS = ("CompositeAlarm", "MetricAlarm", "LogAlarm")


def put_metric_alarm(call: Call) -> dict[str, Any]:
    """PutMetricAlarm: an update keeps the state and the tags."""
    arn = call.arns.alarm(call.params["AlarmName"])
    alarm = alarm_of(call.params, arn)
    had = call.snapshot.alarms.get(arn)
    if had is None:
        if len(call.snapshot.alarms) >= MAX_ALARMS:
            raise ApiError("LimitExceededFault", f"There are {MAX_ALARMS} alarms, the most there may be; delete some.")
        tags = tags_of(call.params.get("Tags", ()))
        made = replace(alarm, tags=tags, state_updated_at=call.now, configured_at=call.now)
        call.put(made, cause="created")
        return {}
    call.put(
        replace(
            alarm,
            tags=had.tags,
            configured_at=call.now,
            state=had.state,
            state_reason=had.state_reason,
            state_reason_data=had.state_reason_data,
            state_updated_at=had.state_updated_at,
        ),
        cause="updated",
    )
    return {}


def describe_alarms(call: Call) -> dict[str, Any]:
    """DescribeAlarms. There are metric alarms only."""
    params = call.params
    for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if member in params:
            raise invalid_value(f"{member} is for composite alarms, which Slipway does not serve; leave it out.")
    kinds = params.get("AlarmTypes", ())
    for kind in kinds:
        chosen({"AlarmTypes": kind}, "AlarmTypes", _KINDS)
    size = params.get("MaxRecords", DEFAULT_RECORDS)
    if not 1 <= size <= MAX_RECORDS:
        raise invalid_value(f"MaxRecords is {size}; give from 1 to {MAX_RECORDS}.")
    found = {alarm.name: alarm for alarm in _matching(call) if not kinds or "MetricAlarm" in kinds}
    names, more = page_of(found, params, size=size)
    return {"MetricAlarms": [_view(found[name]) for name in names], "CompositeAlarms": [], **more}


def _matching(call: Call) -> Iterable[Alarm]:
    params = call.params
    names, prefix = _names(params), params.get("AlarmNamePrefix")
    if names and prefix is not None:
        raise invalid_combination("AlarmNames and AlarmNamePrefix are given together; give one of them.")
    state = chosen(params, "StateValue", tuple(AlarmState))
    action = params.get("ActionPrefix")
    asked = (call.snapshot.alarms.get(call.arns.alarm(name)) for name in names) if names else ()
    for alarm in asked if names else call.snapshot.alarms.values():
        if alarm is None or (state is not None and alarm.state != state):
            continue
        if prefix is not None and not alarm.name.startswith(prefix):
            continue
        if action is None or any(each.startswith(action) for each in _actions(alarm)):
            yield alarm


def _actions(alarm: Alarm) -> Iterable[str]:
    for member in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        yield from alarm.document.get(member, ())


def describe_alarms_for_metric(call: Call) -> dict[str, Any]:
    """DescribeAlarmsForMetric."""
    params = call.params
    metric = Metric(
        namespace=params["Namespace"],
        metric_name=params["MetricName"],
        dimensions=dimensions_of(params.get("Dimensions", ())),
    )
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    wanted = (("statistic", statistic), ("period_s", params.get("Period")), ("unit", params.get("Unit")))
    found = [
        alarm
        for alarm in call.snapshot.alarms.values()
        if metric_of_alarm(alarm) == metric
        and all(value is None or getattr(alarm, field) == value for field, value in wanted)
    ]
    return {"MetricAlarms": [_view(alarm) for alarm in sorted(found, key=lambda alarm: alarm.name)]}


def metric_of_alarm(alarm: Alarm) -> Metric:
    """The metric that an alarm watches."""
    return Metric(namespace=alarm.namespace, metric_name=alarm.metric_name, dimensions=alarm.dimensions)


def delete_alarms(call: Call) -> dict[str, Any]:
    """DeleteAlarms: all that are named, or none."""
    for name in _names(call.params):
        call.remove(_alarm(call, name), cause="deleted")
    return {}


def set_alarm_state(call: Call) -> dict[str, Any]:
    """SetAlarmState, until the next evaluation finds another state."""
    params = call.params
    alarm = _alarm(call, text(params, "AlarmName", most=MAX_NAME, least=1) or "")
    state = AlarmState(chosen(params, "StateValue", tuple(AlarmState)) or "")
    reason, data = params["StateReason"], params.get("StateReasonData", "")
    for member, value, most in (("StateReason", reason, _MAX_REASON), ("StateReasonData", data, _MAX_REASON_DATA)):
        if len(value) > most:
            raise validation(f"{member} has {len(value)} characters; give at most {most}.")
    if data and not _is_json(data):
        raise ApiError("InvalidFormatFault", "StateReasonData is no JSON; give it as JSON, or leave it out.")
    moved = state is not alarm.state
    call.put(
        replace(
            alarm,
            state=state,
            state_reason=reason,
            state_reason_data=data,
            state_updated_at=call.now if moved else alarm.state_updated_at,
        ),
        cause=f"{alarm.state} to {state}, set by SetAlarmState" if moved else "",
    )
    return {}


def _is_json(data: str) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def enable_alarm_actions(call: Call) -> dict[str, Any]:
    """EnableAlarmActions; names of no alarm are passed over."""
    return _switch_actions(call, is_enabled=True)


def disable_alarm_actions(call: Call) -> dict[str, Any]:
    """DisableAlarmActions; names of no alarm are passed over."""
    return _switch_actions(call, is_enabled=False)


def _switch_actions(call: Call, *, is_enabled: bool) -> dict[str, Any]:
    for name in _names(call.params):
        alarm = call.snapshot.alarms.get(call.arns.alarm(name))
        if alarm is not None:
            call.put(replace(alarm, document={**alarm.document, "ActionsEnabled": is_enabled}))
    return {}


def _names(params: Mapping[str, Any]) -> Sequence[str]:
    names: Sequence[str] = tuple(dict.fromkeys(params.get("AlarmNames", ())))
    if len(names) > MAX_NAMES:
        raise invalid_value(f"AlarmNames has {len(names)} items; give at most {MAX_NAMES}.")
    return names


def _alarm(call: Call, name: str) -> Alarm:
    alarm = call.snapshot.alarms.get(call.arns.alarm(name))
    if alarm is None:
        raise ApiError("ResourceNotFound", f"There is no alarm '{name}'; DescribeAlarms lists those there are.")
    return alarm


def _view(alarm: Alarm) -> dict[str, Any]:
    """A `MetricAlarm` of the model."""
    has_simple = alarm.statistic in STATISTICS
    optional = {
        "Unit": alarm.unit,
        "StateReasonData": alarm.state_reason_data or None,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile,
    }
    return {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured_at,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        **alarm.document,
        "StateValue": alarm.state.value,
        "StateReason": alarm.state_reason,
        "StateUpdatedTimestamp": alarm.state_updated_at,
        "StateTransitionedTimestamp": alarm.state_updated_at,
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic" if has_simple else "ExtendedStatistic": alarm.statistic,
        "Dimensions": [{"Name": name, "Value": value} for name, value in alarm.dimensions],
        "Period": alarm.period_s,
        "EvaluationPeriods": alarm.evaluation_periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator.value,
        "TreatMissingData": alarm.treat_missing_data.value,
        **{name: value for name, value in optional.items() if value is not None},
    }


HANDLERS: Mapping[str, Handler] = {
    "PutMetricAlarm": put_metric_alarm,
    "DescribeAlarms": describe_alarms,
    "DescribeAlarmsForMetric": describe_alarms_for_metric,
    "DeleteAlarms": delete_alarms,
    "SetAlarmState": set_alarm_state,
    "EnableAlarmActions": enable_alarm_actions,
    "DisableAlarmActions": disable_alarm_actions,
}

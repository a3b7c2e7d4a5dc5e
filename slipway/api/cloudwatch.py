"""CloudWatch: the operations served, and why others are not. There is as much of it as deployment alarms need."""

from collections.abc import Mapping

from slipway.api import cloudwatch_alarms, cloudwatch_data, cloudwatch_queries, cloudwatch_tags
from slipway.api.call import Handler

HANDLERS: Mapping[str, Handler] = {
    **cloudwatch_alarms.HANDLERS,
    **cloudwatch_data.HANDLERS,
    **cloudwatch_queries.HANDLERS,
    **cloudwatch_tags.HANDLERS,
}

_ONE_METRIC = "Slipway's alarms watch one metric against a fixed threshold: use PutMetricAlarm."
_ANOMALIES = "Slipway detects no anomalies: use PutMetricAlarm with a fixed Threshold."
_DASHBOARDS = "Slipway has no dashboards: GetMetricData gives the numbers."
_STREAMS = "Slipway sends metric data nowhere: GetMetricData gives the numbers."
_LOGS = "Slipway reads no metrics out of logs."
_MUTING = "Slipway performs no alarm actions, so there are none to mute; DisableAlarmActions is kept and shown."

#: Why an operation of the model is refused, one sentence each, where there is a reason to tell.
REFUSED: Mapping[str, str] = {
    "PutCompositeAlarm": _ONE_METRIC,
    "PutLogAlarm": _ONE_METRIC,
    "DescribeAlarmContributors": _ONE_METRIC,
    "DescribeAlarmHistory": "The server's story of the alarm tells its states.",
    "PutAnomalyDetector": _ANOMALIES,
    "DeleteAnomalyDetector": _ANOMALIES,
    "DescribeAnomalyDetectors": _ANOMALIES,
    "PutDashboard": _DASHBOARDS,
    "GetDashboard": _DASHBOARDS,
    "ListDashboards": _DASHBOARDS,
    "DeleteDashboards": _DASHBOARDS,
    "GetMetricWidgetImage": _DASHBOARDS,
    "PutMetricStream": _STREAMS,
    "GetMetricStream": _STREAMS,
    "ListMetricStreams": _STREAMS,
    "DeleteMetricStream": _STREAMS,
    "StartMetricStreams": _STREAMS,
    "StopMetricStreams": _STREAMS,
    "PutInsightRule": _LOGS,
    "DescribeInsightRules": _LOGS,
    "DeleteInsightRules": _LOGS,
    "EnableInsightRules": _LOGS,
    "DisableInsightRules": _LOGS,
    "GetInsightRuleReport": _LOGS,
    "PutManagedInsightRules": _LOGS,
    "ListManagedInsightRules": _LOGS,
    "PutAlarmMuteRule": _MUTING,
    "GetAlarmMuteRule": _MUTING,
    "ListAlarmMuteRules": _MUTING,
    "DeleteAlarmMuteRule": _MUTING,
}

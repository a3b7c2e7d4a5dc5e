"""A CloudWatch caller with what most tests begin from: an alarm, and values of its metric."""

from typing import Any

import pytest

from slipway.api.cloudwatch import HANDLERS
from slipway.api.errors import ApiError
from tests.api.calls import Caller

NOW = 1_700_000_041.0  # a second into ten seconds, 21 s into a minute
MINUTE = 1_700_000_040 // 60 * 60

ALARM: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "shop",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


class CloudWatch(Caller):
    """Calls CloudWatch's handlers."""

    def __init__(self) -> None:
        super().__init__(HANDLERS, "cloudwatch", now=NOW)

    def alarm(self, name: str = "errors", **params: Any) -> dict[str, Any]:
        """Puts an alarm, and gives it as it is shown. A member that is None is left out."""
        given = {**ALARM, "AlarmName": name, **params}
        self.call("PutMetricAlarm", **{member: value for member, value in given.items() if value is not None})
        return self.shown(name)

    def shown(self, name: str = "errors") -> dict[str, Any]:
        """An alarm as it is shown."""
        (alarm,) = self.call("DescribeAlarms", AlarmNames=[name])["MetricAlarms"]
        return dict(alarm)

    def names(self, **params: Any) -> list[str]:
        """The names of the alarms described."""
        return [alarm["AlarmName"] for alarm in self.call("DescribeAlarms", **params)["MetricAlarms"]]

    def value(self, value: float = 1.0, **datum: Any) -> None:
        """Publishes one value of the metric `Errors` in `shop`."""
        self.call("PutMetricData", Namespace="shop", MetricData=[{"MetricName": "Errors", "Value": value, **datum}])

    def statistics(self, *statistics: str, **params: Any) -> list[dict[str, Any]]:
        """Data points of `Errors` in `shop`, of the last hour by the minute unless told otherwise."""
        asked = {"StartTime": self.now - 3600, "EndTime": self.now + 60, "Period": 60, **params}
        if statistics:
            asked["Statistics"] = list(statistics)
        answer = self.call("GetMetricStatistics", Namespace="shop", MetricName="Errors", **asked)
        return list(answer["Datapoints"])

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and the message of the refusal of a call that must be refused."""
        with pytest.raises(ApiError) as caught:
            self.call(operation, **params)
        return caught.value.code, caught.value.message

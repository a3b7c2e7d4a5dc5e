"""Alarms: made, changed, shown, set, tagged and deleted."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.cloudwatch_alarms import MAX_ALARMS
from slipway.core.model.alarms import Alarm, AlarmState
from slipway.core.plan import Put
from tests.api.cloudwatch_calls import ALARM, NOW, CloudWatch

ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors"


def test_a_new_alarm_has_insufficient_data_and_awss_defaults() -> None:
    assert CloudWatch().alarm() == {
        "AlarmName": "errors",
        "AlarmArn": ARN,
        "AlarmConfigurationUpdatedTimestamp": NOW,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": NOW,
        "StateTransitionedTimestamp": NOW,
        "Namespace": "shop",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "missing",
    }


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(
            {"Dimensions": [{"Name": "Service", "Value": "a"}, {"Name": "Stage", "Value": "b"}]}, id="dimensions"
        ),
        pytest.param({"Unit": "Count", "TreatMissingData": "notBreaching"}, id="unit and missing data"),
        pytest.param({"DatapointsToAlarm": 2}, id="2 of 3"),
        pytest.param({"DatapointsToAlarm": 3, "EvaluationWindow": {"SlidingWindow": {}}}, id="3 of 3, sliding"),
        pytest.param({"AlarmDescription": "5xx", "AlarmActions": ["arn:aws:sns:us-east-1:0:a"]}, id="actions"),
        pytest.param({"ActionsEnabled": False, "OKActions": ["a"], "InsufficientDataActions": ["b"]}, id="no actions"),
        pytest.param({"Period": 10, "EvaluationPeriods": 8_640, "DatapointsToAlarm": 1}, id="a day"),
        pytest.param({"Period": 3_600, "EvaluationPeriods": 168, "DatapointsToAlarm": 168}, id="a week"),
    ],
)
def test_what_was_given_is_shown_again(given: dict[str, Any]) -> None:
    shown = CloudWatch().alarm(**given)
    assert given.items() <= shown.items()


def test_percentiles_are_extended_statistics() -> None:
    given = {"ExtendedStatistic": "p99.9", "EvaluateLowSampleCountPercentile": "ignore"}
    shown = CloudWatch().alarm(Statistic=None, **given)
    assert given.items() <= shown.items()
    assert "Statistic" not in shown


def test_an_update_keeps_state_and_tags_and_nothing_else() -> None:
    aws = CloudWatch()
    aws.alarm(AlarmDescription="old", Tags=[{"Key": "team", "Value": "a"}])
    aws.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="drill", StateReasonData='{"a": 1}')
    aws.now += 60
    shown = aws.alarm(Threshold=5.0, Tags=[{"Key": "team", "Value": "b"}])
    assert (shown["StateValue"], shown["StateReason"], shown["StateReasonData"]) == ("ALARM", "drill", '{"a": 1}')
    assert (shown["StateUpdatedTimestamp"], shown["AlarmConfigurationUpdatedTimestamp"]) == (NOW, NOW + 60)
    assert (shown["Threshold"], "AlarmDescription" in shown) == (5.0, False)
    assert aws.call("ListTagsForResource", ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "a"}]


_ANY: dict[str, Any] = {}
_TOO_MANY = [{"Name": f"D{number}", "Value": "v"} for number in range(31)]
_QUERY = [{"Id": "a", "Expression": "b + c"}]


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        pytest.param({"Period": 15}, "InvalidParameterValueException", "10, 20, 30", id="period"),
        pytest.param({"Period": 1}, "InvalidParameterValueException", "every 10 seconds", id="period of a second"),
        pytest.param({"Period": 90}, "InvalidParameterValueException", "multiple of 60", id="period of no minutes"),
        pytest.param({"Period": None}, "ValidationException", "Period is required", id="no period"),
        pytest.param({"EvaluationPeriods": 1_441}, "ValidationException", "<= 86400", id="above a day"),
        pytest.param(
            {"Period": 3_600, "EvaluationPeriods": 169}, "ValidationException", "<= 604800", id="above a week"
        ),
        pytest.param({"EvaluationPeriods": 0}, "ValidationException", "at least 1", id="no evaluation"),
        pytest.param({"DatapointsToAlarm": 4}, "ValidationException", "from 1 to EvaluationPeriods, 3", id="4 of 3"),
        pytest.param({"DatapointsToAlarm": 0}, "ValidationException", "from 1 to", id="0 of 3"),
        pytest.param({"Threshold": None}, "ValidationException", "Threshold is required", id="no threshold"),
        pytest.param({"Statistic": None}, "ValidationException", "Exactly one of Statistic", id="no statistic"),
        pytest.param({"ExtendedStatistic": "p99"}, "ValidationException", "Exactly one of", id="two statistics"),
        pytest.param(
            {"Statistic": "Median"}, "InvalidParameterValueException", "'Median' is not known", id="statistic"
        ),
        pytest.param(
            {"Statistic": None, "ExtendedStatistic": "tm90"}, "InvalidParameterValueException", "p99", id="trimmed mean"
        ),
        pytest.param({"ComparisonOperator": "Above"}, "InvalidParameterValueException", "'Above'", id="operator"),
        pytest.param(
            {"ComparisonOperator": "GreaterThanUpperThreshold"}, "ValidationException", "anomaly", id="anomaly operator"
        ),
        pytest.param({"TreatMissingData": "bad"}, "InvalidParameterValueException", "breaching", id="missing data"),
        pytest.param(
            {"EvaluateLowSampleCountPercentile": "ignore"}, "ValidationException", "percentiles", id="samples"
        ),
        pytest.param({"Unit": "Apples"}, "InvalidParameterValueException", "'Apples' is not known", id="unit"),
        pytest.param({"Namespace": ":a"}, "InvalidParameterValueException", "colon", id="namespace"),
        pytest.param({"Namespace": None}, "MissingRequiredParameterException", "Namespace", id="no namespace"),
        pytest.param({"AlarmName": "a" * 256}, "InvalidParameterValueException", "256 characters", id="long name"),
        pytest.param({"AlarmName": "a\x07"}, "InvalidParameterValueException", "control character", id="name"),
        pytest.param({"Dimensions": _TOO_MANY}, "InvalidParameterValueException", "at most 30", id="dimensions"),
        pytest.param({"AlarmActions": ["a"] * 6}, "ValidationException", "at most 5", id="actions"),
        pytest.param({"Metrics": _QUERY}, "ValidationException", "metric math", id="metric math"),
        pytest.param(
            {"EvaluationWindow": {"WallClockWindow": {}}}, "ValidationException", "windows slide", id="window"
        ),
        pytest.param({"ThresholdMetricId": "a"}, "ValidationException", "anomaly detection", id="anomaly detection"),
        pytest.param(
            {"Tags": [{"Key": "a", "Value": ""}] * 2}, "InvalidParameterValueException", "given twice", id="tags"
        ),
    ],
)
def test_what_aws_refuses_or_slipway_has_not_is_refused(given: dict[str, Any], code: str, sentence: str) -> None:
    aws = CloudWatch()
    params = {name: value for name, value in {**ALARM, **given}.items() if value is not None}
    found = aws.refused("PutMetricAlarm", **params)
    assert found[0] == code
    assert sentence in found[1]
    assert aws.names() == []


def test_there_is_a_most_of_alarms() -> None:
    aws = CloudWatch()
    alarms = [Alarm(arn=f"a{n}", name=f"a{n}", namespace="n", metric_name="m") for n in range(MAX_ALARMS - 1)]
    aws.snapshot.apply([Put(record=alarm) for alarm in alarms])
    aws.alarm()
    assert aws.refused("PutMetricAlarm", **{**ALARM, "AlarmName": "more"})[0] == "LimitExceededFault"
    aws.alarm(Threshold=2.0)


@pytest.fixture
def three() -> CloudWatch:
    """The alarms api-5xx, api-slow in ALARM, and web."""
    aws = CloudWatch()
    aws.alarm("web", AlarmActions=["arn:aws:sns:us-east-1:0:ops"])
    aws.alarm("api-slow", MetricName="Latency", Period=300)
    aws.alarm("api-5xx")
    aws.call("SetAlarmState", AlarmName="api-slow", StateValue="ALARM", StateReason="drill")
    return aws


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param({}, ["api-5xx", "api-slow", "web"], id="all"),
        pytest.param({"AlarmNames": ["web", "none", "api-5xx"]}, ["api-5xx", "web"], id="names"),
        pytest.param({"AlarmNamePrefix": "api-"}, ["api-5xx", "api-slow"], id="prefix"),
        pytest.param({"StateValue": "ALARM"}, ["api-slow"], id="state"),
        pytest.param({"ActionPrefix": "arn:aws:sns"}, ["web"], id="action"),
        pytest.param({"AlarmTypes": ["CompositeAlarm"]}, [], id="composite"),
        pytest.param(
            {"AlarmTypes": ["CompositeAlarm", "MetricAlarm"], "AlarmNamePrefix": "w"}, ["web"], id="both types"
        ),
    ],
)
def test_alarms_are_found(three: CloudWatch, asked: dict[str, Any], names: list[str]) -> None:
    assert three.names(**asked) == names


def test_alarms_come_in_pages(three: CloudWatch) -> None:
    first = three.call("DescribeAlarms", MaxRecords=2)
    assert [alarm["AlarmName"] for alarm in first["MetricAlarms"]] == ["api-5xx", "api-slow"]
    three.call("DeleteAlarms", AlarmNames=["api-slow"])
    second = three.call("DescribeAlarms", MaxRecords=2, NextToken=first["NextToken"])
    assert [alarm["AlarmName"] for alarm in second["MetricAlarms"]] == ["web"]
    assert "NextToken" not in second


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param({"MaxRecords": 101}, "InvalidParameterValueException", id="large page"),
        pytest.param({"NextToken": "?"}, "InvalidNextToken", id="token"),
        pytest.param({"StateValue": "BAD"}, "InvalidParameterValueException", id="state"),
        pytest.param({"AlarmTypes": ["Other"]}, "InvalidParameterValueException", id="type"),
        pytest.param({"AlarmNames": ["a"], "AlarmNamePrefix": "a"}, "InvalidParameterCombinationException", id="both"),
        pytest.param({"AlarmNames": [f"a{n}" for n in range(101)]}, "InvalidParameterValueException", id="many names"),
        pytest.param({"ChildrenOfAlarmName": "a"}, "InvalidParameterValueException", id="children"),
    ],
)
def test_a_bad_question_is_refused(asked: dict[str, Any], code: str) -> None:
    assert CloudWatch().refused("DescribeAlarms", **asked)[0] == code


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param({"MetricName": "Errors"}, ["api-5xx", "web"], id="metric"),
        pytest.param({"MetricName": "Latency", "Period": 300, "Statistic": "Sum"}, ["api-slow"], id="period"),
        pytest.param({"MetricName": "Latency", "Period": 60}, [], id="other period"),
        pytest.param({"MetricName": "Errors", "Dimensions": [{"Name": "a", "Value": "b"}]}, [], id="other dimensions"),
    ],
)
def test_alarms_of_a_metric_are_found(three: CloudWatch, asked: dict[str, Any], names: list[str]) -> None:
    found = three.call("DescribeAlarmsForMetric", Namespace="shop", **asked)["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in found] == names


def test_setting_a_state_shows_it_with_its_reason() -> None:
    aws = CloudWatch()
    aws.alarm()
    aws.now += 5
    aws.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="drill")
    aws.now += 5
    aws.call("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="drill again")
    shown = aws.shown()
    assert (shown["StateValue"], shown["StateReason"]) == ("ALARM", "drill again")
    assert shown["StateUpdatedTimestamp"] == NOW + 5


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"AlarmName": "none"}, "ResourceNotFound", id="no alarm"),
        pytest.param({"StateValue": "BAD"}, "InvalidParameterValueException", id="state"),
        pytest.param({"StateReason": "a" * 1024}, "ValidationException", id="reason"),
        pytest.param({"StateReasonData": "{"}, "InvalidFormatFault", id="data"),
        pytest.param({"StateReasonData": "[" * 3_000}, "InvalidFormatFault", id="deep data"),
    ],
)
def test_a_state_that_cannot_be_set_is_refused(given: dict[str, Any], code: str) -> None:
    aws = CloudWatch()
    aws.alarm()
    params = {"AlarmName": "errors", "StateValue": "OK", "StateReason": "a", **given}
    assert aws.refused("SetAlarmState", **params)[0] == code
    assert aws.shown()["StateValue"] == "INSUFFICIENT_DATA"


def test_alarms_are_deleted_all_or_none(three: CloudWatch) -> None:
    assert three.refused("DeleteAlarms", AlarmNames=["web", "none"])[0] == "ResourceNotFound"
    assert len(three.names()) == 3
    three.call("DeleteAlarms", AlarmNames=["web", "api-5xx", "web"])
    assert three.names() == ["api-slow"]


def test_actions_are_switched_and_shown(three: CloudWatch) -> None:
    three.call("DisableAlarmActions", AlarmNames=["web", "none"])
    assert three.shown("web")["ActionsEnabled"] is False
    three.call("EnableAlarmActions", AlarmNames=["web"])
    assert three.shown("web")["ActionsEnabled"] is True
    assert three.shown("web")["AlarmActions"] == ["arn:aws:sns:us-east-1:0:ops"]


def test_tags_are_added_changed_and_removed() -> None:
    aws = CloudWatch()
    aws.alarm(Tags=[{"Key": "team", "Value": "a"}])
    aws.call("TagResource", ResourceARN=ARN, Tags=[{"Key": "team", "Value": "b"}, {"Key": "stage", "Value": ""}])
    aws.call("UntagResource", ResourceARN=ARN, TagKeys=["stage", "absent"])
    assert aws.call("ListTagsForResource", ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "b"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert aws.refused("TagResource", ResourceARN=ARN, Tags=many)[0] == "InvalidParameterValueException"
    assert aws.refused("TagResource", ResourceARN=f"{ARN}s", Tags=[])[0] == "ResourceNotFoundException"


def test_an_evaluated_state_is_shown() -> None:
    aws = CloudWatch()
    aws.alarm()
    (alarm,) = aws.snapshot.alarms.values()
    found = replace(alarm, state=AlarmState.OK, state_reason="well", state_reason_data="{}", state_updated_at=NOW + 9)
    aws.snapshot.apply([Put(record=found)])
    shown = aws.shown()
    assert (shown["StateValue"], shown["StateReason"], shown["StateUpdatedTimestamp"]) == ("OK", "well", NOW + 9)

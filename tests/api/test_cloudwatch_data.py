"""Metric data: published, read back, listed."""

from typing import Any

import pytest

from tests.api.cloudwatch_calls import MINUTE, NOW, CloudWatch

SET = {"SampleCount": 2.0, "Sum": 6.0, "Minimum": 1.0, "Maximum": 5.0}


@pytest.mark.parametrize(
    ("datum", "found"),
    [
        pytest.param({"Value": 4.0}, (1, 4, 4, 4), id="value"),
        pytest.param({"Values": [1.0, 2.0]}, (2, 3, 1, 2), id="values"),
        pytest.param({"Values": [1.0, 2.0], "Counts": [3.0, 0.5]}, (3.5, 4, 1, 2), id="counts"),
        pytest.param({"StatisticValues": SET}, (2, 6, 1, 5), id="statistic set"),
        pytest.param({"Value": -(2.0**360)}, (1, -(2.0**360), -(2.0**360), -(2.0**360)), id="smallest"),
    ],
)
def test_what_is_published_is_read(datum: dict[str, Any], found: tuple[float, ...]) -> None:
    aws = CloudWatch()
    aws.call("PutMetricData", Namespace="shop", MetricData=[{"MetricName": "Errors", **datum}])
    (point,) = aws.statistics("SampleCount", "Sum", "Minimum", "Maximum", "Average")
    assert (point["Timestamp"], point["Unit"]) == (MINUTE, "None")
    assert tuple(point[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")) == found
    assert point["Average"] == found[1] / found[0]


_DATUM = {"MetricName": "Errors", "Value": 1.0}
_VALUES: dict[str, Any] = {"MetricName": "Errors", "Values": [1.0]}


@pytest.mark.parametrize(
    ("datum", "code", "sentence"),
    [
        pytest.param({"MetricName": "a"}, "MissingRequiredParameterException", "Value", id="no value"),
        pytest.param(
            _DATUM | {"StatisticValues": SET}, "InvalidParameterCombinationException", "with others", id="two values"
        ),
        pytest.param(_DATUM | {"Counts": [1.0]}, "InvalidParameterCombinationException", "Counts", id="count of value"),
        pytest.param(_VALUES | {"Counts": [1.0, 2.0]}, "InvalidParameterValueException", "for each", id="more counts"),
        pytest.param(_VALUES | {"Counts": [0.0]}, "InvalidParameterValueException", "above 0", id="count of 0"),
        pytest.param(
            {"MetricName": "a", "Values": [1.0] * 151}, "InvalidParameterValueException", "1 to 150", id="151 values"
        ),
        pytest.param({"MetricName": "a", "Values": []}, "InvalidParameterValueException", "1 to 150", id="no values"),
        pytest.param({"MetricName": "a", "Value": 2.0**361}, "InvalidParameterValueException", "2^360", id="too large"),
        pytest.param(
            {"MetricName": "a", "Value": float("nan")}, "InvalidParameterValueException", "2^360", id="no number"
        ),
        pytest.param(
            {"MetricName": "a", "StatisticValues": SET | {"SampleCount": 0.0}},
            "InvalidParameterValueException",
            "above 0",
            id="no samples",
        ),
        pytest.param(
            {"MetricName": "a", "StatisticValues": SET | {"Minimum": 9.0}},
            "InvalidParameterValueException",
            "above Maximum",
            id="minimum above maximum",
        ),
        pytest.param(_DATUM | {"MetricName": ""}, "InvalidParameterValueException", "MetricName", id="no name"),
        pytest.param(_DATUM | {"MetricName": " "}, "InvalidParameterValueException", "spaces", id="blank name"),
        pytest.param(_DATUM | {"Unit": "Apples"}, "InvalidParameterValueException", "'Apples'", id="unit"),
        pytest.param(_DATUM | {"StorageResolution": 10}, "InvalidParameterValueException", "1 or 60", id="resolution"),
        pytest.param(
            _DATUM | {"Timestamp": NOW - 14 * 86_400 - 1}, "InvalidParameterValueException", "two weeks", id="old"
        ),
        pytest.param(_DATUM | {"Timestamp": NOW + 7_201}, "InvalidParameterValueException", "two hours", id="ahead"),
        pytest.param(
            _DATUM | {"Dimensions": [{"Name": "a", "Value": "b"}] * 2},
            "InvalidParameterValueException",
            "given twice",
            id="dimension twice",
        ),
        pytest.param(
            _DATUM | {"Dimensions": [{"Name": ":a", "Value": "b"}]},
            "InvalidParameterValueException",
            "colon",
            id="dimension",
        ),
    ],
)
def test_a_bad_datum_is_refused_and_nothing_is_taken(datum: dict[str, Any], code: str, sentence: str) -> None:
    aws = CloudWatch()
    found = aws.refused("PutMetricData", Namespace="shop", MetricData=[_DATUM, datum])
    assert found[0] == code
    assert found[1].startswith("MetricData[1].")
    assert sentence in found[1]
    assert aws.statistics("Sum") == []


def test_namespaces_of_aws_and_too_many_metrics_are_refused() -> None:
    aws = CloudWatch()
    code, sentence = aws.refused("PutMetricData", Namespace="AWS/ECS", MetricData=[_DATUM])
    assert (code, "reserved" in sentence) == ("InvalidParameterValueException", True)
    many = [_DATUM] * 501
    entities = [{"MetricData": many}]
    code, sentence = aws.refused("PutMetricData", Namespace="shop", MetricData=many, EntityMetricData=entities)
    assert (code, "at most 1000" in sentence) == ("InvalidParameterValueException", True)


def test_metrics_of_entities_are_metrics() -> None:
    aws = CloudWatch()
    aws.call("PutMetricData", Namespace="shop", EntityMetricData=[{"MetricData": [_DATUM]}])
    assert len(aws.statistics("Sum")) == 1


def test_data_points_are_of_periods_from_the_start_on() -> None:
    aws = CloudWatch()
    for second in (0, 60, 120, 300):
        aws.value(1.0, Timestamp=MINUTE + second)
    asked = {"StartTime": MINUTE + 60.5, "EndTime": MINUTE + 600, "Period": 180}
    points = aws.statistics("Sum", **asked)
    assert [(point["Timestamp"], point["Sum"]) for point in points] == [(MINUTE + 60, 2.0), (MINUTE + 240, 1.0)]


def test_data_of_high_resolution_are_read_by_ten_seconds() -> None:
    aws = CloudWatch()
    for second in (0, 5, 10):
        aws.value(1.0, Timestamp=MINUTE + second, StorageResolution=1)
    points = aws.statistics("Sum", StartTime=MINUTE, EndTime=MINUTE + 60, Period=10)
    assert [(point["Timestamp"], point["Sum"]) for point in points] == [(MINUTE, 2.0), (MINUTE + 10, 1.0)]


def test_units_are_apart_unless_one_is_asked_for() -> None:
    aws = CloudWatch()
    aws.value(1.0, Unit="Count")
    aws.value(2.0, Unit="Seconds")
    assert [(point["Unit"], point["Sum"]) for point in aws.statistics("Sum")] == [("Count", 1.0), ("Seconds", 2.0)]
    assert [point["Sum"] for point in aws.statistics("Sum", Unit="Seconds")] == [2.0]


def test_percentiles_are_read_where_values_are_known() -> None:
    aws = CloudWatch()
    for value in range(1, 101):
        aws.value(float(value))
    (point,) = aws.statistics(ExtendedStatistics=["p50", "p99"])
    assert point["ExtendedStatistics"] == pytest.approx({"p50": 50, "p99": 99}, rel=0.01)
    aws.call("PutMetricData", Namespace="shop", MetricData=[{"MetricName": "Errors", "StatisticValues": SET}])
    (point,) = aws.statistics(ExtendedStatistics=["p50"])
    assert point["ExtendedStatistics"] == {}


@pytest.mark.parametrize(
    ("asked", "code", "sentence"),
    [
        pytest.param({"Statistics": []}, "InvalidParameterCombinationException", "At least one", id="no statistic"),
        pytest.param({"Statistics": ["Median"]}, "InvalidParameterValueException", "'Median'", id="statistic"),
        pytest.param({"ExtendedStatistics": ["IQM"]}, "InvalidParameterValueException", "'IQM'", id="no percentile"),
        pytest.param({"ExtendedStatistics": ["Sum"]}, "InvalidParameterValueException", "in Statistics", id="simple"),
        pytest.param({"Period": 5}, "InvalidParameterValueException", "every 10 seconds", id="period"),
        pytest.param({"EndTime": NOW - 3600}, "InvalidParameterValueException", "less than", id="no time"),
        pytest.param({"StartTime": NOW - 86_500}, "InvalidParameterCombinationException", "1440", id="too many"),
    ],
)
def test_a_bad_question_is_refused(asked: dict[str, Any], code: str, sentence: str) -> None:
    base = {"Namespace": "shop", "MetricName": "Errors", "StartTime": NOW - 3600, "EndTime": NOW, "Period": 60}
    given = base | ({} if "ExtendedStatistics" in asked else {"Statistics": ["Sum"]}) | asked
    found = CloudWatch().refused("GetMetricStatistics", **given)
    assert found[0] == code
    assert sentence in found[1]


def _query(name: str = "Errors", **stat: Any) -> dict[str, Any]:
    metric = {"Namespace": "shop", "MetricName": name}
    return {"Id": name.lower(), "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum", **stat}}


def _data(aws: CloudWatch, *queries: dict[str, Any], **params: Any) -> dict[str, Any]:
    return aws.call("GetMetricData", MetricDataQueries=list(queries), StartTime=MINUTE, EndTime=NOW + 600, **params)


def test_several_metrics_are_read_at_once_newest_first() -> None:
    aws = CloudWatch()
    for minute in range(3):
        aws.value(float(minute), Timestamp=MINUTE + 60 * minute)
    answer = _data(aws, _query(), _query("Other"), _query("Hidden") | {"ReturnData": False})
    errors, other = answer["MetricDataResults"]
    assert (errors["Id"], errors["Label"], errors["Values"]) == ("errors", "Errors", [2.0, 1.0, 0.0])
    assert errors["Timestamps"] == [MINUTE + 120, MINUTE + 60, MINUTE]
    assert (other["Id"], other["Values"], other["StatusCode"]) == ("other", [], "Complete")
    (oldest_first,) = _data(aws, _query() | {"Label": "5xx"}, ScanBy="TimestampAscending")["MetricDataResults"]
    assert (oldest_first["Label"], oldest_first["Values"]) == ("5xx", [0.0, 1.0, 2.0])


def test_more_data_than_fit_come_in_pages() -> None:
    aws = CloudWatch()
    for minute in range(3):
        aws.value(float(minute), Timestamp=MINUTE + 60 * minute)
    queries = (_query(), _query(Stat="Maximum") | {"Id": "most"})
    token: dict[str, str] = {}
    seen: dict[str, list[float]] = {"errors": [], "most": []}
    statuses = []
    for _ in range(3):
        answer = _data(aws, *queries, MaxDatapoints=2, **token)
        for result in answer["MetricDataResults"]:
            seen[result["Id"]] += result["Values"]
        statuses.append([result["StatusCode"] for result in answer["MetricDataResults"]])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
    assert seen == {"errors": [2.0, 1.0, 0.0], "most": [2.0, 1.0, 0.0]}
    assert statuses == [["PartialData", "PartialData"], ["Complete", "PartialData"], ["Complete", "Complete"]]
    assert token == {}


@pytest.mark.parametrize(
    ("queries", "params", "code", "sentence"),
    [
        pytest.param([], {}, "ValidationException", "1 to 500", id="none"),
        pytest.param([{"Id": "a", "Expression": "b*2"}], {}, "ValidationException", "metric math", id="expression"),
        pytest.param([_query(), _query()], {}, "ValidationException", "given twice", id="same id"),
        pytest.param([_query() | {"Id": "A"}], {}, "ValidationException", "small letter", id="id"),
        pytest.param([_query(Stat="tm90")], {}, "InvalidParameterValueException", "'tm90'", id="statistic"),
        pytest.param([_query(Period=45)], {}, "InvalidParameterValueException", "MetricStat.Period", id="period"),
        pytest.param([_query()], {"NextToken": "x"}, "InvalidNextToken", "NextToken", id="token"),
        pytest.param([_query()], {"MaxDatapoints": 0}, "ValidationException", "MaxDatapoints", id="no data points"),
        pytest.param(
            [_query(f"M{number}") for number in range(5)],
            {"StartTime": NOW - 30 * 86_400},
            "ValidationException",
            "108000 buckets",
            id="too much",
        ),
        pytest.param([_query()], {"ScanBy": "Value"}, "InvalidParameterValueException", "ScanBy", id="order"),
    ],
)
def test_a_bad_query_is_refused(
    queries: list[dict[str, Any]], params: dict[str, Any], code: str, sentence: str
) -> None:
    given = {"MetricDataQueries": queries, "StartTime": NOW - 60, "EndTime": NOW, **params}
    found = CloudWatch().refused("GetMetricData", **given)
    assert found[0] == code
    assert sentence in found[1]


@pytest.fixture
def listed() -> CloudWatch:
    """Metrics a with two dimensions, b with one and four hours old, and c of another namespace."""
    aws = CloudWatch()
    stage, service = {"Name": "Stage", "Value": "prod"}, {"Name": "Service", "Value": "users"}
    data = [
        {"MetricName": "a", "Value": 1.0, "Dimensions": [stage, service]},
        {"MetricName": "b", "Value": 1.0, "Dimensions": [stage], "Timestamp": NOW - 4 * 3600},
    ]
    aws.call("PutMetricData", Namespace="shop", MetricData=data)
    aws.call("PutMetricData", Namespace="till", MetricData=[{"MetricName": "c", "Value": 1.0}])
    return aws


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param({}, ["a", "b", "c"], id="all"),
        pytest.param({"Namespace": "shop"}, ["a", "b"], id="namespace"),
        pytest.param({"MetricName": "c"}, ["c"], id="name"),
        pytest.param({"Dimensions": [{"Name": "Stage"}]}, ["a", "b"], id="dimension"),
        pytest.param({"Dimensions": [{"Name": "Service", "Value": "users"}]}, ["a"], id="dimension's value"),
        pytest.param({"Dimensions": [{"Name": "Stage", "Value": "test"}]}, [], id="another value"),
        pytest.param({"RecentlyActive": "PT3H"}, ["a", "c"], id="recent"),
    ],
)
def test_metrics_are_listed(listed: CloudWatch, asked: dict[str, Any], names: list[str]) -> None:
    assert [metric["MetricName"] for metric in listed.call("ListMetrics", **asked)["Metrics"]] == names


def test_metrics_are_listed_in_pages() -> None:
    aws = CloudWatch()
    data = [{"MetricName": f"m{number:03}", "Value": 1.0} for number in range(501)]
    aws.call("PutMetricData", Namespace="shop", MetricData=data)
    first = aws.call("ListMetrics")
    assert len(first["Metrics"]) == 500
    second = aws.call("ListMetrics", NextToken=first["NextToken"])
    assert [metric["MetricName"] for metric in second["Metrics"]] == ["m500"]
    assert "NextToken" not in second

"""Metric data given: GetMetricStatistics, GetMetricData and ListMetrics.

Limits: CloudWatch API reference, under these names.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.cloudwatch_forms import (
    UNITS,
    check_period,
    check_statistic,
    chosen,
    dimensions_of,
    invalid_combination,
    invalid_value,
    metric_of,
    page_of,
    shown_dimensions,
)
from slipway.api.errors import ApiError
from slipway.api.parameters import first_repeated
from slipway.core.monitoring.metrics import (
    HIGH_RESOLUTION_S,
    STANDARD_RESOLUTION_S,
    STATISTICS,
    Bucket,
    Metric,
    bucket_start,
    is_percentile,
)

#: Data points that one call gives: of GetMetricStatistics, and of GetMetricData, which has pages.
MAX_STATISTICS = 1_440
MAX_DATAPOINTS = 100_800

MAX_QUERIES = 500

#: Buckets that one call of GetMetricData may have read, of all its queries: half a second, in which nothing else is
#: served. Ours; as many as the data points it may give.
MAX_READ = MAX_DATAPOINTS

#: For how long data are kept at most (`adapters/metric_store.py`): a longer range reads no more.
_KEPT_S = 15 * 86_400

#: Metrics on a page of ListMetrics, and how long one without new data is listed.
LIST_PAGE = 500
LISTED_S = 14 * 86_400
RECENTLY_S = 3 * 3_600

_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")


def get_metric_statistics(call: Call) -> dict[str, Any]:
    """GetMetricStatistics, oldest first; where no unit is asked for, each unit's data apart."""
    params = call.params
    metric, period_s = metric_of(params), params["Period"]
    check_period(period_s)
    begin, end = _range(params, period_s)
    if (end - begin) / period_s > MAX_STATISTICS:
        raise invalid_combination(
            f"You have requested up to {int((end - begin) // period_s)} datapoints, which exceeds the limit of "
            f"{MAX_STATISTICS}. You may reduce them by increasing Period, or decreasing the time range."
        )
    statistics, extended = _asked_statistics(params)
    unit = chosen(params, "Unit", UNITS)
    points: list[dict[str, Any]] = []
    for each in call.site.metrics.units(metric) if unit is None else [unit]:
        found = call.site.metrics.read(
            metric, begin=begin, end=end, period_s=period_s, unit=each, singly=bool(extended)
        )
        points += [
            {"Timestamp": at, "Unit": each, **_statistics_of(bucket, statistics, extended)}
            for at, bucket in found.items()
        ]
    return {"Label": metric.metric_name, "Datapoints": sorted(points, key=lambda point: point["Timestamp"])}


def _asked_statistics(params: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]]:
    statistics, extended = params.get("Statistics", ()), params.get("ExtendedStatistics", ())
    if not statistics and not extended:
        raise invalid_combination("At least one of Statistics and ExtendedStatistics must be given.")
    for name in statistics:
        chosen({"Statistics": name}, "Statistics", STATISTICS)
    for name in extended:
        if not is_percentile(name):
            check_statistic(name, place="ExtendedStatistics")
            raise invalid_value(f"ExtendedStatistics '{name}' is no percentile; give it in Statistics.")
    return statistics, extended


def _statistics_of(bucket: Bucket, statistics: Sequence[str], extended: Sequence[str]) -> dict[str, Any]:
    point: dict[str, Any] = {name: bucket.statistic(name) for name in statistics}
    if extended:
        known = {name: bucket.statistic(name) for name in extended}
        point["ExtendedStatistics"] = {name: value for name, value in known.items() if value is not None}
    return point


def _range(params: Mapping[str, Any], period_s: int) -> tuple[float, float]:
    """Begin, cut to a whole bucket as AWS cuts it to a whole minute, and end."""
    begin, end = params["StartTime"], params["EndTime"]
    if begin >= end:
        raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    return bucket_start(begin, _bucket_s(period_s)), end


def _bucket_s(period_s: int) -> int:
    """The length of the buckets that periods are joined from."""
    return HIGH_RESOLUTION_S if period_s % STANDARD_RESOLUTION_S else STANDARD_RESOLUTION_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """One query of GetMetricData."""

    id: str
    label: str
    metric: Metric
    statistic: str
    period_s: int
    unit: str | None
    is_shown: bool


def get_metric_data(call: Call) -> dict[str, Any]:
    """GetMetricData, of metrics; their pages are cut out of all data points in the order of the queries."""
    params = call.params
    given = params["MetricDataQueries"]
    if not 1 <= len(given) <= MAX_QUERIES:
        raise _invalid(f"MetricDataQueries has {len(given)} items; give from 1 to {MAX_QUERIES}.")
    queries = [_query(item, f"MetricDataQueries[{index}].") for index, item in enumerate(given)]
    if (repeated := first_repeated(query.id for query in queries)) is not None:
        raise _invalid(f"The Id '{repeated}' is given twice; give each query its own.")
    _check_reach(params, queries)
    order = chosen(params, "ScanBy", ("TimestampAscending", "TimestampDescending")) or "TimestampDescending"
    most = params.get("MaxDatapoints", MAX_DATAPOINTS)
    if not 1 <= most <= MAX_DATAPOINTS:
        raise _invalid(f"MaxDatapoints is {most}; give from 1 to {MAX_DATAPOINTS}.")
    skipped = _offset(params.get("NextToken"))
    results: list[dict[str, Any]] = []
    for query in queries:
        if query.is_shown:
            points = sorted(_points(call, query), reverse=order == "TimestampDescending")
            page, rest = points[skipped : skipped + most], points[skipped + most :]
            results.append(_result(query, page, is_whole=not rest))
            skipped, most = max(0, skipped - len(points)), most - len(page)
    shown = sum(len(result["Values"]) for result in results)
    is_whole = all(result["StatusCode"] == "Complete" for result in results)
    token = {} if is_whole else {"NextToken": str(_offset(params.get("NextToken")) + shown)}
    return {"MetricDataResults": results, "Messages": [], **token}


def _check_reach(params: Mapping[str, Any], queries: Sequence[_Query]) -> None:
    """Refuses queries that together reach over more data than may be read at once."""
    reach_s = min(params["EndTime"] - params["StartTime"], _KEPT_S)
    read = sum(reach_s / _bucket_s(query.period_s) for query in queries if query.is_shown)
    if read > MAX_READ:
        raise _invalid(
            f"The queries reach over {int(read)} buckets of data, which exceeds the limit of {MAX_READ}; ask for fewer "
            "metrics, or for a shorter time, in one call."
        )


def _offset(token: str | None) -> int:
    """How many data points the pages before gave."""
    if not token:
        return 0
    if token.isascii() and token.isdecimal() and len(token) <= 12:
        return int(token)
    raise ApiError("InvalidNextToken", "NextToken is none that was given out; use that of the page before.")


def _query(item: Mapping[str, Any], place: str) -> _Query:
    if not _ID.fullmatch(item["Id"]):
        raise _invalid(f"{place}Id '{item['Id']}' is no id; begin with a small letter, then letters, digits and _.")
    stat = item.get("MetricStat")
    if stat is None or "Expression" in item:
        raise _invalid(
            f"{place}Expression: Slipway serves no metric math; give a MetricStat, and calculate with its data."
        )
    period_s = stat["Period"]
    check_period(period_s, place=f"{place}MetricStat.Period")
    check_statistic(stat["Stat"], place=f"{place}MetricStat.Stat")
    metric = metric_of(stat["Metric"], place=f"{place}MetricStat.Metric.")
    return _Query(
        id=item["Id"],
        label=item.get("Label", metric.metric_name),
        metric=metric,
        statistic=stat["Stat"],
        period_s=period_s,
        unit=chosen(stat, "Unit", UNITS, place=f"{place}MetricStat."),
        is_shown=item.get("ReturnData", True),
    )


def _points(call: Call, query: _Query) -> Iterator[tuple[float, float]]:
    begin, end = _range(call.params, query.period_s)
    singly = is_percentile(query.statistic)
    found = call.site.metrics.read(
        query.metric, begin=begin, end=end, period_s=query.period_s, unit=query.unit, singly=singly
    )
    for at, bucket in found.items():
        value = bucket.statistic(query.statistic)
        if value is not None:
            yield at, value


def _result(query: _Query, points: Sequence[tuple[float, float]], *, is_whole: bool) -> dict[str, Any]:
    return {
        "Id": query.id,
        "Label": query.label,
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete" if is_whole else "PartialData",
    }


def _invalid(sentence: str) -> ApiError:
    return ApiError("ValidationException", sentence)


def list_metrics(call: Call) -> dict[str, Any]:
    """ListMetrics."""
    params = call.params
    recently = chosen(params, "RecentlyActive", ("PT3H",))
    wanted = [(item["Name"], item.get("Value")) for item in params.get("Dimensions", ())]
    dimensions_of([{"Name": name, "Value": value or "any"} for name, value in wanted])
    found = {
        "\0".join(
            (metric.namespace, metric.metric_name, *(text for pair in metric.dimensions for text in pair))
        ): metric
        for metric in call.site.metrics.metrics(since=call.now - (RECENTLY_S if recently else LISTED_S))
        if params.get("Namespace") in (None, metric.namespace)
        and params.get("MetricName") in (None, metric.metric_name)
        and all(_has(metric, name, value) for name, value in wanted)
    }
    keys, more = page_of(found, params, size=LIST_PAGE)
    return {"Metrics": [_shown(found[key]) for key in keys], **more}


def _has(metric: Metric, name: str, value: str | None) -> bool:
    return any(name == each and value in (None, its) for each, its in metric.dimensions)


def _shown(metric: Metric) -> dict[str, Any]:
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.metric_name,
        "Dimensions": shown_dimensions(metric),
    }


HANDLERS: Mapping[str, Handler] = {
    "GetMetricStatistics": get_metric_statistics,
    "GetMetricData": get_metric_data,
    "ListMetrics": list_metrics,
}

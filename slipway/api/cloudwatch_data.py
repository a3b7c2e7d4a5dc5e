"""Metric data taken: PutMetricData. All of a call is taken, or nothing.

Limits: CloudWatch API reference, PutMetricData and MetricDatum.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.cloudwatch_forms import (
    UNITS,
    chosen,
    invalid_combination,
    invalid_value,
    metric_of,
    namespace_of,
)
from slipway.api.errors import ApiError
from slipway.core.monitoring.metrics import STANDARD_RESOLUTION_S, MetricDatum, StatisticSet

#: Metrics in one call, and values of one metric in it.
MAX_METRICS = 1_000
MAX_VALUES = 150

#: How far a value's time may lie back and ahead.
MAX_AGE_S = 14 * 86_400
MAX_AHEAD_S = 2 * 3_600

#: Namespaces that begin so are AWS's; here, those that the server publishes itself.
RESERVED = "AWS/"

#: The largest value: 2 to the power of 360.
_LARGEST = 2.0**360


def put_metric_data(call: Call) -> dict[str, Any]:
    """PutMetricData. Entities are not kept: their metrics count as any others."""
    namespace = namespace_of(call.params)
    if namespace.startswith(RESERVED):
        raise invalid_value(f"Namespace '{namespace}' begins with {RESERVED}, which is reserved; use one of your own.")
    items = list(_items(call.params))
    if len(items) > MAX_METRICS:
        raise invalid_value(f"MetricData has {len(items)} items; give at most {MAX_METRICS} in one call.")
    data = [datum for place, item in items for datum in _data(call, namespace, item, place)]
    for datum in data:
        call.site.metrics.put(datum)
    return {}


def _items(params: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The items of the request, each with its place."""
    for index, item in enumerate(params.get("MetricData", ())):
        yield f"MetricData[{index}].", item
    for number, entity in enumerate(params.get("EntityMetricData", ())):
        for index, item in enumerate(entity.get("MetricData", ())):
            yield f"EntityMetricData[{number}].MetricData[{index}].", item


def _data(call: Call, namespace: str, item: Mapping[str, Any], place: str) -> Iterator[MetricDatum]:
    metric = metric_of({**item, "Namespace": namespace}, place=place)
    at = _at(call, item, place)
    unit = chosen(item, "Unit", UNITS, place=place) or "None"
    resolution_s = item.get("StorageResolution", STANDARD_RESOLUTION_S)
    if resolution_s not in (1, STANDARD_RESOLUTION_S):
        raise invalid_value(f"{place}StorageResolution is {resolution_s}; give 1 or {STANDARD_RESOLUTION_S}.")
    for value, count in _values(item, place):
        yield MetricDatum(
            namespace=namespace,
            metric_name=metric.metric_name,
            dimensions=metric.dimensions,
            at=at,
            value=value,
            count=count,
            unit=unit,
            storage_resolution_s=resolution_s,
        )


def _at(call: Call, item: Mapping[str, Any], place: str) -> float:
    at: float = item.get("Timestamp", call.now)
    if at < call.now - MAX_AGE_S:
        raise invalid_value(f"{place}Timestamp must specify a time no more than two weeks in the past.")
    if at > call.now + MAX_AHEAD_S:
        raise invalid_value(f"{place}Timestamp must specify a time within two hours in the future.")
    return at


def _values(item: Mapping[str, Any], place: str) -> Iterator[tuple[float | StatisticSet, float]]:
    """The samples of an item, each number with how often it was measured."""
    given = [member for member in ("Value", "Values", "StatisticValues") if member in item]
    if not given:
        raise ApiError(
            "MissingRequiredParameterException",
            f"{place}Value, Values or StatisticValues is required; give one of them.",
        )
    if len(given) > 1 or ("Counts" in item and given != ["Values"]):
        raise invalid_combination(f"{place}{given[0]} can not be given with others; Counts goes with Values.")
    match given[0]:
        case "Value":
            yield _number(item["Value"], f"{place}Value"), 1.0
        case "Values":
            yield from _counted(item["Values"], item.get("Counts"), place)
        case _:
            yield _statistic_set(item["StatisticValues"], f"{place}StatisticValues"), 1.0


def _counted(
    values: Sequence[float], counts: Sequence[float] | None, place: str
) -> Iterator[tuple[float | StatisticSet, float]]:
    if not 1 <= len(values) <= MAX_VALUES:
        raise invalid_value(f"{place}Values has {len(values)} items; give from 1 to {MAX_VALUES}.")
    counts = [1.0] * len(values) if counts is None else counts
    if len(counts) != len(values):
        raise invalid_value(f"{place}Counts has {len(counts)} items, and Values {len(values)}; give a count for each.")
    for index, (value, count) in enumerate(zip(values, counts, strict=True)):
        if not 0 < count <= _LARGEST:
            raise invalid_value(f"{place}Counts[{index}] is {count}; give a number above 0.")
        yield _number(value, f"{place}Values[{index}]"), count


def _statistic_set(given: Mapping[str, float], place: str) -> StatisticSet:
    values = StatisticSet(
        sample_count=_number(given["SampleCount"], f"{place}.SampleCount"),
        sum=_number(given["Sum"], f"{place}.Sum"),
        minimum=_number(given["Minimum"], f"{place}.Minimum"),
        maximum=_number(given["Maximum"], f"{place}.Maximum"),
    )
    if values.sample_count <= 0:
        raise invalid_value(f"{place}.SampleCount is {values.sample_count}; give a number above 0.")
    if values.minimum > values.maximum:
        raise invalid_value(f"{place}.Minimum is above Maximum; give the least and the greatest value.")
    return values


def _number(value: float, place: str) -> float:
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise invalid_value(f"{place} is {value}; give a number from -2^360 to 2^360.")
    return float(value)


HANDLERS: Mapping[str, Handler] = {"PutMetricData": put_metric_data}

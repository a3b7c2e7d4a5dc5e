"""What requests to CloudWatch have in common: its refusals, names, dimensions, statistics, periods, pages.

Limits are those of botocore's model and of the CloudWatch API reference, PutMetricData and PutMetricAlarm.
"""

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from slipway.api.errors import ApiError
from slipway.core.monitoring.metrics import HIGH_RESOLUTION_S, STATISTICS, Metric, is_percentile, is_period

MAX_DIMENSIONS = 30
MAX_DIMENSION_VALUE = 1024
MAX_NAME = 255

_SIZES = (
    "Bytes",
    "Bits",
    *(f"{size}{unit}" for size in ("Kilo", "Mega", "Giga", "Tera") for unit in ("bytes", "bits")),
)

#: The model's `StandardUnit`.
UNITS = frozenset(
    (
        *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
        *_SIZES,
        *(f"{size}/Second" for size in _SIZES),
    )
)


def invalid_value(sentence: str) -> ApiError:
    """`InvalidParameterValue` with this sentence."""
    return ApiError("InvalidParameterValueException", sentence)


def invalid_combination(sentence: str) -> ApiError:
    """`InvalidParameterCombination` with this sentence."""
    return ApiError("InvalidParameterCombinationException", sentence)


def validation(sentence: str) -> ApiError:
    """`ValidationError` with this sentence, as PutMetricAlarm refuses."""
    return ApiError("ValidationException", sentence)


def chosen(params: Mapping[str, Any], name: str, allowed: Collection[str], *, place: str = "") -> str | None:
    """The member `name`, one of `allowed`; None where it is not given."""
    value = params.get(name)
    if value is not None and value not in allowed:
        raise invalid_value(f"{place}{name} '{value}' is not known; use one of {', '.join(sorted(allowed))}.")
    return value


def text(params: Mapping[str, Any], name: str, *, most: int, least: int = 0, place: str = "") -> str | None:
    """The member `name`, of `least` to `most` characters, no control character among them; None: not given."""
    value: str | None = params.get(name)
    if value is None:
        return None
    if not least <= len(value) <= most:
        raise invalid_value(f"{place}{name} has {len(value)} characters; give from {least} to {most}.")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise invalid_value(f"{place}{name} has a control character; take it out.")
    return value


def metric_of(params: Mapping[str, Any], *, place: str = "") -> Metric:
    """The metric that `Namespace`, `MetricName` and `Dimensions` name; the first two must be given."""
    return Metric(
        namespace=namespace_of(params, place=place),
        metric_name=_named(params, "MetricName", place),
        dimensions=dimensions_of(params.get("Dimensions", ()), place=place),
    )


def namespace_of(params: Mapping[str, Any], *, place: str = "") -> str:
    """The `Namespace`."""
    namespace = _named(params, "Namespace", place)
    if namespace.startswith(":"):
        raise invalid_value(f"{place}Namespace '{namespace}' begins with a colon; begin with another character.")
    return namespace


def _named(params: Mapping[str, Any], name: str, place: str) -> str:
    value = text(params, name, most=MAX_NAME, least=1, place=place)
    if value is None:
        raise ApiError("MissingRequiredParameterException", f"{place}{name} is required; give it a value.")
    if not value.strip():
        raise invalid_value(f"{place}{name} is only spaces; give it another character.")
    return value


def dimensions_of(given: Sequence[Mapping[str, Any]], *, place: str = "") -> tuple[tuple[str, str], ...]:
    """Dimensions by name, sorted."""
    if len(given) > MAX_DIMENSIONS:
        raise invalid_value(f"{place}Dimensions has {len(given)} items; give at most {MAX_DIMENSIONS}.")
    found: dict[str, str] = {}
    for index, item in enumerate(given):
        here = f"{place}Dimensions[{index}]."
        name = _named(item, "Name", here)
        value = text(item, "Value", most=MAX_DIMENSION_VALUE, least=1, place=here)
        if name.startswith(":") or value is None or not value.strip():
            raise invalid_value(f"{here}Name may not begin with a colon, and Value may not be blank.")
        if name in found:
            raise invalid_value(f"{here}Name '{name}' is given twice; give each dimension once.")
        found[name] = value
    return tuple(sorted(found.items()))


def shown_dimensions(metric: Metric) -> list[dict[str, str]]:
    """Dimensions as answers show them."""
    return [{"Name": name, "Value": value} for name, value in metric.dimensions]


def check_statistic(name: str, *, place: str) -> None:
    """Refuses what is no statistic, or one that is not served: trimmed means and their kin."""
    if name not in STATISTICS and not is_percentile(name):
        served = ", ".join(STATISTICS)
        raise invalid_value(f"{place} '{name}' is not served; use one of {served}, or a percentile as p99.")


def check_period(period_s: int, *, place: str = "Period") -> None:
    """Refuses what is no period."""
    if not is_period(period_s):
        finest = f"; data are kept for every {HIGH_RESOLUTION_S} seconds" if 0 < period_s < HIGH_RESOLUTION_S else ""
        raise invalid_value(f"{place} is {period_s}{finest}; give 10, 20, 30 or a multiple of 60.")


def page_of(
    names: Iterable[str], params: Mapping[str, Any], *, size: int, token: str = "NextToken"
) -> tuple[list[str], dict[str, str]]:
    """The page of distinct `names`, in their order, that follows the token; and the token of the next, if more follow.

    A token holds the last name told: what comes and goes between two pages neither repeats nor hides others. Raises
    `ApiError` InvalidNextToken.
    """
    after = _name_of(params[token]) if params.get(token) else ""
    rest = sorted(name for name in names if name > after)
    more = {token: base64.urlsafe_b64encode(rest[size - 1].encode()).decode()} if len(rest) > size else {}
    return rest[:size], more


def _name_of(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ApiError(
            "InvalidNextToken", "NextToken is none that was given out; use that of the page before."
        ) from None

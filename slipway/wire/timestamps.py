"""The three ways AWS writes an instant, to and from UTC epoch seconds.

Source: the `timestampFormat` trait of the service models (`unixTimestamp`, `iso8601`, `rfc822`); without the trait,
AWS JSON uses `unixTimestamp` and Query uses `iso8601`.
"""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from slipway.wire.mismatch import ShapeMismatch


def epoch_from_text(text: str, timestamp_format: str) -> float:
    """Epoch seconds of an instant written in one of AWS's formats; `ShapeMismatch` when it is not one."""
    try:
        if timestamp_format.lower() == "unixtimestamp":
            return float(text)
        instant = parsedate_to_datetime(text) if timestamp_format == "rfc822" else datetime.fromisoformat(text)
    except ValueError:
        raise ShapeMismatch(f"'{text}' is not a timestamp in the format {timestamp_format}") from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def text_from_epoch(seconds: float, timestamp_format: str) -> str:
    """An instant in the format asked for; ISO 8601 in UTC with milliseconds, as ELB answers `CreatedTime`."""
    if timestamp_format.lower() == "unixtimestamp":
        return repr(seconds)
    instant = datetime.fromtimestamp(seconds, UTC)
    if timestamp_format == "rfc822":
        return format_datetime(instant, usegmt=True)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"

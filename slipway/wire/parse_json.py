"""AWS JSON request bodies: from bytes to the JSON value, and how that value writes lists, maps and leaves.

Wrong types are refused in the words of AWS's own parser (`NUMBER_VALUE can not be converted to a String`), with the
place added. Source: the AWS JSON 1.1 protocol, https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.parse import Parse
from slipway.wire.timestamps import epoch_from_text


def read_json(body: bytes) -> Any:
    """The JSON value of a body; an empty body is an empty object. `ShapeMismatch` names the byte of the fault."""
    if not body.strip():
        return {}
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise ShapeMismatch(f"The body is not UTF-8: {error.reason}") from None
    except RecursionError:
        raise ShapeMismatch("The body is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise ShapeMismatch(f"The body could not be parsed, of {len(body)} bytes: {error}") from None


class JsonForm:
    """How AWS JSON writes values; see `slipway.wire.parse.Form`."""

    def member_name(self, name: str, shape: Any) -> str:
        """The member's `locationName`, or its own."""
        return str(shape.serialization.get("name", name))

    def structure(self, value: Any) -> Mapping[str, Any]:
        """A JSON object."""
        if value.__class__ is dict:
            return value
        raise _inconvertible(value, "a Structure")

    def items(self, shape: Any) -> Callable[[Any], Iterable[Any]]:
        """A JSON array."""
        return _items

    def entries(self, shape: Any) -> Callable[[Any], Iterable[tuple[Any, Any]]]:
        """A JSON object."""
        return _entries

    def leaf(self, shape: Any) -> Parse:
        """A JSON string, number or boolean, checked, never converted."""
        if shape.type_name == "timestamp":
            return _timestamp_parser(shape.serialization.get("timestampFormat", "unixTimestamp"))
        return _LEAVES[shape.type_name]


def _inconvertible(value: Any, kind: str) -> ShapeMismatch:
    return ShapeMismatch(f"{_TOKENS[value.__class__]} can not be converted to {kind}")


# The names of Jackson's tokens, which AWS's own parser shows to its callers.
_TOKENS = {
    dict: "START_OBJECT",
    list: "START_ARRAY",
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    bool: "BOOLEAN_VALUE",
    type(None): "NULL_VALUE",
}


def _items(value: Any) -> list[Any]:
    if value.__class__ is list:
        return value
    raise _inconvertible(value, "a List")


def _entries(value: Any) -> Iterable[tuple[Any, Any]]:
    if value.__class__ is dict:
        return value.items()
    raise _inconvertible(value, "a Map")


def _string(value: Any) -> str:
    if value.__class__ is str:
        return value
    raise _inconvertible(value, "a String")


def _boolean(value: Any) -> bool:
    if value.__class__ is bool:
        return value
    raise _inconvertible(value, "a Boolean")


def _real(value: Any) -> float:
    if value.__class__ is not float and value.__class__ is not int:
        raise _inconvertible(value, "a Double")
    try:
        return float(value)
    except OverflowError:
        raise ShapeMismatch("The number does not fit a Double") from None


def _blob(value: Any) -> bytes:
    try:
        return base64.b64decode(_string(value), validate=True)
    except (binascii.Error, ValueError):
        raise ShapeMismatch("The blob is not base64") from None


def _whole_parser(kind: str, bits: int) -> Parse:
    bound = 1 << (bits - 1)

    def parse(value: Any) -> int:
        if value.__class__ is float and value.is_integer():
            value = int(value)
        if value.__class__ is not int:
            raise _inconvertible(value, kind)
        if not -bound <= value < bound:
            raise ShapeMismatch(f"{value} does not fit {kind}; give a number from {-bound} to {bound - 1}")
        return value

    return parse


def _timestamp_parser(timestamp_format: str) -> Parse:
    if timestamp_format.lower() == "unixtimestamp":
        return _real
    return lambda value: epoch_from_text(_string(value), timestamp_format)


_LEAVES: dict[str, Parse] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _whole_parser("an Integer", 32),
    "long": _whole_parser("a Long", 64),
    "float": _real,
    "double": _real,
    "blob": _blob,
}

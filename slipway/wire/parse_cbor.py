"""CBOR request bodies: from bytes to a value, and how that value writes lists, maps and leaves.

Source: Smithy RPC v2 CBOR, https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import cbor2

from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.parse import Parse

#: The deepest nesting of a body; the served models need 12.
MAX_DEPTH = 64


def read_cbor(body: bytes) -> Any:
    """The value of a body; an empty body is an empty map. `ShapeMismatch` says what is wrong."""
    if not body:
        return {}
    try:
        return cbor2.loads(body, max_depth=MAX_DEPTH)
    except cbor2.CBORDecodeError as error:
        raise ShapeMismatch(f"The body is no CBOR that can be read, of {len(body)} bytes: {error}") from None


class CborForm:
    """How Smithy RPC v2 CBOR writes values; see `slipway.wire.parse.Form`."""

    def member_name(self, name: str, shape: Any) -> str:
        """The member's own name."""
        return str(shape.serialization.get("name", name))

    def structure(self, value: Any) -> Mapping[str, Any]:
        """A map."""
        if value.__class__ is dict:
            return value
        raise _inconvertible(value, "a structure")

    def items(self, shape: Any) -> Callable[[Any], Iterable[Any]]:
        """An array."""
        return _items

    def entries(self, shape: Any) -> Callable[[Any], Iterable[tuple[Any, Any]]]:
        """A map."""
        return _entries

    def leaf(self, shape: Any) -> Parse:
        """A value of CBOR's own type, checked, never converted."""
        return _LEAVES[shape.type_name]


def _inconvertible(value: Any, kind: str) -> ShapeMismatch:
    return ShapeMismatch(f"{_KINDS.get(value.__class__, 'A value of another type')} was given for {kind}")


_KINDS = {
    dict: "A map",
    list: "An array",
    str: "A text",
    int: "A whole number",
    float: "A number",
    bool: "A Boolean",
    bytes: "A byte string",
    datetime: "An instant",
    type(None): "Null",
}


def _items(value: Any) -> list[Any]:
    if value.__class__ is list:
        return value
    raise _inconvertible(value, "a list")


def _entries(value: Any) -> Iterable[tuple[Any, Any]]:
    if value.__class__ is dict:
        return value.items()
    raise _inconvertible(value, "a map")


def _of(kind: type, title: str) -> Parse:
    def parse(value: Any) -> Any:
        if value.__class__ is kind:
            return value
        raise _inconvertible(value, title)

    return parse


def _real(value: Any) -> float:
    if value.__class__ is not float and value.__class__ is not int:
        raise _inconvertible(value, "a Double")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isfinite(number):
        return number
    raise ShapeMismatch(f"{value} is not a number that fits a Double")


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


def _instant(value: Any) -> float:
    """Tag 1, which cbor2 reads as an instant."""
    if value.__class__ is datetime:
        return float(value.timestamp())
    raise _inconvertible(value, "a timestamp, which is a number of seconds tagged 1")


_LEAVES: dict[str, Parse] = {
    "string": _of(str, "a text"),
    "boolean": _of(bool, "a Boolean"),
    "integer": _whole_parser("an Integer", 32),
    "long": _whole_parser("a Long", 64),
    "float": _real,
    "double": _real,
    "blob": _of(bytes, "a blob"),
    "timestamp": _instant,
}

"""Answers of the AWS Query protocol: XML, by functions compiled once per shape that append texts to a list.

The rules for what a handler may give are those of `serialise_json`.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.timestamps import text_from_epoch

Write = Callable[[list[str], Any], None]
Text = Callable[[Any], str]

# XML 1.0 has no way to write these characters, not even escaped; a parser refuses the whole answer for one of them.
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})


def escape(text: str) -> str:
    """Text for an XML element; a character that XML can not hold becomes U+FFFD."""
    return _UNWRITABLE.sub("\ufffd", text).translate(_ESCAPES)


class XmlSerialisers:
    """The compiled serialisers of one service. Members that are None are left out."""

    def __init__(self) -> None:
        self._structures: dict[str, Write] = {}

    def serialiser(self, shape: Any) -> Write:
        """For a structure: a function that appends the elements of its members, without one around them."""
        name = shape.name
        if name in self._structures:
            return self._structures[name]
        # A shape may contain itself: until it is compiled, those inside look it up when they are called.
        self._structures[name] = lambda out, value: self._structures[name](out, value)
        members = {member: self._member(member, inner) for member, inner in shape.members.items()}
        self._structures[name] = _structure_writer(name, members)
        return self._structures[name]

    def _member(self, name: str, shape: Any) -> Write:
        """What writes one member of a structure, with its element or, where flattened, its elements."""
        wire_name = shape.serialization.get("name", name)
        if not shape.serialization.get("flattened"):
            return self._element(wire_name, shape)
        if shape.type_name == "list":
            return self._items(shape.member.serialization.get("name", wire_name), shape)
        return self._entries(wire_name, shape)

    def _element(self, name: str, shape: Any) -> Write:
        match shape.type_name:
            case "structure":
                return _wrapped(name, self.serialiser(shape))
            case "list":
                return _wrapped(name, self._items(shape.member.serialization.get("name", "member"), shape))
            case "map":
                return _wrapped(name, self._entries("entry", shape))
            case "timestamp":
                timestamp_format = shape.serialization.get("timestampFormat", "iso8601")
                return _leaf_writer(name, lambda value: text_from_epoch(_number(value), timestamp_format))
            case leaf:
                return _leaf_writer(name, _LEAVES[leaf])

    def _items(self, name: str, shape: Any) -> Write:
        return _list_writer(self._element(name, shape.member))

    def _entries(self, name: str, shape: Any) -> Write:
        write_key = self._element(shape.key.serialization.get("name", "key"), shape.key)
        write_value = self._element(shape.value.serialization.get("name", "value"), shape.value)
        return _map_writer(name, write_key, write_value)


def _structure_writer(shape_name: str, members: dict[str, Write]) -> Write:
    def write(out: list[str], value: Any) -> None:
        if value.__class__ is not dict and not isinstance(value, Mapping):
            raise _wrong(value, "structure")
        for name, item in value.items():
            if item is None:
                continue
            try:
                member = members.get(name)
                if member is None:
                    raise ShapeMismatch(f"{shape_name} has no such member")
                member(out, item)
            except ShapeMismatch as mismatch:
                mismatch.within(name)
                raise

    return write


def _wrapped(name: str, write_inner: Write) -> Write:
    start, end = f"<{name}>", f"</{name}>"

    def write(out: list[str], value: Any) -> None:
        out.append(start)
        write_inner(out, value)
        out.append(end)

    return write


def _leaf_writer(name: str, text: Text) -> Write:
    start, end = f"<{name}>", f"</{name}>"

    def write(out: list[str], value: Any) -> None:
        out.append(f"{start}{text(value)}{end}")

    return write


def _list_writer(write_item: Write) -> Write:
    def write(out: list[str], value: Any) -> None:
        if not isinstance(value, (list, tuple)):
            raise _wrong(value, "list")
        for index, item in enumerate(value):
            try:
                write_item(out, item)
            except ShapeMismatch as mismatch:
                mismatch.within(index)
                raise

    return write


def _map_writer(name: str, write_key: Write, write_value: Write) -> Write:
    start, end = f"<{name}>", f"</{name}>"

    def write(out: list[str], value: Any) -> None:
        if not isinstance(value, Mapping):
            raise _wrong(value, "map")
        for key, item in value.items():
            out.append(start)
            try:
                write_key(out, key)
                write_value(out, item)
            except ShapeMismatch as mismatch:
                mismatch.within(str(key))
                raise
            out.append(end)

    return write


def _wrong(value: Any, kind: str) -> ShapeMismatch:
    return ShapeMismatch(f"{type(value).__name__} given for a {kind}")


def _string(value: Any) -> str:
    if isinstance(value, str):
        return escape(value)
    raise _wrong(value, "string")


def _boolean(value: Any) -> str:
    if value.__class__ is bool:
        return "true" if value else "false"
    raise _wrong(value, "boolean")


def _whole(value: Any) -> str:
    if value.__class__ is int:
        return str(value)
    raise _wrong(value, "whole number")


def _real(value: Any) -> str:
    return repr(_number(value))


def _number(value: Any) -> float:
    if value.__class__ is float or value.__class__ is int:
        return value
    raise _wrong(value, "number")


def _blob(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise _wrong(value, "blob")


_LEAVES: dict[str, Text] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _whole,
    "long": _whole,
    "float": _real,
    "double": _real,
    "blob": _blob,
}

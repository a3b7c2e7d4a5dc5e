"""Answers as AWS JSON or CBOR, by functions compiled once per shape.

A handler gives plain dictionaries in AWS's member names. A member that the model does not know, or a value of another
type than the model's, is our own fault and raises `ShapeMismatch`; it never leaves as a wrong answer.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from cbor2 import CBORTag

from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.timestamps import text_from_epoch

Encode = Callable[[Any], Any]


class DocumentSerialisers:
    """The compiled serialisers of one service. Members that are None are left out.

    `leaf` gives, for a shape that is no structure, list or map, how its values are written.
    """

    def __init__(self, leaf: Callable[[Any], Encode]) -> None:
        self._leaf = leaf
        self._structures: dict[str, Encode] = {}

    def serialiser(self, shape: Any) -> Encode:
        """A function from a handler's answer to plain values, to be encoded."""
        if getattr(shape, "is_document_type", False):
            return _as_is
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list":
                return _list_encoder(self.serialiser(shape.member))
            case "map":
                return _map_encoder(self.serialiser(shape.value))
            case _:
                return self._leaf(shape)

    def _structure(self, shape: Any) -> Encode:
        name = shape.name
        if name in self._structures:
            return self._structures[name]
        # A shape may contain itself: until it is compiled, those inside look it up when they are called.
        self._structures[name] = lambda value: self._structures[name](value)
        members = {
            member: (inner.serialization.get("name", member), self.serialiser(inner))
            for member, inner in shape.members.items()
        }
        self._structures[name] = _structure_encoder(name, members)
        return self._structures[name]


def _as_is(value: Any) -> Any:
    return value


def _structure_encoder(shape_name: str, members: dict[str, tuple[str, Encode]]) -> Encode:
    def encode(value: Any) -> dict[str, Any]:
        if value.__class__ is not dict and not isinstance(value, Mapping):
            raise _wrong(value, "structure")
        encoded = {}
        name = ""
        try:
            for name, item in value.items():
                if item is None:
                    continue
                member = members.get(name)
                if member is None:
                    raise ShapeMismatch(f"{shape_name} has no such member")
                encoded[member[0]] = member[1](item)
        except ShapeMismatch as mismatch:
            mismatch.within(name)
            raise
        return encoded

    return encode


def _list_encoder(encode_item: Encode) -> Encode:
    def encode(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise _wrong(value, "list")
        encoded: list[Any] = []
        try:
            for item in value:
                encoded.append(encode_item(item))
        except ShapeMismatch as mismatch:
            mismatch.within(len(encoded))
            raise
        return encoded

    return encode


def _map_encoder(encode_value: Encode) -> Encode:
    def encode(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(value, "map")
        encoded = {}
        for key, item in value.items():
            try:
                encoded[_string(key)] = encode_value(item)
            except ShapeMismatch as mismatch:
                mismatch.within(str(key))
                raise
        return encoded

    return encode


def _wrong(value: Any, kind: str) -> ShapeMismatch:
    return ShapeMismatch(f"{type(value).__name__} given for a {kind}")


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _wrong(value, "string")


def _boolean(value: Any) -> bool:
    if value.__class__ is bool:
        return value
    raise _wrong(value, "boolean")


def _whole(value: Any) -> int:
    if value.__class__ is int:
        return value
    raise _wrong(value, "whole number")


def _real(value: Any) -> float:
    if value.__class__ is float or value.__class__ is int:
        return value
    raise _wrong(value, "number")


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise _wrong(value, "blob")


def _blob(value: Any) -> str:
    return base64.b64encode(_bytes(value)).decode("ascii")


def json_leaf(shape: Any) -> Encode:
    """How AWS JSON writes a leaf."""
    if shape.type_name == "timestamp":
        return _timestamp_encoder(shape.serialization.get("timestampFormat", "unixTimestamp"))
    return _LEAVES[shape.type_name]


def cbor_leaf(shape: Any) -> Encode:
    """How Smithy RPC v2 CBOR writes a leaf: instants tagged, whatever format the model names; blobs as bytes."""
    match shape.type_name:
        case "timestamp":
            return lambda value: CBORTag(1, float(_real(value)))
        case "blob":
            return _bytes
        case "float" | "double":
            return lambda value: float(_real(value))
        case leaf:
            return _LEAVES[leaf]


def _timestamp_encoder(timestamp_format: str) -> Encode:
    if timestamp_format.lower() == "unixtimestamp":
        return _real
    return lambda value: text_from_epoch(_real(value), timestamp_format)


_LEAVES: dict[str, Encode] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _whole,
    "long": _whole,
    "float": _real,
    "double": _real,
    "blob": _blob,
}

"""Requests into plain dictionaries in AWS's member names, by functions compiled once per shape.

botocore's `Shape` works out its properties at each reading, which is far too slow for a request; so each structure is
walked once and becomes closures over plain dictionaries. What differs between protocols, how a list, a map or a leaf
is written, is a `Form`; everything else is the same for all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from slipway.wire.mismatch import ShapeMismatch

Parse = Callable[[Any], Any]


class Form(Protocol):
    """How a protocol writes values. Every function it gives raises `ShapeMismatch` for a value of the wrong type."""

    def member_name(self, name: str, shape: Any) -> str:
        """The name a structure's member has on the wire."""

    def structure(self, value: Any) -> Mapping[str, Any]:
        """The members of a structure by their names on the wire."""

    def items(self, shape: Any) -> Callable[[Any], Iterable[Any]]:
        """For a list shape: what gives the items of a value, in order."""

    def entries(self, shape: Any) -> Callable[[Any], Iterable[tuple[Any, Any]]]:
        """For a map shape: what gives the keys and values of a value."""

    def leaf(self, shape: Any) -> Parse:
        """For any other shape: what gives the Python value."""


class ShapeParsers:
    """The compiled parsers of one service in one form.

    Members that the model does not know are ignored and null members are absent, as AWS does. Enumerations, patterns
    and ranges are the handlers' concern, because their error codes differ from operation to operation.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._structures: dict[str, Parse] = {}

    def parser(self, shape: Any) -> Parse:
        """A function from a value on the wire to plain Python; it raises `ShapeMismatch`."""
        if getattr(shape, "is_document_type", False):
            return _as_is
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list":
                return _list_parser(self._form.items(shape), self.parser(shape.member))
            case "map":
                entries = self._form.entries(shape)
                return _map_parser(entries, self.parser(shape.key), self.parser(shape.value))
            case _:
                return self._form.leaf(shape)

    def _structure(self, shape: Any) -> Parse:
        name = shape.name
        if name in self._structures:
            return self._structures[name]
        # A shape may contain itself: until it is compiled, those inside look it up when they are called.
        self._structures[name] = lambda value: self._structures[name](value)
        members = {
            self._form.member_name(member, inner): (member, self.parser(inner))
            for member, inner in shape.members.items()
        }
        parse = _structure_parser(self._form.structure, members)
        self._structures[name] = _one_member_only(name, parse) if shape.is_tagged_union else parse
        return self._structures[name]


def _as_is(value: Any) -> Any:
    return value


def _structure_parser(
    open_structure: Callable[[Any], Mapping[str, Any]], members: dict[str, tuple[str, Parse]]
) -> Parse:
    def parse(value: Any) -> dict[str, Any]:
        parsed = {}
        opened = open_structure(value)
        name = ""
        try:
            for name, item in opened.items():
                if item is not None and (member := members.get(name)):
                    parsed[member[0]] = member[1](item)
        except ShapeMismatch as mismatch:
            mismatch.within(name)
            raise
        return parsed

    return parse


def _one_member_only(name: str, parse: Parse) -> Parse:
    def parse_union(value: Any) -> Any:
        parsed = parse(value)
        if len(parsed) > 1:
            raise ShapeMismatch(f"{name} takes exactly one of its members; {', '.join(sorted(parsed))} were given")
        return parsed

    return parse_union


def _list_parser(items: Callable[[Any], Iterable[Any]], parse_item: Parse) -> Parse:
    def parse(value: Any) -> list[Any]:
        parsed: list[Any] = []
        opened = items(value)
        try:
            for item in opened:
                parsed.append(parse_item(item))
        except ShapeMismatch as mismatch:
            mismatch.within(len(parsed))
            raise
        return parsed

    return parse


def _map_parser(entries: Callable[[Any], Iterable[tuple[Any, Any]]], parse_key: Parse, parse_value: Parse) -> Parse:
    def parse(value: Any) -> dict[str, Any]:
        parsed = {}
        for key, item in entries(value):
            try:
                parsed[parse_key(key)] = parse_value(item)
            except ShapeMismatch as mismatch:
                mismatch.within(str(key))
                raise
        return parsed

    return parse

"""AWS Query request bodies: a form whose keys are paths (`Tags.member.1.Key`), and how it writes lists, maps, leaves.

Source: the AWS Query protocol, https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.parse import Parse
from slipway.wire.timestamps import epoch_from_text

# Bounds on what a body of the largest size may cost: the largest honest request, RegisterTargets with 1,000 targets,
# has 3,000 fields at a depth of 4. Ours, not AWS's.
MAX_FIELDS = 20_000
MAX_DEPTH = 32
# Indexes of list items and map entries are small; more digits than this are a mistake.
MAX_INDEX_DIGITS = 9


def read_query(body: bytes) -> dict[str, Any]:
    """The form as a tree: each `.` of a key opens a level. `ShapeMismatch` when the body is not a form."""
    try:
        text = body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise ShapeMismatch(f"The body is not a form in UTF-8: {error.reason}") from None
    except ValueError:
        raise ShapeMismatch(f"The body has more than {MAX_FIELDS} fields; send fewer") from None
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _plant(tree, key, value)
    return tree


def _plant(tree: dict[str, Any], key: str, value: str) -> None:
    *steps, last = key.split(".", MAX_DEPTH + 1)
    if len(steps) > MAX_DEPTH:
        raise ShapeMismatch(f"The key {key[:80]}… is nested deeper than {MAX_DEPTH} levels")
    for step in steps:
        tree = tree.setdefault(step, {})
        if tree.__class__ is not dict:
            raise ShapeMismatch(f"{key} goes on below {step}, which has a value of its own")
    if tree.setdefault(last, value) is not value:
        raise ShapeMismatch(f"{key} is given twice; give it once")


class QueryForm:
    """How AWS Query writes values; see `slipway.wire.parse.Form`."""

    def member_name(self, name: str, shape: Any) -> str:
        """The member's `locationName`; a flattened list has that of its items, since nothing else is written."""
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            name = shape.member.serialization.get("name", name)
        return str(shape.serialization.get("name", name))

    def structure(self, value: Any) -> Mapping[str, Any]:
        """A branch of the tree; an empty value is an empty structure."""
        return _branch(value, "a structure")

    def items(self, shape: Any) -> Callable[[Any], Iterable[Any]]:
        """`.member.N` (or the item's `locationName`), or `.N` where the list is flattened; in the order of N."""
        name = None if shape.serialization.get("flattened") else shape.member.serialization.get("name", "member")

        def items(value: Any) -> list[Any]:
            return _numbered(_wrapped(value, name, "a list"))

        return items

    def entries(self, shape: Any) -> Callable[[Any], Iterable[tuple[Any, Any]]]:
        """`.entry.N.key` and `.entry.N.value` (or their `locationName`s), or without `.entry` where flattened."""
        wrapper = None if shape.serialization.get("flattened") else "entry"
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")

        def entries(value: Any) -> Iterable[tuple[Any, Any]]:
            for entry in _numbered(_wrapped(value, wrapper, "a map")):
                branch = _branch(entry, "an entry of a map")
                if key_name not in branch or value_name not in branch:
                    raise ShapeMismatch(f"An entry of a map needs both .{key_name} and .{value_name}")
                yield branch[key_name], branch[value_name]

        return entries

    def leaf(self, shape: Any) -> Parse:
        """Text, converted to the type of the shape."""
        if shape.type_name == "timestamp":
            timestamp_format = shape.serialization.get("timestampFormat", "iso8601")
            return lambda value: epoch_from_text(_text(value), timestamp_format)
        return _LEAVES[shape.type_name]


def _branch(value: Any, what: str) -> dict[str, Any]:
    if value.__class__ is dict:
        return value
    if value == "":
        return {}
    raise ShapeMismatch(f"'{value[:80]}' was given where {what} is expected")


def _wrapped(value: Any, name: str | None, what: str) -> dict[str, Any]:
    branch = _branch(value, what)
    if name is None or not branch:
        return branch
    if branch.keys() != {name}:
        raise ShapeMismatch(f"The parts of {what} are written .{name}.1, .{name}.2, and so on")
    return _branch(branch[name], what)


def _numbered(branch: dict[str, Any]) -> list[Any]:
    for index in branch:
        if not (index.isascii() and index.isdigit() and len(index) <= MAX_INDEX_DIGITS):
            raise ShapeMismatch(f"'{index[:80]}' is not the number of a list item; count from 1")
    return [branch[index] for index in sorted(branch, key=int)]


def _text(value: Any) -> str:
    if value.__class__ is str:
        return value
    raise ShapeMismatch("A structure or list was given where a plain value is expected")


def _boolean(value: Any) -> bool:
    match _text(value).lower():
        case "true":
            return True
        case "false":
            return False
    raise ShapeMismatch(f"'{value[:80]}' is not a Boolean; write true or false")


def _real(value: Any) -> float:
    try:
        number = float(_text(value))
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    raise ShapeMismatch(f"'{value[:80]}' is not a number")


def _blob(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except (binascii.Error, ValueError):
        raise ShapeMismatch("The blob is not base64") from None


def _whole_parser(bits: int) -> Parse:
    bound = 1 << (bits - 1)

    def parse(value: Any) -> int:
        text = _text(value)
        digits = text.removeprefix("-").removeprefix("+")
        # 19 digits hold every 64-bit number; the bound on length comes before int(), which takes no longer texts.
        number = int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 19 else bound
        if -bound <= number < bound:
            return number
        raise ShapeMismatch(f"'{text[:80]}' is not a whole number from {-bound} to {bound - 1}")

    return parse


_LEAVES: dict[str, Parse] = {
    "string": _text,
    "boolean": _boolean,
    "integer": _whole_parser(32),
    "long": _whole_parser(64),
    "float": _real,
    "double": _real,
    "blob": _blob,
}

"""Holds a value against a botocore shape: unknown members, wrong types and missing members."""

from collections.abc import Iterator
from typing import Any

_SCALARS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "character": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "boolean": bool,
    "blob": (bytes, bytearray),
}


def mismatches(shape: Any, value: object, path: str = "") -> Iterator[str]:
    """A sentence for everything in `value` that `shape` does not allow. No shape allows only nothing.

    A member that is None is a mismatch: what is absent is left out. Timestamps are epoch seconds.
    """
    if shape is None:
        if value:
            yield f"{path or 'it'} is {value!r} where the model has nothing"
        return
    match shape.type_name:
        case "structure":
            yield from _structure(shape, value, path)
        case "list":
            yield from _list(shape, value, path)
        case "map":
            yield from _map(shape, value, path)
        case _:
            yield from _scalar(shape, value, path)


def _structure(shape: Any, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'it'} is {value!r}, a structure is wanted"
        return
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name} is missing"
    for name, member in value.items():
        if name not in shape.members:
            yield f"{path}.{name} is unknown"
        else:
            yield from mismatches(shape.members[name], member, f"{path}.{name}")


def _list(shape: Any, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{path} is {value!r}, a list is wanted"
        return
    for index, item in enumerate(value):
        yield from mismatches(shape.member, item, f"{path}[{index}]")


def _map(shape: Any, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {value!r}, a map is wanted"
        return
    for key, item in value.items():
        yield from mismatches(shape.key, key, f"{path} key {key!r}")
        yield from mismatches(shape.value, item, f"{path}[{key!r}]")


def _scalar(shape: Any, value: object, path: str) -> Iterator[str]:
    wanted = _SCALARS[shape.type_name]
    is_wrong_bool = isinstance(value, bool) and shape.type_name != "boolean"
    if not isinstance(value, wanted) or is_wrong_bool:
        yield f"{path} is {value!r}, a {shape.type_name} is wanted"

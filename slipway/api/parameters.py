"""What may be asked of a request's parameters: choices, ranges and sizes, each refused with the field and the fix.

The wire has checked types and required members already; enumerations, ranges and forms are checked here, because the
models state few of them and AWS refuses them with errors that differ from operation to operation.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from slipway.api.errors import ApiError


def invalid(sentence: str) -> ApiError:
    """The refusal `InvalidParameterException` with this sentence."""
    return ApiError("InvalidParameterException", sentence)


def client_error(sentence: str) -> ApiError:
    """The refusal `ClientException` with this sentence, which RegisterTaskDefinition uses for almost everything."""
    return ApiError("ClientException", sentence)


def choice(params: Mapping[str, Any], name: str, allowed: Collection[str], *, place: str = "") -> str | None:
    """The member `name`, which must be one of `allowed`; None where it is not given. `place` is the path before it."""
    value = params.get(name)
    if value is not None and value not in allowed:
        raise invalid(f"{place}{name} '{value}' is not known; use one of {', '.join(allowed)}.")
    return value


def included(params: Mapping[str, Any], allowed: Collection[str]) -> frozenset[str]:
    """The member `include`: what else a Describe operation is to show, each one of `allowed`."""
    asked = frozenset(params.get("include", ()))
    if unknown := sorted(asked.difference(allowed)):
        raise invalid(f"include '{unknown[0]}' is not known; use one of {', '.join(allowed)}.")
    return asked


def number(params: Mapping[str, Any], name: str, *, low: int, high: int) -> int | None:
    """The member `name`, a number from `low` to `high`; None where it is not given."""
    value: int | None = params.get(name)
    if value is not None and not low <= value <= high:
        raise invalid(f"{name} is {value}; give a number from {low} to {high}.")
    return value


def asked_for(params: Mapping[str, Any], name: str, *, limit: int) -> list[str]:
    """The names and ARNs a Describe operation asks for: at least one, at most `limit`."""
    asked: list[str] = params.get(name, [])
    title = name[:1].upper() + name[1:]
    if not asked:
        raise invalid(f"{title} cannot be empty.")
    if len(asked) > limit:
        raise invalid(f"{title} cannot have more than {limit} items; {len(asked)} were given, ask in several calls.")
    return asked


def has_nul(value: object) -> bool:
    """Whether a text in `value`, JSON of any depth, has a NUL character, which no program can be given."""
    match value:
        case str():
            return "\0" in value
        case Mapping():
            return any(has_nul(item) for pair in value.items() for item in pair)
        case list() | tuple():
            return any(map(has_nul, value))
        case _:
            return False


def first_repeated(values: Iterable[str]) -> str | None:
    """The first value that occurs a second time; None where all differ."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None

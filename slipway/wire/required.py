"""Which required members a request lacks, by functions compiled once per shape and only where something is required."""

from collections.abc import Callable, Iterator
from typing import Any

from slipway.wire.mismatch import location

Steps = tuple[str | int, ...]
Missing = Callable[[Any, Steps], Iterator[Steps]]


class RequiredMembers:
    """The compiled checks of one service."""

    def __init__(self) -> None:
        self._structures: dict[str, Missing | None] = {}

    def check(self, shape: Any) -> Callable[[Any], list[str]]:
        """A function from a parsed request to the places of its missing members (`containerDefinitions[0].name`)."""
        missing = self._missing(shape)
        if missing is None:
            return lambda value: []
        return lambda value: [location(steps) for steps in missing(value, ())]

    def _missing(self, shape: Any) -> Missing | None:
        """None where nothing below can be missing, so that such parts of a request are never walked."""
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list" if inner := self._missing(shape.member):
                return _in_list(inner)
            case "map" if inner := self._missing(shape.value):
                return _in_map(inner)
        return None

    def _structure(self, shape: Any) -> Missing | None:
        name = shape.name
        if name in self._structures:
            return self._structures[name]
        # A shape may contain itself: until it is compiled, those inside look it up when they are called.
        self._structures[name] = lambda value, steps: (self._structures[name] or _nothing)(value, steps)
        inner = {member: check for member, of in shape.members.items() if (check := self._missing(of))}
        required = tuple(shape.required_members)
        self._structures[name] = _in_structure(required, inner) if required or inner else None
        return self._structures[name]


def _nothing(value: Any, steps: Steps) -> Iterator[Steps]:
    return iter(())


def _in_structure(required: tuple[str, ...], inner: dict[str, Missing]) -> Missing:
    def missing(value: Any, steps: Steps) -> Iterator[Steps]:
        for name in required:
            if name not in value:
                yield (*steps, name)
        for name, check in inner.items():
            if name in value:
                yield from check(value[name], (*steps, name))

    return missing


def _in_list(inner: Missing) -> Missing:
    def missing(value: Any, steps: Steps) -> Iterator[Steps]:
        for index, item in enumerate(value):
            yield from inner(item, (*steps, index))

    return missing


def _in_map(inner: Missing) -> Missing:
    def missing(value: Any, steps: Steps) -> Iterator[Steps]:
        for key, item in value.items():
            yield from inner(item, (*steps, key))

    return missing

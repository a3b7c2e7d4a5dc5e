"""Values for a botocore shape, chosen by a seed: the same seed gives the same value."""

from collections.abc import Mapping
from random import Random
from typing import Any

TEXTS = (
    "web",
    "arn:aws:ecs:us-east-1:000000000000:service/default/web",
    "",
    " spaces around ",
    "quotes \" and ' and \\ and `",
    "<tag attribute='1'>&amp;</tag> ]]>",
    "a+b=c&d%20e;f.member.1",
    "line\nfeed\ttab\rreturn",
    "Ünïcödé 部署 🚢",
)
# Deeper structures are left empty; no served shape contains itself today, but one may.
MAX_DEPTH = 12


class Values:
    """Makes values. `fill` is the share of optional members given: 0.0 the required ones alone, 1.0 all."""

    def __init__(self, seed: int, *, fill: float) -> None:
        self._random = Random(seed)
        self._fill = fill

    def of(self, shape: Any, depth: int = 0) -> Any:
        """A value of the shape, in the terms of the wire: timestamps are whole epoch seconds."""
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth)
            case "list":
                return [self.of(shape.member, depth + 1) for _ in range(self._random.randint(0, 12))]
            case "map":
                return {text: self.of(shape.value, depth + 1) for text in self._random.sample(TEXTS, 3)}
            case "string":
                return self._random.choice(shape.enum or TEXTS)
            case "boolean":
                return self._random.random() < 0.5
            case "integer":
                return self._random.choice((0, 1, 1024, 2**31 - 1, -(2**31)))
            case "long":
                return self._random.choice((0, 2**63 - 1, -(2**63)))
            case "float" | "double":
                return self._random.choice((0.0, 1.5, -2.25, 100.0))
            case "timestamp":
                return self._random.randint(0, 4_000_000_000)
            case "blob":
                return self._random.randbytes(5)
        raise AssertionError(f"no value for {shape.type_name}")

    def _structure(self, shape: Any, depth: int) -> dict[str, Any]:
        if getattr(shape, "is_document_type", False):
            return {"any": ["thing", 1, None, {"nested": True}]}
        # Query has no way to write an empty structure, or one whose shape has no members.
        writable = tuple(name for name, of in shape.members.items() if of.type_name != "structure" or of.members)
        names = [name for name in writable if self._is_given(name, shape, depth)]
        if (not names and writable and depth) or shape.is_tagged_union:
            names = [self._random.choice(writable)]
        return {name: self.of(shape.members[name], depth + 1) for name in names}

    def _is_given(self, name: str, shape: Any, depth: int) -> bool:
        return name in shape.required_members or (depth < MAX_DEPTH and self._random.random() < self._fill)


def values_of(shape: Any) -> list[Mapping[str, Any]]:
    """Some values of a structure: the smallest, the fullest and two between."""
    return [Values(seed, fill=fill).of(shape) for seed, fill in ((1, 0.0), (2, 0.3), (3, 0.6), (4, 1.0))]

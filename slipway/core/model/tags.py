"""Tags: the key and value pairs a user hangs on a resource (ECS and ELBv2: at most 50 a resource)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag; `key` has 1 to 128 characters, `value` 0 to 256."""

    key: str
    value: str = ""


def merge_tags(current: tuple[Tag, ...], added: tuple[Tag, ...]) -> tuple[Tag, ...]:
    """`current` with `added` laid over it; the last tag of a key wins, the order of first appearance is kept."""
    values = {tag.key: tag for tag in (*current, *added)}
    return tuple(values.values())


def drop_tags(current: tuple[Tag, ...], keys: frozenset[str]) -> tuple[Tag, ...]:
    """`current` without the tags whose key is in `keys`."""
    return tuple(tag for tag in current if tag.key not in keys)

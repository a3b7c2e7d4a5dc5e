"""A set of keys kept in order, so that who is chosen first does not depend on the order of events."""

from bisect import bisect_left, insort
from collections.abc import Iterator

Rank = tuple[float, str]


class OrderedKeys:
    """Keys ordered by rank (an instant, then the key). Adding and removing cost a binary search and a memory move."""

    __slots__ = ("_ranks",)

    def __init__(self) -> None:
        self._ranks: list[Rank] = []

    def add(self, rank: Rank) -> None:
        """Add a key; `rank` is (instant, key)."""
        insort(self._ranks, rank)

    def discard(self, rank: Rank) -> None:
        """Remove a key if it is there."""
        at = bisect_left(self._ranks, rank)
        if at < len(self._ranks) and self._ranks[at] == rank:
            del self._ranks[at]

    def __len__(self) -> int:
        return len(self._ranks)

    def __iter__(self) -> Iterator[str]:
        """The keys, lowest rank first."""
        return (key for _, key in self._ranks)

    def newest_first(self) -> Iterator[str]:
        """The keys, highest rank first."""
        return (key for _, key in reversed(self._ranks))

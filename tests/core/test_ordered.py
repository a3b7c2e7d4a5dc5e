"""Keys kept in order: as a sorted list, however many there are."""

from random import Random

import pytest

from slipway.core.ordered import CHUNK, OrderedKeys, Rank


def ranks(count: int) -> list[Rank]:
    """So many ranks in no order; of each instant there are several."""
    made = [(float(number // 7), f"key{number}") for number in range(count)]
    Random(1).shuffle(made)
    return made


@pytest.mark.parametrize("count", [0, 1, 2 * CHUNK, 5 * CHUNK])
def test_keys_come_and_go_in_order(count: int) -> None:
    keys, left = OrderedKeys(), ranks(count)
    for rank in left:
        keys.add(rank)
    while True:
        assert list(keys) == [key for _, key in sorted(left)]
        assert list(keys.newest_first()) == [key for _, key in sorted(left, reverse=True)]
        assert len(keys) == len(left)
        if not left:
            return
        gone, left = left[: len(left) // 2 + 1], left[len(left) // 2 + 1 :]
        for rank in gone:
            keys.discard(rank)


def test_what_is_not_there_is_not_removed() -> None:
    keys = OrderedKeys()
    keys.discard((1.0, "a"))
    keys.add((2.0, "b"))
    for rank in ((1.0, "a"), (2.0, "a"), (3.0, "c")):
        keys.discard(rank)
    assert list(keys) == ["b"]

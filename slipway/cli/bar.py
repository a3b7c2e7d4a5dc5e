"""Bars of characters: a share of a whole, as long as it is large."""

#: Columns of the longest bar, and the fewest that are worth one.
LONGEST, SHORTEST = 24, 4

_BLOCK, _ASCII = "█", "#"


def bar(share: float, *, columns: int = LONGEST, encoding: str = "utf-8") -> str:
    """A bar of a share from 0 to 1, of all of it `columns` long and never longer than `LONGEST`; empty where there are
    fewer than `SHORTEST`. `encoding` is what the terminal writes: where it has no blocks, ASCII is drawn."""
    if columns < SHORTEST:
        return ""
    return _mark(encoding) * round(min(columns, LONGEST) * share)


def _mark(encoding: str) -> str:
    try:
        _BLOCK.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _BLOCK

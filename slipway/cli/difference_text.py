"""A unified difference in colour, for a terminal."""

from collections.abc import Iterable, Iterator

from rich.text import Text

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def coloured(lines: Iterable[str]) -> Iterator[Text]:
    """The lines of a unified difference, each as rich prints it."""
    for line in lines:
        is_head = line.startswith(("--- ", "+++ "))
        yield Text(line, style="bold" if is_head else _STYLES.get(line[:1], "dim"))

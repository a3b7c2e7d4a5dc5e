"""What commands print: text for people in colour on a terminal only, or one JSON value on stdout."""

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: Any) -> None:
    """Print one JSON value on stdout, indented on a terminal and on one line elsewhere."""
    indent = 2 if sys.stdout.isatty() else None
    is_ascii = (sys.stdout.encoding or "").lower() != "utf-8"  # then characters are escaped, and none is lost
    print(json.dumps(value, indent=indent, default=str, ensure_ascii=is_ascii), flush=True)


def console(*, stderr: bool = False) -> "Console":
    """Where text for people goes. Colour only on a terminal, and none with NO_COLOR set (rich sees to both)."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


def say(line: str) -> None:
    """A line for the person who waits, on stderr: stdout is for the answer."""
    print(line, file=sys.stderr, flush=True)

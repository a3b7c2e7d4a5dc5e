"""What commands print: text for people in colour on a terminal only, or one JSON value on stdout."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slipway.cli.failure import CliError

if TYPE_CHECKING:
    from rich.console import Console

#: Columns of a table that nobody looks at on a screen.
UNBOUNDED = 10_000


def print_json(value: Any) -> None:
    """Print one JSON value on stdout, indented on a terminal and on one line elsewhere."""
    indent = 2 if sys.stdout.isatty() else None
    is_ascii = (sys.stdout.encoding or "").lower() != "utf-8"  # then characters are escaped, and none is lost
    print(json.dumps(value, indent=indent, default=str, ensure_ascii=is_ascii), flush=True)


def console(*, stderr: bool = False) -> "Console":
    """Where text for people goes. Colour only on a terminal, and none with NO_COLOR set (rich sees to both)."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


def table_console() -> "Console":
    """Where tables go: as wide as the terminal, and as wide as they like where there is none, as in a pipe."""
    from rich.console import Console

    is_bounded = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if is_bounded else UNBOUNDED)


def write_file(file: Path, text: str) -> None:
    """Write what a command made, and the directories it is to be in. Raises `CliError`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}.") from error


def refuse_existing(file: Path | None, *, force: bool) -> None:
    """Raises `CliError` for a file that is there, unless it may be written over."""
    if file is not None and file.exists() and not force:
        raise CliError(f"{file} is there already: give another --output, or --force to write over it.")


def say(line: str) -> None:
    """A line for the person who waits, on stderr: stdout is for the answer."""
    print(line, file=sys.stderr, flush=True)

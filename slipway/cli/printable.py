"""Text of programs, made fit to be shown: what would command a terminal, or hide what is there, is made visible."""

import re
from typing import Any

#: Control characters but newline and tab, and those that turn the direction of text around.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(value: Any) -> Any:
    """A JSON value whose texts show each such character by its escape, as `\\x1b`; all else is as it was."""
    match value:
        case str():
            return _UNFIT.sub(lambda found: found[0].encode("unicode_escape").decode(), value)
        case dict():
            return {key: printable(item) for key, item in value.items()}
        case list():
            return [printable(item) for item in value]
        case _:
            return value

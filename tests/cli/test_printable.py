"""What programs print is shown, and commands no terminal."""

from typing import Any

import pytest

from slipway.cli.printable import printable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("plain: é, 漢字\n\tindented", "plain: é, 漢字\n\tindented", id="text stays"),
        pytest.param("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07", id="commands of a terminal"),
        pytest.param("a\x00b\rc", "a\\x00b\\rc", id="NUL and carriage return"),
        pytest.param("user\u202etxt.exe", "user\\u202etxt.exe", id="text turned around"),
        pytest.param({"lines": ["\x1b", 1, None]}, {"lines": ["\\x1b", 1, None]}, id="in a report"),
    ],
)
def test_what_is_unfit_is_made_visible(value: Any, shown: Any) -> None:
    assert printable(value) == shown

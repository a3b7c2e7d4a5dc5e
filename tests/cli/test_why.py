"""What `slipway why` prints of a wait."""

from typing import Any

import pytest

from slipway.cli.why import wait_line
from tests.cli.pictures import NOW, SERVICE, wait

CHECK = "target health check 1 of 2 passed, next in 3 s"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        pytest.param(wait("room", "no room: a task needs 128 MiB"), "no room: a task needs 128 MiB", id="no times"),
        pytest.param(
            wait("target health", CHECK, number=2) | {"since": NOW - 12, "clears_at": NOW + 3, "clears": "earliest"},
            f"task 00000002: {CHECK}  (since 0:12, clears in at least 0:03)",
            id="a task of it",
        ),
        pytest.param(
            wait("deadline", "it fails") | {"clears_at": NOW + 65, "clears": "latest"},
            "it fails  (clears within 1:05)",
            id="at the latest",
        ),
        pytest.param(wait("roll", "rolled for 3 s") | {"since": NOW - 3}, "rolled for 3 s", id="said already"),
        pytest.param(wait("bake", "it bakes") | {"clears_at": NOW - 1, "clears": "at"}, "it bakes", id="due"),
    ],
)
def test_a_wait_is_told_with_its_times(told: dict[str, Any], line: str) -> None:
    assert wait_line(told, NOW, subject=SERVICE) == line

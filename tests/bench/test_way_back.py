"""What the bench of ways back tries, and how it reads what it is told."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.way_back import CASES, COUNTINGS, Taken, taken


def test_every_service_has_a_name_of_its_own() -> None:
    names = [case.bad.name for case in (*CASES, *COUNTINGS)]
    assert sorted(set(names)) == sorted(names)


def test_times_are_told_from_the_update() -> None:
    assert taken(_verdict()) == Taken(detected_s=1.5, restored_s=12)


@pytest.mark.parametrize("status", ["SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"])
def test_another_verdict_is_no_way_back(status: str) -> None:
    with pytest.raises(AssertionError, match=status):
        taken(_verdict() | {"status": status})


def _verdict() -> dict[str, object]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "status": "ROLLBACK_SUCCESSFUL",
        "createdAt": at,
        "rollback": {"startedAt": at + timedelta(seconds=1.5)},
        "finishedAt": at + timedelta(seconds=12),
    }

"""What the bench of predictions rolls, and when it calls a deployment predicted."""

from dataclasses import replace

import pytest

from bench.prediction import Outcome
from bench.prediction_cases import DOCKER, HOST_CPU, PROCESS, Subject
from slipway.foresight.assumption import Failure

FOUND = Outcome(
    title="web",
    predicted=(2, -2),
    rounds=(2, -2),
    predicted_s=10.0,
    seconds=10.4,
    verdicts=("SUCCESSFUL", "SUCCESSFUL"),
    ledger_off_s=0.0,
    overhead_s=0.1,
    is_replayed=True,
    is_race=False,
)


def test_enough_is_rolled() -> None:
    fair = [subject for subject in PROCESS if not subject.is_race]
    assert sum(len(subject.rolls) for subject in fair) >= 30
    assert sum(len(subject.rolls) for subject in DOCKER) >= 10
    names = [subject.name for subject in (*PROCESS, *DOCKER)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("subject", [pytest.param(one, id=one.name) for one in (*PROCESS, *DOCKER)])
def test_a_subject_can_be_rolled(subject: Subject) -> None:
    assert subject.tasks <= subject.room <= HOST_CPU
    for roll in subject.rolls:
        assert roll.minimum <= roll.maximum
        assert roll.fails is None or Failure(roll.fails) in Failure


@pytest.mark.parametrize(
    ("predicted_s", "seconds", "is_near"),
    [
        pytest.param(10.0, 10.9, True, id="within a second"),
        pytest.param(10.0, 11.2, False, id="more than a second, and than five percent"),
        pytest.param(97.0, 100.0, True, id="within five percent"),
        pytest.param(94.0, 100.0, False, id="more than five percent"),
        pytest.param(106.0, 100.0, False, id="too long"),
    ],
)
def test_a_time_is_near(predicted_s: float, seconds: float, is_near: bool) -> None:
    assert replace(FOUND, predicted_s=predicted_s, seconds=seconds).is_near is is_near


def test_rounds_and_verdict_are_the_same() -> None:
    assert FOUND.is_same
    assert not replace(FOUND, rounds=(2, -1, -1)).is_same
    assert not replace(FOUND, verdicts=("SUCCESSFUL", "ROLLBACK_SUCCESSFUL")).is_same


def test_a_miss_is_told() -> None:
    assert FOUND.told() == "web: +2 -2 SUCCESSFUL; predicted 10.00 s, took 10.40 s; overhead 1.0 %"
    missed = replace(FOUND, predicted=(2,), predicted_s=20.0, is_replayed=False).told()
    assert "predicted +2 SUCCESSFUL" in missed
    assert ": MISS" in missed
    assert "NOT replayed" in missed

"""Explaining recorded deployments: the facts, the ledger, the totals and the rounds, and the seam for savings."""

from dataclasses import replace

import pytest

from slipway.core.explaining.ledger import check_sum, check_touching
from slipway.core.explaining.segment import SegmentKind
from slipway.core.model.deployments import ServiceDeployment, ServiceDeploymentStatus
from slipway.foresight.explain import Explanation, Saving, explain
from slipway.foresight.recording import RecordedStep, Recording
from slipway.foresight.recording_file import decode_recording, encode_recording
from slipway.sim.behaviours import Behaviour
from tests.foresight.recorded import recording_of_a_roll

HEALTH = SegmentKind.HEALTH_WAIT
DRAIN = SegmentKind.DRAIN
KILL = SegmentKind.KILL_WAIT


def account(explanation: Explanation) -> list[tuple[SegmentKind, float]]:
    return [(one.kind, one.seconds) for one in explanation.ledger.segments]


def test_the_worked_example_from_its_file() -> None:
    recording = decode_recording(encode_recording(recording_of_a_roll()), name="file")
    told = explain(recording)
    assert (told.service, told.cluster, told.to, told.sources) == ("web", "default", "web:2", ("web:1",))
    assert told.status is ServiceDeploymentStatus.SUCCESSFUL
    assert (told.is_over, told.seconds, told.overhead_share) == (True, 1440.0, 0.0)
    assert account(told) == 3 * [(HEALTH, 150), (DRAIN, 300), (KILL, 30)]
    assert [(one.kind, one.seconds, one.share, one.count) for one in told.totals] == [
        (DRAIN, 900, 900 / 1440, 3),
        (HEALTH, 450, 450 / 1440, 3),
        (KILL, 90, 90 / 1440, 3),
    ]
    assert told.savings == ()


def test_rounds_say_what_each_waited_for() -> None:
    told = explain(recording_of_a_roll())
    rows = [(one.signed, one.start_s, one.end_s, one.healthy, one.running, one.cause) for one in told.rounds]
    assert rows == [
        (2, 0, 150, 6, 6, HEALTH),
        (-2, 150, 480, 6, 8, DRAIN),
        (2, 480, 630, 6, 6, HEALTH),
        (-2, 630, 960, 6, 8, DRAIN),
        (2, 960, 1110, 6, 6, HEALTH),
        (-2, 1110, 1440, 6, 6, DRAIN),
    ]
    assert [one.name for one in told.rounds[1].settings] == ["deregistration_delay.timeout_seconds"]


@pytest.mark.parametrize(
    ("now_s", "seconds", "last"),
    [
        pytest.param(None, 450.0, (DRAIN, 300.0), id="to the last recorded step"),
        pytest.param(470.0, 470.0, (KILL, 20.0), id="to now"),
        pytest.param(100.0, 450.0, (DRAIN, 300.0), id="a clock that is behind: to the last recorded step"),
    ],
)
def test_one_that_goes_on(now_s: float | None, seconds: float, last: tuple[SegmentKind, float]) -> None:
    recording = recording_of_a_roll(run_s=460)
    now = None if now_s is None else recording.began_at + now_s
    told = explain(recording, now=now)
    assert (told.is_over, told.seconds) == (False, seconds)
    kind, took_s = account(told)[-1]
    assert (kind if last[0] is DRAIN else KILL, took_s) == last
    check_touching(told.ledger)
    check_sum(told.ledger)


def test_the_request_comes_before_its_commit() -> None:
    """A real server commits a call some moments after it took it: those are overhead, and part of the wall time."""
    recording = recording_of_a_roll()
    arn, created_at = recording.service_deployment_arn, recording.began_at - 0.25
    moved = replace(recording, steps=tuple(_created_at(step, arn, created_at) for step in recording.steps))
    told = explain(moved)
    assert told.seconds == 1440.25
    assert account(told)[0] == (SegmentKind.OVERHEAD, 0.25)
    assert account(told)[1:] == 3 * [(HEALTH, 150), (DRAIN, 300), (KILL, 30)]


def test_what_a_new_version_takes_is_told_apart() -> None:
    told = explain(recording_of_a_roll(behaviour=Behaviour(pull_s=12, launch_s=3)))
    assert account(told)[:3] == [(SegmentKind.PULL, 12), (SegmentKind.CONTAINER_START, 3), (HEALTH, 150)]


def test_savings_are_asked_of_the_recording() -> None:
    saving = Saving(
        name="deregistration_delay.timeout_seconds",
        of="target group web",
        before="300",
        after="5",
        saved_s=885.0,
        risk="requests that take longer are cut off",
    )
    asked: list[Recording] = []

    def savings(recording: Recording) -> tuple[Saving, ...]:
        asked.append(recording)
        return (saving,)

    recording = recording_of_a_roll()
    assert explain(recording, savings=savings).savings == (saving,)
    assert asked == [recording]


def _created_at(step: RecordedStep, arn: str, at: float) -> RecordedStep:
    """The step, with another instant at which the service deployment was created."""
    changes = tuple(
        replace(change, record=replace(change.record, created_at=at))
        if isinstance(change.record, ServiceDeployment) and change.record.arn == arn
        else change
        for change in step.changes
    )
    return replace(step, changes=changes)

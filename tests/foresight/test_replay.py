"""Replays: every decision of a recording is the same again, and what is another is found where it is."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.adapters.sql import SqliteStore
from slipway.adapters.sql_journal import sqlite_journal
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.observations import CheckOutcome, TargetCheck, TaskReport
from slipway.core.rules import Rules
from slipway.foresight.recording import RecordedStep, Recording, redacted_recording
from slipway.foresight.recording_cut import cut_recording
from slipway.foresight.recording_file import decode_recording, encode_recording
from slipway.foresight.replay import replay
from slipway.journal.journal import Journal
from slipway.ports import Commit
from slipway.sim.journal import MemoryJournal
from slipway.sim.store import Faults, MemoryStore
from slipway.sim.trial import Trial
from tests.foresight.recorded_worlds import BROKEN, RecordedWorld

RECORDED = Path(__file__).with_name("rolled_and_back.slipway.gz")


def assert_replays(journal: Journal, arns: list[str]) -> Counter[str]:
    """Every one of these service deployments replays the same; what was seen in their recordings."""
    seen: Counter[str] = Counter()
    for arn in arns:
        recording = cut_recording(journal, arn)
        replayed = replay(recording)
        assert replayed.is_identical, f"{arn}: {replayed.difference}"
        assert replayed.steps == len(recording.steps)
        seen["steps"] += replayed.steps
        seen["loads"] += sum(step.loaded is not None for step in recording.steps)
        seen["idle"] += sum(len(step.idle_at) for step in recording.steps)
    return seen


@pytest.mark.parametrize("seed", range(1, 16))
def test_random_trials_replay(seed: int) -> None:
    """Worlds with faults, crashes, commits that fail, users who change everything: all their deployments."""
    journal = MemoryJournal(seed=str(seed))
    trial = Trial(seed=seed, store=MemoryStore(seed=str(seed), journal=journal))
    outcome = trial.run()
    assert outcome.failure is None, outcome.failure.sentence
    arns = [record.key for record in journal.records() if record.kind == "ServiceDeployment"]
    assert assert_replays(journal, arns)["steps"]


@pytest.mark.parametrize("seed", [4711, 4712])
def test_random_trials_replay_from_a_database(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    outcome = Trial(seed=seed, store=store).run()
    assert outcome.failure is None, outcome.failure.sentence
    with sqlite_journal(path) as journal:
        arns = [record.key for record in journal.records() if record.kind == "ServiceDeployment"]
        assert assert_replays(journal, arns)["steps"]
    store.close()


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(Faults(), id="nothing fails"),
        pytest.param(Faults(fails=frozenset(range(12, 60, 9))), id="commits fail"),
        pytest.param(Faults(crashes_before=frozenset(range(12, 60, 9))), id="it dies before commits"),
        pytest.param(Faults(crashes_after=frozenset(range(12, 60, 9))), id="it dies after commits"),
        pytest.param(Faults(crashes_every=1), id="it dies after every commit"),
    ],
)
def test_a_way_back_replays(faults: Faults) -> None:
    """A bad version is taken back: the recording goes to the end of that, through deaths and failed commits."""
    recorded = RecordedWorld(faults=faults)
    recorded.roll(BROKEN)
    recording = recorded.recording()
    assert recorded.newest.status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    assert recording.is_over
    seen = assert_replays(recorded.journal, [recorded.newest.arn])
    assert bool(seen["loads"]) is (faults != Faults())


def rolled() -> Recording:
    """A roll that went well."""
    recorded = RecordedWorld()
    recorded.roll()
    return recorded.recording()


def test_commits_are_told_as_they_were() -> None:
    """What a replay tells of is more than the recording has: causes, events and commands."""
    recorded = RecordedWorld()
    before = len(recorded.commits)
    recorded.roll()
    known = recorded.commits[before:]
    told: list[Commit] = []
    replay(recorded.recording(), told=told.append)
    wanted = next(number for number, commit in enumerate(known) if commit.at == told[0].at)
    known = known[wanted : wanted + len(told)]
    assert [(one.at, one.changes, one.commands) for one in told] == [
        (one.at, one.changes, one.commands) for one in known
    ]
    assert sum(len(one.commands) for one in told) == 6


def test_what_is_kept_secret_changes_nothing() -> None:
    recording = redacted_recording(rolled())
    assert replay(decode_recording(encode_recording(recording), name="it")).is_identical


def replaced(recording: Recording, number: int, step: RecordedStep) -> Recording:
    """The recording with the step of this number, from 0, another."""
    return replace(recording, steps=(*recording.steps[:number], step, *recording.steps[number + 1 :]))


def test_a_changed_report_is_found() -> None:
    """In its step, with its record and field."""
    recording = rolled()
    number, report = next(
        (number, seen)
        for number, step in enumerate(recording.steps)
        for seen in step.observations
        if isinstance(seen, TaskReport)
    )
    step = recording.steps[number]
    others = tuple(seen for seen in step.observations if seen is not report)
    changed = replace(step, observations=(replace(report, ip_address="10.0.0.9"), *others))
    replayed = replay(replaced(recording, number, changed))
    assert not replayed.is_identical
    difference = replayed.difference
    assert difference is not None
    assert (difference.step, difference.at, replayed.steps) == (number + 1, step.at, number + 1)
    assert (difference.kind, difference.key, difference.field) == ("Task", report.task_arn, "ip_address")
    assert (difference.expected, difference.got) == (None, "10.0.0.9")


def test_a_changed_check_is_found() -> None:
    recording = rolled()
    number, check = next(
        (number, seen)
        for number, step in enumerate(recording.steps)
        for seen in step.observations
        if isinstance(seen, TargetCheck) and seen.outcome is CheckOutcome.PASSED
    )
    failed = replace(check, outcome=CheckOutcome.TIMEOUT, response_code=None)
    observations = tuple(failed if seen is check else seen for seen in recording.steps[number].observations)
    replayed = replay(replaced(recording, number, replace(recording.steps[number], observations=observations)))
    assert replayed.difference is not None
    assert (replayed.difference.step, replayed.difference.kind) == (number + 1, "Target")


def test_a_lost_observation_is_found() -> None:
    recording = rolled()
    number = next(number for number, step in enumerate(recording.steps) if len(step.observations) == 1)
    silent = replace(recording.steps[number], observations=())
    difference = replay(replaced(recording, number, silent)).difference
    assert difference is not None
    assert difference.step == number + 1


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(Rules(new_target_checks=1), id="targets are healthy earlier"),
        pytest.param(Rules(is_sequential=True), id="rounds one after another"),
        pytest.param(Rules(stopped_task_kept_s=5), id="stopped tasks are kept shorter"),
    ],
)
def test_a_changed_rule_is_found(rules: Rules) -> None:
    recording = rolled()
    replayed = replay(replace(recording, load=replace(recording.load, rules=rules)))
    assert replayed.difference is not None
    assert replayed.steps < len(recording.steps)


def test_other_ids_are_found() -> None:
    recording = rolled()
    assert replay(replace(recording, seed="another")).difference is not None
    first = replace(recording.steps[0], sequence=recording.steps[0].sequence + 1)
    difference = replay(replaced(recording, 0, first)).difference
    assert difference is not None
    assert (difference.kind, difference.expected) == ("Ids", first.sequence)


def test_a_change_at_an_instant_of_rest_is_found() -> None:
    """Something was looked at and left as it was; now it is changed then."""
    recorded = RecordedWorld()
    recorded.user.update("web", bake_time_s=30.0)  # it ends in a step that nothing was reported for
    recorded.roll()
    recording = recorded.recording()
    is_timed = [not step.observations and not step.transactions for step in recording.steps]
    number = is_timed.index(True)
    step = recording.steps[number]
    difference = replay(replaced(recording, number, replace(step, idle_at=(step.at - 10, step.at)))).difference
    assert difference is not None
    assert (difference.step, difference.at) == (number + 1, step.at)
    assert difference.expected != difference.got


def test_the_recorded_file_replays(rewrite: bool) -> None:
    """A bad version that was taken back, recorded once: who changes a decision sees it here, and records it anew with
    --rewrite."""
    if rewrite:
        recorded = RecordedWorld()
        recorded.roll()
        recorded.roll(BROKEN)
        RECORDED.write_bytes(encode_recording(redacted_recording(recorded.recording())))
    recording = decode_recording(RECORDED.read_bytes(), name=RECORDED.name)
    replayed = replay(recording)
    assert replayed.difference is None, f"decisions changed: {replayed.difference}; if that is meant, --rewrite"
    assert (recording.is_over, len(recording.steps) > 15, replayed.decisions > 60) == (True, True, True)

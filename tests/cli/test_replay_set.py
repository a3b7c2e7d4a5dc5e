"""`slipway replay … --set`: how long a deployment would have taken."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from slipway.cli.replay_set import what_if_text
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.knobs import parse_assignments
from slipway.foresight.recording_file import encode_recording
from slipway.foresight.what_if import replay_set
from tests.cli.test_replay import NOBODY, ended
from tests.foresight.recorded import recording_of_a_roll

DRAIN = "deregistration_delay.timeout_seconds=5"


@cache
def content() -> bytes:
    """The worked example, recorded: 24 minutes."""
    return encode_recording(recording_of_a_roll())


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "roll.slipway.gz"
    path.write_bytes(content())
    return str(path)


def test_for_people(file: str) -> None:
    status, output, errors = ended(NOBODY, "replay", file, "--set", DRAIN)
    assert (status, errors) == (0, "")
    first, second = output.splitlines()
    assert first.endswith(f" deployment: 24 m as it was; 9 m 15 s with {DRAIN}")
    assert second == (
        "Run again unchanged, in virtual time, it takes 24 m, 100.0% of what it took: so far can the rest be trusted."
    )


def test_several_settings_and_what_they_cost(file: str) -> None:
    _, output, _ = ended(NOBODY, "replay", file, "--set", "minimum-healthy-percent=50", "--set", "stop_timeout=2")
    first, _, lowest = output.splitlines()
    assert "with minimumHealthyPercent=50, stopTimeout=2" in first
    assert lowest == "At its lowest, 3 of 6 tasks would have been healthy instead of 6."


def test_another_end() -> None:
    recording = recording_of_a_roll()
    found = replay_set(recording, parse_assignments([DRAIN]))
    failed = replace(found.changed, verdict=ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL)
    assert what_if_text(recording, replace(found, changed=failed))[2] == (
        "It ended SUCCESSFUL, and would have ended ROLLBACK_SUCCESSFUL."
    )
    assert what_if_text(recording, replace(found, again=failed))[2].endswith("so do not trust the rest.")


def test_for_programs(file: str) -> None:
    status, output, _ = ended(NOBODY, "replay", file, "--set", DRAIN, "--json")
    document = json.loads(output)
    assert (status, document["set"]) == (0, {"deregistration_delay.timeout_seconds": 5})
    assert [document[name]["duration_s"] for name in ("real", "again", "changed")] == [1440, 1440, 555]
    assert (document["saved_s"], document["changed"]["verdict"]) == (885, "SUCCESSFUL")


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        pytest.param("colour=red", "colour is no setting that can be changed; there are desiredCount", id="unknown"),
        pytest.param("desiredCount", "'desiredCount' sets nothing; write NAME=VALUE", id="no value"),
        pytest.param("health-interval=5", "the interval must be greater", id="excluded by another"),
    ],
)
def test_refused(file: str, setting: str, sentence: str) -> None:
    status, output, errors = ended(NOBODY, "replay", file, "--set", setting)
    assert (status, output) == (2, "")
    assert errors.startswith("slipway: ")
    assert sentence in errors


def test_one_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "roll.slipway.gz"
    path.write_bytes(encode_recording(recording_of_a_roll(run_s=100)))
    status, output, errors = ended(NOBODY, "replay", str(path), "--set", DRAIN)
    assert (status, output) == (1, "")
    assert errors.startswith("slipway: The deployment goes on: what would have been")

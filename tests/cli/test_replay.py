"""`slipway replay` and `slipway export`: what they print, write and end with."""

import gzip
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from slipway.cli.replay import replay_text
from slipway.core.rules import Rules
from slipway.foresight.recording import Recording
from slipway.foresight.recording_file import decode_recording, encode_recording
from slipway.foresight.replay import replay
from tests.cli.scripted_server import Whole, scripted_server
from tests.cli.test_answers import begun
from tests.foresight.test_recording import SECRET, rolled
from tests.foresight.test_replay import RECORDED

OVERVIEW = {"clusters": [{"name": "default", "services": [{"name": "web"}], "tasks": []}], "hosts": [], "at": 0}
PATH = "/slipway/v1/clusters/default/services/web/recording"
NOBODY = 9  # a port at which nothing answers: a file needs no server


def kept() -> Recording:
    """The recorded way back."""
    return decode_recording(RECORDED.read_bytes(), name=RECORDED.name)


def changed() -> Recording:
    """The same, as if it had been recorded under another rule by another version."""
    recording = kept()
    return replace(recording, load=replace(recording.load, version="0.0.1", rules=Rules(new_target_checks=1)))


def ended(port: int, *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command."""
    command = begun(port, *arguments)
    output, errors = command.communicate(timeout=60)
    return command.returncode, output, errors


def test_the_same_decisions() -> None:
    recording = kept()
    status, output, errors = ended(NOBODY, "replay", str(RECORDED))
    assert (status, errors) == (0, "")
    first, second = output.splitlines()
    assert first.startswith(f"{recording.deployment_id} of web, from ")
    assert second == f"Replayed {len(recording.steps)} steps: all {replay(recording).decisions} decisions are the same."


EVENTS = PATH.replace("recording", "events")
GONE = {
    "clusters": [{"name": name, "services": [], "tasks": []} for name in ("default", "other")],
    "hosts": [],
    "at": 0,
}
UNKNOWN = Whole(body=b'{"message": "There is no service web."}', status=400)
KNOWN: dict[str, list[str]] = {"events": []}


@pytest.mark.parametrize(
    ("others", "arguments", "status", "said"),
    [
        pytest.param(UNKNOWN, (), 0, "decisions are the same.\n", id="in one cluster"),
        pytest.param(KNOWN, (), 1, "deleted in the clusters default, other: name one with --cluster.\n", id="in two"),
        pytest.param(KNOWN, ("--cluster", "default"), 0, "decisions are the same.\n", id="in the one that is named"),
    ],
)
def test_of_a_deleted_service(others: object, arguments: tuple[str, ...], status: int, said: str) -> None:
    """Its recording is kept, though the overview has it no more."""
    answers = {
        "/slipway/v1/overview": GONE,
        EVENTS: KNOWN,
        EVENTS.replace("default", "other"): others,
        PATH: Whole(body=RECORDED.read_bytes()),
    }
    with scripted_server(answers) as port:
        got, output, errors = ended(port, "replay", "web", *arguments)
    assert got == status
    assert (output + errors).endswith(said)


def test_another_decision(tmp_path: Path) -> None:
    file = tmp_path / "changed.slipway.gz"
    file.write_bytes(encode_recording(changed()))
    status, output, errors = ended(NOBODY, "replay", str(file))
    assert (status, errors) == (1, "")
    _, what, recorded, now, before, versions = output.splitlines()
    assert what.startswith("Another decision in step ")
    assert recorded.startswith("  recorded  ")
    assert now.startswith("  now       ")
    assert before.endswith(" before it decided the same.")
    assert versions.startswith("It was recorded by Slipway 0.0.1, and replayed by ")


def test_the_difference_is_shown_whole_but_not_too_long() -> None:
    recording = changed()
    replayed = replay(recording)
    assert replayed.difference is not None
    long = replace(replayed, difference=replace(replayed.difference, expected="x" * 1000, got="bell \x07"))
    text = replay_text(recording, long)
    assert max(map(len, text)) < 400
    assert "…" in text[2]


def test_for_programs(tmp_path: Path) -> None:
    file = tmp_path / "changed.slipway.gz"
    file.write_bytes(encode_recording(changed()))
    status, output, _ = ended(NOBODY, "replay", str(file), "--json")
    document = json.loads(output)
    assert (status, document["is_identical"], document["recorded_by"]) == (1, False, ["0.0.1"])
    assert set(document["difference"]) == {"step", "at", "kind", "key", "field", "expected", "got"}
    status, output, _ = ended(NOBODY, "replay", str(RECORDED), "--json")
    document = json.loads(output)
    assert (status, document["is_identical"], document["difference"]) == (0, True, None)


def test_of_a_service() -> None:
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: Whole(body=RECORDED.read_bytes())}) as port:
        status, output, errors = ended(port, "replay", "web")
    assert (status, errors) == (0, "")
    assert output.endswith("decisions are the same.\n")


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        pytest.param(["{file}"], 1, "slipway: {file} is no recording of Slipway", id="another file"),
        pytest.param(["{folder}/none"], 1, "slipway: There is no file {folder}/none.", id="no file"),
        pytest.param(["none.slipway.gz"], 1, "slipway: There is no file none.slipway.gz.", id="no file here"),
        pytest.param(["none.gz"], 1, "slipway: There is no file none.gz.", id="no file of another name"),
        pytest.param(["{folder}"], 1, "slipway: {folder} is a folder: name a file in it.", id="folder"),
        pytest.param(["{file}", "ecs-svc/1"], 2, "slipway: {file} holds one deployment: leave out", id="deployment"),
    ],
)
def test_no_replay(tmp_path: Path, arguments: list[str], status: int, sentence: str) -> None:
    names = {"file": str(tmp_path / "other"), "folder": str(tmp_path)}
    (tmp_path / "other").write_text("Dear diary")
    got, output, errors = ended(NOBODY, "replay", *(argument.format(**names) for argument in arguments))
    assert (got, output) == (status, "")
    assert errors.startswith(sentence.format(**names))


def exported(*arguments: str) -> tuple[int, str, str]:
    """What `slipway export web` does with a server that has a roll to a version with a secret in its environment."""
    whole = Whole(body=encode_recording(secretive()))
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: whole}) as port:
        return ended(port, "export", "web", *arguments)


@cache
def secretive() -> Recording:
    """A roll to a version whose environment has a secret."""
    return rolled(environment=SECRET)


@pytest.mark.parametrize("options", [[], ["--with-environment"]])
def test_export(tmp_path: Path, options: list[str]) -> None:
    file = tmp_path / "web.slipway.gz"
    status, output, errors = exported("--output", str(file), *options)
    assert (status, errors) == (0, "")
    assert f"{file} has {secretive().deployment_id} of web: " in output
    assert (SECRET.encode() in gzip.decompress(file.read_bytes())) is bool(options)
    assert b"PASSWORD" in gzip.decompress(file.read_bytes())
    assert ended(NOBODY, "replay", str(file))[0] == 0


def test_export_writes_over_nothing(tmp_path: Path) -> None:
    file = tmp_path / "web.slipway.gz"
    file.write_text("mine")
    status, _, errors = exported("--output", str(file))
    assert (status, file.read_text()) == (1, "mine")
    assert errors == f"slipway: {file} is there already: give another --output, or --force to write over it.\n"
    status, output, _ = exported("--output", str(file), "--force", "--json")
    assert (status, json.loads(output)) == (
        0,
        {"file": str(file), "bytes": file.stat().st_size, "deployment": secretive().deployment_id},
    )


def test_export_where_nothing_can_be_written(tmp_path: Path) -> None:
    status, _, errors = exported("--output", str(tmp_path / "none" / "web.slipway.gz"))
    assert (status, errors.endswith("cannot be written: No such file or directory.\n")) == (1, True)


def test_export_to_a_name_of_its_own(tmp_path: Path) -> None:
    whole = Whole(body=RECORDED.read_bytes())
    number = kept().deployment_id.removeprefix("ecs-svc/")
    with scripted_server({"/slipway/v1/overview": OVERVIEW, PATH: whole}) as port:
        command = begun(port, "export", "web", folder=tmp_path)
        command.communicate(timeout=60)
    assert [file.name for file in tmp_path.iterdir()] == [f"web-{number}.slipway.gz"]

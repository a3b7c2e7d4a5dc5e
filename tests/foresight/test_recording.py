"""Recordings: where they begin and end, what they hold, and what the file of one gives back."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from slipway.core.model.deployments import ServiceDeployment, ServiceDeploymentStatus
from slipway.core.model.services import ServiceEvent
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Put, Record
from slipway.foresight.recording import Recording, RecordingError, redacted_recording
from slipway.foresight.recording_cut import cut_recording
from slipway.foresight.recording_file import decode_recording, encode_recording, load_recording, save_recording
from slipway.foresight.replay import replay
from slipway.journal.journal import JournalError, PlacedRecord
from slipway.journal.redaction import MARK
from slipway.sim.journal import MemoryJournal
from tests.foresight.recorded_worlds import BROKEN, SEED, SOUND, RecordedWorld

SECRET = "swordfish"


def state_after(recording: Recording) -> dict[tuple[str, str], Record]:
    """The records after the last step, by its steps."""
    state = {(type(record).__name__, record.key): record for record in recording.records}
    for step in recording.steps:
        for change in step.changes:
            key = type(change.record).__name__, change.record.key
            if isinstance(change, Put):
                state[key] = change.record
            else:
                assert state.pop(key) == change.record
    return state


def test_from_its_beginning_to_its_verdict() -> None:
    recorded = RecordedWorld()
    recorded.roll()
    rolled = recorded.newest
    recorded.roll()
    recording = recorded.recording(rolled)
    assert (recording.service_deployment_arn, recording.service_arn) == (rolled.arn, rolled.service_arn)
    assert recording.began_at == rolled.created_at
    assert recording.ended_at == rolled.finished_at
    assert recording.is_over
    assert rolled.arn not in {record.key for record in recording.records}
    assert not any(isinstance(record, ServiceEvent) for record in recording.records)
    after = state_after(recording)
    assert after["ServiceDeployment", rolled.arn] == rolled
    assert sum(isinstance(record, ServiceDeployment) for record in after.values()) == 2


def test_walking_back_gives_the_records_as_they_were() -> None:
    """What a recording begins with is what was there when the deployment began, and its steps lead to what is now."""
    recorded = RecordedWorld()
    before = {(kind, key): document for kind, key, document in everything(recorded)}
    recorded.roll()
    recording = recorded.recording()
    assert {(type(record).__name__, record.key): msgspec.to_builtins(record) for record in recording.records} == before
    now = {(kind, key): document for kind, key, document in everything(recorded)}
    assert {key: msgspec.to_builtins(record) for key, record in state_after(recording).items()} == now


def everything(recorded: RecordedWorld) -> list[tuple[str, str, object]]:
    """All records of the world as of now, as JSON."""
    return [(record.kind, record.key, record.document) for record in recorded.journal.records()]


def test_a_way_back_belongs_to_it() -> None:
    recorded = RecordedWorld()
    recorded.roll(BROKEN)
    recording = recorded.recording()
    statuses = [
        change.record.status
        for step in recording.steps
        for change in step.changes
        if isinstance(change.record, ServiceDeployment)
    ]
    assert ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS in statuses
    assert statuses[-1] is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL


def test_until_now_where_it_goes_on() -> None:
    recorded = RecordedWorld()
    recorded.user.deploy("web", recorded.register(SOUND))
    recorded.world.run_for(8)
    recording = recorded.recording()
    assert not recording.is_over
    assert len(recording.steps) > 1
    assert recording.ended_at <= recorded.world.clock.now()
    assert replay(recording).is_identical


def test_the_first_deployment_of_a_store() -> None:
    """It begins in the first row there is, with the load of a new store."""
    recorded = RecordedWorld()
    recording = recorded.recording()
    assert len(recording.steps) > 1
    assert replay(recording).is_identical


def test_a_deployment_that_nobody_knows() -> None:
    with pytest.raises(JournalError, match="There is no service deployment arn:none in the store"):
        cut_recording(RecordedWorld().journal, "arn:none")


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_a_journal_that_does_not_reach_back(kept: int) -> None:
    """Rows were dropped; with the first of the deployment alone nobody knows what was at rest before it."""
    recorded = RecordedWorld()
    recorded.roll()
    steps = len(recorded.recording().steps)
    recorded.journal.drop(keep=min(kept, steps))
    with pytest.raises(JournalError, match="does not reach back to its beginning any more"):
        recorded.recording()


class Unreadable(MemoryJournal):
    """A journal with a record as no version wrote it."""

    def records(self) -> Iterator[PlacedRecord]:
        """All records, and of each service one field is something else."""
        for record in super().records():
            assert isinstance(record.document, dict)
            other = {**record.document, "desired_count": "three"} if record.kind == "Service" else record.document
            yield replace(record, document=other)


def test_a_journal_of_another_version() -> None:
    recorded = RecordedWorld(journal=Unreadable(seed=SEED))
    recorded.roll()
    with pytest.raises(JournalError, match=r"another version of Slipway recorded it \(Expected `int`, got `str`"):
        recorded.recording()


def rolled(*, environment: str = "") -> Recording:
    """A roll that went well, of a version with this value in its environment."""
    recorded = RecordedWorld()
    variables = [{"name": "PASSWORD", "value": environment}]
    options = {"awslogs-group": "web", "splunk-token": environment}
    definition = recorded.register(SOUND)
    document = {
        "containerDefinitions": [
            {
                "name": "app",
                "image": "web:2",
                "environment": variables,
                "logConfiguration": {"logDriver": "splunk", "options": options},
                "firelensConfiguration": {"type": "fluentd", "options": options},
                "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:::parameter/key"}],
            }
        ],
        "volumes": [
            {"name": "share", "dockerVolumeConfiguration": {"driver": "cifs", "driverOpts": {"o": environment}}}
        ],
    }
    recorded.user.deploy("web", recorded.document(definition, document))
    assert recorded.world.run()
    return recorded.recording()


def test_the_file_gives_back_the_recording(tmp_path: Path) -> None:
    recording = rolled(environment=SECRET)
    content = encode_recording(recording)
    assert decode_recording(content, name="it") == recording
    assert encode_recording(recording) == content
    path = tmp_path / "it.slipway.gz"
    save_recording(content, path)
    assert load_recording(path) == recording
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert replay(load_recording(path)).is_identical


def test_secrets_are_marked() -> None:
    """Values of environments and options of drivers, wherever they are; names and references stay."""
    recording = rolled(environment=SECRET)
    assert SECRET.encode() in gzip.decompress(encode_recording(recording))
    kept = redacted_recording(recording)
    content = gzip.decompress(encode_recording(kept))
    assert SECRET.encode() not in content
    assert all(name in content for name in (b"PASSWORD", b"splunk-token", b"parameter/key", MARK.encode()))
    assert redacted_recording(kept) == kept
    assert replay(kept).is_identical
    (definition,) = (
        change.record
        for step in kept.steps
        for taken in step.transactions
        for change in taken.changes
        if isinstance(change.record, TaskDefinition) and change.record.document
    )
    (container,) = definition.document["containerDefinitions"]
    assert container["environment"] == [{"name": "PASSWORD", "value": MARK}]


@pytest.fixture(scope="module")
def content() -> bytes:
    """The file of a roll."""
    return encode_recording(rolled())


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999, "all but one byte"])
def test_a_file_that_is_cut_off(content: bytes, share: float | str) -> None:
    length = len(content) - 1 if isinstance(share, str) else int(len(content) * share)
    with pytest.raises(RecordingError, match=r"^it (is cut off|is no recording of Slipway)"):
        decode_recording(content[:length], name="it")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 0.999])
def test_a_file_that_is_damaged(content: bytes, share: float) -> None:
    at = int(len(content) * share)
    damaged = content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :]
    with pytest.raises(RecordingError, match=r"^it (is|has) "):
        decode_recording(damaged, name="it")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        pytest.param([], "it is no recording of Slipway: it does not begin as one.", id="nothing"),
        pytest.param([b"Dear diary"], "it is no recording of Slipway: it does not begin as one.", id="text"),
        pytest.param([b'{"what":"map"}'], "it is no recording of Slipway: it does not begin as one.", id="other JSON"),
        pytest.param(
            [b'{"what":"slipway recording","format":99,"version":"9.1"}'],
            "it has format 99, written by Slipway 9.1; this version reads format 1: use the one that wrote it, or a "
            "newer one.",
            id="newer format",
        ),
        pytest.param(
            [b'{"what":"slipway recording","format":1}'],
            "it is damaged, at line 1: Object missing required field `version`.",
            id="header without fields",
        ),
    ],
)
def test_a_file_of_something_else(lines: list[bytes], sentence: str) -> None:
    with pytest.raises(RecordingError) as error:
        decode_recording(gzip.compress(b"\n".join(lines)), name="it")
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param(b'["Host",', b'["Ghost",', "no record is a Ghost", id="kind of record"),
        pytest.param(b'["TaskReport",', b'["Rumour",', "no observation is a Rumour", id="kind of observation"),
        pytest.param(b'"is_connected":true', b'"is_connected":7', "Expected `bool`", id="type of a field"),
        pytest.param(b'"end"', b'"more"', "it does not end as a recording does", id="end"),
        pytest.param(b'"end"\n', b'"end"\n"end"\n', "it does not end as a recording does", id="two ends"),
    ],
)
def test_a_file_with_other_content(content: bytes, old: bytes, new: bytes, sentence: str) -> None:
    changed = gzip.decompress(content).replace(old, new)
    with pytest.raises(RecordingError, match=rf"^it is damaged, at line \d+: {sentence}"):
        decode_recording(gzip.compress(changed), name="it")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^There is no file .*/none\.$"):
        load_recording(tmp_path / "none")
    with pytest.raises(RecordingError, match="cannot be written: No such file or directory"):
        save_recording(b"", tmp_path / "none" / "it")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RecordingError, match="cannot be written: Is a directory"):
        save_recording(b"", tmp_path / "folder")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_versions_that_decided() -> None:
    recording = rolled()
    (version,) = recording.versions
    later = replace(recording.load, version="99")
    steps = (*recording.steps[:3], replace(recording.steps[3], loaded=later), *recording.steps[4:])
    assert replace(recording, steps=steps).versions == (version, "99")

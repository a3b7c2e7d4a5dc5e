"""The file of a recording: JSON lines, compressed with gzip. A header, the records, the steps, and a line that ends it.

A step has of each record it changed the fields that became others, and all of them of a new one: with the records
before, those are its state after the step.
"""

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec

from slipway.core.plan import Change, Put, Record, Remove
from slipway.foresight.recording import RecordedStep, Recording, RecordingError
from slipway.journal.digest import Digest
from slipway.journal.kinds import ToldObservation, fields_of, observation_of, record_of, told_observation
from slipway.journal.row import (
    Key,
    Load,
    ToldTransaction,
    taken_of,
    this_version,
    told_transaction,
)

#: The format of the file. One of a newer format is refused, never guessed at.
FORMAT = 1

#: What the first line says it is.
WHAT = "slipway recording"

#: A quarter larger than the best, and five times as fast.
COMPRESSION_LEVEL = 6

#: How the names of such files end.
SUFFIX = ".slipway.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    what: str
    format: int
    version: str  # of Slipway, which wrote the file
    service_arn: str
    service_deployment_arn: str
    is_over: bool
    seed: str
    load: Load
    rested_at: float | None
    records: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changed:
    """What a step made of one record."""

    kind: str
    key: str
    fields: dict[str, Any] | None  # those that became others; None: it was removed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    at: float
    began: int
    sequence: int
    digest: Digest
    changed: tuple[_Changed, ...]
    idle_at: tuple[float, ...]
    transactions: tuple[ToldTransaction, ...]
    observations: tuple[ToldObservation, ...]
    loaded: Load | None


def encode_recording(recording: Recording) -> bytes:
    """The file's content. The same recording gives the same bytes."""
    written = io.BytesIO()
    with gzip.GzipFile(fileobj=written, mode="wb", compresslevel=COMPRESSION_LEVEL, mtime=0) as file:
        for line in _lines(recording):
            file.write(msgspec.json.encode(line) + b"\n")
    return written.getvalue()


def decode_recording(content: bytes, *, name: str) -> Recording:
    """The recording in a file's content; `name` is what sentences call it. Raises `RecordingError`."""
    lines = _Numbered(gzip.GzipFile(fileobj=io.BytesIO(content), mode="rb"))
    try:
        return _read(lines, name)
    except EOFError:
        raise RecordingError(f"{name} is cut off: it ends in the middle; copy the whole file again.") from None
    except gzip.BadGzipFile:
        raise RecordingError(f"{name} is no recording of Slipway, or it was damaged on its way.") from None
    except (zlib.error, msgspec.MsgspecError, LookupError, ValueError, TypeError) as error:
        raise RecordingError(f"{name} is damaged, at line {lines.number}: {error}.") from error


def load_recording(path: Path) -> Recording:
    """The recording in the file at `path`. Raises `RecordingError`."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise RecordingError(f"{path} is a folder: name a file in it.") from None
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}.") from error
    return decode_recording(content, name=str(path))


def save_recording(content: bytes, path: Path) -> None:
    """Write a file's content whole or not at all, for its owner alone. Raises `RecordingError`."""
    written: Path | None = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            written = Path(file.name)
            file.write(content)
        written.replace(path)
    except OSError as error:
        if written is not None:
            written.unlink(missing_ok=True)
        raise RecordingError(f"{path} cannot be written: {error.strerror}.") from error


def _lines(recording: Recording) -> Iterator[object]:
    yield _Header(
        what=WHAT,
        format=FORMAT,
        version=this_version(),
        service_arn=recording.service_arn,
        service_deployment_arn=recording.service_deployment_arn,
        is_over=recording.is_over,
        seed=recording.seed,
        load=recording.load,
        rested_at=recording.rested_at,
        records=len(recording.records),
        steps=len(recording.steps),
    )
    known: dict[Key, dict[str, Any]] = {}
    for record in recording.records:
        kind, fields = type(record).__name__, fields_of(record)
        known[kind, record.key] = fields
        yield kind, fields
    for step in recording.steps:
        yield _step_line(step, known)
    yield "end"


def _step_line(step: RecordedStep, known: dict[Key, dict[str, Any]]) -> _Step:
    return _Step(
        at=step.at,
        began=step.began,
        sequence=step.sequence,
        digest=step.digest,
        changed=tuple(_changed(change, known) for change in step.changes),
        idle_at=step.idle_at,
        transactions=tuple(told_transaction(taken) for taken in step.transactions),
        observations=tuple(told_observation(observation) for observation in step.observations),
        loaded=step.loaded,
    )


def _changed(change: Change, known: dict[Key, dict[str, Any]]) -> _Changed:
    kind, key = type(change.record).__name__, change.record.key
    if isinstance(change, Remove):
        del known[kind, key]
        return _Changed(kind=kind, key=key, fields=None)
    old, new = known.get((kind, key), {}), fields_of(change.record)
    known[kind, key] = new
    return _Changed(
        kind=kind, key=key, fields={name: new[name] for name in new if name not in old or old[name] != new[name]}
    )


class _Numbered:
    """Lines, with the number of the last one that was read, from 1."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.number = 0
        self._lines = iter(lines)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = next(self._lines)
        self.number += 1
        return line


def _read(lines: Iterable[bytes], name: str) -> Recording:
    rest = iter(lines)
    header = _header(next(rest, b""), name)
    known: dict[Key, dict[str, Any]] = {}
    records: list[Record] = []
    for _ in range(header.records):
        kind, fields = msgspec.json.decode(next(rest, b""), type=tuple[str, dict[str, Any]])
        records.append(record_of(kind, fields))
        known[kind, records[-1].key] = fields
    steps = tuple(_step(msgspec.json.decode(next(rest, b""), type=_Step), known) for _ in range(header.steps))
    is_whole = bool(steps) and msgspec.json.decode(next(rest, b"")) == "end"
    if not is_whole or next(rest, None) is not None:  # to the end of the file: there gzip has its checksum
        raise ValueError("it does not end as a recording does")
    return Recording(
        service_arn=header.service_arn,
        service_deployment_arn=header.service_deployment_arn,
        is_over=header.is_over,
        seed=header.seed,
        load=header.load,
        rested_at=header.rested_at,
        records=tuple(records),
        steps=steps,
    )


def _header(line: bytes, name: str) -> _Header:
    """The first line. It is looked at by itself: that of a newer format may have other fields."""
    try:
        found = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        found = {}
    if found.get("what") != WHAT:
        raise RecordingError(f"{name} is no recording of Slipway: it does not begin as one.")
    if found.get("format") != FORMAT:
        raise RecordingError(
            f"{name} has format {found.get('format')}, written by Slipway {found.get('version')}; this version reads "
            f"format {FORMAT}: use the one that wrote it, or a newer one."
        )
    return msgspec.convert(found, _Header)


def _step(line: _Step, known: dict[Key, dict[str, Any]]) -> RecordedStep:
    return RecordedStep(
        at=line.at,
        changes=tuple(_change(changed, known) for changed in line.changed),
        transactions=tuple(taken_of(told) for told in line.transactions),
        observations=tuple(observation_of(told) for told in line.observations),
        idle_at=line.idle_at,
        loaded=line.loaded,
        began=line.began,
        sequence=line.sequence,
        digest=line.digest,
    )


def _change(changed: _Changed, known: dict[Key, dict[str, Any]]) -> Change:
    key = changed.kind, changed.key
    if changed.fields is None:
        return Remove(record=record_of(changed.kind, known.pop(key)))
    known[key] = {**known.get(key, {}), **changed.fields}
    return Put(record=record_of(changed.kind, known[key]))

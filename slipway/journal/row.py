"""One row of the journal: what a step was decided from, how its changes are undone, and the digest of what it decided.

A row says what the records were *before* its step: of a record that was changed, the fields that were different; of one
that was removed, all of it and its place; of a new one, that it was not there. Walking the rows back from the records
of today gives those of any step before, and so what each step had made of them, without storing it twice.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from slipway.core.arns import Arns
from slipway.core.plan import Put, Record
from slipway.core.rules import Rules
from slipway.journal.digest import Digest, digest_of
from slipway.journal.kinds import RECORD_KINDS, ToldChange, ToldObservation, change_of, told_change, told_observation
from slipway.ports import Commit, Inputs, Loaded, Taken

#: Bytes from which on a row is compressed: the reports of a host with all its tasks, a thousand tasks in one step.
COMPRESSED_FROM = 4096

#: The fastest: a row is written once, within a commit, and seldom read.
COMPRESSION_LEVEL = 1

#: A record's kind and key.
Key = tuple[str, str]

_ENCODER = msgspec.json.Encoder()

#: The names of a kind's fields, and what gets the values of all of them.
_FIELDS: Mapping[type[Record], tuple[tuple[str, ...], Callable[[Record], tuple[Any, ...]]]] = {
    kind: (names, attrgetter(*names))
    for kind in RECORD_KINDS.values()
    for names in [tuple(field.name for field in fields(kind))]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTransaction:
    """A plan that was taken between two steps."""

    at: float
    sequence: int
    changes: tuple[ToldChange, ...]


class Undo(NamedTuple):
    """How one record is brought back to what it was before a step. A list in JSON: there are several for each step."""

    kind: str
    key: str
    fields: dict[str, Any] | None  # those that were different, all where it was removed; None: it was not there
    place: int | None = None  # its place among the records, where the step removed it; None: it kept its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Under what the records were loaded anew before a step."""

    version: str  # of Slipway
    host_ids: tuple[str, ...]
    arns: Arns
    rules: Rules
    has_failed: bool = False  # a commit had failed; False: the server was started, or an older version recorded it


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One step as the journal has it; fields as in `ports.Inputs` and `ports.Commit`."""

    at: float
    began: int  # the id sequence before the step
    sequence: int  # and after it
    digest: Digest
    undo: tuple[Undo, ...]
    idle_at: tuple[float, ...] = ()
    transactions: tuple[ToldTransaction, ...] = ()
    observations: tuple[ToldObservation, ...] = ()
    loaded: Load | None = None  # None: it went on from the step before


_DECODER = msgspec.json.Decoder(JournalRow)


def encode_row(
    commit: Commit, inputs: Inputs, *, places: Mapping[Key, int], documents: Iterable[bytes] | None = None
) -> bytes:
    """The row of a commit. `places` of the records it removed; `documents` of its changes' records, if at hand."""
    row: dict[str, Any] = {
        "at": commit.at,
        "began": inputs.sequence,
        "sequence": commit.sequence,
        "digest": digest_of(commit, documents),
        "undo": _undo(commit, inputs, places),
    }
    if inputs.idle_at:
        row["idle_at"] = inputs.idle_at
    if inputs.transactions:
        row["transactions"] = [told_transaction(taken) for taken in inputs.transactions]
    if inputs.observations:
        row["observations"] = [told_observation(observation) for observation in inputs.observations]
    if inputs.loaded is not None:
        row["loaded"] = load_of(inputs.loaded)
    encoded = _ENCODER.encode(row)
    return encoded if len(encoded) < COMPRESSED_FROM else zlib.compress(encoded, COMPRESSION_LEVEL)


def decode_row(encoded: bytes) -> JournalRow:
    """The row that was encoded. Raises `msgspec.MsgspecError` and `zlib.error` for what is none."""
    return _DECODER.decode(encoded if encoded.startswith(b"{") else zlib.decompress(encoded))


def told_transaction(taken: Taken) -> ToldTransaction:
    """A plan as JSON tells it."""
    changes = tuple(told_change(change) for change in taken.changes)
    return ToldTransaction(at=taken.at, sequence=taken.sequence, changes=changes)


def taken_of(told: ToldTransaction) -> Taken:
    """The plan that was told. Raises as `record_of`."""
    changes = tuple(change_of(change) for change in told.changes)
    return Taken(at=told.at, changes=changes, sequence=told.sequence)


def load_of(loaded: Loaded) -> Load:
    """What is told of a load: with the version of Slipway that runs."""
    return Load(
        version=this_version(),
        host_ids=loaded.host_ids,
        arns=loaded.arns,
        rules=loaded.rules,
        has_failed=loaded.has_failed,
    )


@cache
def this_version() -> str:
    """The version of Slipway that runs."""
    return version("slipway")


def _undo(commit: Commit, inputs: Inputs, places: Mapping[Key, int]) -> list[tuple[object, ...]]:
    """The `Undo` of each record, its fields not yet as JSON has them."""
    after: dict[tuple[type[Record], str], Record | None] = {}
    for change in commit.changes:
        record = change.record
        after[type(record), record.key] = record if isinstance(change, Put) else None
    undone: list[tuple[object, ...]] = []
    for kind_and_key, before in inputs.before.items():
        now = after.get(kind_and_key)
        kind, key = kind_and_key[0].__name__, kind_and_key[1]
        if before is None:
            if now is not None:
                undone.append((kind, key, None))
        elif now is None:
            undone.append((kind, key, before, places[kind, key]))
        elif different := _different(before, now):
            undone.append((kind, key, different))
    return undone


def _different(before: Record, now: Record) -> dict[str, Any]:
    """The fields of `before` that are others in `now`. Those that `replace` carried over are the same objects."""
    names, values = _FIELDS[type(before)]
    pairs = zip(names, values(before), values(now), strict=True)
    return {name: old for name, old, new in pairs if old is not new and old != new}

"""The digest of a step: the same for the same decisions, whatever machine or process took them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from slipway.core.model.services import ServiceEvent
from slipway.core.plan import Put
from slipway.journal.redaction import SECRETIVE, redacted, redacted_command
from slipway.ports import Commit

#: Bytes of each of the three.
SIZE = 8

#: What tells a whole float from an integer. One search of 2 KB costs 1 µs; replacing it by its three ends, ten.
_WHOLE = re.compile(rb"\.0(?=[,}\]])")

_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one step decided, in order, as three hashes of 16 hex digits, each empty where there was nothing.

    Values that may be secret are not in them.
    """

    changes: str = ""  # of records, those that were changed again in the same step among them
    events: str = ""
    commands: str = ""


def digest_of(commit: Commit, documents: Iterable[bytes] | None = None) -> Digest:
    """The digest of a commit. `documents` are the records of its changes as JSON where they are there already."""
    changes: list[bytes] = []
    events: list[bytes] = []
    encoded = (_ENCODER.encode(change.record) for change in commit.changes) if documents is None else documents
    for change, document in zip(commit.changes, encoded, strict=True):
        record = change.record
        kind = type(record)
        if kind is ServiceEvent:
            events.append(document)
            continue
        changes.append(f"{type(change).__name__} {kind.__name__} {record.key} {change.cause}".encode())
        if isinstance(change, Put):
            opened = redacted(record) if kind in SECRETIVE else record
            changes.append(document if opened is record else _ENCODER.encode(opened))
    commands = [_ENCODER.encode(redacted_command(command)) for command in commit.commands]
    return Digest(changes=_hash(changes), events=_hash(events), commands=_hash(commands))


def _hash(parts: list[bytes]) -> str:
    """Whole seconds count as the same whether they are integers, as they came, or floats, as they were read back."""
    if not parts:
        return ""
    return blake2b(_WHOLE.sub(b"", b"\n".join(parts)), digest_size=SIZE).hexdigest()

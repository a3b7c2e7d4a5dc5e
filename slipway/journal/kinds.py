"""Records, observations and commands as JSON, each with the name of its kind: how the journal and recordings tell them.

What is read back equals what was written. Whole numbers in fields of seconds come back as floats, which compare equal.
"""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from slipway.core.observations import Observation
from slipway.core.plan import Change, Put, Record, Remove

#: The kinds by name, in the order of the unions.
RECORD_KINDS: Mapping[str, type[Record]] = {kind.__name__: kind for kind in get_args(Record)}
_OBSERVATION_KINDS: Mapping[str, type[Observation]] = {kind.__name__: kind for kind in get_args(Observation)}

#: A change as it is told: whether the record is there after it, its kind, its cause, and the record.
ToldChange = tuple[bool, str, str, Any]

#: An observation as it is told: its kind and what it says.
ToldObservation = tuple[str, Any]


def record_of(kind: str, document: object) -> Record:
    """The record of that kind with these fields. Raises ValueError where they do not fit, or the kind is not known."""
    if kind not in RECORD_KINDS:
        raise ValueError(f"no record is a {kind}")
    record: Record = msgspec.convert(document, RECORD_KINDS[kind])
    return record


def fields_of(record: Record) -> dict[str, Any]:
    """The fields of a record as JSON has them."""
    fields: dict[str, Any] = msgspec.to_builtins(record)
    return fields


def told_change(change: Change) -> ToldChange:
    """A change as JSON tells it."""
    return isinstance(change, Put), type(change.record).__name__, change.cause, change.record


def change_of(told: ToldChange) -> Change:
    """The change that was told. Raises as `record_of`."""
    is_there, kind, cause, document = told
    record = record_of(kind, document)
    return Put(record=record, cause=cause) if is_there else Remove(record=record, cause=cause)


def told_observation(observation: Observation) -> ToldObservation:
    """An observation as JSON tells it."""
    return type(observation).__name__, observation


def observation_of(told: ToldObservation) -> Observation:
    """The observation that was told. Raises as `record_of`."""
    kind, document = told
    if kind not in _OBSERVATION_KINDS:
        raise ValueError(f"no observation is a {kind}")
    observation: Observation = msgspec.convert(document, _OBSERVATION_KINDS[kind])
    return observation

"""The first difference between what a step decided when it was recorded, and what it decides now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.core.model.services import ServiceEvent
from slipway.core.plan import Change, HostCommand, Put, Record, StartTask
from slipway.foresight.recording import RecordedStep
from slipway.journal.digest import digest_of
from slipway.journal.kinds import fields_of
from slipway.journal.row import Key
from slipway.ports import Commit

#: What stands for a record that is not there.
ABSENT = "not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a replay went another way. `expected` is what was recorded; both are JSON values."""

    step: int  # its number in the recording, from 1
    at: float  # epoch seconds
    kind: str  # of the record; "Events", "Commands", "Changes" or "Ids" where no record's last state is another
    key: str  # of the record; empty where it is none
    field: str  # of the record; empty: it is there in one of them only
    expected: Any
    got: Any


def find_difference(
    number: int, step: RecordedStep, commit: Commit | None, *, before: Mapping[Key, Record]
) -> Difference | None:
    """The first difference of a step from what was committed now (None: nothing was); None: there is none.

    `before` has all records as they were before the step.
    """
    if commit is not None and (digest_of(commit), commit.sequence) == (step.digest, step.sequence):
        return None
    got = () if commit is None else commit.changes
    found = _of_records(step.changes, got, before)
    if found is None and commit is not None:
        found = _of_digests(step, commit)
    kind, key, field, expected, now = found or ("Changes", "", "", len(step.changes), len(got))
    return Difference(step=number, at=step.at, kind=kind, key=key, field=field, expected=expected, got=now)


def find_change(number: int, at: float, commit: Commit, *, before: Mapping[Key, Record]) -> Difference:
    """The difference that a commit is where nothing was changed."""
    found = _of_records((), commit.changes, before)
    kind, key, field, expected, now = found or ("Changes", "", "", 0, len(commit.changes))
    return Difference(step=number, at=at, kind=kind, key=key, field=field, expected=expected, got=now)


_Found = tuple[str, str, str, Any, Any]


def _of_records(expected: Sequence[Change], got: Sequence[Change], before: Mapping[Key, Record]) -> _Found | None:
    """The first field of the first record that is another after the step: those in order that were to change, then
    those that were not."""
    wanted, found = _after(expected), _after(got)
    for key in (*wanted, *(key for key in found if key not in wanted)):
        known = before.get(key)
        left, right = _fields(wanted.get(key, known)), _fields(found.get(key, known))
        if left is None or right is None:
            if left is not right:
                return (*key, "", ABSENT if left is None else left, ABSENT if right is None else right)
            continue
        for name in left:
            if left[name] != right[name]:
                return (*key, name, left[name], right[name])
    return None


def _after(changes: Sequence[Change]) -> dict[Key, Record | None]:
    """The last state of each record, but events; None: it was removed."""
    after: dict[Key, Record | None] = {}
    for change in changes:
        if not isinstance(change.record, ServiceEvent):
            key = type(change.record).__name__, change.record.key
            after[key] = change.record if isinstance(change, Put) else None
    return after


def _fields(record: Record | None) -> dict[str, Any] | None:
    return None if record is None else fields_of(record)


def _of_digests(step: RecordedStep, commit: Commit) -> _Found | None:
    """Every record ends the same: the events, commands, states in between or ids are others."""
    digest = digest_of(commit)
    if digest.events != step.digest.events:
        events = [change.record.message for change in commit.changes if isinstance(change.record, ServiceEvent)]
        return "Events", "", "", step.digest.events, {"digest": digest.events, "messages": events}
    if digest.commands != step.digest.commands:
        told = [_told(command) for command in commit.commands]
        return "Commands", "", "", step.digest.commands, {"digest": digest.commands, "commands": told}
    if digest.changes != step.digest.changes:
        told = [
            f"{type(one).__name__} {type(one.record).__name__} {one.record.key} {one.cause}" for one in commit.changes
        ]
        return "Changes", "", "", step.digest.changes, {"digest": digest.changes, "changes": told}
    return "Ids", "", "sequence", step.sequence, commit.sequence


def _told(command: HostCommand) -> str:
    task = command.payload.task_arn if isinstance(command, StartTask) else command.task_arn
    return f"{type(command).__name__} {task}"

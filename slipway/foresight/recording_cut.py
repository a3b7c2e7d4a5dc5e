"""Cutting the recording of one service deployment out of a journal, by walking back from the records of today."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from slipway.core.model.deployments import ServiceDeployment, ServiceDeploymentStatus
from slipway.core.plan import Change, Put, Record, Remove
from slipway.foresight.recording import RecordedStep, Recording
from slipway.journal.journal import Journal, JournalError
from slipway.journal.kinds import RECORD_KINDS, observation_of, record_of
from slipway.journal.row import JournalRow, Key, Load, Undo, taken_of

_ORDER = {kind: number for number, kind in enumerate(RECORD_KINDS)}


@dataclass(slots=True, kw_only=True)
class _State:
    """A record while it is walked back: JSON until it is looked at."""

    place: int
    document: bytes | dict[str, Any]

    def fields(self) -> dict[str, Any]:
        """Its fields."""
        if isinstance(self.document, bytes):
            self.document = msgspec.json.decode(self.document, type=dict[str, Any])
        return self.document


def cut_recording(journal: Journal, service_deployment_arn: str) -> Recording:
    """The recording of a service deployment. Raises `JournalError` where the journal does not reach back to it, or has
    what this version cannot read."""
    try:
        return _cut(journal, service_deployment_arn)
    except (msgspec.MsgspecError, zlib.error, LookupError, ValueError) as error:
        raise JournalError(
            f"{service_deployment_arn} cannot be replayed: another version of Slipway recorded it ({error})."
        ) from error


def _cut(journal: Journal, service_deployment_arn: str) -> Recording:
    walk = _Walk(journal, service_deployment_arn)
    rows = journal.rows()
    for number, row in rows:
        if walk.undo(row):
            before = next(rows, None)
            if before is None and row.loaded is None:
                break
            load = row.loaded or journal.load_before(number)
            if load is None:
                break
            return walk.recording(load, rested_at=None if before is None else before[1].at)
    raise JournalError(
        f"{service_deployment_arn} cannot be replayed: the journal does not reach back to its beginning any more, "
        "or it was made by a version of Slipway that kept none."
    )


class _Walk:
    """Walks back from the records of today to those before the deployment, and collects the steps on its way."""

    def __init__(self, journal: Journal, service_deployment_arn: str) -> None:
        self._seed = journal.seed
        self._key: Key = (ServiceDeployment.__name__, service_deployment_arn)
        self._states: dict[Key, _State] = {
            (record.kind, record.key): _State(place=record.place, document=record.document)
            for record in journal.records()
        }
        found = self._states.get(self._key)
        if found is None:
            raise JournalError(f"There is no service deployment {service_deployment_arn} in the store.")
        self._service_arn = str(found.fields()["service_arn"])
        self._is_over = not _is_open(found.fields()["status"])
        self._is_inside = not self._is_over
        self._steps: list[RecordedStep] = []

    def undo(self, row: JournalRow) -> bool:
        """Go back before a step; whether it was the one that made the deployment."""
        self._is_inside = self._is_inside or self._gave_verdict(row)
        if self._is_inside:
            self._steps.append(_step(row, tuple(self._change(undo) for undo in row.undo)))
        for undo in row.undo:
            self._bring_back(undo)
        return self._key not in self._states

    def _gave_verdict(self, row: JournalRow) -> bool:
        """Whether the deployment, which has a verdict, had none before this step."""
        for undo in row.undo:
            if (undo.kind, undo.key) == self._key:
                return undo.fields is None or _is_open(undo.fields.get("status"))
        return False

    def _change(self, undo: Undo) -> Change:
        """What the step made of a record."""
        state = self._states.get((undo.kind, undo.key))
        if state is None:
            return Remove(record=record_of(undo.kind, undo.fields))
        return Put(record=record_of(undo.kind, state.fields()))

    def _bring_back(self, undo: Undo) -> None:
        """Make of a record what it was before the step."""
        key = undo.kind, undo.key
        if undo.fields is None:
            del self._states[key]
        elif key in self._states:
            self._states[key].document = {**self._states[key].fields(), **undo.fields}
        else:
            self._states[key] = _State(place=undo.place or 0, document=undo.fields)

    def recording(self, load: Load, *, rested_at: float | None) -> Recording:
        """All that was collected."""
        return Recording(
            service_arn=self._service_arn,
            service_deployment_arn=self._key[1],
            is_over=self._is_over,
            seed=self._seed,
            load=load,
            rested_at=rested_at,
            records=tuple(self._records()),
            steps=tuple(reversed(self._steps)),
        )

    def _records(self) -> Iterator[Record]:
        placed = sorted(self._states.items(), key=lambda item: (_ORDER[item[0][0]], item[1].place))
        return (record_of(kind, state.fields()) for (kind, _), state in placed)


def _is_open(status: object) -> bool:
    """Whether a status of a service deployment is there, and no verdict."""
    return isinstance(status, str) and not ServiceDeploymentStatus(status).is_verdict


def _step(row: JournalRow, changes: tuple[Change, ...]) -> RecordedStep:
    return RecordedStep(
        at=row.at,
        changes=changes,
        transactions=tuple(taken_of(told) for told in row.transactions),
        observations=tuple(observation_of(told) for told in row.observations),
        idle_at=row.idle_at,
        loaded=row.loaded,
        began=row.began,
        sequence=row.sequence,
        digest=row.digest,
    )

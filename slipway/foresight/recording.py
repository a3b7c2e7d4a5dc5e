"""A recording: everything one service deployment was decided from, step by step, and what was decided.

It begins with the step that made the deployment and ends with the one that ended it, its way back included, or with the
last step there was. It holds the records of the whole cluster, since they share its hosts; with them `replay` takes the
same decisions again, anywhere.
"""

from dataclasses import dataclass, replace

from slipway.core.arns import deployment_id_of
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.observations import Observation
from slipway.core.plan import Change, Record
from slipway.journal.digest import Digest
from slipway.journal.redaction import redacted, redacted_change, redacted_observation
from slipway.journal.row import Load
from slipway.ports import Taken


class RecordingError(Exception):
    """There is no recording, or none that can be read; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """One step. `…_at` are epoch seconds, sequences those of the ids."""

    at: float
    changes: tuple[Change, ...]  # the state after the step of each record that it changed; no events, no causes
    transactions: tuple[Taken, ...]  # what API calls had wanted changed since the step before
    observations: tuple[Observation, ...]  # what was folded, in order
    idle_at: tuple[float, ...]  # steps before this one that looked at something, and changed nothing
    loaded: Load | None  # the records were loaded anew before it: a start, a failed commit; None: it went on
    began: int  # the id sequence before the step
    sequence: int  # and after it
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The recording of one service deployment."""

    service_arn: str
    service_deployment_arn: str
    is_over: bool  # whether it ends with the deployment's verdict; False: it still went on
    seed: str
    load: Load  # under what the records were loaded last, before the first step
    rested_at: float | None  # the instant of the step before the first; None: the first has loaded its records
    records: tuple[Record, ...]  # as they were before the first step, in the order of the store; no events
    steps: tuple[RecordedStep, ...]

    @property
    def began_at(self) -> float:
        """The instant of the first step."""
        return self.steps[0].at

    @property
    def ended_at(self) -> float:
        """The instant of the last step."""
        return self.steps[-1].at

    @property
    def deployment_id(self) -> str:
        """The id of the deployment that the service deployment brought, `ecs-svc/<digits>`."""
        made = (change.record for change in self.steps[0].changes if change.record.key == self.service_deployment_arn)
        return next(deployment_id_of(one.target_revision_arn) for one in made if isinstance(one, ServiceDeployment))

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of Slipway that took the decisions, in order; mostly one."""
        loads = [step.loaded for step in self.steps if step.loaded is not None]
        first = [] if self.steps[0].loaded is not None else [self.load]
        return tuple(dict.fromkeys(load.version for load in (*first, *loads)))


def redacted_recording(recording: Recording) -> Recording:
    """The recording without what may be secret (`slipway.journal.redaction`); it replays all the same."""
    return replace(
        recording,
        records=tuple(redacted(record) for record in recording.records),
        steps=tuple(_redacted_step(step) for step in recording.steps),
    )


def _redacted_step(step: RecordedStep) -> RecordedStep:
    return replace(
        step,
        changes=tuple(redacted_change(change) for change in step.changes),
        transactions=tuple(
            replace(taken, changes=tuple(redacted_change(change) for change in taken.changes))
            for taken in step.transactions
        ),
        observations=tuple(redacted_observation(one) for one in step.observations),
    )

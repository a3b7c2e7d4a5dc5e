"""A recorded deployment run again with a setting that was another: how long would it have taken?

    found = replay_set(recording, parse_assignments(["deregistration_delay.timeout_seconds=5"]))
    found.real.duration_s, found.again.duration_s, found.changed.duration_s

A world begins where the deployment began. Its tasks behave as the recorded ones did, each in the order of their starts,
and callers and alarms do what they did, at the same instants. It is run twice: as it was, which shows how well that
world agrees with what really happened, and with the setting changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Record
from slipway.foresight.advise_subject import Outcome
from slipway.foresight.explain import chronicle_of
from slipway.foresight.knobs import Assignment, assigned, check_meaning
from slipway.foresight.recording import Recording, RecordingError
from slipway.foresight.what_if_run import Again, key_of, outcome_in
from slipway.journal.row import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What became of a deployment, and what would have become of it."""

    assignments: tuple[Assignment, ...]
    real: Outcome  # as it was recorded
    again: Outcome  # the same in virtual time: how it differs from `real` is how far the rest can be trusted
    changed: Outcome  # in virtual time, with the settings changed

    @property
    def saved_s(self) -> float:
        """What the change saves, seconds; negative: it costs that."""
        return self.again.duration_s - self.changed.duration_s


def replay_set(recording: Recording, assignments: Sequence[Assignment]) -> WhatIf:
    """Run a recorded deployment again, as it was and with these settings.

    Raises `RecordingError` for one that still went on, and `KnobError` for settings that mean nothing for its service
    or exclude one another.
    """
    past = Past(recording)
    past.check(assignments)
    return WhatIf(
        assignments=tuple(assignments),
        real=past.real,
        again=past.roll(()),
        changed=past.roll(assignments),
    )


class Past:
    """A deployment that is over, to be run again. Raises `RecordingError` for one that went on."""

    def __init__(self, recording: Recording) -> None:
        if not recording.is_over:
            raise RecordingError("The deployment goes on: what would have been can be told when it is over.")
        self.recording = recording
        self.chronicle = chronicle_of(recording)
        self._own = _own_keys(self.chronicle)

    @property
    def real(self) -> Outcome:
        """What became of it."""
        return outcome_in(self.chronicle, self.recording.service_deployment_arn, now=self.recording.ended_at)

    def own_records(self) -> tuple[Record, ...]:
        """The service's record and those of its target groups and task definitions, as they were last, the newest
        definition first."""
        chronicle = self.chronicle
        groups = [one for one in chronicle.target_groups.values() if key_of(one) in self._own]
        newest = sorted(chronicle.definitions.values(), key=lambda one: (one.family, -one.revision))
        return (chronicle.service, *groups, *(one for one in newest if key_of(one) in self._own))

    def check(self, assignments: Sequence[Assignment]) -> None:
        """Refuse settings that mean nothing for the service, or exclude one another. Raises `KnobError`."""
        records = self.own_records()
        check_meaning(assignments, records)
        for record in records:
            assigned(record, assignments)

    def roll(self, assignments: Sequence[Assignment]) -> Outcome:
        """What becomes of it with these settings, in virtual time. Raises `KnobError` for those that exclude one
        another."""
        return Again(self.recording, self.chronicle, own=self._own, assignments=assignments).run()


def _own_keys(chronicle: Chronicle) -> frozenset[Key]:
    """The keys of the records that settings of the service are in."""
    groups = (one.target_group_arn for each in chronicle.revisions.values() for one in each.load_balancers)
    return frozenset(
        (
            (Service.__name__, chronicle.service_arn),
            *((TargetGroup.__name__, arn) for arn in groups),
            *((TaskDefinition.__name__, one.task_definition_arn) for one in chronicle.revisions.values()),
        )
    )

"""The changes that would have saved most of a recorded deployment, each tried on it alone."""

from collections.abc import Iterator
from math import inf

from slipway.core.arns import resource_name
from slipway.foresight.advise_levers import Candidate, levers_of
from slipway.foresight.advise_subject import Facts, Outcome, RequestSeen, Trial
from slipway.foresight.explain import Saving
from slipway.foresight.knob import KnobError, OfContainer, OfService, OfTargetGroup, Value
from slipway.foresight.knob_lines import Place, place_of
from slipway.foresight.knobs import Assignment, knob_named, value_in
from slipway.foresight.recording import Recording
from slipway.foresight.what_if import Past
from slipway.foresight.what_if_cast import recorded_times

#: How many changes are told.
TOLD = 3

#: A change that saves less is not told, seconds.
LEAST_S = 1.0

#: Tasks of a deployment beyond which no change is tried: each is a run of its own.
TASKS_MOST = 5_000


class RecordedSubject:
    """A deployment that is over, as a `Subject` of advice: what drained by itself was not cut off, and will not be."""

    def __init__(self, past: Past, *, longest_request: RequestSeen | None = None) -> None:
        """`longest_request` that was measured of its target groups; None: none is known but what drains show."""
        self.past = past
        self.name = resource_name(past.recording.service_arn)
        self._records = past.own_records()
        self.place: Place = place_of(self._records)
        self.facts = _facts(past, longest_request)

    def value(self, name: str) -> Value | None:
        """What the knob of that name was set to; None: it means nothing for the service."""
        return value_in(self._records, knob_named(name))

    def stop_timeouts_of(self, seconds: int) -> tuple[Assignment, ...]:
        """What brings every stop timeout that was longer down to so many seconds."""
        now = self.value("stopTimeout")
        is_longer = now is not None and now > seconds
        return (Assignment(knob=knob_named("stopTimeout"), value=seconds),) if is_longer else ()

    def roll(self, trial: Trial) -> Outcome:
        """What would have become of it."""
        return self.past.roll(trial.assignments)


def _facts(past: Past, seen: RequestSeen | None) -> Facts:
    times = recorded_times(past.chronicle)
    lingers = [one.linger_s for one in times if one.linger_s not in (None, inf)]
    exits = [one.exit_s for one in times if one.exit_s is not None]
    drained_s = max((one for one in lingers if one is not None), default=0.0)
    drained = RequestSeen(seconds=drained_s) if drained_s else None
    killed = sum(one == inf for one in exits)
    return Facts(
        longest_request=max((one for one in (seen, drained) if one), key=lambda one: one.seconds, default=None),
        ready_s=max((one.ready_s for one in times if one.ready_s not in (None, inf)), default=0.0) or 0.0,
        exit_s=max((one for one in exits if one < inf), default=None),
        ignores_sigterm=killed * 2 > len(exits),
    )


def savings(recording: Recording, *, longest_request: RequestSeen | None = None) -> tuple[Saving, ...]:
    """The changes that would have saved most of a deployment, at most three, the best first. None for one that goes on,
    and for one of more than 5,000 tasks. `longest_request` that its balancer saw: no drain is shorter; None: unknown.
    """
    if not recording.is_over:
        return ()
    past = Past(recording)
    if len(past.chronicle.task_arns) > TASKS_MOST:
        return ()
    found = sorted(_tried(RecordedSubject(past, longest_request=longest_request)), key=lambda one: -one.saved_s)
    return tuple(found[:TOLD])


def _tried(subject: RecordedSubject) -> Iterator[Saving]:
    again = subject.roll(Trial())
    for lever in levers_of(subject):
        for candidate in reversed(lever.candidates):  # the one that changes most first
            if not candidate.trial.assignments:
                break  # room and images: nothing of the recording tells what they would have done
            outcome = _outcome(subject, candidate)
            if outcome is None:
                continue
            if outcome.verdict is again.verdict:
                saved_s = again.duration_s - outcome.duration_s
                if saved_s >= LEAST_S:
                    yield _saving(subject, candidate, outcome, saved_s)
                break


def _outcome(subject: RecordedSubject, candidate: Candidate) -> Outcome | None:
    """What would have become of the deployment; None: a setting was another on the way, and excludes the change."""
    try:
        return subject.roll(candidate.trial)
    except KnobError:
        return None


def _saving(subject: RecordedSubject, candidate: Candidate, outcome: Outcome, saved_s: float) -> Saving:
    assignments = candidate.trial.assignments
    now = ((one, subject.value(one.knob.name)) for one in assignments)
    return Saving(
        name=", ".join(one.name for one in assignments),
        of=_of(subject, assignments[0]),
        before=", ".join("" if value is None else one.knob.shown(value) for one, value in now),
        after=", ".join(one.knob.shown(one.value) for one in assignments),
        saved_s=saved_s,
        risk="; ".join(candidate.risks(outcome)),
    )


def _of(subject: RecordedSubject, assignment: Assignment) -> str:
    """`target group web`."""
    place = subject.place
    match assignment.knob.of:
        case OfService():
            return f"service {place.service}"
        case OfTargetGroup():
            names = [arn.split("/")[1] for arn in place.target_group_arns]
            return f"target group {', '.join(names)}"
        case OfContainer():
            return f"containers of {place.family}"

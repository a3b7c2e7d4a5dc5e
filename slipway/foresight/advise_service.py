"""A live service as a subject of advice: what it runs now is deployed anew in its fork, set in many ways.

Its tasks take what was measured on them: the median. What was never measured is taken at its worst, for a setting that
might hold a roll up is to be named: a drain lasts to its delay then, and a stop to its timeout.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import inf

from slipway.core.answers.preflight_room import BOUNDLESS, room_for
from slipway.core.deployments.desired import bounds_of
from slipway.core.ids import stable_hex
from slipway.core.model.deployments import RolloutState
from slipway.core.model.hosts import Host
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.placing.placement import footprint
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from slipway.foresight.advise_subject import Facts, Outcome, RequestSeen, Trial, no_checks, outcome_of
from slipway.foresight.assumption import NEVER_MEASURED, Assumption, Pace, Part, behaviour_of
from slipway.foresight.fork import Fork
from slipway.foresight.fork_roll import ForkRoll, PlannedChange, planned_definition
from slipway.foresight.knob import Value
from slipway.foresight.knob_lines import place_of
from slipway.foresight.knobs import Assignment, changes_of, knob_named, records_of, value_in
from slipway.foresight.plan import assumed_of, behaviours_of, protections
from slipway.foresight.roll import forecast_of
from slipway.sim.behaviours import Behaviour


class ServiceSubject:
    """A service as its fork has it. Raises `PlanError` for one to which nothing can be deployed."""

    def __init__(self, fork: Fork) -> None:
        self._fork = fork
        snapshot = fork.snapshot()
        service = snapshot.services[fork.service_arn]
        self.name = service.name
        self._definition = planned_definition(snapshot, service, PlannedChange(is_forced=True))
        self._records = records_of(snapshot, service.arn)
        self.place = place_of(self._records)
        assumed = assumed_of(snapshot, service, self._definition)
        self._behaviours = {name: _behaviour(each) for name, each in assumed.items()}
        self._prompt = behaviours_of(assumed, Pace.P50)
        own = assumed[f"{self._definition.family}:{self._definition.revision}"]
        self.facts = _facts(fork, snapshot, self._definition, own)

    def value(self, name: str) -> Value | None:
        """What the knob of that name is set to; None: it means nothing for the service."""
        return value_in(self._records, knob_named(name))

    def stop_timeouts_of(self, seconds: int) -> tuple[Assignment, ...]:
        """What brings every stop timeout that is longer down to so many seconds, container by container where some are
        not."""
        knob = knob_named("stopTimeout")
        values = {one.name: value_in(_only(self._definition, one.name), knob) for one in self._definition.containers}
        longer = [name for name, value in values.items() if value is not None and value > seconds]
        if len(longer) == len(values):
            return (Assignment(knob=knob, value=seconds),)
        return tuple(Assignment(knob=knob, value=seconds, container=name) for name in longer)

    def roll(self, trial: Trial) -> Outcome:
        """What a new deployment of what the service runs comes to if it is set so."""
        made = changes_of(self._fork.snapshot(), self._fork.service_arn, trial.assignments)
        records = {one.record.key: one.record for one in made if isinstance(one, Put)}
        fork = self._fork.changed((*records.values(), *self._more_room(trial.extra_room)))
        definition = records.get(self._definition.arn, self._definition)
        assert isinstance(definition, TaskDefinition), "the key of a task definition is its own"
        behaviours = self._prompt if trial.is_prompt else self._behaviours
        if trial.is_pulled_before:
            behaviours = {name: replace(one, pull_s=0.0) for name, one in behaviours.items()}
        return outcome_of(forecast_of(partial(ForkRoll, fork, definition, behaviours), ways_back=False))

    def _more_room(self, tasks: int) -> tuple[Host, ...]:
        """One more host for so many tasks."""
        if not tasks:
            return ()
        return (
            Host(
                id=stable_hex("more", self._fork.seed),
                cpu=tasks * self.facts.cpu,
                memory=tasks * self.facts.memory,
                address="127.255.255.254",
                runtime="sim",
                registered_at=self._fork.at,
            ),
        )


def _only(definition: TaskDefinition, container: str) -> tuple[TaskDefinition]:
    """The definition with one of its containers."""
    return (replace(definition, containers=tuple(one for one in definition.containers if one.name == container)),)


def _behaviour(assumptions: tuple[Assumption, ...]) -> Behaviour:
    """The medians; the worst of what was never measured."""
    worst = [replace(one, p50_s=one.p90_s) if one.source == NEVER_MEASURED else one for one in assumptions]
    return behaviour_of(worst, Pace.P50)


def _facts(fork: Fork, snapshot: Snapshot, definition: TaskDefinition, assumed: tuple[Assumption, ...]) -> Facts:
    service, need = snapshot.services[fork.service_arn], footprint(definition)
    room = room_for(snapshot, service, need)
    wanted = bounds_of(snapshot, service).upper
    known = {one.part: one.p90_s for one in assumed if one.source != NEVER_MEASURED}
    exit_s = known.get(Part.EXIT)
    return Facts(
        longest_request=longest_seen(fork),
        ready_s=known.get(Part.READY, 0.0),
        exit_s=None if exit_s == inf else exit_s,
        ignores_sigterm=exit_s == inf,
        pull_s=known.get(Part.PULL, 0.0),
        unmeasured=_unmeasured(assumed),
        lacks_room_for=0 if room.beside >= BOUNDLESS else max(wanted - room.own - room.beside, 0),
        cpu=need.cpu,
        memory=need.memory,
        notes=(*_unchecked(fork, assumed), *_notes(snapshot, fork.service_arn, assumed, now=fork.at)),
    )


def longest_seen(fork: Fork) -> RequestSeen | None:
    """The longest request that the balancer saw of the service's target groups; None: none ended yet."""
    longest = max(fork.longest_requests.values(), key=lambda one: one.seconds, default=None)
    if longest is None:
        return None
    return RequestSeen(seconds=longest.seconds, at=longest.at, since=longest.since, count=longest.count)


def _unchecked(fork: Fork, assumed: tuple[Assumption, ...]) -> Iterator[str]:
    if not any(one.part is Part.READY for one in assumed):
        yield no_checks(fork.rules.healthy_after_running_s)


def _unmeasured(assumed: tuple[Assumption, ...]) -> tuple[str, ...]:
    """The parts of a task's life that are taken to last to their limits, for want of a measured one."""
    return tuple(one.part.value for one in assumed if one.source == NEVER_MEASURED and one.p90_s == inf)


def _notes(snapshot: Snapshot, service_arn: str, assumed: tuple[Assumption, ...], *, now: float) -> Iterator[str]:
    """What is taken for granted."""
    if limited := _unmeasured(assumed):
        which = "Each" if len(limited) > 1 else "It"
        yield f"Never measured: {' and '.join(limited)}. {which} is taken to last to its limit."
    primary = snapshot.primary(service_arn)
    if primary is not None and primary.rollout_state is RolloutState.IN_PROGRESS:
        yield "A deployment is in progress: the numbers are those of one that takes its place, as it stands now."
    yield from protections(snapshot, service_arn, now=now)

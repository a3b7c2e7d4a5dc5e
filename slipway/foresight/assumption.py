"""What a plan takes for granted of the tasks of one revision: how long each part of their lives lasts, and why so.

A time that was measured on the service's own tasks is told as its median and as what nine tenths of them kept to. Where
there is none, the program is taken to be prompt at best, and to use up its limits at worst.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf

from slipway.core.answers.measured_times import Quantiles, ServiceTimes, measured, program_stops, quantiles
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.snapshot import Snapshot
from slipway.sim.behaviours import Behaviour, HealthScript

#: What stands where nothing was measured.
NEVER_MEASURED = "default: never measured"

#: A limit that this share of the samples ran into is what nine tenths of them do not keep within.
OFTEN = 0.1

#: When a task that is assumed to crash does, and how much longer one that is assumed to be slow takes, seconds.
CRASHES_AFTER_S = 1.0
SLOW_S = 60.0


class Pace(StrEnum):
    """How fast tasks are taken to be."""

    P50 = "P50"  # each part of a task's life takes the median
    P90 = "P90"  # each takes as long as nine tenths keep to


class Failure(StrEnum):
    """What the tasks of the new version are assumed to do wrong."""

    CRASHES = "crashes"
    NEVER_HEALTHY = "never-healthy"
    SLOW = "slow"


class Part(StrEnum):
    """A part of a task's life."""

    PULL = "pull"
    START = "start"
    READY = "ready"
    DRAIN = "drain"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """How long a part of the lives of one revision's tasks is taken to last. Seconds; inf: until its limit is over."""

    revision: str  # `family:revision`
    part: Part
    p50_s: float
    p90_s: float
    source: str  # `measured on 23 tasks`

    def seconds(self, pace: Pace) -> float:
        """How long at that pace; inf: to the deregistration delay, or to the stop timeout."""
        return self.p50_s if pace is Pace.P50 else self.p90_s


def assumptions_of(snapshot: Snapshot, service: Service, definition: TaskDefinition) -> tuple[Assumption, ...]:
    """What is taken for granted of the tasks of a definition, whether it was ever run or not."""
    return tuple(_assumptions(snapshot, service, definition, measured(snapshot, service)))


def _assumptions(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, times: ServiceTimes
) -> Iterator[Assumption]:
    revision = f"{definition.family}:{definition.revision}"
    yield _of(revision, Part.PULL, times.pull_s)
    yield _of(revision, Part.START, times.launch_s)
    is_balanced = _is_balanced(snapshot, service)
    if is_balanced or definition.has_health_check:
        yield _of(revision, Part.READY, times.likely_ready_s)
    if is_balanced:
        held = times.drains_held / times.drain_count if times.drain_count else 0.0
        yield _limited(revision, Part.DRAIN, times.drain_s, count=times.drain_count, share=held)
    killed = times.stops_killed / times.stop_count if times.stop_count else 0.0
    usual = _limited(revision, Part.EXIT, times.exit_s, count=times.stop_count, share=killed)
    yield _of_programs(snapshot, service, definition, usual)


def _is_balanced(snapshot: Snapshot, service: Service) -> bool:
    primary = snapshot.primary(service.arn)
    return primary is not None and bool(snapshot.service_revisions[primary.revision_arn].load_balancers)


def _of(revision: str, part: Part, known: Quantiles | None) -> Assumption:
    """A part that nothing limits."""
    if known is None:
        return Assumption(revision=revision, part=part, p50_s=0.0, p90_s=0.0, source=NEVER_MEASURED)
    return Assumption(revision=revision, part=part, p50_s=known.p50, p90_s=known.p90, source=_measured_on(known.count))


def _limited(revision: str, part: Part, known: Quantiles | None, *, count: int, share: float) -> Assumption:
    """A part that ends at its limit at the latest, which that share of `count` samples ran into."""
    if not count:
        return Assumption(revision=revision, part=part, p50_s=0.0, p90_s=inf, source=NEVER_MEASURED)
    return Assumption(
        revision=revision,
        part=part,
        p50_s=inf if known is None or share > 1 / 2 else known.p50,
        p90_s=inf if known is None or share > OFTEN else known.p90,
        source=_measured_on(count),
    )


def _of_programs(snapshot: Snapshot, service: Service, definition: TaskDefinition, usual: Assumption) -> Assumption:
    """How the definition's own images end, where that is known of one of them: the slowest; else `usual`."""
    known = [program_stops(snapshot, service, definition, container) for container in definition.containers]
    found: list[Assumption] = []
    for program in (one for one in known if one is not None and one.judged):
        ended = quantiles(stop.exit_s for stop in program.judged if not stop.was_killed)
        share = program.killed / len(program.judged)
        found.append(_limited(usual.revision, Part.EXIT, ended, count=len(program.judged), share=share))
    return max(found, key=lambda one: (one.p50_s, one.p90_s), default=usual)


def _measured_on(count: int) -> str:
    return f"measured on {count} task{'' if count == 1 else 's'}"


def overdue(assumptions: Iterable[Assumption], age_s: float) -> tuple[Assumption, ...]:
    """What is assumed of a revision of which no task was ever ready, though one has been running for so long and fails
    its checks: that it takes as long again, or that it never will be."""
    source = f"not ready after {age_s:.0f} s"
    return tuple(
        replace(one, p50_s=2 * age_s, p90_s=inf, source=source) if one.part is Part.READY and age_s > one.p50_s else one
        for one in assumptions
    )


def behaviour_of(assumptions: Iterable[Assumption], pace: Pace) -> Behaviour:
    """How tasks of one revision behave by what is assumed of them."""
    by_part: Mapping[Part, float] = {one.part: one.seconds(pace) for one in assumptions}
    script = HealthScript(ready_s=by_part.get(Part.READY, 0.0))
    drain_s, exit_s = by_part.get(Part.DRAIN, 0.0), by_part.get(Part.EXIT, 0.0)
    return Behaviour(
        pull_s=by_part.get(Part.PULL, 0.0),
        launch_s=by_part.get(Part.START, 0.0),
        exits_in_s=None if exit_s == inf else exit_s,
        linger_s=None if drain_s == inf else drain_s,
        health=script,
        container_health=script,
    )


def failing(behaviour: Behaviour, failure: Failure | None) -> Behaviour:
    """The behaviour with what goes wrong; None: nothing does."""
    match failure:
        case None:
            return behaviour
        case Failure.CRASHES:
            return replace(behaviour, runs_s=CRASHES_AFTER_S)
        case Failure.NEVER_HEALTHY:
            return _ready_in(behaviour, inf)
        case Failure.SLOW:
            return _ready_in(behaviour, behaviour.health.ready_s + SLOW_S)


def _ready_in(behaviour: Behaviour, seconds: float) -> Behaviour:
    script = HealthScript(ready_s=seconds)
    return replace(behaviour, health=script, container_health=script)

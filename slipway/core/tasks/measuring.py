"""Measuring: what a task took, from its creation to its end, and the record of it that each service keeps.

A time is measured where it is known from beginning to end; what nobody saw, as when the control plane was down, is left
out rather than guessed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from slipway.core.ids import stable_hex
from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.measured import (
    PROGRAMS_KEPT,
    SAMPLES_KEPT,
    STOPS_KEPT,
    MeasuredDrain,
    MeasuredStop,
    MeasuredTimes,
    ProgramStops,
)
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Container, Task
from slipway.core.plan import Change, Put, Remove
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import load_balancers_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimes:
    """What the start of one task took, in seconds; None: it did not get so far, or nobody saw."""

    pull_s: float | None
    launch_s: float | None
    ready_s: float | None
    likely_ready_s: float | None
    healthy_s: float | None


def note_times(snapshot: Snapshot, service: Service, settled: Iterable[Task]) -> tuple[Change, ...]:
    """One record, however many tasks have settled, with what they took added; none where nothing was measured."""
    before = snapshot.measured_times.get(service.arn) or MeasuredTimes(service_arn=service.arn)
    times = before
    for task in sorted(settled, key=lambda task: (task.stopped_at or 0.0, task.arn)):
        times = _with_task(snapshot, times, task)
    return () if times == before else (Put(record=times),)


def forget_times(snapshot: Snapshot, service: Service) -> tuple[Change, ...]:
    """What was measured of a service goes with it."""
    times = snapshot.measured_times.get(service.arn)
    return () if times is None else (Remove(record=times),)


def _with_task(snapshot: Snapshot, times: MeasuredTimes, task: Task) -> MeasuredTimes:
    start, drain, stop = start_times(snapshot, task), _drain(snapshot, task), _stop(task)
    return replace(
        times,
        pull_s=_ring(times.pull_s, start.pull_s),
        launch_s=_ring(times.launch_s, start.launch_s),
        ready_s=_ring(times.ready_s, start.ready_s),
        likely_ready_s=_ring(times.likely_ready_s, start.likely_ready_s),
        healthy_s=_ring(times.healthy_s, start.healthy_s),
        drain_s=_ring(times.drain_s, None if drain is None else drain.drain_s),
        was_held=_ring(times.was_held, None if drain is None else drain.was_held),
        exit_s=_ring(times.exit_s, None if stop is None else stop.exit_s),
        was_killed=_ring(times.was_killed, None if stop is None else stop.was_killed),
        programs=_with_stops(snapshot, times.programs, task),
    )


def _ring(kept: tuple[T, ...], sample: T | None) -> tuple[T, ...]:
    return kept if sample is None else (*kept, sample)[-SAMPLES_KEPT:]


# The start


def start_times(snapshot: Snapshot, task: Task) -> StartTimes:
    """What the start of a task took."""
    pull_s = _between(task.pull_started_at, task.pull_stopped_at)
    run_s = _between(task.created_at, task.started_at)
    ready_s = _between(task.started_at, task.ready_at)
    return StartTimes(
        pull_s=pull_s,
        launch_s=None if run_s is None else round(max(run_s - (pull_s or 0.0), 0.0), 3),
        ready_s=ready_s,
        likely_ready_s=None if ready_s is None else _likely_s(ready_s, _check_interval_s(snapshot, task)),
        healthy_s=_between(task.started_at, task.first_healthy_at),
    )


def _likely_s(ready_s: float, interval_s: float) -> float:
    """When a program was ready that passed a check then: half-way from the check before, which failed. Where it passed
    its very first one, nothing says that it needed any of the time before."""
    is_first = ready_s < interval_s * 1.5
    return round(max(ready_s - (interval_s if is_first else interval_s / 2), 0.0), 3)


def _between(began: float | None, ended: float | None) -> float | None:
    """Seconds, to the millisecond; None where one of the instants is not known."""
    return None if began is None or ended is None else round(max(ended - began, 0.0), 3)


def _check_interval_s(snapshot: Snapshot, task: Task) -> float:
    """How far apart the checks are by which a task is found ready; 0: it has none."""
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    own = [] if definition is None else [one.health_check for one in definition.containers if one.essential]
    intervals = [check.interval_s for check in own if check is not None]
    intervals += [group.health_check.interval_s for group in _groups(snapshot, task)]
    return float(max(intervals, default=0))


def _groups(snapshot: Snapshot, task: Task) -> Iterator[TargetGroup]:
    for binding in load_balancers_of(snapshot, task):
        group = snapshot.target_groups.get(binding.target_group_arn)
        if group is not None:
            yield group


# The end


def _drain(snapshot: Snapshot, task: Task) -> MeasuredDrain | None:
    """The drain of a task that had requests: one that was healthy, in a target group."""
    drain_s = _between(task.stop_decided_at, task.stop_ordered_at)
    delays = [group.deregistration_delay_s for group in _groups(snapshot, task)]
    if drain_s is None or not delays or task.first_healthy_at is None:
        return None
    return MeasuredDrain(drain_s=drain_s, was_held=drain_s >= max(delays) > 0)


def _stop(task: Task) -> MeasuredStop | None:
    """The stop of a whole task, as ordered: from the first SIGTERM to the end of the last container that got one."""
    if task.stop_ordered_at is None:
        return None
    stops = [_instants(container) for container in task.containers]
    seen = [each for each in stops if each is not None]
    if not seen:
        return None
    exit_s = max(ended for _, ended in seen) - min(signalled for signalled, _ in seen)
    killed = any(container.was_killed for container in task.containers)
    return MeasuredStop(exit_s=round(max(exit_s, 0.0), 3), was_killed=killed)


def _instants(container: Container) -> tuple[float, float] | None:
    """When a container got SIGTERM and when it ended; None where nobody saw both."""
    if container.signalled_at is None or container.stopped_at is None:
        return None
    return container.signalled_at, container.stopped_at


def _with_stops(snapshot: Snapshot, programs: tuple[ProgramStops, ...], task: Task) -> tuple[ProgramStops, ...]:
    """The programs with the stops of a task's containers, the newest at the end."""
    definition = snapshot.task_definitions.get(task.task_definition_arn)
    if definition is None:
        return programs
    for container in task.containers:
        seen = _instants(container)
        if seen is not None:
            exit_s = round(max(seen[1] - seen[0], 0.0), 3)
            stop = MeasuredStop(exit_s=exit_s, was_killed=container.was_killed)
            programs = _with_stop(programs, container, program_of(definition, container.name), stop)
    return programs


def _with_stop(
    programs: tuple[ProgramStops, ...], container: Container, program: str, stop: MeasuredStop
) -> tuple[ProgramStops, ...]:
    """A tag that was moved to another image begins anew."""
    wanted = (container.name, container.image, program)
    others = tuple(each for each in programs if (each.container, each.image, each.program) != wanted)
    known = next((each for each in programs if each not in others), None)
    if known is None or known.image_digest != container.image_digest:
        known = ProgramStops(
            container=container.name, image=container.image, image_digest=container.image_digest, program=program
        )
    stopped = replace(
        known,
        exit_s=(*known.exit_s, stop.exit_s)[-STOPS_KEPT:],
        was_killed=(*known.was_killed, stop.was_killed)[-STOPS_KEPT:],
    )
    return (*others, stopped)[-PROGRAMS_KEPT:]


def program_of(definition: TaskDefinition, container_name: str) -> str:
    """16 hex digits that stand for how a container's image is run: what decides whether its program gets the signal."""
    document = container_document(definition, container_name)
    words = [list(document.get("entryPoint") or ()), list(document.get("command") or ())]
    has_init = bool((document.get("linuxParameters") or {}).get("initProcessEnabled"))
    return stable_hex("program", json.dumps([*words, has_init]), length=16)


def container_document(definition: TaskDefinition, container_name: str) -> Mapping[str, Any]:
    """A container definition in AWS's JSON; empty where there is none of that name."""
    documents = definition.document.get("containerDefinitions", ())
    return next((each for each in documents if each.get("name") == container_name), {})

"""The SIGTERM probe: what was measured of a service's containers when they were told to stop, in words.

A container that does not end by SIGTERM is killed at its stop timeout (ECS Developer Guide, `stopTimeout`), and a
deployment waits for that in every round. Where a shell is the first process, as with `sh -c` or the shell form of CMD,
it is the shell that gets the signal.
"""

from collections.abc import Iterator
from math import ceil
from statistics import median

from slipway.core.answers.measured_times import program_stops
from slipway.core.answers.wait import seconds
from slipway.core.deployments.rolling import Bounds
from slipway.core.model.measured import ProgramStops
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import DEFAULT_STOP_TIMEOUT_S, ContainerDefinition, TaskDefinition
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.measuring import container_document

_MINUTE_S = 60


def sigterm_warnings(
    snapshot: Snapshot, service: Service, definition: TaskDefinition, *, desired: int, limit: Bounds
) -> Iterator[str]:
    """A sentence for each container of the definition that had to be killed in most of its last stops; none for one
    whose image, run in this way, was never stopped."""
    rounds = ceil(desired / max(limit.upper - limit.lower, 1))
    for container in definition.containers:
        known = program_stops(snapshot, service, definition, container)
        if known is not None and known.ignores_sigterm:
            stop_s = float(DEFAULT_STOP_TIMEOUT_S if container.stop_timeout_s is None else container.stop_timeout_s)
            cost = f"{_spent(stop_s)} per stop"
            cost += f", {_spent(rounds * stop_s)} per deployment" if rounds > 1 else ""
            yield f"{ignores(known)}: {cost}; {_mend(definition, container)}."


def ignores(known: ProgramStops) -> str:
    """`web ignores SIGTERM (killed at its stop timeout in 5 of its last 6 stops, image web:2)`."""
    count = len(known.judged)
    often = "when it was stopped last" if count == 1 else f"in {known.killed} of its last {count} stops"
    return f"{known.container} ignores SIGTERM (killed at its stop timeout {often}, image {known.image})"


def _mend(definition: TaskDefinition, container: ContainerDefinition) -> str:
    document = container_document(definition, container.name)
    has_init = bool((document.get("linuxParameters") or {}).get("initProcessEnabled"))
    init = "" if has_init else "initProcessEnabled, or "
    return (
        "use the exec form of its command, for a shell (sh -c) keeps the signal to itself, have the program handle "
        f"SIGTERM, or use {init}a shorter stopTimeout"
    )


def usual_exit(snapshot: Snapshot, service: Service, definition: TaskDefinition) -> str:
    """What is known of how the containers of a task end: of one that is killed, else the slowest; empty: nothing."""
    known = [program_stops(snapshot, service, definition, container) for container in definition.containers]
    stopped = [each for each in known if each is not None and each.stops]
    if not stopped:
        return ""
    deaf = next((each for each in stopped if each.ignores_sigterm), None)
    if deaf is not None:
        return ignores(deaf)
    slowest = max(stopped, key=_median_s)
    count = len(slowest.judged)
    of = f"median of {count} stops" if count > 1 else "in one stop"
    return f"{slowest.container} usually ends within {seconds(_median_s(slowest))} ({of})"


def _median_s(known: ProgramStops) -> float:
    return median(stop.exit_s for stop in known.judged)


def _spent(duration_s: float) -> str:
    """`30 s`, `3 m`, `3 m 20 s`."""
    minutes, rest = divmod(round(duration_s), _MINUTE_S)
    if not minutes:
        return f"{duration_s:g} s"
    return f"{minutes} m {rest} s" if rest else f"{minutes} m"

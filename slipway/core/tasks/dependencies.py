"""The order of a task's containers: which is started next, and which must have ended before one is stopped.

Source: `dependsOn` and `startTimeout` of the ECS API (`ContainerDependency`, `ContainerDefinition`), carried out as by
the public ECS agent's dependency graph.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from slipway.core.model.task_definitions import ContainerDependency, DependencyCondition
from slipway.core.model.tasks import HealthStatus
from slipway.core.plan import ContainerPayload

#: The public ECS agent's name of a dependency that cannot be met.
ERROR = "TaskDependencyError"
#: Seconds in which it is told that a container found after a restart of the control plane has ended meanwhile. Until
#: then its start timeout is not over.
FOUND_GRACE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a container is that has been started."""

    started_at: float
    watched_at: float  # since when its end and its health are looked at: its start, or when it was found
    has_ended: bool = False
    exit_code: int | None = None  # None: it runs, or nobody knows
    health_status: HealthStatus = HealthStatus.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """All that `container` depends on is there: it is to be started."""

    container: ContainerPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaiting:
    """Whatever is not started waits for containers that run."""

    until: float | None  # when the first start timeout is over; None: none of them has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeetable:
    """`container` can never be started."""

    container: ContainerPayload
    reason: str  # `TaskDependencyError: …`


def plan_start(
    containers: Sequence[ContainerPayload], started: Mapping[str, Progress], now: float
) -> Ready | Awaiting | Unmeetable:
    """What to do about those of a task's containers that are not started, of which there is at least one.

    The first of them, in their declared order, that lacks nothing is next; but if one of them never can be started,
    none is.
    """
    timeouts = {container.name: container.start_timeout_s for container in containers}
    missing = [container for container in containers if container.name not in started]
    waits = [
        _Wait(
            container=container,
            dependency=dependency,
            awaited=started[dependency.container_name],
            timeout_s=timeouts[dependency.container_name],
        )
        for container in missing
        for dependency in _lacking(container, started)
        if dependency.container_name in started
    ]
    for wait in waits:
        if (failure := wait.failure(now)) is not None:
            return Unmeetable(container=wait.container, reason=failure)
    ready = next((container for container in missing if not _lacking(container, started)), None)
    if ready is not None:
        return Ready(container=ready)
    if not waits:
        names = ", ".join(container.name for container in missing)
        return Unmeetable(container=missing[0], reason=f"{ERROR}: containers {names} wait for what is never started")
    return Awaiting(until=min((wait.until for wait in waits if wait.until is not None), default=None))


def dependents_of(name: str, containers: Sequence[ContainerPayload]) -> frozenset[str]:
    """The containers that depend on `name`, directly or through others: it is stopped after all of them."""
    found: set[str] = set()
    reached = [name]
    while reached:
        one = reached.pop()
        new = {
            container.name
            for container in containers
            if container.name not in found and any(each.container_name == one for each in container.depends_on)
        }
        found |= new
        reached += sorted(new)
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """One container that waits for another, which has been started."""

    container: ContainerPayload
    dependency: ContainerDependency
    awaited: Progress
    timeout_s: float | None  # the start timeout of the one that is waited for

    @property
    def until(self) -> float | None:
        """When the start timeout is over. The health seen before a restart of the control plane is not known any more,
        so for HEALTHY it begins anew with that."""
        if self.timeout_s is None:
            return None
        if self.dependency.condition is DependencyCondition.HEALTHY:
            return self.awaited.watched_at + self.timeout_s
        return max(self.awaited.started_at + self.timeout_s, self.awaited.watched_at + FOUND_GRACE_S)

    def failure(self, now: float) -> str | None:
        """Why it waits in vain, as the task's reason; None: what it waits for may still come."""
        condition, name = self.dependency.condition, self.dependency.container_name
        told = f"{ERROR}: container {self.container.name} depends on {condition} of container {name}, which"
        if self.awaited.has_ended and self.awaited.exit_code is None:
            return f"{told} ended without an exit code"
        if self.awaited.has_ended:
            return f"{told} exited with code {self.awaited.exit_code}"
        if condition is DependencyCondition.HEALTHY and self.awaited.health_status is HealthStatus.UNHEALTHY:
            return f"{told} is UNHEALTHY"
        if self.until is not None and self.until <= now:
            return f"{told} was not there within its start timeout of {self.timeout_s:g} s"
        return None


def _lacking(container: ContainerPayload, started: Mapping[str, Progress]) -> tuple[ContainerDependency, ...]:
    """The dependencies of `container` that are not met now."""
    return tuple(each for each in container.depends_on if not _is_met(each.condition, started.get(each.container_name)))


def _is_met(condition: DependencyCondition, awaited: Progress | None) -> bool:
    if awaited is None:
        return False
    match condition:
        case DependencyCondition.START:
            return True
        case DependencyCondition.COMPLETE:
            return awaited.has_ended
        case DependencyCondition.SUCCESS:
            return awaited.has_ended and awaited.exit_code == 0
        case DependencyCondition.HEALTHY:
            return not awaited.has_ended and awaited.health_status is HealthStatus.HEALTHY
    assert_never(condition)

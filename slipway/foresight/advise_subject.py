"""What advice is given on: something with settings that can be rolled again and again, each time set otherwise."""

from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Protocol

from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.rules import Rules
from slipway.foresight.forecast import Forecast
from slipway.foresight.knob import Value
from slipway.foresight.knob_lines import Place
from slipway.foresight.knobs import Assignment, assigned_rollout, knob_named, rollout_value
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSeen:
    """The request that took longest of those that were measured."""

    seconds: float
    at: float | None = None  # epoch seconds of its end, to the minute; None: it was told, not measured
    since: float | None = None  # epoch seconds of the first of those that were measured; None: as above
    count: int = 0  # how many were measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the program and of its cluster besides the settings. Times are seconds."""

    longest_request: RequestSeen | None  # None: none was measured
    ready_s: float = 0.0  # from RUNNING until checks pass, of the slower ones
    exit_s: float | None = None  # from SIGTERM to the exit; None: it does not exit, or that was never measured
    ignores_sigterm: bool = False
    pull_s: float = 0.0
    unmeasured: tuple[str, ...] = ()  # parts of a task's life that are taken to last to their limits: drain, exit
    lacks_room_for: int = 0  # tasks that the percentages would let run at once, and that do not fit
    cpu: int = 0  # CPU units and MiB of a task
    memory: int = 0
    notes: tuple[str, ...] = ()  # what was taken for granted, in sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is changed for one roll."""

    assignments: tuple[Assignment, ...] = ()
    extra_room: int = 0  # tasks that fit in the cluster besides
    is_pulled_before: bool = False  # every host has the image
    is_prompt: bool = False  # what was never measured takes no time; else it lasts to its limit

    def is_as(self, other: "Trial") -> bool:
        """Whether it changes the same, in whatever order."""
        mine, others = (replace(one, assignments=()) for one in (self, other))
        return mine == others and set(self.assignments) == set(other.assignments)

    def __add__(self, other: "Trial") -> "Trial":
        return Trial(
            assignments=(*self.assignments, *other.assignments),
            extra_room=self.extra_room + other.extra_room,
            is_pulled_before=self.is_pulled_before or other.is_pulled_before,
            is_prompt=self.is_prompt or other.is_prompt,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a roll came to."""

    verdict: ServiceDeploymentStatus
    reason: str  # why, where it did not succeed
    duration_s: float  # to the verdict, or as far as was looked ahead
    desired: int
    lowest_healthy: int
    peak_tasks: int

    @property
    def has_ended(self) -> bool:
        """Whether it came to a verdict."""
        return self.verdict.is_verdict

    @property
    def is_success(self) -> bool:
        """Whether the new version took over."""
        return self.verdict is ServiceDeploymentStatus.SUCCESSFUL

    @property
    def lowest_healthy_percent(self) -> float:
        """Of the desired count."""
        return 100.0 * self.lowest_healthy / self.desired if self.desired else 100.0

    @property
    def extra_room(self) -> int:
        """Tasks beyond the desired count that held room at once, at most."""
        return max(self.peak_tasks - self.desired, 0)


def outcome_of(forecast: Forecast) -> Outcome:
    """What of a forecast is weighed."""
    return Outcome(
        verdict=forecast.verdict,
        reason=forecast.reason,
        duration_s=forecast.duration_s,
        desired=forecast.desired,
        lowest_healthy=forecast.lowest_healthy,
        peak_tasks=forecast.peak_tasks,
    )


class Subject(Protocol):
    """A service, or the description of a rollout."""

    @property
    def name(self) -> str:
        """Whose advice it is."""

    @property
    def place(self) -> Place:
        """The names of what would be changed."""

    @property
    def facts(self) -> Facts:
        """What is known besides the settings."""

    def value(self, name: str) -> Value | None:
        """What the knob of that name is set to; None: it means nothing here."""

    def stop_timeouts_of(self, seconds: int) -> tuple[Assignment, ...]:
        """What brings every stop timeout that is longer down to so many seconds."""

    def roll(self, trial: Trial) -> Outcome:
        """What a roll comes to that is set so. Raises `KnobError` or `RolloutError` for what cannot be."""


class RolloutSubject:
    """A rollout without a server: what it does not say was not measured."""

    def __init__(self, rollout: Rollout, *, longest_request_s: float | None = None, name: str = "the rollout") -> None:
        """`longest_request_s`: the longest request there was, if that is known; else the age of its connections
        stands for it, where that is bounded."""
        self.rollout = rollout
        self.name = name
        self.place = Place()
        self.facts = _facts(rollout, longest_request_s)

    def value(self, name: str) -> Value | None:
        """What the knob of that name is set to; None: it means nothing here."""
        return rollout_value(self.rollout, knob_named(name))

    def stop_timeouts_of(self, seconds: int) -> tuple[Assignment, ...]:
        """What brings the stop timeout down to so many seconds."""
        is_longer = self.rollout.stop_timeout > seconds
        return (Assignment(knob=knob_named("stopTimeout"), value=seconds),) if is_longer else ()

    def roll(self, trial: Trial) -> Outcome:
        """What the rollout comes to if it is set so."""
        changed = assigned_rollout(self.rollout, trial.assignments)
        if trial.extra_room and changed.room is not None:
            changed = replace(changed, room=changed.room + trial.extra_room)
        if trial.extra_room and changed.hosts is not None:
            changed = replace(changed, hosts=changed.hosts + ceil(trial.extra_room / changed.tasks_a_host))
        if trial.is_pulled_before:
            changed = replace(changed, pull_time=0.0)
        return outcome_of(simulate(changed, ways_back=False))


def _facts(rollout: Rollout, longest_request_s: float | None) -> Facts:
    open_s = rollout.connection_age if 0 < rollout.connection_age < inf else None
    longest = open_s if longest_request_s is None else longest_request_s
    room = rollout.room if rollout.hosts is None else rollout.hosts * rollout.tasks_a_host
    return Facts(
        longest_request=None if longest is None else RequestSeen(seconds=longest),
        ready_s=rollout.ready_time + (rollout.slow_start_time if rollout.slow_start_percent else 0.0),
        exit_s=None if rollout.exit == inf else rollout.exit,
        ignores_sigterm=rollout.exit > rollout.stop_timeout,
        pull_s=rollout.pull_time,
        lacks_room_for=0 if room is None else max(rollout.peak - room, 0),
        cpu=rollout.cpu,
        memory=rollout.memory,
        notes=() if rollout.load_balancer else (no_checks(Rules().healthy_after_running_s),),
    )


def no_checks(after_s: float) -> str:
    """What is to be said of tasks that nobody checks."""
    return (
        f"Its tasks have no health check, and count as healthy {after_s:g} s after RUNNING: a container health check "
        "(healthCheck) tells sooner."
    )

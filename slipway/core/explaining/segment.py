"""The parts a deployment's time is made of, and the ledger that holds them."""

from dataclasses import dataclass
from enum import StrEnum


class SegmentKind(StrEnum):
    """What the critical path of a deployment waited for."""

    PLACEMENT_WAIT = "PLACEMENT_WAIT"  # from the decision to start a task to the host taking it up
    CAPACITY_WAIT = "CAPACITY_WAIT"  # no host had room
    PULL = "PULL"
    CONTAINER_START = "CONTAINER_START"
    DEPENDENCY_WAIT = "DEPENDENCY_WAIT"  # a container waited for another (dependsOn)
    REGISTRATION = "REGISTRATION"  # from RUNNING to being a target
    HEALTH_WAIT = "HEALTH_WAIT"  # checks that passed: interval x threshold; 40 s where there are no checks
    FAILED_CHECKS = "FAILED_CHECKS"  # checks that failed before: the program was not ready
    FAILURE = "FAILURE"  # a task that ran and then failed, until that was found out
    BAKE = "BAKE"
    HOOK = "HOOK"
    DRAIN = "DRAIN"  # deregistered, with requests or connections open
    SIGTERM_TO_EXIT = "SIGTERM_TO_EXIT"
    KILL_WAIT = "KILL_WAIT"  # SIGTERM was ignored to the stop timeout
    BACK_OFF = "BACK_OFF"  # the launch throttle after failures
    PAUSE = "PAUSE"  # scale-in protection, a pause, percentages that let nothing move: it waited for a person
    SERVER_AWAY = "SERVER_AWAY"  # the server was not running, or could not write its records
    OVERHEAD = "OVERHEAD"  # Slipway and the engine: owed to no setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting and its value as it was: `deregistration_delay.timeout_seconds` `300` of `target group web`."""

    name: str  # AWS's name of it
    value: str
    of: str  # what it is a setting of


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of the critical path. `from_at` and `to_at` are epoch seconds."""

    kind: SegmentKind
    from_at: float
    to_at: float
    sentence: str
    task_arn: str | None = None  # None: no task's
    settings: tuple[Setting, ...] = ()  # what caused it; empty: no setting did

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.to_at - self.from_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A deployment's time, from `began_at` to `ended_at` (epoch seconds), as segments that touch each other, oldest
    first: their seconds add up to the whole."""

    began_at: float
    ended_at: float
    segments: tuple[Segment, ...]

    @property
    def seconds(self) -> float:
        """The whole time."""
        return self.ended_at - self.began_at

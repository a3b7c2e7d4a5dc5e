"""A wait: what a task or a service waits for now, as a sentence with numbers. How waits are found is in `why`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from slipway.core.monitoring.longest_request import LongestRequest
from slipway.core.rules import Rules
from slipway.core.tasks.container_health import ContainerHealth


class WaitKind(StrEnum):
    """What is waited for."""

    ROOM = "room"
    CONFIGURATION = "configuration"  # the percentages let nothing move
    THROTTLE = "throttle"
    HOST = "host"
    IMAGE = "image"
    DEPENDENCY = "dependency"
    CONTAINER_START = "container start"
    CONTAINER_HEALTH = "container health"
    TARGET = "target"  # an address and port that are still another's target, or a group that is gone
    TARGET_HEALTH = "target health"
    GRACE_PERIOD = "grace period"
    AGE = "age"  # a task without any check counts as healthy some time after RUNNING
    REPLACEMENT = "replacement"
    PROTECTION = "protection"
    DRAIN = "drain"
    STOP = "stop"
    ROLL = "roll"
    WAY_BACK = "way back"
    BAKE = "bake"
    DEADLINE = "deadline"
    FAILED = "failed"
    DELETION = "deletion"
    NOTHING = "nothing"


class Clearing(StrEnum):
    """How `Wait.clears_at` is meant: it clears then, not before then, or by then."""

    AT = "at"
    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What `subject` waits for. Instants are epoch seconds."""

    kind: WaitKind
    sentence: str  # without a full stop at its end
    subject: str  # ARN of the task or service that waits
    since: float | None = None  # None: nobody knows
    clears_at: float | None = None  # None: nobody knows
    clears: Clearing | None = None  # how `clears_at` is meant; None: there is none


def _no_instant(_target_key: str) -> float | None:
    return None


def _no_count(_target_key: str) -> int | None:
    return None


def _no_request(_target_group_arn: str) -> LongestRequest | None:
    return None


def _no_health(_task_arn: str, _container_name: str) -> ContainerHealth | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a wait is told by beside the records: the time, the settings, and what adapters know at this moment, which
    no record holds (each answers None where it does not know)."""

    now: float
    rules: Rules = field(default_factory=Rules)
    next_check_at: Callable[[str], float | None] = _no_instant  # by target key: when its next health check begins
    requests_in_flight: Callable[[str], int | None] = _no_count  # by target key, of draining targets
    longest_request: Callable[[str], LongestRequest | None] = _no_request  # by target group ARN, of those that ended
    container_health: Callable[[str, str], ContainerHealth | None] = _no_health  # by task ARN and container name

    def since(self, at: float) -> str:
        """`12 s`: how long ago an instant was."""
        return seconds(self.now - at)

    def until(self, at: float) -> str:
        """`12 s`: how long it is until an instant."""
        return seconds(at - self.now)


def seconds(duration: float) -> str:
    """`12 s`, `0.4 s`; a negative one is 0."""
    duration = max(duration, 0.0)
    return f"{duration:.1f} s" if 0 < duration < 1 else f"{duration:.0f} s"

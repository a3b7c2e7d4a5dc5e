"""How simulated tasks behave: how long they take to start and to end, and what health checks see of them."""

from dataclasses import dataclass, replace
from hashlib import blake2b
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthScript:
    """What checks of a task see, by its age in seconds since it was RUNNING.

    It answers well from `ready_s` on and until `sick_s`; if it flaps, it alternates from `ready_s` on, `up_s` seconds
    well and `down_s` seconds ill. Ill, it answers `code`, or not at all where `code` is None.
    """

    ready_s: float = 0.0  # inf: it never answers well
    sick_s: float = inf
    up_s: float = inf
    down_s: float = 0.0
    code: int | None = 503

    def is_well(self, age_s: float) -> bool:
        """Whether a check at this age passes."""
        if not self.ready_s <= age_s < self.sick_s:
            return False
        return self.up_s == inf or (age_s - self.ready_s) % (self.up_s + self.down_s) < self.up_s

    def next_ill_s(self, age_s: float) -> float:
        """The earliest age from `age_s` on at which a check fails; inf: never again."""
        if not self.is_well(age_s):
            return age_s
        if self.up_s == inf:
            return self.sick_s
        period = self.up_s + self.down_s
        into = (age_s - self.ready_s) % period
        return min(age_s - into + self.up_s, self.sick_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a task of one task definition behaves. Durations are seconds."""

    pull_s: float = 0.0
    launch_s: float = 0.0
    exits_in_s: float | None = 0.0  # after SIGTERM; None: it ignores SIGTERM and is killed at its stop timeout
    runs_s: float | None = None  # ends by itself so long after it was RUNNING; None: it runs until it is stopped
    exit_code: int = 1  # of an end by itself
    crash_share: float = 1.0  # of the tasks, those that end by themselves; the others run until they are stopped
    slow_share: float = 0.0  # of the tasks, those that need `slow_s` longer to be ready
    slow_s: float = 0.0
    start_error: str | None = None  # why it fails to start, once its image is there; None: it starts
    linger_s: float | None = 0.0  # how long its connections last once it drains; None: to the deregistration delay
    health: HealthScript = HealthScript()
    container_health: HealthScript | None = None  # what its container health checks see, if it has any; None: all well
    jitter: float = 0.0  # each duration varies by up to this share, by seed and task

    def drawn(self, seed: str, task_id: str) -> "Behaviour":
        """The behaviour of one task: its durations varied by chance, the same for the same seed and task."""
        cast = self._cast(seed, task_id) if self.crash_share < 1 or self.slow_share else self
        return cast._varied(Draws(seed, task_id, self.jitter)) if self.jitter else cast

    def _cast(self, seed: str, task_id: str) -> "Behaviour":
        """Whether this task is one of those that crash, and one of those that are slow."""
        crash, slow = Draws(seed, f"{task_id}/crash", 0).share(), Draws(seed, f"{task_id}/slow", 0).share()
        slow_s = self.slow_s if slow < self.slow_share else 0.0
        return replace(
            self,
            runs_s=self.runs_s if crash < self.crash_share else None,
            health=replace(self.health, ready_s=self.health.ready_s + slow_s),
        )

    def _varied(self, draws: "Draws") -> "Behaviour":
        return replace(
            self,
            pull_s=draws.vary(self.pull_s),
            launch_s=draws.vary(self.launch_s),
            exits_in_s=None if self.exits_in_s is None else draws.vary(self.exits_in_s),
            runs_s=None if self.runs_s is None else draws.vary(self.runs_s),
            linger_s=None if self.linger_s is None else draws.vary(self.linger_s),
            health=replace(self.health, ready_s=draws.vary(self.health.ready_s)),
        )


class Draws:
    """Chance that depends on the seed and a name only, not on the order of events."""

    def __init__(self, seed: str, name: str, jitter: float) -> None:
        self._bytes = blake2b(f"{seed}/{name}".encode()).digest()
        self._jitter = jitter
        self._drawn = 0

    def share(self) -> float:
        """A number from 0 up to 1."""
        drawn = int.from_bytes(self._bytes[4 * self._drawn : 4 * self._drawn + 4]) / 2**32
        self._drawn += 1
        return drawn

    def vary(self, duration_s: float) -> float:
        """The duration, longer or shorter by up to the jitter, to the millisecond."""
        share = self.share()
        return duration_s if duration_s == inf else round(duration_s * (1 + self._jitter * (2 * share - 1)), 3)

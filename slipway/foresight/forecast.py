"""A forecast: what a roll will do, as the production scheduler did it in virtual time."""

from dataclasses import dataclass
from math import inf

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Ledger
from slipway.core.model.deployments import ServiceDeploymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How long the way back takes when the roll is stopped with a roll-back. Times are seconds."""

    round: int | None  # asked for as this round begins, counted from 1; None: right before the roll is complete
    at_s: float  # asked for so long after the roll began
    seconds: float | None  # from then until the service is restored; None: it never is


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a roll will do. `…_s` are seconds; those of rounds count from the beginning of the roll."""

    verdict: ServiceDeploymentStatus  # IN_PROGRESS: it did not end within the time that was looked ahead
    reason: str  # why it ended so, in the scheduler's words; empty: it went well
    began_at: float  # epoch seconds, in a simulated world of virtual time
    duration_s: float  # from the request to the verdict, or as far as was looked ahead: see `has_ended`, `total_s`
    rounds: tuple[RoundRow, ...]
    desired: int
    lowest_healthy: int  # the least healthy tasks at any instant of it, old and new
    peak_tasks: int  # the most tasks that held room at any instant of it
    ways_back: tuple[WayBack, ...]  # empty: for the reason in `no_way_back`
    ledger: Ledger  # what its time is made of, along the critical path
    chronicle: Chronicle  # all of it: lives of tasks, counts over time
    no_way_back: str = ""  # why no way back is told, in words; empty: there are some

    @property
    def has_ended(self) -> bool:
        """Whether it came to a verdict."""
        return self.verdict.is_verdict

    @property
    def total_s(self) -> float:
        """Seconds from the request to the verdict; inf: it never comes to one, or not as far as was looked ahead."""
        return self.duration_s if self.has_ended else inf

    @property
    def lowest_healthy_percent(self) -> float:
        """The lowest share of the desired count that was healthy, percent."""
        return 100.0 * self.lowest_healthy / self.desired if self.desired else 100.0

    @property
    def rollback_s(self) -> float | None:
        """The longest way back, seconds; None: none was asked for, or one of them never ends."""
        times = [way.seconds for way in self.ways_back]
        known = [seconds for seconds in times if seconds is not None]
        return max(known) if known and len(known) == len(times) else None

"""Measured times: what the tasks of a service took, kept beyond the hour for which a stopped task is.

Samples are kept in rows of plain numbers, the oldest first, for each task that settles has them written again: as one
record a sample they would take twice the room.
"""

from dataclasses import dataclass

#: Samples kept of each time: those of the tasks that settled last.
SAMPLES_KEPT = 50
#: Programs of a service whose exits are kept: those that were stopped last.
PROGRAMS_KEPT = 10
#: Stops of one program kept, and those that say whether it ends by SIGTERM: the newest.
STOPS_KEPT = 20
STOPS_JUDGED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredDrain:
    """One drain: from the decision to stop a task that had been healthy to the order to its host."""

    drain_s: float
    was_held: bool  # to the deregistration delay: something kept a connection open


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredStop:
    """One stop: from SIGTERM to the exit."""

    exit_s: float
    was_killed: bool  # by SIGKILL, at its stop timeout


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStops:
    """How one program ends when it is told to: an image, as a container of the service runs it."""

    container: str  # the container's name
    image: str  # as the task definition names it
    image_digest: str | None  # None: the runtime knows none
    program: str  # stands for entry point, command and init process, which decide who gets the signal
    exit_s: tuple[float, ...] = ()  # from SIGTERM to the exit
    was_killed: tuple[bool, ...] = ()  # of the same stops: at the stop timeout

    @property
    def stops(self) -> tuple[MeasuredStop, ...]:
        """Its stops, oldest first."""
        return _stops(self.exit_s, self.was_killed)

    @property
    def judged(self) -> tuple[MeasuredStop, ...]:
        """The newest stops, by which it is judged."""
        return self.stops[-STOPS_JUDGED:]

    @property
    def killed(self) -> int:
        """In how many of those it was killed at its stop timeout."""
        return sum(stop.was_killed for stop in self.judged)

    @property
    def ignores_sigterm(self) -> bool:
        """Whether it was killed in most of them."""
        return self.killed * 2 > len(self.judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTimes:
    """What the last tasks of a service took that have stopped: seconds, a sample a task, those that settled last."""

    service_arn: str
    pull_s: tuple[float, ...] = ()  # of its images; those that were there already take next to nothing
    launch_s: tuple[float, ...] = ()  # from its creation to RUNNING, less the pull
    ready_s: tuple[float, ...] = ()  # from RUNNING to the first passing check of the row that made it healthy
    likely_ready_s: tuple[float, ...] = ()  # when it was ready between two checks, as far as they tell
    healthy_s: tuple[float, ...] = ()  # from RUNNING until it counted as healthy for the first time
    drain_s: tuple[float, ...] = ()  # from the decision to stop to the order
    was_held: tuple[bool, ...] = ()  # of the same drains: to the deregistration delay
    exit_s: tuple[float, ...] = ()  # of whole tasks: from the first SIGTERM to the end of the last container
    was_killed: tuple[bool, ...] = ()  # of the same stops: a container of it, at its stop timeout
    programs: tuple[ProgramStops, ...] = ()  # by when they were stopped last, the latest at the end

    @property
    def key(self) -> str:
        """The service's ARN."""
        return self.service_arn

    @property
    def drains(self) -> tuple[MeasuredDrain, ...]:
        """The drains, oldest first."""
        pairs = zip(self.drain_s, self.was_held, strict=True)
        return tuple(MeasuredDrain(drain_s=drain_s, was_held=was_held) for drain_s, was_held in pairs)

    @property
    def stops(self) -> tuple[MeasuredStop, ...]:
        """The stops of whole tasks, oldest first."""
        return _stops(self.exit_s, self.was_killed)


def _stops(exit_s: tuple[float, ...], was_killed: tuple[bool, ...]) -> tuple[MeasuredStop, ...]:
    pairs = zip(exit_s, was_killed, strict=True)
    return tuple(MeasuredStop(exit_s=each_s, was_killed=is_killed) for each_s, is_killed in pairs)

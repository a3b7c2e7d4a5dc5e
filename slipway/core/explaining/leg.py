"""A leg of the critical path: what was waited for before one moment, and the moment at which that began."""

from dataclasses import dataclass
from enum import Enum, auto

from slipway.core.explaining.segment import Segment


class Decision(Enum):
    """What was decided at a moment."""

    START = auto()  # a task was made
    STOP = auto()  # a task was to stop from then on
    COMPLETION = auto()
    BAKING = auto()  # all was healthy, and began to be watched
    VERDICT = auto()  # the deployment failed
    REQUEST = auto()  # somebody asked, an alarm or a deadline came: whatever went on was cut off
    ANY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant of the path, and what was decided then, about which task."""

    at: float  # epoch seconds
    decision: Decision
    task_arn: str | None = None  # None: about no task


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Segments that touch each other, oldest first, and the moment at which the first begins; none is left out."""

    before: Moment
    segments: tuple[Segment, ...]

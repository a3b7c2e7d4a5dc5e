"""The time that a followed deployment has left, estimated again and again by a planner, as a line below its picture."""

import time
from typing import TYPE_CHECKING

from slipway.cli.picture_words import Picture
from slipway.cli.planner import Planner

if TYPE_CHECKING:
    from slipway.foresight.time_left import TimeLeft

#: Seconds from one question to the next, and how many times as long as the answer before took: a plan of a large
#: service is not asked for all the time.
EVERY_S = 3.0
BACK_OFF = 5.0


class TimeLeftLine:
    """Asks a planner and tells its last answer, counted down meanwhile. It never waits."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._asked_at: float | None = None  # of the monotonic clock; None: nothing is being asked
        self._next_at = 0.0
        self._left: TimeLeft | None = None

    @property
    def way_back_s(self) -> float | None:
        """Seconds that the way back would take, by the last answer; None: none told so."""
        return None if self._left is None else self._left.way_back_s

    def of(self, picture: Picture) -> str:
        """The line for a picture; empty: nothing is known."""
        self._look()
        return "" if self._left is None else left_words(self._left, at=picture["at"])

    def _look(self) -> None:
        now = time.monotonic()
        if self._asked_at is not None and self._planner.has_answer():
            took_s, self._asked_at = now - self._asked_at, None
            self._next_at = now + max(EVERY_S, BACK_OFF * took_s)
            answer = self._planner.answer(within_s=0)
            self._left = self._kept(answer)
        if self._asked_at is None and now >= self._next_at:
            self._planner.ask(None)
            self._asked_at = now

    @staticmethod
    def _kept(answer: object) -> "TimeLeft | None":
        from slipway.foresight.time_left import TimeLeft

        return answer if isinstance(answer, TimeLeft) else None


def left_words(left: "TimeLeft", *, at: float) -> str:
    """`about 2 m 10 s left (P90 3 m)` at an instant of the server, epoch seconds."""
    from slipway.core.model.deployments import ServiceDeploymentStatus

    if left.p50_at is None:
        return "no end of it is in sight"
    slow = "P90 has no end" if left.p90_at is None else f"P90 {_whole(left.p90_at - at)}"
    end = "" if left.verdict is ServiceDeploymentStatus.SUCCESSFUL else f", then {left.verdict}"
    return f"about {_whole(left.p50_at - at)} left ({slow}){end}"


def _whole(seconds: float) -> str:
    from slipway.foresight.pages.clock import duration_text

    return duration_text(float(max(round(seconds), 1)))

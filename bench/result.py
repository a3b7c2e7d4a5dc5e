"""What a bench found: rows of numbers, each beside what it is compared with and the target it is held to."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Verdict(StrEnum):
    """How a row stands to its target."""

    PASS = "pass"
    MISS = "MISS"
    TOLD = ""  # no target was set


class Of(StrEnum):
    """What of a row its target bounds."""

    RATIO = "ratio"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound, itself within it: at most `limit`, or at least where `is_floor`, of the ratio or of our own number."""

    limit: float
    of: Of = Of.RATIO
    is_floor: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` is within the bound."""
        return value >= self.limit if self.is_floor else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number of ours, beside the number of the same run that it is compared with."""

    measure: str
    ours: float
    unit: str  # of `ours` and `reference`
    reference: float | None = None  # None: there is nothing to compare with
    against: str = ""  # what the reference is of
    target: Target | None = None  # None: told, not judged

    @property
    def ratio(self) -> float | None:
        """Ours by the reference; None where there is no reference, or it is 0."""
        return self.ours / self.reference if self.reference else None

    @property
    def verdict(self) -> Verdict:
        """Whether the target is met; a target of a ratio that could not be taken is not."""
        if self.target is None:
            return Verdict.TOLD
        value = self.ratio if self.target.of is Of.RATIO else self.ours
        return Verdict.PASS if value is not None and self.target.holds(value) else Verdict.MISS


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that one bench found. A bench that could not run says why in `skipped` and has no rows."""

    name: str
    title: str
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""
    took_s: float = 0.0
    load: tuple[float, float] = (0.0, 0.0)  # the machine's load average of a minute, before and after

    @property
    def is_missed(self) -> bool:
        """Whether a row missed its target."""
        return any(row.verdict is Verdict.MISS for row in self.rows)


class CannotRun(Exception):
    """This machine lacks what a bench needs; the sentence says what, and how to get it."""


#: Seconds before each side in which the kernel may finish what the other left: it removes a thousand memory groups, or
#: sixty network namespaces, when their owners are long gone. Without it bare asyncio started half as many a second.
PAUSE_S = 2.0


def interleaved(rounds: int, *sides: Callable[[], float], pause_s: float = PAUSE_S) -> tuple[float, ...]:
    """The median of each side over `rounds`, the sides taken in turn so that a drift of the machine meets all alike."""
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for numbers, side in zip(taken, sides, strict=True):
            time.sleep(pause_s)
            numbers.append(side())
    return tuple(map(median, taken))

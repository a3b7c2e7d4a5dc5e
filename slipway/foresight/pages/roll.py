"""What is drawn of one roll, whether it is foreseen or was recorded."""

from dataclasses import dataclass
from math import ceil

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.rounds import RoundRow
from slipway.core.explaining.segment import Ledger
from slipway.foresight.forecast import Forecast
from slipway.foresight.pages.course import Course, courses_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """One roll as it is drawn. `…_s` are seconds since it began."""

    began_at: float  # epoch seconds
    seconds: float  # how much of it is drawn
    desired: int
    minimum: int  # healthy tasks that minimumHealthyPercent asks for
    peak: int  # the most tasks that held room
    rounds: tuple[RoundRow, ...]
    courses: tuple[Course, ...]
    ledger: Ledger


def roll_of(chronicle: Chronicle, ledger: Ledger, *, rounds: tuple[RoundRow, ...], desired: int) -> Roll:
    """The roll of a chronicle for as long as its ledger lasts; `desired` is how many tasks are wanted."""
    seconds = ledger.ended_at - chronicle.began_at
    return Roll(
        began_at=chronicle.began_at,
        seconds=seconds,
        desired=desired,
        minimum=ceil(desired * chronicle.service.minimum_healthy_percent / 100),
        peak=max(sample.all_alive for sample in chronicle.samples),
        rounds=rounds,
        courses=courses_of(chronicle, seconds=seconds),
        ledger=ledger,
    )


def roll_of_forecast(forecast: Forecast) -> Roll:
    """The roll that is foreseen."""
    return roll_of(forecast.chronicle, forecast.ledger, rounds=forecast.rounds, desired=forecast.desired)

"""What is foreseen of a roll as one HTML page: of `simulate` and of `plan`, whose slow case stands beside it."""

from collections.abc import Iterable, Iterator
from html import escape

from slipway.foresight.forecast import Forecast, WayBack
from slipway.foresight.pages.clock import clock_text, duration_text
from slipway.foresight.pages.document import document, facts, section, table, tiles, verdict
from slipway.foresight.pages.frame import narrow
from slipway.foresight.pages.ledger_table import highlights, ledger_table
from slipway.foresight.pages.legend import legend
from slipway.foresight.pages.roll import Roll, roll_of_forecast
from slipway.foresight.pages.roll_parts import (
    ROWS_MOST,
    roll_figure,
    rounds_table,
    share_bar,
)
from slipway.foresight.pages.style import DRAWING, PALETTE, STYLE
from slipway.foresight.pages.timeline import timeline

#: Names and values that are told as they are.
Facts = Iterable[tuple[str, str]]


def forecast_page(
    forecast: Forecast,
    *,
    title: str,
    told: Facts = (),
    warnings: Iterable[str] = (),
    slow: Forecast | None = None,
) -> str:
    """The page. `told`: what was assumed, as names and values; `warnings`: sentences; `slow`: `forecast` is of the
    usual times (P50), this one of the slow ones (P90)."""
    roll = roll_of_forecast(forecast)
    slow_roll = None if slow is None else roll_of_forecast(slow)
    content = (
        f"<header><h1>{escape(title)}</h1>",
        f"<p>{verdict(forecast.verdict, is_over=forecast.has_ended)} foreseen by the scheduler, in virtual time</p>",
        *(f"<p>{escape(text)}</p>" for text in (forecast.reason,) if text),
        *(f'<p class="warning">{escape(text)}</p>' for text in warnings),
        *tiles(_figures(forecast, slow)),
        "</header><main>",
        *section("The roll", _rolls(roll, slow_roll, title)),
        *section(
            "Where the time goes" if slow is None else "Where the time goes, P50",
            (*share_bar(forecast.ledger), *ledger_table(forecast.ledger)),
        ),
        *section("Rounds", rounds_table(forecast.rounds, seconds=forecast.duration_s) if forecast.rounds else ()),
        *section("The way back", _ways_back(forecast)),
        *section("What it rests on", facts(told)),
        "</main>",
        '<footer class="quiet"><p>Foreseen by Slipway: its production scheduler, run ahead of time.</p></footer>',
    )
    return document(title, content, style=PALETTE + DRAWING + STYLE + highlights(forecast.ledger))


def _figures(forecast: Forecast, slow: Forecast | None) -> Iterator[tuple[str, str, str]]:
    def remark(text: str) -> str:
        return "" if slow is None else f"P90: {text}"

    other = forecast if slow is None else slow
    usual = "total time" if slow is None else "total time, P50"
    yield usual, _total(forecast), remark(_total(other)) or f"{len(forecast.rounds):,} rounds"
    share = f"{forecast.lowest_healthy_percent:.0f}%"
    of = f"{share} of {forecast.desired:,} desired"
    yield "lowest healthy", f"{forecast.lowest_healthy:,}", of if slow is None else remark(f"{other.lowest_healthy:,}")
    extra = max(forecast.peak_tasks - forecast.desired, 0)
    room = f"{extra:,} more than desired"
    yield "most tasks at once", f"{forecast.peak_tasks:,}", room if slow is None else remark(f"{other.peak_tasks:,}")
    if forecast.ways_back:
        yield "longest way back", _back(forecast), remark(_back(other)) if other.ways_back else ""


def _total(forecast: Forecast) -> str:
    text = duration_text(forecast.duration_s)
    return text if forecast.has_ended else "no end"


def _back(forecast: Forecast) -> str:
    return "never" if forecast.rollback_s is None else duration_text(forecast.rollback_s)


def _rolls(roll: Roll, slow: Roll | None, title: str) -> Iterator[str]:
    """One timeline, or both side by side on one scale."""
    if slow is None:
        yield from roll_figure(roll, name=title)
        return
    seconds = max(roll.seconds, slow.seconds)
    yield '<div class="pair">'
    for name, one in (("P50", roll), ("P90", slow)):
        yield f"<figure><figcaption>{name}: {duration_text(one.seconds)}</figcaption>"
        yield timeline(one, narrow(seconds, name=name.lower()), name=f"{title}, {name}")
        yield "</figure>"
    yield "</div>"
    yield from legend((roll, slow))


def _ways_back(forecast: Forecast) -> Iterator[str]:
    if forecast.ways_back:
        yield "<p>How long the way back takes if it is asked for as a round begins, or right before the end.</p>"
        yield from table(("asked for", "+at", "+way back"), map(_way_back, forecast.ways_back[:ROWS_MOST]))


def _way_back(way: WayBack) -> tuple[str, ...]:
    when = "right before the end" if way.round is None else f"round {way.round} begins"
    return when, clock_text(way.at_s), "never" if way.seconds is None else duration_text(way.seconds)

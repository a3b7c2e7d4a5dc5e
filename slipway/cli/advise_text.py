"""Advice as text: what to change first, then each change with what it saves, risks and takes to make."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from slipway.cli.advise_chart import legend, trade_chart
from slipway.foresight.advise import Advice, Suggestion, guess
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.trade import TradePoint

#: Points of the front that are told in words.
_TOLD = 8


def advise_text(advice: Advice, *, width: int, encoding: str) -> Iterator[Text]:
    """All of it. `width` is that of the screen in characters, `encoding` what it shows."""
    today = advice.today
    yield Text.assemble(
        (advice.subject, "bold"),
        f": a deployment takes {_today(advice)}, with at least {today.lowest_healthy} of "
        f"{today.desired} tasks healthy, and at most {today.extra_room} beside them.",
    )
    yield Text(advice.verdict, style="bold")
    for one in advice.singles:
        yield from _section(one)
    if advice.pair is not None:
        yield from _joint("The best two together", advice.pair)
    if advice.together is not None:
        yield from _joint("All that give up no capacity", advice.together)
    yield Text()
    for note in advice.notes:
        yield Text(note)
    if len(advice.trade) > 1:
        yield from _trade(advice.trade, width=width, encoding=encoding)


def _today(advice: Advice) -> str:
    """`24 m`; where something was never measured, from what `plan` takes for the usual time to the worst."""
    worst = duration_text(advice.today.duration_s)
    if not advice.today.has_ended:
        return f"more than {worst}"
    if advice.prompt_s is None:
        return worst
    usual = duration_text(advice.prompt_s)
    return worst if usual == worst else f"{usual}, and {worst} at worst (what was never measured: to its limit)"


def _section(one: Suggestion) -> Iterator[Text]:
    yield Text()
    yield Text.assemble((one.name, "bold cyan"), f"  {_total(one)}")
    for shift in one.shifts:
        yield Text(f"  {shift.name}: {shift.now} to {shift.then}")
    if one.cost:
        yield Text(f"  takes {one.cost}")
    if one.rests_on:
        yield Text.assemble("  ", ("guess", "yellow"), f"  {guess(one)}")
    for risk in one.risks:
        yield Text.assemble("  ", ("risk", "yellow"), f"  {risk}")
    for title, lines in (("aws", one.aws), ("terraform", one.terraform)):
        yield from _lines(title, lines)


def _total(one: Suggestion) -> str:
    saves = "may save up to" if one.rests_on else "saves"
    return f"{saves} {duration_text(one.saved_s)}: {duration_text(one.outcome.duration_s)} in all"


def _lines(title: str, lines: Sequence[str]) -> Iterator[Text]:
    if lines:
        yield Text(f"  {title}", style="dim")
        for line in lines:
            yield Text(f"    {line}")


def _joint(title: str, one: Suggestion) -> Iterator[Text]:
    yield Text()
    yield Text.assemble((title, "bold"), f": {one.name}  {_total(one)}")


def _trade(points: Sequence[TradePoint], *, width: int, encoding: str) -> Iterator[Text]:
    yield Text()
    yield Text("What time is traded for", style="bold")
    for line in trade_chart(points, width=width, encoding=encoding):
        yield Text(line)
    yield Text(legend(points, encoding), style="dim")
    told = [point for point in points if point.is_front or point.is_today]
    for point in (*told[: _TOLD - 1], *told[-1:]) if len(told) > _TOLD else told:
        beside = f"{point.extra_room} beside"
        share = f"{point.lowest_healthy_percent:.0f} %"
        yield Text(f"  {duration_text(point.duration_s):>12}  {share:>5}  {beside:>10}  {point.label}")

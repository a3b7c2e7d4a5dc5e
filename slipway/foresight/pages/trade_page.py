"""Advice as one HTML page: which settings to change, what each saves and risks, and the trade as a chart."""

from collections.abc import Iterator, Sequence
from html import escape

from slipway.foresight.advise import Advice, Suggestion, guess
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.pages.document import document, marked_table, section, tiles
from slipway.foresight.pages.style import DRAWING, PALETTE, STYLE
from slipway.foresight.pages.trade_chart import trade_chart
from slipway.foresight.trade import TradePoint


def trade_page(advice: Advice) -> str:
    """The page."""
    title = f"Advice for {advice.subject}"
    content = (
        f"<header><h1>{escape(title)}</h1><p>{escape(advice.verdict)}</p>",
        *tiles(_figures(advice)),
        "</header><main>",
        *section("The trade", _trade(advice.trade, title)),
        *section("What to change", _suggestions(advice)),
        *section("What held a setting where it is", _notes(advice)),
        "</main>",
        '<footer class="quiet"><p>Each number is that of a roll which the production scheduler made in virtual time, '
        "with the change.</p></footer>",
    )
    return document(title, content, style=PALETTE + DRAWING + STYLE)


def _figures(advice: Advice) -> Iterator[tuple[str, str, str]]:
    today = advice.today
    best = advice.together or next(iter(advice.singles), None)
    worst = "" if advice.prompt_s is None else f"at worst; {duration_text(advice.prompt_s)} if all is prompt, "
    yield "today", duration_text(today.duration_s), f"{worst}of {today.desired:,} tasks"
    if best is not None:
        yield "with the changes", duration_text(best.outcome.duration_s), f"by {best.name}"
        yield "saved", duration_text(best.saved_s), "of each deployment"
    share = f"{today.lowest_healthy_percent:.0f}% of {today.desired:,} desired"
    yield "lowest healthy today", f"{today.lowest_healthy:,}", share
    yield "extra room today", f"{today.extra_room:,}", "tasks beyond the desired count"


def _trade(points: Sequence[TradePoint], title: str) -> Iterator[str]:
    if not points:
        return
    name = f"{title}: time against health"
    yield f'<figure><div class="wide">{trade_chart(points, width=960, name=name)}</div>'
    yield f'<div class="narrow">{trade_chart(points, width=420, name=name)}</div><ul class="legend">'
    yield '<li><i class="dot today"></i>today</li><li><i class="dot best"></i>nothing is better in every way</li>'
    yield '<li><i class="dot"></i>something is</li></ul></figure>'
    yield f"<details><summary>All {len(points):,} rolls, the fastest first</summary>"
    rows = (_row(number, point) for number, point in enumerate(points, start=1))
    yield from marked_table(("+", "+time", "~+healthy", "~+extra room", "change"), rows)
    yield "</details>"


def _row(number: int, point: TradePoint) -> tuple[str, ...]:
    label = escape(point.label)
    if point.is_today:
        label = f"<b>{label}</b>"
    elif not point.is_front:
        label = f'<span class="quiet">{label}</span>'
    share, room = f"{point.lowest_healthy_percent:.0f}%", f"{point.extra_room:,}"
    label += f'<small class="less quiet">{share} healthy, {room} of extra room</small>'
    return str(number), duration_text(point.duration_s), share, room, label


def _suggestions(advice: Advice) -> Iterator[str]:
    rows = [_suggestion(one, one.name, one.risks) for one in advice.singles]
    for what, one in (("all that gives up no capacity", advice.together), ("the best two", advice.pair)):
        if one is not None:
            rows.append(_suggestion(one, f"{what}: {one.name}", ()))  # its risks are those of the ones above
    if rows:
        yield from marked_table(("+saved", "by"), rows)


def _suggestion(one: Suggestion, title: str, risks: Sequence[str]) -> tuple[str, str]:
    outcome = one.outcome
    healthy = f"at least {outcome.lowest_healthy_percent:.0f}% healthy, {outcome.extra_room:,} tasks of extra room"
    shifts = "".join(f"<br>{escape(two.name)} {escape(two.now)} → <b>{escape(two.then)}</b>" for two in one.shifts)
    cost = "".join(f"<br>{escape(text)}" for text in (one.cost, guess(one)) if text)
    then = f'<br><span class="quiet">{duration_text(outcome.duration_s)}, {healthy}</span>'
    told = "".join(f"<li>{escape(risk)}</li>" for risk in risks)
    style = "risks" if one.is_harmless else "risks warning"
    risked = f'<ul class="{style}">{told}</ul>' if told else ""
    lines = "".join(
        f"<details><summary>{name}</summary><pre>{_code(text)}</pre></details>"
        for name, text in (("by aws", one.aws), ("by Terraform", one.terraform))
        if text
    )
    up_to = "up to " if one.rests_on else ""
    return up_to + duration_text(one.saved_s), f"<b>{escape(title)}</b>{shifts}{cost}{then}{risked}{lines}"


def _code(lines: Sequence[str]) -> str:
    return "\n".join(map(escape, lines))


def _notes(advice: Advice) -> Iterator[str]:
    if advice.notes:
        yield "<ul>"
        yield from (f"<li>{escape(note)}</li>" for note in advice.notes)
        yield "</ul>"

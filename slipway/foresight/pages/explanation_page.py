"""An explanation as one HTML page: where every second of a deployment went."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape

from slipway.core.explaining.segment import Ledger
from slipway.foresight.explain import Explanation, Saving
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.pages.document import document, marked_table, section, tiles, verdict
from slipway.foresight.pages.kinds import kind_words
from slipway.foresight.pages.ledger_table import highlights, ledger_table
from slipway.foresight.pages.roll import roll_of
from slipway.foresight.pages.roll_parts import roll_figure, rounds_table, share_bar
from slipway.foresight.pages.style import DRAWING, PALETTE, STYLE

#: Settings that are listed, those that owe most.
SETTINGS_MOST = 40


def utc_text(at: float) -> str:
    """`2026-11-22 08:15:00 UTC` of epoch seconds."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def explanation_page(explanation: Explanation, *, instant: Callable[[float], str] = utc_text) -> str:
    """The page; `instant` tells when something was."""
    title = f"{explanation.to} of {explanation.service} in {explanation.cluster}"
    desired = explanation.chronicle.service.desired_count
    roll = roll_of(explanation.chronicle, explanation.ledger, rounds=explanation.rounds, desired=desired)
    ledger = explanation.ledger
    content = (
        *_header(explanation, title, instant),
        "<main>",
        *section("The roll", roll_figure(roll, name=title)),
        *section("Where the time went", (*share_bar(ledger), *ledger_table(ledger))),
        *section("What would have saved most", _savings(explanation.savings)),
        *section("Settings that caused it", _settings(ledger)),
        *section("Rounds", rounds_table(explanation.rounds, seconds=ledger.seconds) if explanation.rounds else ()),
        "</main>",
        f'<footer class="quiet"><p>Told by Slipway, up to {escape(instant(ledger.ended_at))}.</p>',
        f"<p>{escape(explanation.deployment)} <code>{escape(explanation.service_deployment_arn)}</code></p></footer>",
    )
    told = f"{duration_text(explanation.seconds)}: {title}"
    return document(told, content, style=PALETTE + DRAWING + STYLE + highlights(ledger))


def _header(explanation: Explanation, title: str, instant: Callable[[float], str]) -> Iterator[str]:
    status = verdict(explanation.status, is_over=explanation.is_over)
    sources = f" instead of {', '.join(explanation.sources)}" if explanation.sources else ""
    yield f"<header><h1>{escape(title)}</h1>"
    yield f"<p>{status} begun {escape(instant(explanation.ledger.began_at))}{escape(sources)}</p>"
    if explanation.status_reason:
        yield f"<p>{escape(explanation.status_reason)}</p>"
    yield from tiles(_figures(explanation))
    yield "</header>"


def _figures(explanation: Explanation) -> Iterator[tuple[str, str, str]]:
    chronicle, seconds = explanation.chronicle, explanation.seconds
    yield "it took" if explanation.is_over else "so far", duration_text(seconds), f"{seconds:,.3f} s in all"
    if explanation.totals:
        most = explanation.totals[0]
        share = f"{most.share:.0%} of the time, {duration_text(most.seconds)}"
        yield "most of it was", kind_words(most.kind), share
    lowest = min(sample.all_healthy for sample in chronicle.samples)
    yield "lowest healthy", f"{lowest:,}", f"of {chronicle.service.desired_count:,} desired"
    yield "owed to no setting", f"{explanation.overhead_share:.1%}", "overhead of Slipway and the engine"


def _savings(savings: tuple[Saving, ...]) -> Iterator[str]:
    if not savings:
        return
    yield from marked_table(("+saved", "by the change"), map(_saving, savings))


def _saving(one: Saving) -> tuple[str, str]:
    change = f"<b>{escape(one.name)}</b> {escape(one.before)} → {escape(one.after)}"
    of, risk = escape(one.of), escape(one.risk)
    return duration_text(one.saved_s), f'{change} <span class="quiet">of {of}</span><br>{risk}'


def _settings(ledger: Ledger) -> Iterator[str]:
    """Each setting with the time of the segments that it had a part in."""
    owed: dict[tuple[str, str, str], float] = {}
    for segment in ledger.segments:
        for one in segment.settings:
            key = (one.name, one.value, one.of)
            owed[key] = owed.get(key, 0.0) + segment.seconds
    most = sorted(owed.items(), key=lambda one: (-one[1], one[0]))[:SETTINGS_MOST]
    if most:
        yield "<p>Settings that caused a wait together have the whole of it each.</p>"
        rows = (
            (
                duration_text(seconds),
                f'<b>{escape(name)}</b> {escape(value)} <span class="quiet">of {escape(of)}</span>',
            )
            for (name, value, of), seconds in most
        )
        yield from marked_table(("+time", "setting"), rows)

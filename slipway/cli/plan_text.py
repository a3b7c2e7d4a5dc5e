"""A plan as text: its summary, the picture of the roll as `slipway simulate` draws it, and what it rests on."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from slipway.cli.forecast_text import forecast_text
from slipway.foresight.plan import Plan
from slipway.foresight.plan_view import plan_title, summary, time_text


def plan_text(plan: Plan, *, width: int, encoding: str = "utf-8") -> Iterator[RenderableType]:
    """All of it, at most `width` columns wide; `encoding` is the terminal's."""
    yield from plan_summary(plan)
    yield Text()
    yield Text("with the usual times (P50)", style="bold")
    yield from forecast_text(plan.forecast_p50, title=plan_title(plan), width=width, encoding=encoding)
    yield Text()
    yield Text("what it rests on", style="bold")
    yield _assumptions(plan)


def plan_summary(plan: Plan) -> Iterator[Text]:
    """A few lines, which `slipway deploy` shows first."""
    for number, sentence in enumerate(summary(plan)):
        yield summary_line(sentence, is_first=number == 0)


def summary_line(sentence: str, *, is_first: bool) -> Text:
    """One of these lines."""
    if sentence.startswith("Warning: "):
        return Text(sentence, style="yellow")
    return Text.assemble(("Plan  ", "bold"), sentence) if is_first else Text(f"      {sentence}")


def _assumptions(plan: Plan) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("REVISION", no_wrap=True)
    table.add_column("PART", no_wrap=True)
    table.add_column("P50", justify="right", no_wrap=True)
    table.add_column("P90", justify="right", no_wrap=True)
    table.add_column("SOURCE", style="dim")
    for one in plan.assumptions:
        table.add_row(one.revision, str(one.part), time_text(one.p50_s), time_text(one.p90_s), one.source)
    return table

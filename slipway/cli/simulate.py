"""`slipway simulate`: what a rollout will do, before anything is rolled; no server is needed."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.duration import duration_given
from slipway.cli.failure import CliError, UsageError
from slipway.cli.output import console, print_json, write_file
from slipway.cli.rollout_flags import Flags, taking_rollout

if TYPE_CHECKING:
    from slipway.foresight.forecast import Forecast
    from slipway.foresight.rollout import Rollout

#: Exit status where the roll takes longer than --max-duration, or never ends.
OVER = 3


@taking_rollout
def simulate(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The rollout in TOML; its keys are the flags' names.")
    ] = None,
    *,
    flags: Flags,
    rollout: Annotated[
        Path | None, typer.Option("--rollout", metavar="FILE", help="The rollout, as FILE; flags win over it.")
    ] = None,
    max_duration: Annotated[
        str | None,
        typer.Option("--max-duration", metavar="SECONDS", help="Fail if the roll takes longer, as 600, 600s or 10m."),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Beside it, the same with rounds strictly one after another, and why.")
    ] = False,
    ways_back: Annotated[
        bool,
        typer.Option(
            "--ways-back/--no-ways-back", show_default=False, help="Also the time back from each round (yes)."
        ),
    ] = True,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write it as one HTML page, which loads nothing.")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also write the chart of the roll.")] = None,
    as_json: options.Json = False,
) -> None:
    """Predict a rollout: its rounds, what each waits for, how long it takes, what is healthy, and the way back.

    The scheduler itself rolls it in virtual time. Durations are seconds, as 90, 90s, 1m30s or 10m.

    Ends with 0 when there is a forecast; with --max-duration, with 1 if the roll is predicted to fail and with 3 if it
    takes longer or never ends; with 2 if the rollout cannot be.
    """
    described = _described(flags, file, rollout, is_sequential=False if compare else None)
    limit_s = None if max_duration is None else duration_given(max_duration, "--max-duration")
    forecast = _simulated(described, ways_back=ways_back)
    sequential = _simulated(replace(described, sequential=True), ways_back=ways_back) if compare else None
    if html is not None or svg is not None:
        _write_pages(forecast, described, html=html, svg=svg)
    if as_json:
        _print_json(forecast, described, sequential)
    else:
        _print_text(forecast, described, sequential)
    if limit_s is not None:
        _judge(forecast, limit_s)


def _described(flags: Flags, file: Path | None, named: Path | None, *, is_sequential: bool | None) -> "Rollout":
    """`is_sequential` wins over what is said; None: what is said."""
    from slipway.foresight.rollout import RolloutError
    from slipway.foresight.rollout_file import load_rollout

    if file is not None and named is not None:
        raise UsageError("A rollout file was given twice, by name and by --rollout: give one.")
    try:
        return load_rollout(flags if is_sequential is None else {**flags, "sequential": is_sequential}, file or named)
    except RolloutError as error:
        raise UsageError(str(error)) from error


def _simulated(rollout: "Rollout", *, ways_back: bool) -> "Forecast":
    from slipway.foresight.rollout import RolloutError
    from slipway.foresight.simulate import simulate as simulate_rollout

    screen = console(stderr=True)
    try:
        if not screen.is_terminal:
            return simulate_rollout(rollout, ways_back=ways_back)
        with screen.status(f"Rolling {rollout.desired:,} tasks in virtual time …"):
            return simulate_rollout(rollout, ways_back=ways_back)
    except RolloutError as error:
        raise UsageError(str(error)) from error


def _print_json(forecast: "Forecast", rollout: "Rollout", sequential: "Forecast | None") -> None:
    from slipway.foresight.comparison import differences_of
    from slipway.foresight.forecast_view import forecast_view, rollout_view

    answer: dict[str, Any] = {**forecast_view(forecast), "rollout": rollout_view(rollout)}
    if sequential is not None:
        answer["sequential"] = forecast_view(sequential)
        answer["differences"] = list(differences_of(forecast, sequential))
    print_json(answer)


def _print_text(forecast: "Forecast", rollout: "Rollout", sequential: "Forecast | None") -> None:
    from slipway.cli.forecast_text import comparison_text, forecast_text, rollout_title

    screen = console()
    for line in forecast_text(forecast, title=rollout_title(rollout), width=screen.width, encoding=screen.encoding):
        screen.print(line, soft_wrap=True)
    if sequential is not None:
        for line in comparison_text(forecast, sequential, width=screen.width):
            screen.print(line, soft_wrap=True)


def _write_pages(forecast: "Forecast", rollout: "Rollout", *, html: Path | None, svg: Path | None) -> None:
    from slipway.cli.forecast_text import rollout_title
    from slipway.foresight.pages.forecast_page import forecast_page
    from slipway.foresight.pages.roll import roll_of_forecast
    from slipway.foresight.pages.rollout_told import rollout_told
    from slipway.foresight.pages.timeline import roll_svg

    if html is not None:
        write_file(html, forecast_page(forecast, title=rollout_title(rollout), told=rollout_told(rollout)))
    if svg is not None:
        write_file(svg, roll_svg(roll_of_forecast(forecast), name=rollout_title(rollout)))


def _judge(forecast: "Forecast", limit_s: float) -> None:
    """The gate of --max-duration."""
    from slipway.cli.output import say
    from slipway.core.model.deployments import ServiceDeploymentStatus

    if not forecast.has_ended:
        say(f"slipway: The roll {forecast.reason}; --max-duration is {limit_s:g} s.")
        raise typer.Exit(OVER)
    if forecast.duration_s > limit_s:
        say(f"slipway: The roll takes {forecast.duration_s:g} s, and --max-duration is {limit_s:g} s.")
        raise typer.Exit(OVER)
    if forecast.verdict is not ServiceDeploymentStatus.SUCCESSFUL:
        raise CliError(f"The roll ends {forecast.verdict}: {forecast.reason or 'no reason is given'}")

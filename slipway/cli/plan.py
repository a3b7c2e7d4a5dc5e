"""`slipway plan SERVICE`: what a change of a live service will do, before anything is changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.definition_change import parse_changes
from slipway.cli.duration import duration_given
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, UsageError
from slipway.cli.output import console, print_json, say, write_file
from slipway.cli.resolve import resolve_service

if TYPE_CHECKING:
    from slipway.foresight.fork_roll import PlannedChange
    from slipway.foresight.plan import Plan

#: Exit status where the roll may take longer than --max-duration, or has no end; as that of `slipway simulate`.
OVER = 3


Failing = Annotated[
    str | None, typer.Option("--assume", metavar="FAILURE", help="What goes wrong: crashes, never-healthy or slow.")
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write it as one HTML page, which loads nothing.")
]
MaxDuration = Annotated[
    str | None,
    typer.Option("--max-duration", metavar="SECONDS", help="Fail if the roll may take longer (P90), as 10m."),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="As if this was set, as minimumHealthyPercent=50; may be repeated."
    ),
]
WaysBack = Annotated[
    bool,
    typer.Option("--ways-back/--no-ways-back", show_default=False, help="Also the time back from each round (yes)."),
]


def plan(
    service: options.Service,
    *,
    cluster: options.Cluster = None,
    image: options.Image = None,
    env: options.Environment = None,
    task_definition: options.TaskDefinition = None,
    force: Annotated[bool, typer.Option("--force", help="A new deployment, though nothing changes.")] = False,
    setting: Setting = None,
    assume: Failing = None,
    max_duration: MaxDuration = None,
    ways_back: WaysBack = True,
    html: Html = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Predict a deployment of a live service: how long it takes, what is healthy, the room, and the way back.

    The scheduler itself rolls it in virtual time, on the service as it stands now, with the times that its own tasks
    took: the median of them (P50), and what nine tenths kept to (P90). Nothing is changed.

    With nothing to change: what is left of the deployment in progress, else a new deployment of the same revision.

    Ends with 0 when there is a plan, and with 1 where the API would refuse the change; with --max-duration, also with 1
    if the roll is predicted to fail, and with 3 if it may take longer or never ends.
    """
    limit_s = None if max_duration is None else duration_given(max_duration, "--max-duration")
    change = _change(image, env, task_definition, is_forced=force, settings=setting or [], assume=assume)
    endpoint = Endpoint(find_access(data))
    made = _made(endpoint, service, cluster, change, ways_back=ways_back)
    if html is not None:
        _write_page(made, html)
    if as_json:
        from slipway.foresight.plan_view import plan_view

        print_json(plan_view(made))
    else:
        _print_text(made)
    if limit_s is not None:
        _judge(made, limit_s)


def _change(
    image: list[str] | None,
    env: list[str] | None,
    task_definition: str | None,
    *,
    is_forced: bool,
    settings: list[str],
    assume: str | None,
) -> "PlannedChange":
    from slipway.foresight.assumption import Failure
    from slipway.foresight.fork_roll import PlannedChange
    from slipway.foresight.knob import KnobError
    from slipway.foresight.knobs import parse_assignments

    if assume is not None and assume not in tuple(Failure):
        raise UsageError(f"--assume is {assume!r}; give {', '.join(Failure)}.")
    changes = parse_changes(image or (), env or ())
    try:
        return PlannedChange(
            images=changes.images,
            environment=changes.environment,
            task_definition=task_definition,
            is_forced=is_forced,
            settings=parse_assignments(settings),
            assume=None if assume is None else Failure(assume),
        )
    except KnobError as error:
        raise UsageError(f"--set: {error}") from error


def _made(endpoint: Endpoint, service: str, cluster: str | None, change: "PlannedChange", *, ways_back: bool) -> "Plan":
    from slipway.cli.planning import planned
    from slipway.foresight.fork_roll import PlanError
    from slipway.foresight.knob import KnobError

    name = resolve_service(endpoint.overview(), service, cluster)
    screen = console(stderr=True)
    try:
        if not screen.is_terminal:
            return planned(endpoint, name, change, ways_back=ways_back)
        with screen.status(f"Rolling {name.service} in virtual time …"):
            return planned(endpoint, name, change, ways_back=ways_back)
    except PlanError as error:
        raise CliError(str(error)) from error
    except KnobError as error:
        raise UsageError(f"--set: {error}") from error


def _print_text(made: "Plan") -> None:
    from slipway.cli.plan_text import plan_text

    screen = console()
    for line in plan_text(made, width=screen.width, encoding=screen.encoding):
        screen.print(line, soft_wrap=True)


def _write_page(made: "Plan", file: Path) -> None:
    from slipway.foresight.pages.forecast_page import forecast_page
    from slipway.foresight.plan_view import assumption_facts, plan_title

    title = f"{made.service}: {plan_title(made)}"
    page = forecast_page(
        made.forecast_p50, title=title, told=assumption_facts(made), warnings=made.warnings, slow=made.forecast_p90
    )
    write_file(file, page)


def _judge(made: "Plan", limit_s: float) -> None:
    """The gate of --max-duration: the slower of the two totals."""
    from slipway.core.model.deployments import ServiceDeploymentStatus

    for name, forecast in (("P50", made.forecast_p50), ("P90", made.forecast_p90)):
        if not forecast.has_ended:
            say(f"slipway: The roll {forecast.reason} ({name}); --max-duration is {limit_s:g} s.")
            raise typer.Exit(OVER)
        if forecast.duration_s > limit_s:
            say(f"slipway: The roll may take {forecast.duration_s:g} s ({name}); --max-duration is {limit_s:g} s.")
            raise typer.Exit(OVER)
        if forecast.verdict is not ServiceDeploymentStatus.SUCCESSFUL:
            raise CliError(f"The roll ends {forecast.verdict} ({name}): {forecast.reason or 'no reason is given'}")

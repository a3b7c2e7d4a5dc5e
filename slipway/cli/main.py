"""The entry point: `slipway COMMAND`. Exit status 0 done, 1 a failure told in a sentence, 2 wrong usage, 130 Ctrl-C."""

import io
import os
import sys
from typing import Annotated

import typer

from slipway.cli.advise import advise
from slipway.cli.demo import demo
from slipway.cli.deploy import deploy
from slipway.cli.env import env
from slipway.cli.events import events
from slipway.cli.explain import explain
from slipway.cli.export import export
from slipway.cli.failure import CliError, Interrupted, UsageError
from slipway.cli.import_app import import_app
from slipway.cli.logs import logs
from slipway.cli.plan import plan
from slipway.cli.postmortem import postmortem
from slipway.cli.replay import replay
from slipway.cli.simulate import simulate
from slipway.cli.status import status
from slipway.cli.up import up
from slipway.cli.version import print_version, version
from slipway.cli.wait import wait
from slipway.cli.watch import watch
from slipway.cli.why import why

app = typer.Typer(
    name="slipway",
    help="Slipway: a self-hosted, Amazon-ECS-compatible container orchestrator.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    up,
    env,
    status,
    events,
    logs,
    watch,
    deploy,
    wait,
    why,
    postmortem,
    simulate,
    advise,
    plan,
    explain,
    replay,
    export,
    demo,
    version,
):
    app.command()(command)
app.add_typer(import_app)


@app.callback()
def slipway(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Slipway: a self-hosted, Amazon-ECS-compatible container orchestrator."""


def main() -> None:
    """Run the command line and exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # blocks and arrows, where the locale's encoding has none
    try:
        app()
    except CliError as error:
        _fail(str(error), 1)
    except UsageError as error:
        _fail(str(error), 2)
    except Interrupted as error:
        _fail(str(error), 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: let the last flush be quiet
        sys.exit(1)


def _fail(sentence: str, status: int) -> None:
    print(f"slipway: {sentence}", file=sys.stderr)
    sys.exit(status)

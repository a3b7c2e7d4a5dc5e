"""`slipway demo`: a real service, deployed and rolled under load, in a minute, leaving nothing behind."""

import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli import options
from slipway.cli.failure import CliError
from slipway.cli.output import console, print_json, say, table_console

if TYPE_CHECKING:
    from slipway.cli.demo_report import Report
    from slipway.cli.demo_service import DemoService


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, until Ctrl-C.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write a picture of the roll, half-way, as an SVG.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Deploy the example service, roll it under load, have a bad version taken back: in a minute, with nothing left.

    Ends with 1 if a single request failed.
    """
    import asyncio

    from slipway.cli.access import access_of
    from slipway.cli.demo_report import render_report
    from slipway.cli.demo_script import Script
    from slipway.cli.demo_server import demo_server
    from slipway.cli.demo_service import example_program
    from slipway.cli.live import PictureShow

    example_program()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    say("Starting a server on temporary data ...")
    with demo_server() as data:
        with PictureShow(console(stderr=True), has_events=False) as show:
            script = Script(access_of(data), show)
            report = asyncio.run(script.run())
        if svg is not None:
            script.write_frame(svg)
        if as_json:
            print_json(report.value)
        else:
            table_console().print(render_report(report))
        if keep and script.service is not None:
            _stay(data, script.service)
    _judge(report)


def _judge(report: "Report") -> None:
    if report.tally.failed:
        raise CliError(f"{report.tally.failed} of {report.tally.sent} requests failed.")


def _stay(data: Path, service: "DemoService") -> None:
    """Say what to try next, and wait for Ctrl-C."""
    say(
        "\nThe service stays up until Ctrl-C. In another terminal:\n"
        f'  eval "$(slipway env --data {shlex.quote(str(data))})"\n'
        f"  curl {service.url}/user/1\n"
        "  slipway watch users\n"
        "  slipway postmortem users\n"
        "  aws ecs describe-services --cluster demo --services users\n"
        "  aws ecs update-service --cluster demo --service users --desired-count 6\n"
        "  aws ecs update-service --cluster demo --service users --task-definition users:1\n"
        "  slipway deploy users --env app:VERSION=v4"
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nEnding the demo ...")


def _end(number: int, _: FrameType | None) -> None:
    """End as a shell expects of a signal; what was started is cleared away on the way out."""
    sys.exit(128 + number)

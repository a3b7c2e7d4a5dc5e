"""`slipway postmortem SERVICE [DEPLOYMENT]`: what became of a deployment that failed, and why."""

from pathlib import Path
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.output import console, print_json, write_file
from slipway.cli.printable import printable
from slipway.cli.resolve import resolve_service

LINES = 20


def postmortem(
    service: options.Service,
    deployment: Annotated[
        str | None,
        typer.Argument(metavar="[DEPLOYMENT]", help="Its id, ecs-svc/…, or ARN (default: the newest that failed)."),
    ] = None,
    *,
    cluster: options.Cluster = None,
    lines: Annotated[
        int, typer.Option("--lines", metavar="COUNT", min=0, help="Of each container's log, in text.")
    ] = LINES,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML page, which loads nothing.")
    ] = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Tell why a deployment failed: verdict, times, timeline, counted failures, what it changed, and how tasks ended.

    Of each failed task: its stop reason, exit codes, the transcript of its health checks, and its last lines.

    Ends with 0 where there is one to tell of, and with 1 where every deployment succeeded.
    """
    endpoint = Endpoint(find_access(data))
    name = resolve_service(endpoint.overview(), service, cluster)
    report = endpoint.postmortem(name.cluster, name.service, deployment)
    if html is not None:
        from slipway.cli.postmortem_page import postmortem_page

        write_file(html, postmortem_page(printable(report)))
    if as_json:
        print_json(report)
    elif html is None:
        from slipway.cli.postmortem_text import postmortem_text

        screen = console()
        for line in postmortem_text(printable(report), lines=lines):
            screen.print(line, soft_wrap=True)
    else:
        print(f"{html} has the post-mortem of {report['deployment']}.")

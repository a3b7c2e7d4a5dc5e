"""`slipway explain SERVICE [DEPLOYMENT] | FILE`: where every second of a deployment went, and what caused it."""

from pathlib import Path
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.output import print_json, table_console, write_file
from slipway.cli.recorded import Deployment, Subject


def explain(
    subject: Subject,
    deployment: Deployment = None,
    *,
    cluster: options.Cluster = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML page, which loads nothing.")
    ] = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Account for every second of a deployment: what it waited for, for which task, and which setting caused it.

    The parts of its critical path add up to its wall time. One that goes on is told so far, one that is over with the
    changes that would have saved most. Ends with 1 where the deployment was not recorded.
    """
    from slipway.cli.explaining import explain as explained

    told = explained(subject, deployment, cluster=cluster, data=data)
    if html is not None:
        from slipway.foresight.pages.explanation_page import explanation_page

        write_file(html, explanation_page(told))
    if as_json:
        from slipway.cli.explain_document import explain_document

        print_json(explain_document(told))
    elif html is not None:
        print(f"{html} explains {told.deployment}.")
    else:
        from slipway.cli.explain_text import explain_text

        screen = table_console()
        for part in explain_text(told, width=screen.width, encoding=screen.encoding):
            screen.print(part)

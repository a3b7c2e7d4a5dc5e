"""`slipway explain SERVICE [DEPLOYMENT] | FILE`: where every second of a deployment went, and what caused it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, UsageError
from slipway.cli.output import print_json, table_console
from slipway.cli.resolve import resolve_service

if TYPE_CHECKING:
    from slipway.foresight.explain import Explanation

#: How files of recordings end, as `slipway export` names them.
SUFFIX = ".slipway.gz"


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="SERVICE|FILE", help="Name or ARN of a service, or a file that was exported.")
    ],
    deployment: Annotated[
        str | None, typer.Argument(metavar="[DEPLOYMENT]", help="Its id, ecs-svc/…, or ARN (default: the newest).")
    ] = None,
    *,
    cluster: options.Cluster = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML page, which loads nothing.")
    ] = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Account for every second of a deployment: what it waited for, for which task, and which setting caused it.

    The parts of its critical path add up to its wall time. One that goes on is told so far.
    """
    file = _file(subject)
    if file is not None and deployment is not None:
        raise UsageError(f"{file} holds one deployment: leave out {deployment}, or name a service instead of the file.")
    told = _of_file(file) if file is not None else _of_server(Endpoint(find_access(data)), subject, cluster, deployment)
    if html is not None:
        from slipway.foresight.pages.explanation_page import explanation_page

        _write(explanation_page(told), html)
    if as_json:
        from slipway.cli.explain_document import explain_document

        print_json(explain_document(told))
    elif html is not None:
        print(f"{html} explains {told.deployment}.")
    else:
        from slipway.cli.explain_text import explain_text

        screen = table_console()
        for part in explain_text(told, width=screen.width):
            screen.print(part)


def _file(subject: str) -> Path | None:
    """The file that is meant; None: a service is."""
    path = Path(subject)
    is_named_so = subject.endswith(SUFFIX)
    if path.is_file() or is_named_so or ("/" in subject and not subject.startswith("arn:")):
        return path
    return None


def _of_file(file: Path) -> "Explanation":
    from slipway.foresight.explain import explain
    from slipway.foresight.recording import RecordingError
    from slipway.foresight.recording_file import load_recording
    from slipway.foresight.what_if_savings import savings

    try:
        return explain(load_recording(file), savings=savings)
    except RecordingError as error:
        raise CliError(str(error)) from error


def _of_server(endpoint: Endpoint, subject: str, cluster: str | None, deployment: str | None) -> "Explanation":
    from slipway.foresight.explain import explain
    from slipway.foresight.recording import RecordingError
    from slipway.foresight.recording_file import decode_recording
    from slipway.foresight.what_if_savings import savings

    overview = endpoint.overview()
    name = resolve_service(overview, subject, cluster)
    content = endpoint.recording(name.cluster, name.service, deployment)
    try:
        recording = decode_recording(content, name="The server's answer")
        return explain(recording, now=float(overview["at"]), savings=savings)
    except RecordingError as error:
        raise CliError(str(error)) from error


def _write(page: str, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, "utf-8")
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}.") from error

"""`slipway advise SERVICE`: which settings to change to have a deployment take less time, and what that risks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.duration import duration_given
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, UsageError
from slipway.cli.output import console, print_json, write_file
from slipway.cli.resolve import resolve_service
from slipway.cli.rollout_flags import Flags, taking_rollout

if TYPE_CHECKING:
    from slipway.foresight.advise import Advice
    from slipway.foresight.advise_subject import Subject


@taking_rollout
def advise(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Name or ARN of a service; else describe a rollout.")
    ] = None,
    *,
    flags: Flags,
    rollout: Annotated[
        Path | None,
        typer.Option("--rollout", metavar="FILE", help="A rollout in TOML instead of a service, as simulate takes it."),
    ] = None,
    longest_request: Annotated[
        str | None,
        typer.Option("--longest-request", metavar="SECONDS", help="The longest of a rollout; no drain is shorter."),
    ] = None,
    cluster: options.Cluster = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write it as one HTML page, which loads nothing."),
    ] = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Say which settings to change to have a deployment take less time: what each saves, what it risks, how it is set.

    Each number is that of a roll by the scheduler itself, in virtual time, with the change made. No drain is advised
    that is shorter than the longest request seen, and no stop timeout under twice that.

    Of a service, what it runs now is deployed anew, in a copy of it as it stands. Ends with 0, also where nothing is
    worth changing.
    """
    is_described = rollout is not None or longest_request is not None or any(one is not None for one in flags.values())
    if service is not None and is_described:
        raise UsageError(f"{service} is asked of the server: leave out what describes a rollout, or the service.")
    if service is None and not is_described:
        raise UsageError("Name a SERVICE, or describe a rollout by --rollout FILE or by the flags of simulate.")
    longest_s = None if longest_request is None else duration_given(longest_request, "--longest-request")
    subject = _described(flags, rollout, longest_s) if service is None else _live(service, cluster, data)
    _show(_advised(subject), html=html, as_json=as_json)


def _show(advice: "Advice", *, html: Path | None, as_json: bool) -> None:
    if html is not None:
        _write_page(advice, html)
    if as_json:
        from slipway.cli.advise_document import advise_document

        print_json(advise_document(advice))
    else:
        from slipway.cli.advise_text import advise_text

        screen = console()
        for line in advise_text(advice, width=screen.width, encoding=screen.encoding):
            screen.print(line, soft_wrap=True)


def _described(flags: Flags, file: Path | None, longest_request_s: float | None) -> "Subject":
    from slipway.foresight.advise_subject import RolloutSubject
    from slipway.foresight.rollout import RolloutError
    from slipway.foresight.rollout_file import load_rollout

    try:
        described = load_rollout(flags, file)
    except RolloutError as error:
        raise UsageError(str(error)) from error
    name = "the rollout" if file is None else f"the rollout of {file.name}"
    return RolloutSubject(described, longest_request_s=longest_request_s, name=name)


def _live(service: str, cluster: str | None, data: Path | None) -> "Subject":
    from slipway.foresight.advise_service import ServiceSubject
    from slipway.foresight.fork import ForkError, fork_of
    from slipway.foresight.fork_roll import PlanError

    endpoint = Endpoint(find_access(data))
    name = resolve_service(endpoint.overview(), service, cluster)
    try:
        return ServiceSubject(fork_of(endpoint.fork(name.cluster, name.service)))
    except (ForkError, PlanError) as error:
        raise CliError(str(error)) from error


def _advised(subject: "Subject") -> "Advice":
    from slipway.foresight.advise import advise as advise_on
    from slipway.foresight.fork_roll import PlanError
    from slipway.foresight.knob import KnobError
    from slipway.foresight.rollout import RolloutError

    screen = console(stderr=True)
    try:
        if not screen.is_terminal:
            return advise_on(subject)
        with screen.status(f"Rolling {subject.name} in virtual time, set in many ways …"):
            return advise_on(subject)
    except RolloutError as error:
        raise UsageError(str(error)) from error
    except (KnobError, PlanError) as error:
        raise CliError(str(error)) from error


def _write_page(advice: "Advice", file: Path) -> None:
    from slipway.foresight.pages.trade_page import trade_page

    write_file(file, trade_page(advice))

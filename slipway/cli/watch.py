"""`slipway watch SERVICE`: the live picture of a service."""

import time
from pathlib import Path
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import Unreachable, UsageError
from slipway.cli.output import console, print_json
from slipway.cli.resolve import ServiceName, resolve_service

POLL_S = 0.25


def watch(
    service: options.Service,
    *,
    cluster: options.Cluster = None,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="With --once: write it as an SVG.")] = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Show a service live: old and new tasks, rounds, bounds, targets, events. Ctrl-C ends it.

    Where stdout is no terminal, a line is printed for every change instead. --json prints one picture.
    """
    if svg is not None and not once:
        raise UsageError("--svg writes one picture: give --once with it.")
    endpoint = Endpoint(find_access(data))
    name = resolve_service(endpoint.overview(), service, cluster)
    if as_json:
        print_json(endpoint.picture(name.cluster, name.service))
    elif svg is not None:
        from slipway.cli.picture_svg import write_svg

        write_svg(endpoint.picture(name.cluster, name.service), svg)
    elif once:
        from slipway.cli.picture import render_picture

        screen = console()
        screen.print(render_picture(endpoint.picture(name.cluster, name.service), width=screen.width))
    else:
        _watch(endpoint, name)


def _watch(endpoint: Endpoint, name: ServiceName) -> None:
    from slipway.cli.live import PictureShow

    with PictureShow(console()) as show:
        while True:
            try:
                show.show(endpoint.picture(name.cluster, name.service))
            except Unreachable as error:  # tasks run on and the server may be back: the last picture stays meanwhile
                show.note(str(error))
            time.sleep(POLL_S)

"""`slipway events SERVICE`: what happened to a service, in ECS's words."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import Unreachable
from slipway.cli.output import print_json, say
from slipway.cli.resolve import ServiceName, resolve_service

POLL_S = 0.5


def events(
    service: options.Service,
    *,
    cluster: options.Cluster = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until Ctrl-C.")] = False,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Print a service's events, the oldest first. With --json and --follow, one JSON object a line."""
    endpoint = Endpoint(find_access(data))
    name = resolve_service(endpoint.overview(), service, cluster)
    found = endpoint.events(name.cluster, name.service)
    if as_json and not follow:
        print_json(found[::-1])
        return
    for event in reversed(found):
        _tell(event, as_json=as_json)
    if follow:
        _follow(endpoint, name, told={event["id"] for event in found}, as_json=as_json)


def _follow(endpoint: Endpoint, name: ServiceName, *, told: set[str], as_json: bool) -> None:
    """Tell what is new until Ctrl-C. A server that is away is waited for, as in `slipway watch`; that is said once."""
    is_away = False
    while True:
        time.sleep(POLL_S)
        try:
            found = endpoint.events(name.cluster, name.service)
        except Unreachable as error:
            if not is_away:
                say(str(error))
            is_away = True
            continue
        is_away = False
        for event in reversed(found):
            if event["id"] not in told:
                _tell(event, as_json=as_json)
        told = {event["id"] for event in found}


def _tell(event: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(event)
        return
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event["at"]))
    print(f"{at}  {event['message']}", flush=True)

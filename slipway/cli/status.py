"""`slipway status`: clusters, services, deployments, tasks and hosts at a glance."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.output import print_json, table_console
from slipway.cli.resolve import resolve_service

if TYPE_CHECKING:
    from collections.abc import Mapping


def status(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Only this service, with each of its tasks.")
    ] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", metavar="NAME", help="Only this cluster.")] = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Show services, deployments, tasks and hosts at a glance; of one service, every task."""
    endpoint = Endpoint(find_access(data))
    overview = endpoint.overview()
    if service is not None:
        name = resolve_service(overview, service, cluster)
        _show_service(endpoint.picture(name.cluster, name.service), as_json=as_json)
        return
    if cluster is not None:
        overview = _only(overview, cluster.rpartition("/")[2])
    if as_json:
        print_json(overview)
        return
    from slipway.cli.status_table import render_overview

    table_console().print(render_overview(overview, endpoint.access.endpoint))


def _show_service(picture: "Mapping[str, Any]", *, as_json: bool) -> None:
    if as_json:
        print_json(picture)
        return
    from slipway.cli.status_table import render_service

    table_console().print(render_service(picture))


def _only(overview: dict[str, Any], cluster: str) -> dict[str, Any]:
    from slipway.cli.failure import CliError

    found = [one for one in overview["clusters"] if one["name"] == cluster]
    if not found:
        names = ", ".join(one["name"] for one in overview["clusters"]) or "none"
        raise CliError(f"There is no cluster {cluster}; the clusters are {names}.")
    return {**overview, "clusters": found}

"""`slipway up`: the whole server in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from slipway.cli.failure import CliError, UsageError


def up(
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Directory of all state.  [default: ~/.local/share/slipway]",
            show_default=False,
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Where the API listens; 127.0.0.1:8400 by default."),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option("--runtime", metavar="auto|docker|process", help="What runs containers; auto by default."),
    ] = None,
    cpu: Annotated[
        int | None, typer.Option("--cpu", metavar="UNITS", help="CPU units to offer, 1024 a processor.")
    ] = None,
    memory: Annotated[int | None, typer.Option("--memory", metavar="MIB", help="Memory to offer, in MiB.")] = None,
    lb_address_pool: Annotated[
        str | None,
        typer.Option("--lb-address-pool", metavar="FIRST-LAST|CIDR|LIST", help="Addresses load balancers get."),
    ] = None,
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="AWS account id in ARNs.")] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="NAME", help="AWS region in ARNs.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings in TOML; flags and environment win.")
    ] = None,
    no_auth: Annotated[
        bool | None,
        typer.Option("--no-auth", help="Take unsigned requests; on loopback only.", show_default=False),
    ] = None,
    stop_tasks: Annotated[
        bool | None,
        typer.Option("--stop-tasks", help="Stop tasks and the load balancer at the end.", show_default=False),
    ] = None,
) -> None:
    """Run the server: control plane, local host and load balancer. Ctrl-C ends it."""
    import asyncio
    import logging

    from slipway.config import SettingsError, load_settings
    from slipway.server import ServerError, serve

    flags = {
        "data": data,
        "listen": listen,
        "runtime": runtime,
        "cpu": cpu,
        "memory": memory,
        "lb_address_pool": lb_address_pool,
        "account": account,
        "region": region,
        "no_auth": no_auth,
        "stop_tasks": stop_tasks,
    }
    try:
        settings = load_settings(flags, file=config)
    except SettingsError as error:
        raise UsageError(str(error)) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(serve(settings, say=lambda line: print(line, flush=True)))
    except ServerError as error:
        raise CliError(str(error)) from error

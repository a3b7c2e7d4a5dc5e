"""`slipway version`."""

import platform
from importlib.metadata import version as version_of

import typer

from slipway.cli import options
from slipway.cli.output import print_json


def version(as_json: options.Json = False) -> None:
    """Print the version of Slipway."""
    if as_json:
        print_json({"slipway": version_of("slipway"), "python": platform.python_version()})
    else:
        print(f"slipway {version_of('slipway')}")


def print_version(wanted: bool) -> None:
    """Print the version and end, if it is wanted (`slipway --version`)."""
    if wanted:
        version(as_json=False)
        raise typer.Exit

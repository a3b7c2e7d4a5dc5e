"""`slipway env`: the variables that make `aws`, boto3 and Terraform talk to this server."""

import shlex
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.access import access_of
from slipway.cli.output import print_json


class Shell(StrEnum):
    """The shells whose syntax is spoken."""

    SH = "sh"
    FISH = "fish"
    POWERSHELL = "powershell"


def env(
    data: options.Data = None,
    shell: Annotated[Shell, typer.Option("--shell", help="Whose syntax to print; sh serves bash and zsh.")] = Shell.SH,
    as_json: options.Json = False,
) -> None:
    """Print the exports that make `aws`, boto3 and Terraform talk to this server.

    Use it so: eval "$(slipway env)"
    """
    exports = access_of(data).exports
    if as_json:
        print_json(exports)
        return
    for line in export_lines(exports, shell):
        print(line)


def export_lines(exports: Mapping[str, str], shell: Shell) -> tuple[str, ...]:
    """One command a variable, values quoted as the shell wants them."""
    return tuple(_EXPORTS[shell](name, value) for name, value in exports.items())


def _fish_quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell_quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_EXPORTS: dict[Shell, Callable[[str, str], str]] = {
    Shell.SH: lambda name, value: f"export {name}={shlex.quote(value)}",
    Shell.FISH: lambda name, value: f"set -gx {name} {_fish_quote(value)}",
    Shell.POWERSHELL: lambda name, value: f"$Env:{name} = {_powershell_quote(value)}",
}

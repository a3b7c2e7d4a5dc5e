"""The commands of `slipway` and their options, as the command line itself declares them, and their list in Markdown."""

from collections.abc import Iterator
from dataclasses import dataclass

import typer

from slipway.cli.main import app

# One command; typer has no public name for it.
Command = typer.core.TyperCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command: its flags, how its help spells it (`-y, --yes`, `--data DIR`), and what it means."""

    flags: tuple[str, ...]
    spelling: str
    meaning: str


def commands() -> dict[str, Command]:
    """The commands by name, in the order of `slipway --help`; one of several words by all of them: `import aws`."""
    return dict(_commands(typer.main.get_command(app), ""))


def _commands(command: object, name: str) -> Iterator[tuple[str, Command]]:
    if isinstance(command, typer.core.TyperGroup):
        for word, each in command.commands.items():
            yield from _commands(each, f"{name} {word}".lstrip())
        return
    assert isinstance(command, Command), "every command is typer's"
    yield name, command


def options(name: str) -> tuple[Option, ...]:
    """The options of a command, without its arguments. Raises `KeyError` if there is no such command."""
    command = commands()[name]
    context = command.make_context(name, [], resilient_parsing=True)
    found = []
    for each in command.params:
        record = each.get_help_record(context)
        if isinstance(each, typer.core.TyperOption) and record is not None:
            flags = (*each.opts, *each.secondary_opts)
            found.append(Option(flags=flags, spelling=record[0], meaning=" ".join(record[1].split())))
    return tuple(found)


def command_list() -> str:
    """Every command with its usage, what it does and its options, in Markdown."""
    return "\n\n".join("\n".join(_section(name, each)) for name, each in commands().items())


def _section(name: str, command: Command) -> Iterator[str]:
    arguments = [
        str(each.metavar or (each.name or "").upper())
        for each in command.params
        if isinstance(each, typer.core.TyperArgument)
    ]
    yield f"### slipway {name}"
    yield ""
    yield f"`{' '.join(['slipway', name, *arguments, '[OPTIONS]'])}`"
    yield ""
    yield " ".join((command.help or "").split())
    yield ""
    yield "| option | meaning |"
    yield "| --- | --- |"
    for option in options(name):
        yield f"| `{_cell(option.spelling)}` | {_cell(option.meaning)} |"


def _cell(text: str) -> str:
    """Text for a cell of a table, where a bare bar would end it."""
    return text.replace("|", "\\|")

"""The flags of a rollout: one for each of its settings, made from the settings themselves."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from math import inf
from typing import Annotated, Any, get_type_hints

import typer

from slipway.foresight.rollout import PERCENT, SECONDS, Rollout

#: What a command takes as `flags`: each setting by name, None where it was not given; all but truths as text.
Flags = dict[str, Any]


def taking_rollout(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command with a parameter `flags: Flags` all settings of a rollout as options, and it as their values."""
    signature, hints = inspect.signature(command), get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[name])
        for name, parameter in signature.parameters.items()
        if name not in ("flags",)
    ]
    settings = [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_option(item))
        for item in fields(Rollout)
    ]
    names = {item.name for item in fields(Rollout)}

    @wraps(command)
    def wrapped(**given: Any) -> None:
        flags = {name: given.pop(name) for name in names & given.keys()}
        command(flags=flags, **given)

    told: Any = wrapped  # functions may have a signature of their own; their type does not say so
    told.__signature__ = signature.replace(parameters=[*own, *settings])
    told.__annotations__ = {one.name: one.annotation for one in (*own, *settings)}
    return wrapped


def _option(item: Field[Any]) -> Any:
    """The type of the parameter that typer makes the option of."""
    is_truth = isinstance(item.default, bool)
    flag = f"--{item.name.replace('_', '-')}"
    option = typer.Option(
        f"{flag}/--no-{flag[2:]}" if is_truth else flag,
        metavar=None if is_truth else _metavar(item),
        help=f"{item.metadata['about']}{_default(item)}",
        rich_help_panel=str(item.metadata["panel"]),
        show_default=False,
    )
    return Annotated[bool | None, option] if is_truth else Annotated[str | None, option]


def _metavar(item: Field[Any]) -> str:
    match item.metadata["unit"]:
        case "seconds":
            endless = item.metadata["endless"]
            return f"SECONDS|{endless}" if endless else SECONDS.upper()
        case "percent":
            return PERCENT.upper()
        case _:
            return "TEXT" if isinstance(item.default, str) else "COUNT"


def _default(item: Field[Any]) -> str:
    match item.default:
        case None:
            return ""
        case bool() as truth:
            return f" Default: {'yes' if truth else 'no'}."
        case float() | int() as number:
            return f" Default: {item.metadata['endless'] if number == inf else f'{number:g}'}."
        case text:
            return f" Default: {text}."

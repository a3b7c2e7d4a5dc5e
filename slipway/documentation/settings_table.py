"""The table of settings for `docs/settings.md`, from `config.py` and the options of `slipway up`."""

from dataclasses import MISSING, Field, fields
from typing import Any

from slipway.config import Settings
from slipway.documentation.command_list import options


def settings_table() -> str:
    """Every setting by its TOML key: flag (where `slipway up` has one), variable, default and meaning, in Markdown."""
    flags = {flag for option in options("up") for flag in option.flags}
    rows = [_row(item, flags) for item in fields(Settings)]
    head = ["| key in the file | flag | variable | default | meaning |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])


def _row(item: Field[Any], flags: set[str]) -> str:
    flag = f"--{item.name.replace('_', '-')}"
    shown = f"`{flag}`" if flag in flags else ""
    return f"| `{item.name}` | {shown} | `SLIPWAY_{item.name.upper()}` | {_default(item)} | {item.metadata['about']} |"


def _default(item: Field[Any]) -> str:
    """The default as TOML writes it; the data directory's depends on the user."""
    if item.default is MISSING:
        return "`~/.local/share/slipway`"
    match item.default:
        case bool() as truth:
            return f"`{str(truth).lower()}`"
        case str() as text:
            return f'`"{text}"`'
        case number:
            return f"`{number:g}`"

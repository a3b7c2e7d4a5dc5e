"""The settings of a rollout as people write them: by flags, or in a TOML file whose keys are the flags' names."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from difflib import get_close_matches
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, get_args, get_type_hints

from slipway.foresight.rollout import PERCENT, SECONDS, Rollout, RolloutError

_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(rf"(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?")
_PARTS_S = (3600.0, 60.0, 1.0, 0.001)

#: How a duration is written, for sentences.
DURATION_WORDS = "seconds, as 90, 90s or 1m30s"


def parse_duration(text: str) -> float:
    """Seconds of `90`, `1.5`, `90s`, `1m30s`, `10m`, `2h` or `500ms`. Raises ValueError for anything else."""
    text = text.strip()
    if re.fullmatch(_NUMBER, text):
        return float(text)
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no duration")
    return sum(float(part) * each for part, each in zip(found.groups(), _PARTS_S, strict=True) if part is not None)


def load_rollout(flags: Mapping[str, object], file: Path | None = None) -> Rollout:
    """The rollout by these flags (by field name; None: not given) over those of the file over the defaults. A value is
    of the field's type, or text as on a command line. Raises `RolloutError`."""
    read = {} if file is None else read_settings(file)
    values = {name: setting_value(name, value, f"{file}: {name}") for name, value in read.items()}
    return Rollout(**values | _flag_values(flags))


def with_settings(rollout: Rollout, flags: Mapping[str, object]) -> Rollout:
    """The rollout with these flags, as `load_rollout` takes them, over its own settings. Raises `RolloutError`."""
    return replace(rollout, **_flag_values(flags))


def _flag_values(flags: Mapping[str, object]) -> dict[str, Any]:
    given = {name: value for name, value in flags.items() if value is not None}
    check_names(given, "")
    return {name: setting_value(name, value, f"--{name.replace('_', '-')}") for name, value in given.items()}


def read_settings(file: Path) -> dict[str, Any]:
    """What the TOML file says, by field name: keys may have hyphens or underscores. Raises `RolloutError`."""
    try:
        read = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise RolloutError("", f"The rollout file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RolloutError("", f"The rollout file {file} is not TOML: {error}.") from error
    named: dict[str, Any] = {}
    for key, value in read.items():
        name = key.replace("-", "_")
        if name in named:
            raise RolloutError(name, f"{file} says {name} twice, with a hyphen and with an underscore: keep one.")
        named[name] = value
    check_names(named, f"{file}: ")
    return named


def check_names(names: Mapping[str, object], prefix: str) -> None:
    """Raises `RolloutError` for a name that is no setting, with the nearest that is."""
    for name in names:
        if name not in _settings():
            near = get_close_matches(name, _settings(), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(_settings())}."
            raise RolloutError(name, f"{prefix}{name} is no setting of a rollout; {hint}")


def setting_value(name: str, value: object, source: str) -> Any:
    """The value as the setting's type. Raises `RolloutError`, which names the `source`."""
    item, kind = _settings()[name], _kinds()[name]
    try:
        return _value(item, kind, value)
    except (ValueError, TypeError) as error:
        raise RolloutError(name, f"{source} is {_shown(value)}; it takes {_wanted(item, kind)}.") from error


def _value(item: Field[Any], kind: type, value: object) -> Any:
    if kind is bool:
        if not isinstance(value, bool):
            raise TypeError
        return value
    if kind is str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError
        return str(value)
    number = _number(item, value)
    if kind is int:
        if number != int(number):
            raise ValueError
        return int(number)
    return number


def _number(item: Field[Any], value: object) -> float:
    endless = item.metadata.get("endless", "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    if endless and value in (endless, inf):
        return inf
    if isinstance(value, int | float):
        number = float(value)
    elif item.metadata["unit"] == SECONDS and not value.lstrip().startswith("-"):
        number = parse_duration(value)
    else:
        number = float(value.removesuffix("%") if item.metadata["unit"] == PERCENT else value)
    if not abs(number) < inf:
        raise ValueError
    return number


def _shown(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f"'{value}'"


def _wanted(item: Field[Any], kind: type) -> str:
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text"
    if item.metadata["unit"] != SECONDS:
        return "a whole number" if kind is int else "a number"
    whole = "whole " if kind is int else ""
    endless = item.metadata["endless"]
    return f"{whole}{DURATION_WORDS}{f', or {endless}' if endless else ''}"


@cache
def _settings() -> dict[str, Field[Any]]:
    return {item.name: item for item in fields(Rollout)}


@cache
def _kinds() -> dict[str, type]:
    """The type of each setting; where it may be None, the other one."""
    hints = get_type_hints(Rollout)
    return {name: next((one for one in get_args(hint) if one is not type(None)), hint) for name, hint in hints.items()}

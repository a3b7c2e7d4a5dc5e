"""A knob: one setting of a deployment that can be changed, with what it is read from, and what it may be."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import ContainerDefinition

#: What a knob is set to: a whole number in its unit, or on and off.
Value = int | bool

NUMBER_LIMIT = 2_147_483_647  # the model's Integer


class KnobError(ValueError):
    """A setting that cannot be changed so; the sentence names it and the fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfService:
    """A member of the service. `read` gives None where it means nothing for that service."""

    read: Callable[[Service], Value | None]
    write: Callable[[Service, Value], Service]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTargetGroup:
    """A member of each target group of the service."""

    read: Callable[[TargetGroup], Value]
    write: Callable[[TargetGroup, Value], TargetGroup]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfContainer:
    """A member of each container definition, or of the one that is named: NAME.CONTAINER."""

    read: Callable[[ContainerDefinition], Value]
    write: Callable[[ContainerDefinition, Value], ContainerDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One setting. `least` and `most` are what it may be, both included."""

    name: str  # AWS's
    unit: str  # of its value, as it is spoken; empty: on and off
    of: OfService | OfTargetGroup | OfContainer
    field: str  # of a `Rollout`
    terraform: str  # its name in the provider's resource, with the block it is in: `health_check.interval`
    least: int = 0
    most: int = NUMBER_LIMIT
    rollout_unit: int = 1  # units of the field in one of ours: 60 where it is seconds there, and minutes here

    @property
    def is_flag(self) -> bool:
        """Whether it is on or off."""
        return not self.unit

    def parse(self, text: str) -> Value:
        """The value that was typed. Raises `KnobError`."""
        if self.is_flag:
            if text.lower() not in ("true", "false"):
                raise KnobError(f"{self.name} is '{text}'; give true or false.")
            return text.lower() == "true"
        if not re.fullmatch(r"[0-9]{1,10}", text):
            raise KnobError(f"{self.name} is '{text}'; give a whole number of {self.unit}, {self._bounds()}.")
        return self.checked(int(text))

    def checked(self, value: Value) -> Value:
        """The value, if it can be. Raises `KnobError`."""
        if not self.is_flag and not self.least <= value <= self.most:
            raise KnobError(f"{self.name} is {value}; give a number of {self.unit} {self._bounds()}.")
        return value

    def shown(self, value: Value) -> str:
        """The value as AWS writes it: `50`, `true`."""
        return str(value).lower() if self.is_flag else str(value)

    def _bounds(self) -> str:
        return f"from {self.least} to {self.most}" if self.most < NUMBER_LIMIT else f"of at least {self.least}"

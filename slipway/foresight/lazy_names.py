"""The names of the package `slipway`, brought when they are first asked for: `import slipway` itself costs nothing."""

from importlib import import_module
from typing import Any

#: Where each name comes from; `slipway/__init__.pyi` says so to type checkers.
PLACES = {
    "Explanation": "slipway.foresight.explain",
    "Forecast": "slipway.foresight.forecast",
    "Plan": "slipway.foresight.plan",
    "Rollout": "slipway.foresight.rollout",
    "RolloutError": "slipway.foresight.rollout",
    "explain": "slipway.cli.explaining",
    "plan": "slipway.cli.planning",
    "simulate": "slipway.foresight.python_api",
}


def __getattr__(name: str) -> Any:
    """The value of one of the names. Raises AttributeError for any other."""
    if name not in PLACES:
        raise AttributeError(f"module 'slipway' has no attribute {name!r}")
    return getattr(import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    """All of them."""
    return sorted(PLACES)

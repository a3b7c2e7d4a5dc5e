"""Slipway: a self-hosted, Amazon-ECS-compatible container orchestrator. Foresight in Python: `slipway.simulate()`."""

from slipway.foresight.lazy_names import __dir__ as __dir__
from slipway.foresight.lazy_names import __getattr__ as __getattr__

__all__ = ["Explanation", "Forecast", "Plan", "Rollout", "RolloutError", "explain", "plan", "simulate"]

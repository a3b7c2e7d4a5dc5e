"""Capacity providers and strategies as callers give them: FARGATE and FARGATE_SPOT, which every host serves."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from slipway.api.parameters import first_repeated, invalid

#: The providers there are; both are this server's hosts.
CAPACITY_PROVIDERS = ("FARGATE", "FARGATE_SPOT")

#: ECS API, `CapacityProviderStrategyItem`, and quotas.
STRATEGY_LIMIT = 20
WEIGHT_LIMIT = 1_000
BASE_LIMIT = 100_000


def read_capacity_providers(names: Sequence[str]) -> tuple[str, ...]:
    """The providers of a cluster. Raises InvalidParameterException for those that do not exist."""
    for name in names:
        if name not in CAPACITY_PROVIDERS:
            raise invalid(
                f"The specified capacity provider '{name}' was not found; "
                f"Slipway has {' and '.join(CAPACITY_PROVIDERS)}, which all hosts serve."
            )
    if (repeated := first_repeated(names)) is not None:
        raise invalid(f"capacityProviders names '{repeated}' twice; name each once.")
    return tuple(names)


def read_strategy(
    items: Sequence[Mapping[str, Any]], providers: Collection[str], name: str = "capacityProviderStrategy"
) -> list[dict[str, Any]]:
    """A strategy over the cluster's `providers`, with weights and bases filled in. Raises InvalidParameterException.

    Source: ECS API, `CapacityProviderStrategyItem`: at most 20 items, one base above 0, not all weights 0.
    """
    if len(items) > STRATEGY_LIMIT:
        raise invalid(f"{name} has {len(items)} items; give at most {STRATEGY_LIMIT}.")
    strategy = [_read_item(item, providers, name) for item in items]
    if (repeated := first_repeated(item["capacityProvider"] for item in strategy)) is not None:
        raise invalid(f"{name} names the capacity provider '{repeated}' twice; name each once.")
    if sum(item["base"] > 0 for item in strategy) > 1:
        raise invalid(f"Only one item of {name} may have a base above 0; set the others to 0.")
    if len(strategy) > 1 and not any(item["weight"] for item in strategy):
        raise invalid(f"All weights of {name} are 0; give at least one item a weight of 1 or more.")
    return strategy


def _read_item(item: Mapping[str, Any], providers: Collection[str], name: str) -> dict[str, Any]:
    provider, weight, base = item["capacityProvider"], item.get("weight", 0), item.get("base", 0)
    if provider not in providers:
        raise invalid(
            f"The capacity provider '{provider}' of {name} is not one of the cluster's; "
            "add it with PutClusterCapacityProviders first."
        )
    if not 0 <= weight <= WEIGHT_LIMIT:
        raise invalid(f"The weight of '{provider}' in {name} is {weight}; give a number from 0 to {WEIGHT_LIMIT}.")
    if not 0 <= base <= BASE_LIMIT:
        raise invalid(f"The base of '{provider}' in {name} is {base}; give a number from 0 to {BASE_LIMIT}.")
    return {"capacityProvider": provider, "weight": weight, "base": base}

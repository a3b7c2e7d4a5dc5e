"""A container definition with another image and other variables: what `slipway deploy` registers, and a plan rolls."""

from collections.abc import Mapping
from typing import Any


def changed_container(
    container: Mapping[str, Any], *, image: str | None, variables: Mapping[str, str]
) -> dict[str, Any]:
    """The container definition, in AWS's JSON, with the image (None: its own) and these variables besides its own."""
    changed = dict(container) if image is None else {**container, "image": image}
    if variables:
        before = {one["name"]: one.get("value", "") for one in container.get("environment", ())}
        merged = before | dict(variables)
        changed["environment"] = [{"name": key, "value": value} for key, value in merged.items()]
    return changed

"""A task definition copied with changes, and what the copy changes: pure functions over AWS's JSON."""

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from slipway.cli.failure import CliError, UsageError
from slipway.core.deployments.container_change import changed_container
from slipway.core.deployments.definition_difference import definition_difference

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """New images by container, and environment variables by container; what is not named stays."""

    images: Mapping[str, str]
    environment: Mapping[str, Mapping[str, str]]


def parse_changes(images: Iterable[str], environment: Iterable[str]) -> Images:
    """From `CONTAINER=REF` and `CONTAINER:KEY=VALUE`. Raises `UsageError`."""
    by_container: dict[str, str] = {}
    for text in images:
        container, equals, image = text.partition("=")
        if not (container and equals and image):
            raise UsageError(f"--image is {text!r}; give CONTAINER=IMAGE, as app=users:v2.")
        by_container[container] = image
    variables: dict[str, dict[str, str]] = {}
    for text in environment:
        place, equals, value = text.partition("=")
        container, colon, key = place.partition(":")
        if not (container and colon and key and equals):
            raise UsageError(f"--env is {text!r}; give CONTAINER:KEY=VALUE, as app:VERSION=v2.")
        variables.setdefault(container, {})[key] = value
    return Images(images=by_container, environment=variables)


def changed_definition(definition: Definition, changes: Images, *, members: Collection[str]) -> dict[str, Any]:
    """What to register: the described definition, changed, of it only `members` (those RegisterTaskDefinition takes).

    Raises `CliError` where a container that is named is not in it.
    """
    copy = {name: deepcopy(value) for name, value in definition.items() if name in members}
    containers = {one["name"]: one for one in copy["containerDefinitions"]}
    for name in (*changes.images, *changes.environment):
        if name not in containers:
            family = f"{definition['family']}:{definition['revision']}"
            raise CliError(f"{family} has no container {name}; it has {', '.join(containers)}.")
    copy["containerDefinitions"] = [
        changed_container(one, image=changes.images.get(name), variables=changes.environment.get(name, {}))
        for name, one in containers.items()
    ]
    return copy


def difference(old: Definition, new: Definition, *, members: Collection[str]) -> tuple[str, ...]:
    """The unified difference of two definitions as JSON, of these members only; empty where they agree."""
    names = (_name(old, "now"), _name(new, "new"))
    return definition_difference(old, new, names, members=members)


def _name(definition: Definition, otherwise: str) -> str:
    revision = definition.get("revision")
    return f"{definition['family']}:{revision}" if revision is not None else f"{definition['family']} ({otherwise})"

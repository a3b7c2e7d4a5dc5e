"""`dependsOn`, `links` and `volumesFrom` among the containers of one task definition."""

from collections.abc import Mapping, Sequence
from typing import Any

from slipway.api.parameters import client_error


def check_dependencies(containers: Sequence[Mapping[str, Any]]) -> None:
    """Check that each container named exists, can meet its condition, and that none waits for itself.

    `containers` are container definitions in AWS's JSON, defaults filled in. Raises ClientException. Source: ECS API,
    `ContainerDependency`.
    """
    by_name = {container["name"]: container for container in containers}
    for container in containers:
        name = container["name"]
        for dependency in container.get("dependsOn", ()):
            _check_condition(name, dependency, by_name)
        sources = [item.get("sourceContainer", "") for item in container["volumesFrom"]]
        for member, others in (("volumesFrom", sources), ("links", _linked(container))):
            _check_others(name, member, others, by_name)
    _check_cycles({name: _waits_for(container) for name, container in by_name.items()})


def _check_condition(name: str, dependency: Mapping[str, Any], by_name: Mapping[str, Mapping[str, Any]]) -> None:
    other, condition = dependency["containerName"], dependency["condition"]
    start = f"Invalid setting for container '{name}'. dependsOn"
    if other not in by_name or other == name:
        raise client_error(f"{start} names '{other}', which is not another container of this task definition.")
    if condition == "HEALTHY" and "healthCheck" not in by_name[other]:
        raise client_error(f"{start} waits for '{other}' to be HEALTHY; give that container a healthCheck.")
    if condition in ("COMPLETE", "SUCCESS") and by_name[other]["essential"]:
        raise client_error(
            f"{start} waits for the essential container '{other}' to end, which ends the task; "
            "set its essential to false."
        )


def _check_others(name: str, member: str, others: Sequence[str], by_name: Mapping[str, Any]) -> None:
    for other in others:
        if other not in by_name or other == name:
            raise client_error(
                f"Invalid setting for container '{name}'. {member} names '{other}', "
                "which is not another container of this task definition."
            )


def _waits_for(container: Mapping[str, Any]) -> list[str]:
    depends_on = [dependency["containerName"] for dependency in container.get("dependsOn", ())]
    return [*depends_on, *_linked(container), *(item["sourceContainer"] for item in container["volumesFrom"])]


def _linked(container: Mapping[str, Any]) -> list[str]:
    return [link.partition(":")[0] for link in container.get("links", ())]


def _check_cycles(waits_for: Mapping[str, Sequence[str]]) -> None:
    """Start, again and again, all containers that wait for none that is left; what cannot be started is a circle."""
    left = dict(waits_for)
    while left:
        ready = [name for name, others in left.items() if not any(other in left for other in others)]
        if not ready:
            raise client_error(
                f"The containers {', '.join(sorted(left))} wait for each other in a circle; "
                "remove one of their dependsOn, links or volumesFrom."
            )
        for name in ready:
            del left[name]

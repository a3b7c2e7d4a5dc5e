"""Which service is meant: a name, with or without its cluster, or an ARN."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.cli.failure import CliError


class NoService(CliError):
    """The overview has no service of that name; it may have been deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceName:
    """A service, by the names of its cluster and its own."""

    cluster: str
    service: str


def resolve_service(overview: Mapping[str, Any], service: str, cluster: str | None) -> ServiceName:
    """The one service of the overview that is meant. Raises `NoService` where there is none, and `CliError` where there
    is more than one."""
    if service.startswith("arn:"):
        parts = service.split("/")
        if len(parts) != 3 or not parts[0].endswith(":service"):
            raise CliError(f"{service} is no service's ARN; that is like arn:aws:ecs:…:service/CLUSTER/NAME.")
        return ServiceName(cluster=parts[1], service=parts[2])
    if cluster is not None:
        return ServiceName(cluster=cluster.rpartition("/")[2], service=service)
    clusters = [one["name"] for one in overview["clusters"] if service in _names(one)]
    if len(clusters) == 1:
        return ServiceName(cluster=clusters[0], service=service)
    if clusters:
        raise CliError(f"Service {service} is in the clusters {', '.join(clusters)}: name one with --cluster.")
    there = sorted(f"{name} ({one['name']})" for one in overview["clusters"] for name in _names(one))
    listed = f"there are {', '.join(there)}" if there else "there are none yet"
    raise NoService(f"There is no service {service}; {listed}.")


def _names(cluster: Mapping[str, Any]) -> list[str]:
    return [one["name"] for one in cluster["services"]]

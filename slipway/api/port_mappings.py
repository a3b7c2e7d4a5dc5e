"""Port mappings of a container definition: checked, and with ECS's defaults."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from slipway.api.errors import ApiError
from slipway.api.parameters import client_error, first_repeated
from slipway.core.model.task_definitions import ContainerDefinition, NetworkMode, PortMapping

PORT_LIMIT = 65_535

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")

#: Modes in which a container has the ports of the task's or the host's own address.
_SAME_PORTS = (NetworkMode.AWSVPC, NetworkMode.HOST)


def read_port_mapping(item: Mapping[str, Any], mode: NetworkMode, container: str) -> tuple[PortMapping, dict[str, Any]]:
    """The mapping and its JSON with `hostPort` and `protocol` filled in. Raises ClientException."""
    if "containerPortRange" in item:
        raise _refusal(container, "containerPortRange is not served by Slipway yet; list the ports one by one.")
    port = item.get("containerPort")
    if port is None or not 1 <= port <= PORT_LIMIT:
        raise _refusal(container, f"A port mapping needs a containerPort from 1 to {PORT_LIMIT}; {port} was given.")
    host_port = item.get("hostPort", 0)
    if not 0 <= host_port <= PORT_LIMIT:
        raise _refusal(container, f"hostPort is {host_port}; give a port from 0 (any free one) to {PORT_LIMIT}.")
    if mode in _SAME_PORTS:
        if host_port not in (0, port):
            raise client_error(
                f"When networkMode={mode}, the host ports and container ports in port mappings must match: "
                f"container '{container}' maps {port} to {host_port}; leave hostPort out."
            )
        host_port = port
    mapping = PortMapping(
        container_port=port, host_port=host_port, protocol=_protocol(item, container), name=_name(item, container)
    )
    return mapping, {**item, "containerPort": port, "hostPort": host_port, "protocol": mapping.protocol}


def check_port_mappings(containers: Iterable[ContainerDefinition], mode: NetworkMode) -> None:
    """Check the mappings of a whole task against each other. Raises ClientException."""
    mappings = [(container, mapping) for container in containers for mapping in container.port_mappings]
    if mode is NetworkMode.NONE and mappings:
        name = mappings[0][0].name
        raise client_error(f"When networkMode=none, container '{name}' can have no portMappings; remove them.")
    static = (f"{mapping.host_port}/{mapping.protocol}" for _, mapping in mappings if mapping.host_port)
    if (port := first_repeated(static)) is not None:
        raise client_error(f"The host port {port} is mapped twice in this task definition; map each host port once.")
    dynamic = (
        f"{mapping.container_port}/{mapping.protocol} of container '{container.name}'"
        for container, mapping in mappings
        if not mapping.host_port
    )
    if (port := first_repeated(dynamic)) is not None:
        raise client_error(f"The container port {port} is mapped twice; remove one of the mappings.")
    if (repeated := first_repeated(mapping.name for _, mapping in mappings if mapping.name)) is not None:
        raise client_error(f"The port mapping name '{repeated}' is given twice; give each mapping a name of its own.")


def _protocol(item: Mapping[str, Any], container: str) -> str:
    protocol: str = item.get("protocol", "tcp")
    if protocol not in ("tcp", "udp"):
        raise _refusal(container, f"The protocol '{protocol}' of a port mapping is not known; use tcp or udp.")
    if item.get("appProtocol", "http") not in ("http", "http2", "grpc"):
        raise _refusal(container, f"The appProtocol '{item['appProtocol']}' is not known; use http, http2 or grpc.")
    return protocol


def _name(item: Mapping[str, Any], container: str) -> str | None:
    name: str | None = item.get("name")
    if name is not None and not _NAME.fullmatch(name):
        raise _refusal(
            container,
            f"The port mapping name '{name}' must have 1 to 64 lowercase letters, digits, "
            "underscores and hyphens, and not start with a hyphen.",
        )
    return name


def _refusal(container: str, sentence: str) -> ApiError:
    return client_error(f"Invalid setting for container '{container}'. {sentence}")

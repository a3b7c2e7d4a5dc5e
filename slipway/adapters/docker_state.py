"""Reading what the engine tells of a container (`GET /containers/{id}/json`) into the port's records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slipway.adapters.container_runtime import ContainerExit
from slipway.adapters.docker_labels import CONTAINER, TASK_ARN
from slipway.core.model.task_definitions import NetworkMode
from slipway.core.model.tasks import NetworkBinding
from slipway.core.plan import ContainerPayload, TaskPayload

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
#: What a container in host mode listens on, as `DescribeTasks` shows it.
EVERY_ADDRESS = "0.0.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineContainer:
    """What is read of one inspected container."""

    id: str
    name: str
    image_id: str
    labels: Mapping[str, str]
    status: str  # created, running, paused, restarting, removing, exited, dead
    started_at: float | None  # None: never started
    exit: ContainerExit | None  # None: has not ended
    ports: Mapping[str, Any]  # "80/tcp" to its bindings
    addresses: Mapping[str, str]  # network's name to address

    @property
    def task_arn(self) -> str:
        """The task it belongs to; empty if it carries no label of ours."""
        return self.labels.get(TASK_ARN, "")

    @property
    def container(self) -> str:
        """The container's name in the task definition; empty if it carries no label of ours."""
        return self.labels.get(CONTAINER, "")


def read_container(document: Mapping[str, Any]) -> EngineContainer:
    """An answer of the engine's inspect."""
    state, network = document["State"], document.get("NetworkSettings") or {}
    started_at = instant(state.get("StartedAt"))
    ended = started_at is not None and state["Status"] in ("exited", "dead")
    return EngineContainer(
        id=document["Id"],
        name=document["Name"].removeprefix("/"),
        image_id=document["Image"],
        labels=document["Config"].get("Labels") or {},
        status=state["Status"],
        started_at=started_at,
        exit=_exit(state) if ended else None,
        ports=network.get("Ports") or {},
        addresses={
            name: endpoint["IPAddress"]
            for name, endpoint in (network.get("Networks") or {}).items()
            if endpoint.get("IPAddress")
        },
    )


def bindings_of(task: TaskPayload, container: ContainerPayload, ports: Mapping[str, Any]) -> tuple[NetworkBinding, ...]:
    """Where the ports of a container are reached on its host: none in awsvpc, nor once a bridged one has ended."""
    match task.network_mode:
        case NetworkMode.HOST:
            found = ((port, EVERY_ADDRESS, port.container_port) for port in container.port_mappings)
        case NetworkMode.BRIDGE:
            found = (
                (port, binding["HostIp"], int(binding["HostPort"]))
                for port in container.port_mappings
                for binding in ports.get(f"{port.container_port}/{port.protocol}") or ()
            )
        case NetworkMode.AWSVPC | NetworkMode.NONE:
            return ()
    return tuple(
        NetworkBinding(bind_ip=bind_ip, container_port=port.container_port, host_port=host_port, protocol=port.protocol)
        for port, bind_ip, host_port in found
    )


def _exit(state: Mapping[str, Any]) -> ContainerExit:
    return ContainerExit(
        exit_code=state["ExitCode"],
        at=instant(state.get("FinishedAt")) or 0.0,
        reason=OUT_OF_MEMORY if state.get("OOMKilled") else state.get("Error") or None,
    )


def instant(text: str | None) -> float | None:
    """Epoch seconds of the engine's time; None for its zero time, the year 1."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text).timestamp()

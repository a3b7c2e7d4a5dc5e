"""Container instances as the API shows them: a host, as one cluster sees it."""

from collections.abc import Collection
from functools import cache
from importlib.metadata import version
from typing import Any

from slipway.core.arns import cluster_name
from slipway.core.model.hosts import Host
from slipway.core.model.tasks import DesiredStatus, TaskStatus
from slipway.core.placing.host_room import HostRoom
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import instance_id

#: What `include` of DescribeContainerInstances can name (ECS API, `ContainerInstanceField`).
CONTAINER_INSTANCE_FIELDS = ("TAGS", "CONTAINER_INSTANCE_HEALTH")


def container_instance_view(snapshot: Snapshot, arn: str, host: Host, include: Collection[str] = ()) -> dict[str, Any]:
    """The container instance `arn`: `host` as one cluster sees it. All clusters share its room; counts are of one."""
    room = snapshot.room(host.id)
    tasks = [snapshot.tasks[task] for task in room.tasks if cluster_name(task) == cluster_name(arn)]
    view: dict[str, Any] = {
        "containerInstanceArn": arn,
        "ec2InstanceId": instance_id(host.id),
        "version": 1,
        "versionInfo": {"agentVersion": _agent_version()},
        "registeredResources": _resources(host.cpu, host.memory, host.reserved_ports),
        "remainingResources": _remaining(host, room),
        "status": "ACTIVE",
        "agentConnected": host.is_connected,
        "runningTasksCount": sum(task.desired_status is DesiredStatus.RUNNING for task in tasks),
        "pendingTasksCount": sum(task.last_status is TaskStatus.PENDING for task in tasks),
        "attributes": _attributes(arn, host),
        "attachments": [],
        "registeredAt": host.registered_at,
    }
    if "TAGS" in include:
        view["tags"] = []
    if "CONTAINER_INSTANCE_HEALTH" in include:
        view["healthStatus"] = {"overallStatus": "OK" if host.is_connected else "IMPAIRED", "details": []}
    return view


def availability_zone(arn: str) -> str:
    """The zone that everything of this region is in: one machine is one zone."""
    return f"{arn.split(':', 4)[3]}a"


def _remaining(host: Host, room: HostRoom) -> list[dict[str, Any]]:
    """What is left; nothing, where the host came back with less than its tasks hold."""
    return _resources(max(room.cpu_left(host), 0), max(room.memory_left(host), 0), _taken(host, room))


def _taken(host: Host, room: HostRoom) -> tuple[int, ...]:
    return tuple(sorted({*host.reserved_ports, *(port for port, count in room.ports_used.items() if count > 0)}))


def _resources(cpu: int, memory: int, tcp_ports: Collection[int]) -> list[dict[str, Any]]:
    """`PORTS` are those that are taken, not those that are free (ECS API, `ContainerInstance.remainingResources`)."""
    return [
        {"name": "CPU", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": memory},
        _port_set("PORTS", tcp_ports),
        _port_set("PORTS_UDP", ()),
    ]


def _port_set(name: str, ports: Collection[int]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "STRINGSET",
        "doubleValue": 0.0,
        "longValue": 0,
        "integerValue": 0,
        "stringSetValue": [str(port) for port in ports],
    }


def _attributes(arn: str, host: Host) -> list[dict[str, str]]:
    return [
        {"name": "ecs.availability-zone", "value": availability_zone(arn)},
        {"name": "ecs.capability.external"},
        {"name": "ecs.capability.task-eni"},
        {"name": "ecs.os-family", "value": "LINUX"},
        {"name": "ecs.os-type", "value": "linux"},
        {"name": "slipway.runtime", "value": host.runtime},
    ]


@cache
def _agent_version() -> str:
    return version("slipway")

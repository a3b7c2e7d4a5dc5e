"""From a payload to the body of the engine's `POST /containers/create`: a pure translation.

Sources: the public ECS agent's `dockerConfig`/`dockerHostConfig` and AWS's ContainerDefinition page; where Docker on
one machine must differ, the comment says why.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.adapters.docker_labels import labels_of
from slipway.adapters.unserved import check_served
from slipway.core.model.task_definitions import ContainerHealthCheck, NetworkMode, PortMapping
from slipway.core.plan import ContainerPayload, TaskPayload

#: Ports are published here only: the load balancer is what faces the world.
PUBLISHED_ON = "127.0.0.1"
#: Linux takes no fewer CPU shares than 2, and the agent passes 2 for 0 and 1.
MINIMUM_CPU_SHARES = 2
#: The engine refuses a hard limit below this (the agent's DockerContainerMinimumMemoryInBytes).
MINIMUM_MEMORY_MIB = 6
MIB = 1024 * 1024
CPU_UNITS = 1024
NANOSECONDS = 1_000_000_000
#: The engine's least CPU quota, 0.01 of a CPU.
MINIMUM_NANO_CPUS = 10_000_000
#: json-file keeps this much of a container's output, so that logs never fill the disk.
DEFAULT_LOG_OPTIONS = {"max-size": "16m", "max-file": "2"}
#: Drivers that need AWS, or a router in the task, become json-file here; `slipway logs` reads that.
LOCAL_LOG_INSTEAD_OF = ("awslogs", "awsfirelens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a container is put."""

    data_id: str
    network: str  # the engine's NetworkMode: bridge, host, none, a network's name, or container:<name>
    cpus: int  # CPUs of the engine's machine; a quota above that is refused by the engine


def container_name(task_id: str, name: str) -> str:
    """The engine's name of a container: the same for the same task, so that creating twice is seen."""
    return f"slipway-{task_id}-{name}"


def create_body(task: TaskPayload, container: ContainerPayload, place: Place) -> dict[str, Any]:
    """The body of the create request. Raises `RuntimeFault` for what cannot be carried out."""
    document: Mapping[str, Any] = container.document
    check_served(container)
    joins = place.network.startswith("container:")
    body: dict[str, Any] = {
        "Image": container.image,
        "Env": [f"{key}={value}" for key, value in _environment(container).items()],
        "Labels": {
            **document.get("dockerLabels", {}),
            **labels_of(task, container, data_id=place.data_id),
        },
        "Cmd": list(container.command) or None,
        "Entrypoint": list(container.entry_point) or None,
        "WorkingDir": container.working_directory,
        "User": container.user,
        "Hostname": None if joins else document.get("hostname"),
        "OpenStdin": document.get("interactive"),
        "Tty": document.get("pseudoTerminal"),
        "StopTimeout": math.ceil(container.stop_timeout_s),
        "NetworkDisabled": document.get("disableNetworking"),
        "Healthcheck": _health_check(container.health_check),
        "ExposedPorts": None if joins else {_port(port): {} for port in container.port_mappings} or None,
        "HostConfig": _host_config(task, container, place),
    }
    return _without_none(body)


def is_terminal(container: ContainerPayload) -> bool:
    """Whether the container's output is one raw stream, and not two multiplexed ones."""
    return bool(container.document.get("pseudoTerminal"))


def _host_config(task: TaskPayload, container: ContainerPayload, place: Place) -> dict[str, Any]:
    document: Mapping[str, Any] = container.document
    linux: Mapping[str, Any] = document.get("linuxParameters") or {}
    config: dict[str, Any] = {
        "NetworkMode": place.network,
        "LogConfig": _log_config(document.get("logConfiguration")),
        "ReadonlyRootfs": document.get("readonlyRootFilesystem"),
        "Privileged": document.get("privileged"),
        "SecurityOpt": document.get("dockerSecurityOptions") or None,
        "Sysctls": {each["namespace"]: each["value"] for each in document.get("systemControls", ())} or None,
        "Ulimits": [{"Name": name, "Soft": soft, "Hard": hard} for name, soft, hard in container.ulimits] or None,
        "VolumesFrom": _volumes_from(task, document.get("volumesFrom", ())) or None,
        **_resources(task, container, place.cpus),
        **_linux(linux),
        **_memory(task, container, linux),
    }
    if not place.network.startswith("container:"):  # the engine refuses these for one that joins another's network
        config["Dns"] = document.get("dnsServers") or None
        config["DnsSearch"] = document.get("dnsSearchDomains") or None
        config["ExtraHosts"] = [f"{e['hostname']}:{e['ipAddress']}" for e in document.get("extraHosts", ())] or None
    if task.network_mode is NetworkMode.BRIDGE:
        config["PortBindings"] = {_port(port): [_binding(port)] for port in container.port_mappings} or None
        config["Links"] = [_link(task, each) for each in document.get("links", ())] or None
    return _without_none(config)


def _environment(container: ContainerPayload) -> dict[str, str]:
    """`PORT` and `PORT_<containerPort>` as in the process runtime, so that one definition runs on both."""
    ports = [port.container_port for port in container.port_mappings]
    given = {"PORT": str(ports[0])} if ports else {}
    return {**given, **{f"PORT_{port}": str(port) for port in ports}, **container.environment}


def _resources(task: TaskPayload, container: ContainerPayload, cpus: int) -> dict[str, Any]:
    """Shares by the container's units; a quota only where the task asks for more than its containers do.

    The agent bounds a task with a cgroup of its own when the *task* names CPU, and lets containers burst when only
    they do. A payload has one number for both: it exceeds the sum of the containers exactly when the task named it.
    """
    asked = sum(each.cpu for each in task.containers)
    open_ended = sum(1 for each in task.containers if not each.cpu)
    units = container.cpu or (max(0, task.cpu - asked) // max(1, open_ended))
    resources = {"CpuShares": max(MINIMUM_CPU_SHARES, units)}
    if task.cpu > asked:
        nano_cpus = min(task.cpu / CPU_UNITS, cpus) * 1_000_000_000
        resources["NanoCpus"] = max(MINIMUM_NANO_CPUS, round(nano_cpus))
    return resources


def _memory(task: TaskPayload, container: ContainerPayload, linux: Mapping[str, Any]) -> dict[str, Any]:
    """The hard limit is the container's, else the task's where the task named one (told as in `_resources`)."""
    reserved = sum(each.memory or each.memory_reservation or 0 for each in task.containers)
    hard = container.memory or (task.memory if task.memory > reserved else None)
    memory: dict[str, Any] = {}
    if hard:
        memory["Memory"] = max(MINIMUM_MEMORY_MIB, hard) * MIB
        if linux.get("maxSwap") is not None:
            memory["MemorySwap"] = memory["Memory"] + linux["maxSwap"] * MIB
    if container.memory_reservation and (not hard or container.memory_reservation <= hard):
        memory["MemoryReservation"] = container.memory_reservation * MIB
    return memory


def _linux(linux: Mapping[str, Any]) -> dict[str, Any]:
    capabilities: Mapping[str, Any] = linux.get("capabilities") or {}
    tmpfs = {
        each["containerPath"]: ",".join([*each.get("mountOptions", ()), f"size={each['size']}m"])
        for each in linux.get("tmpfs", ())
    }
    devices = [
        {
            "PathOnHost": each["hostPath"],
            "PathInContainer": each.get("containerPath") or each["hostPath"],
            "CgroupPermissions": "".join(word[0] for word in each.get("permissions") or ("read", "write", "mknod")),
        }
        for each in linux.get("devices", ())
    ]
    return {
        "Init": linux.get("initProcessEnabled"),
        "CapAdd": capabilities.get("add") or None,
        "CapDrop": capabilities.get("drop") or None,
        "ShmSize": linux["sharedMemorySize"] * MIB if linux.get("sharedMemorySize") else None,
        "MemorySwappiness": linux.get("swappiness"),
        "Tmpfs": tmpfs or None,
        "Devices": devices or None,
    }


def _log_config(configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Any driver that the engine knows is passed through; the engine's error names one that it does not."""
    if not configuration or configuration["logDriver"] in LOCAL_LOG_INSTEAD_OF:
        return {"Type": "json-file", "Config": DEFAULT_LOG_OPTIONS}
    driver, options = configuration["logDriver"], configuration.get("options") or {}
    return {"Type": driver, "Config": {**DEFAULT_LOG_OPTIONS, **options} if driver == "json-file" else dict(options)}


def _health_check(check: ContainerHealthCheck | None) -> dict[str, Any]:
    """ECS ignores a HEALTHCHECK of the image; only the definition's counts (ContainerDefinition.healthCheck).

    `StartInterval` keeps engines from 25 on from checking every 5 seconds during the start period.
    """
    if check is None:
        return {"Test": ["NONE"]}
    return {
        "Test": list(check.command),
        "Interval": check.interval_s * NANOSECONDS,
        "StartInterval": check.interval_s * NANOSECONDS,
        "Timeout": check.timeout_s * NANOSECONDS,
        "Retries": check.retries,
        "StartPeriod": check.start_period_s * NANOSECONDS,
    }


def _volumes_from(task: TaskPayload, sources: tuple[Mapping[str, Any], ...]) -> list[str]:
    return [
        container_name(task.task_id, each["sourceContainer"]) + (":ro" if each.get("readOnly") else "")
        for each in sources
    ]


def _link(task: TaskPayload, link: str) -> str:
    name, _, alias = link.partition(":")
    return f"{container_name(task.task_id, name)}:{alias or name}"


def _port(port: PortMapping) -> str:
    return f"{port.container_port}/{port.protocol}"


def _binding(port: PortMapping) -> dict[str, str]:
    return {"HostIp": PUBLISHED_ON, "HostPort": str(port.host_port) if port.host_port else ""}


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}

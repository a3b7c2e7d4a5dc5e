"""A task definition as RegisterTaskDefinition is given it: checked as a whole, and made into its record's fields."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.api.container_dependencies import check_dependencies
from slipway.api.ecs_container_definitions import check_memory, read_container
from slipway.api.parameters import client_error, first_repeated
from slipway.api.port_mappings import check_port_mappings
from slipway.api.task_size import is_fargate_size, read_task_cpu, read_task_memory
from slipway.core.model.task_definitions import ContainerDefinition, NetworkMode

#: Quotas (AWS General Reference, "Amazon ECS endpoints and quotas").
CONTAINERS_LIMIT = 10
SIZE_LIMIT = 64 * 1024

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
_VOLUME = re.compile(r"[A-Za-z0-9_-]{1,255}")

#: What the hosts cannot honour yet, refused rather than left out silently.
_UNSERVED = {
    "placementConstraints": "placement constraints of a task definition",
    "inferenceAccelerators": "inference accelerators",
    "proxyConfiguration": "App Mesh proxies",
    "trustedExecutionConfiguration": "trusted execution",
}
_UNSERVED_VOLUMES = (
    "efsVolumeConfiguration",
    "s3filesVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
)

_CHOICES = {
    "networkMode": tuple(NetworkMode),
    "pidMode": ("host", "task"),
    "ipcMode": ("host", "task", "none"),
}
_COMPATIBILITIES = ("EC2", "FARGATE", "EXTERNAL")

#: Container members that Fargate has not (ECS Developer Guide, "Task definition differences for Fargate").
_NOT_ON_FARGATE = (
    *("disableNetworking", "dnsSearchDomains", "dnsServers", "dockerSecurityOptions"),
    *("extraHosts", "links", "privileged"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinitionForm:
    """A checked task definition. `document` is its JSON with ECS's defaults, without its identity and its tags."""

    family: str
    containers: tuple[ContainerDefinition, ...]
    network_mode: NetworkMode
    cpu: int | None  # CPU units; None: the sum of the containers'
    memory: int | None  # MiB; None: the sum of the containers'
    document: Mapping[str, Any]


def read_task_definition(params: Mapping[str, Any]) -> TaskDefinitionForm:
    """The parameters of RegisterTaskDefinition, checked. Raises ClientException with the container and the fix."""
    _check_task(params)
    mode = NetworkMode(params.get("networkMode", NetworkMode.BRIDGE))
    parsed = [read_container(item, mode) for item in params["containerDefinitions"]]
    containers = tuple(container for container, _ in parsed)
    documents = [document for _, document in parsed]
    cpu = read_task_cpu(params["cpu"]) if params.get("cpu") else None
    memory = read_task_memory(params["memory"]) if params.get("memory") else None
    _check_containers(containers, cpu)
    check_memory(containers, memory)
    check_port_mappings(containers, mode)
    check_dependencies(documents)
    _check_volumes(params.get("volumes", ()), documents)
    if "FARGATE" in params.get("requiresCompatibilities", ()):
        _check_fargate(params, documents, cpu=cpu, memory=memory)
    document = _document(params, documents, cpu=cpu, memory=memory)
    _check_size(document)
    return TaskDefinitionForm(
        family=params["family"], containers=containers, network_mode=mode, cpu=cpu, memory=memory, document=document
    )


def _check_task(params: Mapping[str, Any]) -> None:
    if not _FAMILY.fullmatch(params["family"]):
        raise client_error("Family contains invalid characters: use 1 to 255 letters, digits, underscores and hyphens.")
    for name, allowed in _CHOICES.items():
        if params.get(name, allowed[0]) not in allowed:
            raise client_error(f"{name} '{params[name]}' is not known; use one of {', '.join(allowed)}.")
    for kind in params.get("requiresCompatibilities", ()):
        if kind not in _COMPATIBILITIES:
            raise client_error(
                f"requiresCompatibilities '{kind}' is not served; use one of {', '.join(_COMPATIBILITIES)}."
            )
    for name, title in _UNSERVED.items():
        if params.get(name):
            raise client_error(f"Slipway does not serve {title} yet; remove {name}.")
    system = params.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX")
    if system != "LINUX":
        raise client_error(f"runtimePlatform.operatingSystemFamily '{system}' is not served; use LINUX.")
    size = params.get("ephemeralStorage", {}).get("sizeInGiB", 21)
    if not 20 <= size <= 200:
        raise client_error(f"ephemeralStorage.sizeInGiB is {size}; give a size from 21 to 200.")


def _check_containers(containers: Sequence[ContainerDefinition], cpu: int | None) -> None:
    if not 1 <= len(containers) <= CONTAINERS_LIMIT:
        raise client_error(
            f"containerDefinitions must have 1 to {CONTAINERS_LIMIT} containers; {len(containers)} were given."
        )
    if (name := first_repeated(container.name for container in containers)) is not None:
        raise client_error(f"The container name '{name}' is given twice; give each container a name of its own.")
    if not any(container.essential for container in containers):
        raise client_error(
            "A task definition must have at least one essential container; set essential to true on one."
        )
    total = sum(container.cpu for container in containers)
    if cpu is not None and total > cpu:
        raise client_error(
            f"The containers ask for {total} CPU units, more than the {cpu} of the task; raise the task's."
        )


def _check_volumes(volumes: Sequence[Mapping[str, Any]], containers: Sequence[Mapping[str, Any]]) -> None:
    names = [volume.get("name", "") for volume in volumes]
    for volume, name in zip(volumes, names, strict=True):
        if not _VOLUME.fullmatch(name):
            raise client_error(f"The volume name '{name}' must have 1 to 255 letters, digits, underscores and hyphens.")
        for kind in _UNSERVED_VOLUMES:
            if kind in volume:
                raise client_error(f"The volume '{name}' is an {kind}, which Slipway does not serve yet; use host.")
        if volume.get("configuredAtLaunch"):
            raise client_error(
                f"The volume '{name}' is configuredAtLaunch, which Slipway does not serve yet; use host."
            )
    if (repeated := first_repeated(names)) is not None:
        raise client_error(f"The volume name '{repeated}' is given twice; give each volume a name of its own.")
    for container in containers:
        for mount in container["mountPoints"]:
            if mount.get("sourceVolume") not in names:
                raise client_error(f"Unknown volume '{mount.get('sourceVolume', '')}'; name it in volumes.")
            if not mount.get("containerPath", "").startswith("/"):
                raise client_error(
                    f"The mount of volume '{mount['sourceVolume']}' in container '{container['name']}' "
                    "needs a containerPath that begins with '/'."
                )


def _check_fargate(
    params: Mapping[str, Any], containers: Sequence[Mapping[str, Any]], *, cpu: int | None, memory: int | None
) -> None:
    if params.get("networkMode") != NetworkMode.AWSVPC:
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    for name, size in (("cpu", cpu), ("memory", memory)):
        if size is None:
            raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
    if not is_fargate_size(cpu, memory):
        raise client_error("No Fargate configuration exists for given values.")
    if params.get("ipcMode"):
        raise client_error("Fargate does not support ipcMode; remove it.")
    for container in containers:
        for name in _NOT_ON_FARGATE:
            if container.get(name):
                raise client_error(f"Fargate does not support {name}; remove it from container '{container['name']}'.")


def _document(
    params: Mapping[str, Any], containers: list[dict[str, Any]], *, cpu: int | None, memory: int | None
) -> dict[str, Any]:
    """What was sent, with the members ECS always answers and the sizes as numbers in text."""
    document = {
        "volumes": [],
        "placementConstraints": [],
        **{name: value for name, value in params.items() if name not in ("tags", "cpu", "memory")},
        "containerDefinitions": containers,
        "requiresAttributes": _required_attributes(params, containers, is_sized=cpu is not None or memory is not None),
        "compatibilities": _compatibilities(params, containers, cpu=cpu, memory=memory),
    }
    sizes = {"cpu": cpu, "memory": memory}
    return document | {name: str(size) for name, size in sizes.items() if size is not None}


def _compatibilities(
    params: Mapping[str, Any], containers: list[dict[str, Any]], *, cpu: int | None, memory: int | None
) -> list[str]:
    is_fargate = (
        params.get("networkMode") == NetworkMode.AWSVPC
        and is_fargate_size(cpu, memory)
        and not params.get("ipcMode")
        and not any(container.get(name) for container in containers for name in _NOT_ON_FARGATE)
    )
    return ["EXTERNAL", "EC2", *(["FARGATE"] if is_fargate else [])]


def _required_attributes(
    params: Mapping[str, Any], containers: Sequence[Mapping[str, Any]], *, is_sized: bool
) -> list[dict[str, str]]:
    """`requiresAttributes` as ECS derives them from what the definition uses. Placement does not read them."""
    drivers = {item["logConfiguration"]["logDriver"] for item in containers if "logConfiguration" in item}
    capabilities = {
        "com.amazonaws.ecs.capability.docker-remote-api.1.18": True,
        "com.amazonaws.ecs.capability.privileged-container": any(item.get("privileged") for item in containers),
        "com.amazonaws.ecs.capability.task-iam-role": "taskRoleArn" in params,
        "ecs.capability.container-health-check": any("healthCheck" in item for item in containers),
        "ecs.capability.container-ordering": any(item.get("dependsOn") for item in containers),
        "ecs.capability.task-cpu-mem-limit": is_sized,
        "ecs.capability.task-eni": params.get("networkMode") == NetworkMode.AWSVPC,
        **{f"com.amazonaws.ecs.capability.logging-driver.{driver}": True for driver in drivers},
    }
    return [{"name": name} for name in sorted(capabilities) if capabilities[name]]


def _check_size(document: Mapping[str, Any]) -> None:
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    if size > SIZE_LIMIT:
        raise client_error(
            f"Actual length: '{size}'. Max allowed length is '{SIZE_LIMIT}' bytes. Make the task definition smaller."
        )

"""Tasks as the API shows them."""

from collections.abc import Mapping
from typing import Any

from slipway.api.container_instance_view import availability_zone
from slipway.api.deployment_view import PLATFORM_FAMILY, PLATFORM_VERSION
from slipway.api.tag_lists import show_tags
from slipway.core.arns import cluster_name
from slipway.core.ids import stable_hex
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition
from slipway.core.model.tasks import Container, LaunchType, Task, TaskStatus
from slipway.core.snapshot import Snapshot

#: Fields of a task that are shown where they have a value, by their names in ECS's API.
_WHEN_KNOWN = {
    "startedBy": "started_by",
    "pullStartedAt": "pull_started_at",
    "pullStoppedAt": "pull_stopped_at",
    "startedAt": "started_at",
    "stoppingAt": "stopping_at",
    "executionStoppedAt": "execution_stopped_at",
    "stoppedAt": "stopped_at",
    "stopCode": "stop_code",
    "stoppedReason": "stopped_reason",
}

#: Members of a task's document that are shown where they are there.
_AS_GIVEN = ("capacityProviderName", "ephemeralStorage")


def task_view(snapshot: Snapshot, task: Task, *, with_tags: bool = False) -> dict[str, Any]:
    """The task's JSON."""
    definition = snapshot.task_definitions[task.task_definition_arn]
    overrides = task.document.get("overrides", {})
    view: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "group": task.group,
        "desiredStatus": task.desired_status.value,
        "lastStatus": task.last_status.value,
        "healthStatus": task.health_status.value,
        "cpu": str(task.cpu),
        "memory": str(task.memory),
        "createdAt": task.created_at,
        "version": task.version,
        "availabilityZone": availability_zone(task.arn),
        "connectivity": _connectivity(snapshot, task),
        "enableExecuteCommand": task.document.get("enableExecuteCommand", False),
        "attributes": [],
        "attachments": _attachments(task, definition),
        "containers": _containers(task, definition, overrides),
        "overrides": _overrides(task, overrides),
        **_capacity(task),
    }
    for name, field in _WHEN_KNOWN.items():
        if (value := getattr(task, field)) is not None:
            view[name] = value
    for name in _AS_GIVEN:
        if name in task.document:
            view[name] = task.document[name]
    if with_tags:
        view["tags"] = show_tags(task.tags)
    return view


def container_instance_arn(task: Task) -> str:
    """The ARN of the host a task is on, as its cluster sees it."""
    cluster = cluster_name(task.arn)
    of_cluster = task.cluster_arn.replace(":cluster/", ":container-instance/", 1)
    return f"{of_cluster}/{stable_hex(task.host_id, cluster)}"


def _capacity(task: Task) -> dict[str, Any]:
    """The launch type, unless a capacity provider was chosen; then the platform, or the container instance."""
    capacity = {} if "capacityProviderName" in task.document else {"launchType": task.launch_type.value}
    if task.launch_type is not LaunchType.FARGATE:
        return {**capacity, "containerInstanceArn": container_instance_arn(task)}
    named = task.document.get("platformVersion", "LATEST")
    capacity["platformVersion"] = PLATFORM_VERSION if named == "LATEST" else named
    return {**capacity, "platformFamily": PLATFORM_FAMILY}


def _connectivity(snapshot: Snapshot, task: Task) -> str:
    host = snapshot.hosts.get(task.host_id)
    return "CONNECTED" if host is not None and host.is_connected else "DISCONNECTED"


def _overrides(task: Task, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What was overridden, with an entry for every container, as ECS answers."""
    given = {item.get("name"): item for item in overrides.get("containerOverrides", ())}
    return {
        "inferenceAcceleratorOverrides": [],
        **overrides,
        "containerOverrides": [given.get(container.name, {"name": container.name}) for container in task.containers],
    }


def _containers(task: Task, definition: TaskDefinition, overrides: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = {item.get("name"): item for item in overrides.get("containerOverrides", ())}
    interfaces = _interfaces(task, definition)
    return [
        {
            "containerArn": container.arn,
            "taskArn": task.arn,
            "name": container.name,
            "image": container.image,
            "lastStatus": container.last_status.value,
            "healthStatus": container.health_status.value,
            "networkInterfaces": interfaces,
            **_sizes(container, definition, given.get(container.name, {})),
            **_reported(container),
        }
        for container in task.containers
    ]


def _sizes(container: Container, definition: TaskDefinition, override: Mapping[str, Any]) -> dict[str, str]:
    defined = definition.container(container.name)
    assert defined is not None, f"{container.arn} is not in its task definition"
    sizes = {
        "cpu": override.get("cpu", defined.cpu),
        "memory": override.get("memory", defined.memory),
        "memoryReservation": override.get("memoryReservation", defined.memory_reservation),
    }
    return {name: str(size) for name, size in sizes.items() if size is not None}


def _reported(container: Container) -> dict[str, Any]:
    """What the host told of a container, where it told something."""
    reported = {
        "runtimeId": container.runtime_id,
        "imageDigest": container.image_digest,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkBindings": [
            {
                "bindIP": binding.bind_ip,
                "containerPort": binding.container_port,
                "hostPort": binding.host_port,
                "protocol": binding.protocol,
            }
            for binding in container.network_bindings
        ],
    }
    return {name: value for name, value in reported.items() if value is not None}


def _attachment_id(task: Task) -> str:
    text = stable_hex("attachment", task.arn)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def _interfaces(task: Task, definition: TaskDefinition) -> list[dict[str, str]]:
    if definition.network_mode is not NetworkMode.AWSVPC or task.ip_address is None:
        return []
    return [{"attachmentId": _attachment_id(task), "privateIpv4Address": task.ip_address}]


def _attachments(task: Task, definition: TaskDefinition) -> list[dict[str, Any]]:
    """The network interface of an awsvpc task. Its ids are made up, its address is where the task is reached."""
    if definition.network_mode is not NetworkMode.AWSVPC:
        return []
    network = task.document.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    digits = stable_hex("interface", task.arn)
    details = {
        "subnetId": next(iter(network.get("subnets", ())), None),
        "networkInterfaceId": f"eni-{digits[:17]}",
        "macAddress": ":".join(("02", *(digits[at : at + 2] for at in range(17, 27, 2)))),
        "privateDnsName": f"ip-{task.ip_address.replace('.', '-')}.internal" if task.ip_address else None,
        "privateIPv4Address": task.ip_address,
    }
    return [
        {
            "id": _attachment_id(task),
            "type": "ElasticNetworkInterface",
            "status": _attachment_status(task),
            "details": [{"name": name, "value": value} for name, value in details.items() if value is not None],
        }
    ]


def _attachment_status(task: Task) -> str:
    if task.last_status is TaskStatus.STOPPED:
        return "DELETED"
    return "PRECREATED" if task.ip_address is None else "ATTACHED"

"""The payload of a task: everything its host must know, with overrides and defaults applied."""

from collections.abc import Mapping
from typing import Any

from slipway.core.arns import cluster_name, resource_name
from slipway.core.model.task_definitions import DEFAULT_STOP_TIMEOUT_S, ContainerDefinition, TaskDefinition
from slipway.core.model.tasks import Container, Task
from slipway.core.plan import ContainerPayload, TaskPayload


def payload_of(task: Task, definition: TaskDefinition, image_digests: Mapping[str, str] = {}) -> TaskPayload:
    """What the host of `task` is told, from its definition and RunTask's `overrides` in its document.

    `image_digests` are the images, by container, that its deployment is pinned to.
    """
    overrides = {
        override.get("name"): override for override in task.document.get("overrides", {}).get("containerOverrides", ())
    }
    documents = {document["name"]: document for document in definition.document.get("containerDefinitions", ())}
    return TaskPayload(
        task_arn=task.arn,
        cluster_name=cluster_name(task.arn),
        family=definition.family,
        revision=definition.revision,
        service_name=None if task.service_arn is None else resource_name(task.service_arn),
        network_mode=definition.network_mode,
        cpu=task.cpu,
        memory=task.memory,
        containers=tuple(
            _container(
                container,
                definition=definition.container(container.name),
                document=documents.get(container.name, {}),
                override=overrides.get(container.name, {}),
                image_digest=image_digests.get(container.name),
            )
            for container in task.containers
        ),
    )


def _container(
    container: Container,
    *,
    definition: ContainerDefinition | None,
    document: Mapping[str, Any],
    override: Mapping[str, Any],
    image_digest: str | None,
) -> ContainerPayload:
    assert definition is not None, f"{container.arn} is not in its task definition"
    environment = {item["name"]: item.get("value", "") for item in document.get("environment", ())}
    environment |= {item["name"]: item.get("value", "") for item in override.get("environment", ())}
    stop_timeout = definition.stop_timeout_s
    return ContainerPayload(
        name=container.name,
        arn=container.arn,
        image=container.image,
        image_digest=image_digest,
        essential=definition.essential,
        command=tuple(override.get("command") or document.get("command") or ()),
        entry_point=tuple(document.get("entryPoint") or ()),
        environment=environment,
        working_directory=document.get("workingDirectory"),
        user=document.get("user"),
        cpu=override.get("cpu", definition.cpu),
        memory=override.get("memory", definition.memory),
        memory_reservation=override.get("memoryReservation", definition.memory_reservation),
        port_mappings=definition.port_mappings,
        stop_timeout_s=DEFAULT_STOP_TIMEOUT_S if stop_timeout is None else stop_timeout,
        start_timeout_s=definition.start_timeout_s,
        health_check=definition.health_check,
        depends_on=definition.depends_on,
        restart_policy=definition.restart_policy,
        ulimits=tuple((item["name"], item["softLimit"], item["hardLimit"]) for item in document.get("ulimits", ())),
        document=document,
    )

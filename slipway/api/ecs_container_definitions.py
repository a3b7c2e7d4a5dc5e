"""Container definitions: parsed into what decisions read, checked, and with the defaults ECS fills in."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from slipway.api.errors import ApiError
from slipway.api.parameters import client_error, first_repeated, has_nul
from slipway.api.port_mappings import read_port_mapping
from slipway.api.task_size import MEMORY_LOW
from slipway.core.model.task_definitions import (
    ContainerDefinition,
    ContainerDependency,
    ContainerHealthCheck,
    DependencyCondition,
    NetworkMode,
    RestartPolicy,
)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_IMAGE_LIMIT = 255

#: ECS API, `UlimitName`.
_ULIMITS = (
    *("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice"),
    *("nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"),
)

#: ECS API, `HealthCheck`: the least and the most of each number.
_HEALTH_CHECK = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}

_HEALTH_CHECK_FIELDS = {
    "interval": "interval_s",
    "timeout": "timeout_s",
    "retries": "retries",
    "startPeriod": "start_period_s",
}

#: ECS API, `ContainerRestartPolicy`: the least and the most seconds, and how many exit codes may be named.
_RESTART_PERIOD = (60, 1800)
_RESTART_PERIOD_DEFAULT = 300
_IGNORED_EXIT_CODES_LIMIT = 50

_LOG_DRIVERS = ("json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens")


def read_container(item: Mapping[str, Any], mode: NetworkMode) -> tuple[ContainerDefinition, dict[str, Any]]:
    """A container definition and its JSON with ECS's defaults. Raises ClientException naming the container."""
    name = item.get("name", "")
    if not _NAME.fullmatch(name):
        raise client_error(
            f"Container.name '{name}' contains invalid characters; "
            "use 1 to 255 letters, digits, underscores and hyphens."
        )
    for member, value in item.items():
        if has_nul(value):
            raise _refusal(name, f"{member} has a NUL character, which no program can be given; leave it out.")
    image = item.get("image", "")
    if not image or len(image) > _IMAGE_LIMIT or image != image.strip():
        raise _refusal(
            name, f"Container.image should be a reference of 1 to {_IMAGE_LIMIT} characters, without spaces."
        )
    mappings = [read_port_mapping(mapping, mode, name) for mapping in item.get("portMappings", ())]
    container = ContainerDefinition(
        name=name,
        image=image,
        essential=item.get("essential", True),
        cpu=item.get("cpu", 0),
        memory=item.get("memory"),
        memory_reservation=item.get("memoryReservation"),
        port_mappings=tuple(mapping for mapping, _ in mappings),
        stop_timeout_s=item.get("stopTimeout"),
        start_timeout_s=item.get("startTimeout"),
        health_check=_read_health_check(item, name),
        depends_on=_read_dependencies(item, name),
        restart_policy=_read_restart_policy(item, name),
        is_digest_pinned=item.get("versionConsistency", "enabled") == "enabled",
    )
    _check_numbers(container, item)
    _check_environment(item, name)
    _check_process(item, name)
    return container, _with_defaults(item, container, [document for _, document in mappings])


def _with_defaults(
    item: Mapping[str, Any], container: ContainerDefinition, mappings: list[dict[str, Any]]
) -> dict[str, Any]:
    """What was sent, with the members ECS always answers. Nothing else is added: Terraform compares the two."""
    return {
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **item,
        "cpu": container.cpu,
        "essential": container.essential,
        "portMappings": mappings,
    }


def _check_numbers(container: ContainerDefinition, item: Mapping[str, Any]) -> None:
    name, memory, reserved = container.name, container.memory, container.memory_reservation
    if container.cpu < 0:
        raise _refusal(name, f"cpu is {container.cpu}; give 0 or more CPU units.")
    for member, size in (("memory", memory), ("memoryReservation", reserved)):
        if size is not None and size < MEMORY_LOW:
            raise _refusal(name, f"{member} is {size}; give at least {MEMORY_LOW} MiB.")
    if memory is not None and reserved is not None and reserved > memory:
        raise _refusal(name, f"memoryReservation ({reserved}) must not be greater than memory ({memory}).")
    for member in ("stopTimeout", "startTimeout"):
        if item.get(member, 0) < 0:
            raise _refusal(name, f"{member} is {item[member]}; give 0 or more seconds.")


def _check_environment(item: Mapping[str, Any], name: str) -> None:
    variables = [variable.get("name", "") for variable in item.get("environment", ())]
    secrets = [secret["name"] for secret in item.get("secrets", ())]
    for variable in (*variables, *secrets):
        if not variable or "=" in variable:
            raise _refusal(name, f"The environment variable name '{variable}' must not be empty or contain '='.")
    for secret in item.get("secrets", ()):
        if not secret["valueFrom"]:
            raise _refusal(
                name, f"The secret '{secret['name']}' needs a valueFrom: the ARN or the name of a parameter."
            )
    if (repeated := first_repeated((*dict.fromkeys(variables), *secrets))) is not None:
        raise client_error(
            "The secret name must be unique and not shared with any new or existing environment variables set on the "
            f"container, such as '{repeated}'."
        )


def _read_health_check(item: Mapping[str, Any], name: str) -> ContainerHealthCheck | None:
    check = item.get("healthCheck")
    if check is None:
        return None
    command = check["command"]
    if len(command) < 2 or command[0] not in ("CMD", "CMD-SHELL"):
        raise _refusal(name, "healthCheck.command must begin with CMD or CMD-SHELL, followed by the command.")
    for member, (low, high) in _HEALTH_CHECK.items():
        if member in check and not low <= check[member] <= high:
            raise _refusal(name, f"healthCheck.{member} is {check[member]}; give a number from {low} to {high}.")
    given = {field: check[member] for member, field in _HEALTH_CHECK_FIELDS.items() if member in check}
    return ContainerHealthCheck(command=tuple(command), **given)


def _read_dependencies(item: Mapping[str, Any], name: str) -> tuple[ContainerDependency, ...]:
    dependencies = []
    for one in item.get("dependsOn", ()):
        if one["condition"] not in tuple(DependencyCondition):
            known = ", ".join(DependencyCondition)
            raise _refusal(name, f"dependsOn has the condition '{one['condition']}'; use one of {known}.")
        condition = DependencyCondition(one["condition"])
        dependencies.append(ContainerDependency(container_name=one["containerName"], condition=condition))
    return tuple(dependencies)


def _read_restart_policy(item: Mapping[str, Any], name: str) -> RestartPolicy | None:
    policy = item.get("restartPolicy")
    if policy is None or not policy["enabled"]:
        return None
    ignored, period = policy.get("ignoredExitCodes", ()), policy.get("restartAttemptPeriod", _RESTART_PERIOD_DEFAULT)
    low, high = _RESTART_PERIOD
    if not low <= period <= high:
        raise _refusal(name, f"restartPolicy.restartAttemptPeriod is {period}; give a number from {low} to {high}.")
    if len(ignored) > _IGNORED_EXIT_CODES_LIMIT:
        raise _refusal(
            name, f"restartPolicy.ignoredExitCodes has {len(ignored)} items; give at most {_IGNORED_EXIT_CODES_LIMIT}."
        )
    return RestartPolicy(ignored_exit_codes=tuple(ignored), attempt_period_s=period)


def _check_process(item: Mapping[str, Any], name: str) -> None:
    limits = item.get("ulimits", ())
    for limit in limits:
        soft, hard = limit["softLimit"], limit["hardLimit"]
        if limit["name"] not in _ULIMITS:
            raise _refusal(name, f"The ulimit '{limit['name']}' is not known; use one of {', '.join(_ULIMITS)}.")
        if hard != -1 and (soft == -1 or soft > hard):
            raise _refusal(name, f"The ulimit '{limit['name']}' has a softLimit above its hardLimit ({soft} > {hard}).")
    if (repeated := first_repeated(limit["name"] for limit in limits)) is not None:
        raise _refusal(name, f"The ulimit '{repeated}' is given twice; give it once.")
    driver = item.get("logConfiguration", {}).get("logDriver", "json-file")
    if driver not in _LOG_DRIVERS:
        raise _refusal(
            name, f"logConfiguration.logDriver '{driver}' is not known; use one of {', '.join(_LOG_DRIVERS)}."
        )
    if item.get("versionConsistency", "enabled") not in ("enabled", "disabled"):
        raise _refusal(
            name, f"versionConsistency '{item['versionConsistency']}' is not known; use enabled or disabled."
        )
    if item.get("resourceRequirements"):
        raise _refusal(name, "resourceRequirements asks for GPUs, which Slipway's hosts do not offer yet; remove it.")


def check_memory(containers: Iterable[ContainerDefinition], task_memory: int | None) -> None:
    """Check that every container's memory is bounded, by itself or by its task. Raises ClientException."""
    for container in containers:
        needs = container.memory_reservation or container.memory
        if needs is None and task_memory is None:
            raise _refusal(container.name, "At least one of 'memory' or 'memoryReservation' must be specified.")
        if task_memory is not None and max(container.memory or 0, needs or 0) > task_memory:
            raise _refusal(container.name, f"Its memory must not be greater than the task's ({task_memory} MiB).")


def _refusal(container: str, sentence: str) -> ApiError:
    return client_error(f"Invalid setting for container '{container}'. {sentence}")

"""What saved answers of the AWS CLI say of a service, without a network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.cli.failure import CliError, UsageError
from slipway.cli.import_calls import attributes_of
from slipway.foresight.imports_aws import Described

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnswers:
    """Files, each an answer of the AWS CLI as JSON; None, or none: not there."""

    services: Path
    task_definition: Path | None = None
    target_groups: Path | None = None
    target_group_attributes: Sequence[Path] = ()  # one for each target group, in their order
    service_deployments: Path | None = None
    tasks: Path | None = None


def read_json(file: Path) -> Any:
    """The JSON of a file. Raises `CliError`."""
    try:
        return json.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CliError(f"{file} is not JSON: {error}.") from error


def describe_by_files(saved: SavedAnswers, name: str | None) -> tuple[Described, tuple[Shape, ...]]:
    """The service, and its service deployments. Raises `CliError`, and `UsageError` where it must be named."""
    service = _service(saved.services, name)
    definition = _member(saved.task_definition, "taskDefinition", "describe-task-definition", dict)
    groups = _target_groups(saved, service)
    tasks = _member(saved.tasks, "tasks", "describe-tasks", list)
    deployments = _member(saved.service_deployments, "serviceDeployments", "describe-service-deployments", list)
    described = Described(
        service=service, task_definition=definition, target_groups=tuple(groups), tasks=tuple(tasks or ())
    )
    return described, tuple(deployments or ())


def _service(file: Path, name: str | None) -> Shape:
    services = _member(file, "services", "describe-services", list) or []
    names = ", ".join(str(one.get("serviceName")) for one in services)
    if name is None:
        if len(services) != 1:
            raise UsageError(f"{file} has {len(services)} services ({names}): name one of them.")
        only: Shape = services[0]
        return only
    found = [one for one in services if name in (one.get("serviceName"), one.get("serviceArn"))]
    if not found:
        raise CliError(f"{file} has no service {name}; it has {names or 'none'}.")
    service: Shape = found[0]
    return service


def _target_groups(saved: SavedAnswers, service: Shape) -> list[Shape]:
    groups: list[Shape] = _member(saved.target_groups, "TargetGroups", "describe-target-groups", list) or []
    arns = [one.get("targetGroupArn") for one in service.get("loadBalancers") or ()]
    its = [group for group in groups if group.get("TargetGroupArn") in arns]
    files = saved.target_group_attributes
    if not files:
        return its
    if len(files) not in (1, len(its)):
        raise UsageError(
            f"--target-group-attributes was given {len(files)} times, and the service has {len(its)} described target "
            "groups: give one file for each, in their order."
        )
    answers = [_checked(read_json(file), "Attributes", "describe-target-group-attributes", file) for file in files]
    attributes = [attributes_of(answer) for answer in answers] * (len(its) if len(files) == 1 else 1)
    return [{**group, "Attributes": each} for group, each in zip(its, attributes, strict=True)]


def _member(file: Path | None, name: str, command: str, kind: type) -> Any:
    """A member of the answer in a file; None: there is no file."""
    if file is None:
        return None
    value = _checked(read_json(file), name, command, file)[name]
    if not isinstance(value, kind):
        raise CliError(f"{file} is no answer of `{command}`: its {name} has another form.")
    return value


def _checked(answer: Any, name: str, command: str, file: Path) -> Shape:
    if not isinstance(answer, Mapping) or name not in answer:
        raise CliError(f"{file} is no answer of `{command}`: it has no {name}.")
    return answer

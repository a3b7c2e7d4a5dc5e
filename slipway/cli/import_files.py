"""What saved answers of the AWS CLI say of a service, without a network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.session import Session
from botocore.validate import ParamValidator

from slipway.cli.failure import CliError, UsageError
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
    definition = _answer(saved.task_definition, "ecs", "DescribeTaskDefinition", "taskDefinition")
    _check_family(saved.task_definition, definition, service)
    groups = _target_groups(saved, service)
    tasks = _answer(saved.tasks, "ecs", "DescribeTasks", "tasks")
    deployments = _answer(saved.service_deployments, "ecs", "DescribeServiceDeployments", "serviceDeployments")
    described = Described(
        service=service, task_definition=definition, target_groups=tuple(groups), tasks=tuple(tasks or ())
    )
    return described, tuple(deployments or ())


def _service(file: Path, name: str | None) -> Shape:
    services = _answer(file, "ecs", "DescribeServices", "services")
    if not services:
        failed = read_json(file).get("failures") or ()
        missing = "".join(f" {one.get('arn', 'what was asked for')} is {one.get('reason')}." for one in failed)
        raise CliError(f"{file} has no service: `aws ecs describe-services` found none.{missing}")
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


def _check_family(file: Path | None, definition: Shape | None, service: Shape) -> None:
    """Another revision may be meant; another family cannot be."""
    known = str(service.get("taskDefinition") or "").rpartition("/")[2].partition(":")[0]
    family = str((definition or {}).get("family") or known)
    if known and family != known:
        raise CliError(f"{file} is task definition {family}, and {service.get('serviceName')} runs {known}.")


def _target_groups(saved: SavedAnswers, service: Shape) -> list[Shape]:
    groups: list[Shape] = _answer(saved.target_groups, "elbv2", "DescribeTargetGroups", "TargetGroups") or []
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
    answers = [_answer(file, "elbv2", "DescribeTargetGroupAttributes", "Attributes") for file in files]
    attributes = [{one["Key"]: one.get("Value", "") for one in answer} for answer in answers] * (
        len(its) if len(files) == 1 else 1
    )
    return [{**group, "Attributes": each} for group, each in zip(its, attributes, strict=True)]


def _answer(file: Path | None, service: str, operation: str, member: str) -> Any:
    """A member of the answer in a file, as the API's model has it; None: there is no file."""
    if file is None:
        return None
    answer = read_json(file)
    command = f"aws {service} {xform_name(operation, '-')}"
    if not isinstance(answer, Mapping) or member not in answer:
        raise CliError(f"{file} is no answer of `{command}`: it has no {member}.")
    shape = Session().get_service_model(service).operation_model(operation).output_shape
    report = ParamValidator().validate(answer, shape).generate_report()
    # members that are newer than the model are no fault
    faults = [line for line in report.splitlines() if line and not line.startswith("Unknown parameter")]
    if faults:
        raise CliError(f"{file} is no answer of `{command}`: {faults[0]}.")
    return answer[member]

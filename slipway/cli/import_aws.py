"""`slipway import aws SERVICE`: a service of a real AWS account, or of saved answers, as a rollout to simulate."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from slipway.cli import options
from slipway.cli.failure import CliError, UsageError

if TYPE_CHECKING:
    from slipway.foresight.imports_aws import Described

#: What a service is, and its service deployments.
_Found: TypeAlias = "tuple[Described, tuple[Mapping[str, Any], ...]]"

_SAVED = "Saved answers of the AWS CLI, instead of asking AWS"


def _saved(flag: str, command: str, about: str = "") -> Any:
    return typer.Option(flag, metavar="FILE", help=f"What `aws {command}` printed.{about}", rich_help_panel=_SAVED)


_Services = Annotated[Path | None, _saved("--services", "ecs describe-services")]
_Definition = Annotated[Path | None, _saved("--task-definition", "ecs describe-task-definition")]
_Groups = Annotated[Path | None, _saved("--target-groups", "elbv2 describe-target-groups")]
_Attributes = Annotated[
    list[Path] | None,
    _saved("--target-group-attributes", "elbv2 describe-target-group-attributes", " One a group, in their order."),
]
_Deployments = Annotated[Path | None, _saved("--service-deployments", "ecs describe-service-deployments")]
_Tasks = Annotated[Path | None, _saved("--tasks", "ecs describe-tasks")]


def import_aws(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Name or ARN; not needed with a file of one service.")
    ] = None,
    *,
    cluster: Annotated[str | None, typer.Option("--cluster", metavar="NAME", help="Its cluster (default).")] = None,
    profile: Annotated[str | None, typer.Option("--profile", metavar="NAME", help="Profile of the AWS CLI.")] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="NAME", help="AWS region.")] = None,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", metavar="URL", help="Ask this address instead of AWS.")
    ] = None,
    output: options.Output = None,
    force: options.Force = False,
    services: _Services = None,
    task_definition: _Definition = None,
    target_groups: _Groups = None,
    target_group_attributes: _Attributes = None,
    service_deployments: _Deployments = None,
    tasks: _Tasks = None,
    as_json: options.Json = False,
) -> None:
    """Read a service of AWS, or saved answers of the AWS CLI, as a rollout file that `simulate` and `advise` take.

    Beside each value stands where it is from; what nobody says is named, and assumed. Recent deployments are told
    beside the same roll in virtual time. Nothing is changed on AWS.
    """
    from slipway.cli.import_files import SavedAnswers, describe_by_files

    beside = (task_definition, target_groups, target_group_attributes, service_deployments, tasks)
    if services is None and any(beside):
        raise UsageError("Saved answers need --services FILE: what `aws ecs describe-services` printed.")
    if services is None:
        found = _of_account(service, cluster, profile=profile, region=region, endpoint_url=endpoint_url)
    else:
        saved = SavedAnswers(
            services=services,
            task_definition=task_definition,
            target_groups=target_groups,
            target_group_attributes=target_group_attributes or (),
            service_deployments=service_deployments,
            tasks=tasks,
        )
        found = describe_by_files(saved, service)
    _tell(found, output=output, force=force, as_json=as_json)


def _of_account(
    service: str | None, cluster: str | None, *, profile: str | None, region: str | None, endpoint_url: str | None
) -> _Found:
    from slipway.cli.import_calls import Account, describe_on_aws

    if service is None:
        raise UsageError("Name a SERVICE, or give --services FILE: what `aws ecs describe-services` printed.")
    return describe_on_aws(Account(profile=profile, region=region, endpoint_url=endpoint_url), service, cluster)


def _tell(found: _Found, *, output: Path | None, force: bool, as_json: bool) -> None:
    from slipway.cli.import_report import tell_import
    from slipway.foresight.imports import ImportRefused
    from slipway.foresight.imports_aws import import_aws as imported_from
    from slipway.foresight.imports_deployments import compare_deployments

    described, deployments = found
    try:
        imported = imported_from(described)
        compared = compare_deployments(deployments, imported.rollout())
    except ImportRefused as error:
        raise CliError(str(error)) from error
    tell_import(imported, compared, output=output, force=force, as_json=as_json)

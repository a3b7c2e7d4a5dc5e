"""`slipway import terraform PLAN.json`: a service of a Terraform plan as a rollout to simulate."""

from pathlib import Path
from typing import Annotated

import typer

from slipway.cli import options
from slipway.cli.failure import CliError


def import_terraform(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.json", help="What `terraform show -json PLANFILE` printed.")],
    *,
    service: Annotated[
        str | None, typer.Option("--service", metavar="NAME", help="Name or address; needed if the plan has several.")
    ] = None,
    output: options.Output = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Read a service of a Terraform plan, with its target groups and task definition, as a rollout file.

    Beside each value stands where it is from; what is known after apply only is named, and assumed.
    """
    from slipway.cli.import_files import read_json
    from slipway.cli.import_report import tell_import
    from slipway.foresight.imports import ImportRefused
    from slipway.foresight.imports_aws import import_aws
    from slipway.foresight.imports_terraform import describe_planned, pick_service

    read = read_json(plan)
    if not isinstance(read, dict):
        raise CliError(f"{plan} is no Terraform plan in JSON: make one by `terraform show -json PLANFILE`.")
    try:
        imported = import_aws(describe_planned(read, pick_service(read, service)))
        imported.rollout()  # refused before anything is written
    except ImportRefused as error:
        raise CliError(f"{plan}: {error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the provider's schema is not at hand
        raise CliError(f"{plan} has a value that the AWS provider does not give: {error}.") from error
    tell_import(imported, (), output=output, force=force, as_json=as_json)

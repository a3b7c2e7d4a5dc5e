"""`slipway import`: services of elsewhere as rollouts, for `simulate` and `advise`."""

import typer

from slipway.cli.import_aws import import_aws
from slipway.cli.import_terraform import import_terraform

import_app = typer.Typer(
    name="import",
    help="Read a service of AWS or of a Terraform plan as a rollout file for simulate and advise.",
    no_args_is_help=True,
)
import_app.command("aws")(import_aws)
import_app.command("terraform")(import_terraform)

"""`slipway wait SERVICE`: the verdict of a deployment, waited for."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from slipway.cli import options
from slipway.cli.access import find_access
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError
from slipway.cli.resolve import resolve_service

#: As many deployments as are kept of a service; and how many are named where the one asked for is not there.
ALL = 200
NAMED = 5


def wait(
    service: options.Service,
    *,
    cluster: options.Cluster = None,
    deployment: Annotated[
        str | None,
        typer.Option("--deployment", metavar="ID", help="Which: ecs-svc/…, or its ARN (default: the newest)."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0, help="Wait so long; the deployment goes on.")
    ] = options.FOLLOWED_S,
    data: options.Data = None,
    as_json: options.Json = False,
) -> None:
    """Wait for the verdict of a service's deployment; that of one that has ended is told at once.

    Ends with 0 only if it is SUCCESSFUL, and so not if it was rolled back; `aws ecs wait services-stable` is content
    with any version. At Ctrl-C you are asked: roll back, keep waiting, or detach (130; the deployment goes on).
    """
    endpoint = Endpoint(find_access(data))
    name = resolve_service(endpoint.overview(), service, cluster)
    picture = endpoint.picture(name.cluster, name.service, roll_outs=None if deployment is None else ALL)
    found = _found(picture, deployment)
    deployment_id, revision = found["deployment"], found["task_definition"] or found["deployment"]
    from slipway.cli.follow import outcome_of
    from slipway.cli.following import follow_to_verdict, tell_end

    outcome = outcome_of(picture, deployment_id)
    if outcome is not None:
        tell_end(picture, outcome, deployment_id=deployment_id, revision=revision, as_json=as_json)
        return
    follow_to_verdict(
        endpoint, name, deployment_id=deployment_id, revision=revision, timeout_s=timeout, as_json=as_json
    )


def _found(picture: Mapping[str, Any], deployment: str | None) -> Mapping[str, Any]:
    """The service deployment that is meant. Raises `CliError` where none such is kept."""
    roll_outs: list[Mapping[str, Any]] = picture["roll_outs"]
    if not roll_outs:
        raise CliError(f"{picture['service']} has no deployment.")
    if deployment is None:
        return roll_outs[0]
    wanted = deployment.removeprefix("ecs-svc/")
    for one in roll_outs:
        if one["arn"] == deployment or one["deployment"].removeprefix("ecs-svc/") == wanted:
            return one
    known = ", ".join(one["deployment"] for one in roll_outs[:NAMED])
    raise CliError(f"{picture['service']} has no deployment {deployment}; its newest are: {known}.")

"""What `deploy` and `wait` share: follow a deployment to its verdict, ask at Ctrl-C, and end as the verdict says."""

import time
from collections.abc import Mapping
from typing import Any

from slipway.cli.aws import stop_deployment
from slipway.cli.deploy_end import told_end
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, Interrupted, Unreachable
from slipway.cli.follow import Outcome, follow_deployment, roll_out_of
from slipway.cli.interrupt import Choice, ask_choice, way_back_of
from slipway.cli.live import PictureShow
from slipway.cli.output import console, print_json, say
from slipway.cli.planner import Planner
from slipway.cli.resolve import ServiceName
from slipway.cli.time_left_line import TimeLeftLine


def follow_to_verdict(
    endpoint: Endpoint,
    name: ServiceName,
    *,
    deployment_id: str,
    revision: str,
    timeout_s: float,
    as_json: bool,
    planner: Planner | None = None,
) -> None:
    """Follow a deployment and print how it ended. Raises `CliError` for every end but success.

    With a planner, the time that is left is told below the picture. At Ctrl-C the person is asked; raises `Interrupted`
    if they detach.
    """
    ends_at = time.monotonic() + timeout_s
    left = None if planner is None else TimeLeftLine(planner)
    while True:
        try:
            with PictureShow(console(stderr=as_json)) as show:
                outcome, picture = follow_deployment(
                    endpoint, name, deployment_id, show=show, ends_at=ends_at, left=left
                )
            break
        except KeyboardInterrupt:
            endpoint.close()  # it may have been in the midst of an answer
            _interrupted(endpoint, name, deployment_id, left=left)
    tell_end(picture, outcome, deployment_id=deployment_id, revision=revision, as_json=as_json)


def tell_end(picture: Mapping[str, Any], outcome: Outcome, *, deployment_id: str, revision: str, as_json: bool) -> None:
    """Print how a deployment ended. Raises `CliError` for every end but success."""
    end = told_end(picture, outcome, deployment_id=deployment_id, revision=revision)
    if as_json:
        print_json(end.value)
    if outcome is not Outcome.SUCCESSFUL:
        raise CliError(end.sentence)
    if not as_json:
        print(end.sentence)


def _interrupted(endpoint: Endpoint, name: ServiceName, deployment_id: str, *, left: TimeLeftLine | None) -> None:
    """Do what the person wants; where that is to detach, raise `Interrupted`."""
    detached = f"The deployment goes on: `slipway wait {name.service}`, `slipway watch {name.service}`."
    try:
        picture = endpoint.picture(name.cluster, name.service)
        roll_out = roll_out_of(picture, deployment_id)
        if left is not None and left.way_back_s is not None:  # the planner's word, not the server's rough estimate
            picture = {**picture, "rollback_estimate_s": left.way_back_s}
        choice = ask_choice(name.service, way_back_of(picture, roll_out))
    except Unreachable as error:
        raise Interrupted(f"{detached} {error}") from error
    except KeyboardInterrupt:
        raise Interrupted(detached) from None
    if choice is Choice.DETACH:
        raise Interrupted(detached)
    if choice is Choice.ROLL_BACK and roll_out is not None:
        _roll_back(endpoint, name, roll_out["arn"])


def _roll_back(endpoint: Endpoint, name: ServiceName, service_deployment_arn: str) -> None:
    """Ask for the way back. Where that is refused, for the deployment has just ended, it is followed to its verdict."""
    try:
        stop_deployment(endpoint.access, service_deployment_arn)
    except CliError as error:
        say(str(error))
    else:
        say(f"Rolling back {name.service}.")

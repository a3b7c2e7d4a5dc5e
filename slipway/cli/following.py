"""What `deploy` and `wait` share: follow a deployment to its verdict, ask at Ctrl-C, and end as the verdict says."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from slipway.cli.deploy_end import told_end
from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import CliError, Interrupted
from slipway.cli.follow import Outcome, follow_deployment, roll_out_of
from slipway.cli.interrupt import Choice, ask_choice
from slipway.cli.live import PictureShow
from slipway.cli.output import console, print_json, say
from slipway.cli.resolve import ServiceName

#: Seconds a deployment is followed where no other bound is given.
DEFAULT_TIMEOUT_S = 1800.0


def follow_to_verdict(
    endpoint: Endpoint,
    name: ServiceName,
    *,
    deployment_id: str,
    revision: str,
    timeout_s: float,
    as_json: bool,
    roll_back: Callable[[str], None],
) -> None:
    """Follow a deployment and print how it ended. Raises `CliError` for every end but success.

    `roll_back` asks for the way back of a service deployment, by its ARN. Raises `Interrupted` if the person detached.
    """
    ends_at = time.monotonic() + timeout_s
    while True:
        try:
            with PictureShow(console(stderr=as_json)) as show:
                outcome, picture = follow_deployment(endpoint, name, deployment_id, show=show, ends_at=ends_at)
            break
        except KeyboardInterrupt:
            _interrupted(endpoint.picture(name.cluster, name.service), name, deployment_id, roll_back=roll_back)
    end = told_end(picture, outcome, deployment_id=deployment_id, revision=revision)
    if as_json:
        print_json(end.value)
    if outcome is not Outcome.SUCCESSFUL:
        raise CliError(end.sentence)
    if not as_json:
        print(end.sentence)


def _interrupted(
    picture: Mapping[str, Any], name: ServiceName, deployment_id: str, *, roll_back: Callable[[str], None]
) -> None:
    """Do what the person wants; where that is to detach, raise `Interrupted`."""
    roll_out = roll_out_of(picture, deployment_id)
    may_roll_back = roll_out is not None and roll_out["status"] in ("PENDING", "IN_PROGRESS")
    estimate = picture["rollback_estimate_s"]
    choice = ask_choice(name.service, rollback_estimate_s=estimate, may_roll_back=may_roll_back)
    if choice is Choice.DETACH:
        raise Interrupted(f"The deployment goes on: `slipway wait {name.service}`, `slipway watch {name.service}`.")
    if choice is Choice.ROLL_BACK and roll_out is not None:
        roll_back(roll_out["arn"])
        say(f"Rolling back {name.service}.")

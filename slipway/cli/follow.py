"""Following one deployment to its end."""

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import Unreachable
from slipway.cli.live import PictureShow
from slipway.cli.resolve import ServiceName

POLL_S = 0.25

Clock = Callable[[], float]


class Outcome(StrEnum):
    """How a deployment that was followed ended."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"
    DELETED = "DELETED"
    TIMED_OUT = "TIMED_OUT"


def outcome_of(picture: Mapping[str, Any], deployment_id: str) -> Outcome | None:
    """How the deployment ended, as this picture shows it; None: it goes on."""
    if picture["status"] != "ACTIVE":
        return Outcome.DELETED
    found = next((one for one in picture["deployments"] if one["id"] == deployment_id), None)
    if found is None or found["status"] != "PRIMARY":
        return Outcome.SUPERSEDED
    if found["rollout_state"] == "FAILED":
        return Outcome.FAILED
    return Outcome.COMPLETED if found["rollout_state"] == "COMPLETED" else None


def follow_deployment(
    endpoint: Endpoint, name: ServiceName, deployment_id: str, *, show: PictureShow, timeout_s: float
) -> tuple[Outcome, Mapping[str, Any]]:
    """Show pictures until the deployment has ended, or `timeout_s` is over; how it ended, and the last picture.

    A server that is away for a while is waited for. Raises `Unreachable` where it never answers in that time.
    """
    ends_at = time.monotonic() + timeout_s
    picture: Mapping[str, Any] | None = None
    while True:
        try:
            picture = endpoint.picture(name.cluster, name.service)
        except Unreachable as error:
            if time.monotonic() >= ends_at:
                raise
            show.note(str(error))
        else:
            show.show(picture)
            outcome = outcome_of(picture, deployment_id)
            if outcome is not None:
                return outcome, picture
        if picture is not None and time.monotonic() >= ends_at:
            return Outcome.TIMED_OUT, picture
        time.sleep(POLL_S)

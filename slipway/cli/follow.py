"""Following one deployment to its verdict."""

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from slipway.cli.endpoint import Endpoint
from slipway.cli.failure import Unreachable
from slipway.cli.live import PictureShow
from slipway.cli.picture_words import Picture, primary_of
from slipway.cli.resolve import ServiceName
from slipway.cli.time_left_line import TimeLeftLine

POLL_S = 0.25


class Outcome(StrEnum):
    """How a deployment ended: its verdict, as DescribeServiceDeployments has it, or why there is none."""

    SUCCESSFUL = "SUCCESSFUL"
    ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    STOPPED = "STOPPED"
    DELETED = "DELETED"
    TIMED_OUT = "TIMED_OUT"


def roll_out_of(picture: Mapping[str, Any], deployment_id: str) -> Mapping[str, Any] | None:
    """The service deployment of a deployment; None: it is not among the newest, which the picture lists."""
    return next((one for one in picture["roll_outs"] if one["deployment"] == deployment_id), None)


def outcome_of(picture: Mapping[str, Any], deployment_id: str) -> Outcome | None:
    """How the deployment ended, as this picture shows it; None: it goes on, forth or back."""
    roll_out = roll_out_of(picture, deployment_id)
    if picture["status"] == "ACTIVE" and (again := _as_way_back(picture, deployment_id)) is not None:
        return None if again == "IN_PROGRESS" else Outcome.ROLLBACK_FAILED
    if roll_out is not None and roll_out["is_verdict"]:
        is_gone = picture["status"] != "ACTIVE" and roll_out["status"] != Outcome.SUCCESSFUL
        return Outcome.DELETED if is_gone else Outcome(roll_out["status"])
    if picture["status"] != "ACTIVE":
        return Outcome.DELETED
    if roll_out is not None:
        return None
    is_primary = any(one["id"] == deployment_id and one["status"] == "PRIMARY" for one in picture["deployments"])
    return Outcome.SUCCESSFUL if is_primary else Outcome.STOPPED  # it is older than all that are listed


def _as_way_back(picture: Picture, deployment_id: str) -> str | None:
    """The state of a deployment that another goes back to, or failed to; None where none does, or it is complete."""
    primary = primary_of(picture)
    if primary is None or primary["id"] != deployment_id or primary["rolls_back"] is None:
        return None
    return None if primary["rollout_state"] == "COMPLETED" else str(primary["rollout_state"])


def follow_deployment(
    endpoint: Endpoint,
    name: ServiceName,
    deployment_id: str,
    *,
    show: PictureShow,
    ends_at: float,
    left: TimeLeftLine | None = None,
) -> tuple[Outcome, Mapping[str, Any]]:
    """Show pictures, and the time that is `left`, until the deployment has its verdict, or `ends_at` (of the monotonic
    clock) has come; how it ended, and the last picture.

    A server that is away for a while is waited for. Raises `Unreachable` where it never answers in that time.
    """
    picture: Mapping[str, Any] | None = None
    while True:
        try:
            picture = endpoint.picture(name.cluster, name.service)
        except Unreachable as error:
            if time.monotonic() >= ends_at:
                raise
            show.note(str(error))
        else:
            show.show(picture, below="" if left is None else left.of(picture))
            outcome = outcome_of(picture, deployment_id)
            if outcome is not None:
                return outcome, picture
        if picture is not None and time.monotonic() >= ends_at:
            return Outcome.TIMED_OUT, picture
        time.sleep(POLL_S)

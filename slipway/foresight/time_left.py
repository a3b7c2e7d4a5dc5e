"""How much time a deployment in progress has left, from a fork of its service."""

from dataclasses import dataclass

from slipway.core.decision import Context
from slipway.core.deployments.roll_back import request_roll_back
from slipway.core.model.deployments import RolloutState, ServiceDeployment, ServiceDeploymentStatus
from slipway.core.plan import Plan, Put
from slipway.core.snapshot import Snapshot
from slipway.foresight.assumption import Pace
from slipway.foresight.fork import Fork
from slipway.foresight.fork_roll import ForkRoll
from slipway.foresight.plan import Assumed, assumed_of, behaviours_of
from slipway.foresight.roll import LIMIT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLeft:
    """When a deployment will have its verdict. Instants are epoch seconds of the server."""

    verdict: ServiceDeploymentStatus  # the one to come, by the medians; IN_PROGRESS: none is to be expected
    p50_at: float | None  # None: no end is to be expected
    p90_at: float | None
    way_back_s: float | None  # seconds that the way back would take from here; None: it goes back, or there is none


def time_left(fork: Fork, *, limit_s: float = LIMIT_S) -> TimeLeft | None:
    """What is to be expected of the deployment in progress; None: none is."""
    snapshot = fork.snapshot()
    primary = snapshot.primary(fork.service_arn)
    if primary is None or primary.rollout_state is not RolloutState.IN_PROGRESS:
        return None
    definition = snapshot.task_definitions[primary.task_definition_arn]
    assumed = assumed_of(snapshot, fork.service, definition, now=fork.at)
    ends = {pace: _end(_rolled(fork, assumed, pace, limit_s=limit_s)) for pace in Pace}
    return TimeLeft(
        verdict=ends[Pace.P50][0],
        p50_at=ends[Pace.P50][1],
        p90_at=ends[Pace.P90][1],
        way_back_s=None if primary.rolls_back is not None else _way_back_s(fork, assumed, limit_s=limit_s),
    )


def _rolled(fork: Fork, assumed: Assumed, pace: Pace, *, limit_s: float, goes_back: bool = False) -> ServiceDeployment:
    """The deployment in progress as it is in the end."""
    roll = ForkRoll(fork, None, behaviours_of(assumed, pace))
    begun = roll.begin()

    def go_back(snapshot: Snapshot, context: Context) -> Plan:
        return Plan(changes=(Put(record=request_roll_back(begun, now=context.now), cause="roll-back requested"),))

    if goes_back:
        roll.world.apply(go_back)
    roll.run_to_verdict(begun.arn, limit_s=limit_s)
    return roll.roll_out(begun.arn)


def _end(roll_out: ServiceDeployment) -> tuple[ServiceDeploymentStatus, float | None]:
    return roll_out.status, roll_out.finished_at or roll_out.stopped_at


def _way_back_s(fork: Fork, assumed: Assumed, *, limit_s: float) -> float | None:
    status, at = _end(_rolled(fork, assumed, Pace.P50, limit_s=limit_s, goes_back=True))
    is_back = status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL and at is not None
    return at - fork.at if is_back and at is not None else None

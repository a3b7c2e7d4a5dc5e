"""How long the way back would take, from what was measured of the service's own tasks: a rough estimate."""

from math import ceil

from slipway.core.answers.measured_times import time_to_health_s
from slipway.core.deployments.desired import bounds_of, desired_count
from slipway.core.deployments.roll_back import roll_back_target
from slipway.core.model.deployments import RolloutState
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase


def way_back_s(snapshot: Snapshot, service: Service) -> float | None:
    """Seconds that the way back of the deployment in progress would take if it were asked for now; 0: all the tasks it
    needs are healthy; None: nothing is in progress, there is nothing to go back to, or no task was ever measured.

    It is the number of missing tasks, in rounds as wide as the bounds leave, times the median of the time in which a
    task became healthy. Left out are drains and stop timeouts of the tasks that make room, delays after failures, the
    room on the hosts, and what the tasks that are on their way already have behind them.
    """
    primary = snapshot.primary(service.arn)
    if primary is None or primary.rollout_state is not RolloutState.IN_PROGRESS:
        return None
    target = primary if primary.rolls_back is not None else roll_back_target(snapshot, service, primary)
    if target is None:
        return None
    healthy = snapshot.service_tasks(service.arn).of(target.id).count(Phase.HEALTHY)
    missing = desired_count(snapshot, service) - healthy
    if missing <= 0:
        return 0.0
    one_s = time_to_health_s(snapshot, service, prefer=target)
    if one_s is None:
        return None
    limit = bounds_of(snapshot, service)
    return round(ceil(missing / max(limit.upper - limit.lower, 1)) * one_s, 3)

"""How long the way back would take, from what was measured of the service's own tasks: a rough estimate."""

from itertools import islice
from math import ceil
from statistics import median

from slipway.core.desired import bounds_of, desired_count
from slipway.core.model.deployments import Deployment, RolloutState
from slipway.core.model.services import Service
from slipway.core.model.tasks import Task
from slipway.core.roll_back import roll_back_target
from slipway.core.service_tasks import Phase
from slipway.core.snapshot import Snapshot

#: Tasks that a time is measured on, at most.
SAMPLED = 50
#: The newest tasks of a cluster among which stopped ones of the service are sought.
SOUGHT = 200


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


def time_to_health_s(snapshot: Snapshot, service: Service, *, prefer: Deployment | None = None) -> float | None:
    """The median of the seconds from a task's creation until it counted as healthy: of the deployment preferred, else
    of all tasks of the service; None: none is known that became healthy."""
    own = healthy_tasks(snapshot, service, () if prefer is None else (prefer,))
    tasks = own or healthy_tasks(snapshot, service, snapshot.service_deployments_of(service.arn))
    tasks = tasks or past_tasks(snapshot, service)
    times = [task.healthy_at - task.created_at for task in tasks if task.healthy_at is not None]
    return median(times) if times else None


def healthy_tasks(snapshot: Snapshot, service: Service, deployments: tuple[Deployment, ...]) -> tuple[Task, ...]:
    """The newest healthy tasks of these deployments, a bounded number of each."""
    counted = snapshot.service_tasks(service.arn)
    arns = (arn for one in deployments for arn in counted.of(one.id).last(Phase.HEALTHY, SAMPLED))
    return tuple(snapshot.tasks[arn] for arn in arns)


def past_tasks(snapshot: Snapshot, service: Service) -> tuple[Task, ...]:
    """The newest tasks of the service that were healthy and are kept though they stop, or stopped; a bounded number."""
    found = (
        task
        for task in snapshot.recent_tasks(service.cluster_arn, SOUGHT)
        if task.service_arn == service.arn and task.healthy_at is not None
    )
    return tuple(islice(found, SAMPLED))

"""How long the tasks of a service took to become healthy, from the records of those that are or were."""

from collections.abc import Iterable
from itertools import islice
from statistics import median

from slipway.core.model.deployments import Deployment
from slipway.core.model.services import Service
from slipway.core.model.tasks import Task
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

#: Tasks that a time is measured on, at most.
SAMPLED = 50
#: The newest tasks of a cluster among which stopped ones of the service are sought.
SOUGHT = 200


def time_to_health_s(snapshot: Snapshot, service: Service, *, prefer: Deployment | None = None) -> float | None:
    """The median of the seconds from a task's creation until it counted as healthy: of the deployment preferred, else
    of any; None: no task is known that became healthy."""
    preferred = () if prefer is None else _healthy_tasks(snapshot, service, (prefer,))
    tasks = preferred or _measured_tasks(snapshot, service)
    return _median(task.healthy_at - task.created_at for task in tasks if task.healthy_at is not None)


def start_s(snapshot: Snapshot, service: Service) -> float | None:
    """The median of the seconds from RUNNING until a task counted as healthy; None: none is known that did."""
    return _median(
        task.healthy_at - task.started_at
        for task in _measured_tasks(snapshot, service)
        if task.healthy_at is not None and task.started_at is not None
    )


def _median(times: Iterable[float]) -> float | None:
    found = list(times)
    return median(found) if found else None


def _measured_tasks(snapshot: Snapshot, service: Service) -> tuple[Task, ...]:
    """Tasks that are healthy now; where there are none, those that were and are still kept."""
    alive = _healthy_tasks(snapshot, service, snapshot.service_deployments_of(service.arn))
    return alive or _past_tasks(snapshot, service)


def _healthy_tasks(snapshot: Snapshot, service: Service, deployments: Iterable[Deployment]) -> tuple[Task, ...]:
    """The newest healthy tasks of these deployments, a bounded number of each."""
    counted = snapshot.service_tasks(service.arn)
    arns = (arn for one in deployments for arn in counted.of(one.id).last(Phase.HEALTHY, SAMPLED))
    return tuple(snapshot.tasks[arn] for arn in arns)


def _past_tasks(snapshot: Snapshot, service: Service) -> tuple[Task, ...]:
    found = (
        task
        for task in snapshot.recent_tasks(service.cluster_arn, SOUGHT)
        if task.service_arn == service.arn and task.healthy_at is not None
    )
    return tuple(islice(found, SAMPLED))

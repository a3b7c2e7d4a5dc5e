"""What is kept of deployments that ended: so many of each service, the newest, and the rest goes."""

from collections.abc import Iterator

from slipway.core.arns import deployment_id_of
from slipway.core.model.deployments import DeploymentStatus, ServiceDeployment
from slipway.core.model.tasks import Task
from slipway.core.plan import Change, Record, Remove
from slipway.core.snapshot import Snapshot

#: Ended deployments kept of a service. ECS keeps those of 90 days; a number bounds what a busy service costs.
DEPLOYMENTS_KEPT = 200


def prune_history(snapshot: Snapshot, service_arn: str, *, kept: int = DEPLOYMENTS_KEPT) -> tuple[Change, ...]:
    """Remove a service's oldest deployments beyond `kept`, each with its revision and the tasks kept as its failures,
    unless tasks of it remain."""
    changes: list[Change] = []
    for roll_out in snapshot.service_history(service_arn)[kept:]:
        deployment = snapshot.deployments.get(deployment_id_of(roll_out.target_revision_arn))
        if deployment is not None and deployment.status is not DeploymentStatus.INACTIVE:
            continue
        revision = snapshot.service_revisions.get(roll_out.target_revision_arn)
        gone: list[Record] = [record for record in (roll_out, deployment, revision) if record is not None]
        gone += _failed_tasks(snapshot, roll_out)
        changes += [Remove(record=record, cause="beyond the history kept") for record in gone]
    return tuple(changes)


def _failed_tasks(snapshot: Snapshot, roll_out: ServiceDeployment) -> Iterator[Task]:
    """The tasks that are there for this deployment's sake only; others go when they were kept long enough."""
    for counted in roll_out.failures:
        task = snapshot.tasks.get(counted.task_arn or "")
        if task is not None and task.is_stopped and task.wake_at is None:
            yield task

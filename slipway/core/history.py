"""What is kept of deployments that ended: so many of each service, the newest, and the rest goes."""

from slipway.core.deploy import deployment_id_of
from slipway.core.model.deployments import DeploymentStatus
from slipway.core.plan import Change, Remove
from slipway.core.snapshot import Snapshot

#: Ended deployments kept of a service. ECS keeps those of 90 days; a number bounds what a busy service costs.
DEPLOYMENTS_KEPT = 200


def prune_history(snapshot: Snapshot, service_arn: str, *, kept: int = DEPLOYMENTS_KEPT) -> tuple[Change, ...]:
    """Remove a service's oldest deployments beyond `kept`, each with its revision, unless tasks of it remain."""
    changes: list[Change] = []
    for roll_out in snapshot.service_history(service_arn)[kept:]:
        deployment = snapshot.deployments.get(deployment_id_of(roll_out.target_revision_arn))
        if deployment is not None and deployment.status is not DeploymentStatus.INACTIVE:
            continue
        revision = snapshot.service_revisions.get(roll_out.target_revision_arn)
        gone = [record for record in (roll_out, deployment, revision) if record is not None]
        changes += [Remove(record=record, cause="beyond the history kept") for record in gone]
    return tuple(changes)

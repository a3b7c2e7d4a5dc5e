"""How many tasks each revision of a service deployment has: as they are now, and as they are kept when it ends."""

from typing import Any

from slipway.core.arns import deployment_id_of
from slipway.core.deployments.desired import desired_count
from slipway.core.model.deployments import Deployment, DeploymentStatus, ServiceDeployment
from slipway.core.model.services import Service
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase


def requested_count(snapshot: Snapshot, service: Service, deployment: Deployment) -> int:
    """Tasks a deployment is to have: the PRIMARY what its service wants, an older one what is left to it."""
    if deployment.status is DeploymentStatus.PRIMARY:
        return desired_count(snapshot, service)
    return 0 if deployment.status is DeploymentStatus.INACTIVE else deployment.desired_count


def revision_counts(snapshot: Snapshot, service_arn: str, revision_arn: str) -> dict[str, int]:
    """Requested, running and pending tasks of a revision as they are now, in AWS's JSON (`ServiceRevisionSummary`)."""
    deployment_id = deployment_id_of(revision_arn)
    deployment, service = snapshot.deployments.get(deployment_id), snapshot.services.get(service_arn)
    tasks = snapshot.service_tasks(service_arn).of(deployment_id)
    requested = 0 if service is None or deployment is None else requested_count(snapshot, service, deployment)
    return {
        "requestedTaskCount": requested,
        "runningTaskCount": tasks.running,
        "pendingTaskCount": tasks.count(Phase.STARTING),
    }


def threshold_now(snapshot: Snapshot, service: Service) -> int:
    """How many failures end a deployment of the service now; 0: no number of them does."""
    breaker = service.circuit_breaker
    return breaker.threshold(desired_count(snapshot, service)) if breaker.is_enabled else 0


def kept_counts(snapshot: Snapshot, roll_out: ServiceDeployment) -> dict[str, Any]:
    """The fields of a service deployment that live while it goes on, as they are to be kept when it ends now.

    What was kept when its way back began stays: it tells how far the deployment itself had come.
    """
    service, deployment = snapshot.services.get(roll_out.service_arn), snapshot.deployment_of(roll_out)
    is_detected = roll_out.detected_by is not None
    count = roll_out.failure_count if is_detected or deployment is None else deployment.failure_count
    threshold = roll_out.threshold if is_detected or service is None else threshold_now(snapshot, service)
    target = roll_out.counts or revision_counts(snapshot, roll_out.service_arn, roll_out.target_revision_arn)
    sources = {
        arn: revision_counts(snapshot, roll_out.service_arn, arn) for arn in sorted(roll_out.source_revision_arns)
    }
    return {"counts": target, "source_counts": sources, "failure_count": count, "threshold": threshold}

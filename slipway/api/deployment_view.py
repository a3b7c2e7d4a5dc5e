"""The entries of a service's `deployments[]`, and its roll-outs and revisions, as the API shows them."""

from collections.abc import Mapping
from typing import Any

from slipway.core.deploy import deployment_id_of
from slipway.core.desired import desired_count
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    ServiceDeployment,
    ServiceDeploymentStatus,
    ServiceRevision,
)
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import LaunchType
from slipway.core.service_tasks import Phase
from slipway.core.snapshot import Snapshot

#: The version of the Fargate platform that tasks are shown to run on, and its family.
PLATFORM_VERSION = "1.4.0"
PLATFORM_FAMILY = "Linux"

#: Members of a revision's document that `deployments[]` shows too (ECS API, `Deployment`).
_OF_DEPLOYMENT = (
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "fargateEphemeralStorage",
    "vpcLatticeConfigurations",
)

#: Members of a revision's document that DescribeServiceRevisions shows (ECS API, `ServiceRevision`).
_OF_REVISION = (*_OF_DEPLOYMENT, "loadBalancers", "serviceRegistries")

_UNFINISHED = (
    ServiceDeploymentStatus.PENDING,
    ServiceDeploymentStatus.IN_PROGRESS,
    ServiceDeploymentStatus.STOP_REQUESTED,
)


def deployment_view(snapshot: Snapshot, service: Service, deployment: Deployment) -> dict[str, Any]:
    """One entry of `deployments[]`."""
    tasks = snapshot.service_tasks(service.arn).of(deployment.id)
    revision = snapshot.service_revisions[deployment.revision_arn]
    document = revision.document
    view = {
        "id": deployment.id,
        "status": deployment.status.value,
        "taskDefinition": deployment.task_definition_arn,
        "desiredCount": requested_count(snapshot, service, deployment),
        "pendingCount": tasks.count(Phase.STARTING),
        "runningCount": tasks.running,
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "rolloutState": deployment.rollout_state.value,
        "rolloutStateReason": deployment.rollout_state_reason,
        **capacity_view(revision),
    }
    for name in _OF_DEPLOYMENT:
        if name in document:
            view[name] = document[name]
    return view


def requested_count(snapshot: Snapshot, service: Service, deployment: Deployment) -> int:
    """Tasks a deployment is to have: the PRIMARY what its service wants, an older one what is left to it."""
    if deployment.status is DeploymentStatus.PRIMARY:
        return desired_count(snapshot, service)
    return deployment.desired_count


def capacity_view(revision: ServiceRevision, platform_version: str = PLATFORM_VERSION) -> dict[str, Any]:
    """`capacityProviderStrategy` or `launchType`, and on Fargate the platform: `platform_version` if none is named."""
    document = revision.document
    strategy = document.get("capacityProviderStrategy")
    capacity: dict[str, Any]
    capacity = {"capacityProviderStrategy": strategy} if strategy else {"launchType": revision.launch_type.value}
    if revision.launch_type is LaunchType.FARGATE:
        named = document.get("platformVersion", "LATEST")
        capacity["platformVersion"] = platform_version if named == "LATEST" else named
        capacity["platformFamily"] = PLATFORM_FAMILY
    return capacity


def service_deployment_brief(deployment: ServiceDeployment) -> dict[str, Any]:
    """An entry of ListServiceDeployments."""
    view = {
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": deployment.service_arn,
        "clusterArn": deployment.cluster_arn,
        "createdAt": deployment.created_at,
        "targetServiceRevisionArn": deployment.target_revision_arn,
        "status": deployment.status.value,
        "startedAt": deployment.started_at,
        "finishedAt": deployment.finished_at,
        "statusReason": deployment.status_reason,
    }
    return {name: value for name, value in view.items() if value is not None}


def service_deployment_view(snapshot: Snapshot, deployment: ServiceDeployment) -> dict[str, Any]:
    """A roll-out as DescribeServiceDeployments shows it: counts are live until it ends, and then kept."""
    view = service_deployment_brief(deployment)
    target = {"arn": view.pop("targetServiceRevisionArn")}
    if deployment.status in _UNFINISHED or not deployment.counts:
        target |= revision_counts(snapshot, deployment.service_arn, deployment.target_revision_arn)
    else:
        target |= deployment.counts
    breaker = deployment.document.get("deploymentCircuitBreaker", {})
    alarms = deployment.document.get("alarms", {})
    view |= {
        "updatedAt": deployment.updated_at,
        "sourceServiceRevisions": [
            {"arn": arn, **revision_counts(snapshot, deployment.service_arn, arn)}
            for arn in deployment.source_revision_arns
        ],
        "targetServiceRevision": target,
        "deploymentConfiguration": deployment.document,
        "deploymentCircuitBreaker": {"status": _monitor(breaker, deployment), "failureCount": 0, "threshold": 0},
        "alarms": {"status": _monitor(alarms, deployment), "alarmNames": alarms.get("alarmNames", [])},
    }
    if deployment.stopped_at is not None:
        view["stoppedAt"] = deployment.stopped_at
    return view


def revision_counts(snapshot: Snapshot, service_arn: str, revision_arn: str) -> dict[str, int]:
    """Requested, running and pending tasks of a revision as they are now; its deployment has the same number."""
    deployment_id = deployment_id_of(revision_arn)
    deployment = snapshot.deployments.get(deployment_id)
    service = snapshot.services.get(service_arn)
    tasks = snapshot.service_tasks(service_arn).of(deployment_id)
    is_shown = service is not None and deployment is not None and deployment.status is not DeploymentStatus.INACTIVE
    return {
        "requestedTaskCount": requested_count(snapshot, service, deployment)  # type: ignore[arg-type]  # is_shown
        if is_shown
        else 0,
        "runningTaskCount": tasks.running,
        "pendingTaskCount": tasks.count(Phase.STARTING),
    }


def service_revision_view(revision: ServiceRevision, definition: TaskDefinition | None) -> dict[str, Any]:
    """A revision as DescribeServiceRevisions shows it."""
    shown = {name: revision.document[name] for name in _OF_REVISION if name in revision.document}
    containers = () if definition is None else definition.containers
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": revision.service_arn,
        "clusterArn": revision.cluster_arn,
        "taskDefinition": revision.task_definition_arn,
        **capacity_view(revision),
        **shown,
        "containerImages": [{"containerName": container.name, "image": container.image} for container in containers],
        "guardDutyEnabled": False,
        "createdAt": revision.created_at,
    }


def _monitor(settings: Mapping[str, Any], deployment: ServiceDeployment) -> str:
    if not settings.get("enable"):
        return "DISABLED"
    return "MONITORING" if deployment.status in _UNFINISHED else "MONITORING_COMPLETE"

"""The entries of a service's `deployments[]`, and its roll-outs and revisions, as the API shows them."""

from collections.abc import Mapping
from typing import Any

from slipway.api.deployment_form import shown_deployment_configuration
from slipway.api.detector_view import alarms_view, circuit_breaker_view
from slipway.core.arns import deployment_id_of
from slipway.core.model.deployments import Deployment, ServiceDeployment, ServiceRevision
from slipway.core.model.services import Service
from slipway.core.model.tasks import LaunchType
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase
from slipway.core.tasks.task_counts import requested_count, revision_counts

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
    """A service deployment as DescribeServiceDeployments shows it: counts are live until its verdict, and then kept.

    It has no `lifecycleStage`: the stages are those of strategies that shift traffic (ECS API, `ServiceDeployment`).
    """
    view = service_deployment_brief(deployment)
    target = view.pop("targetServiceRevisionArn")
    is_over = deployment.status.is_verdict

    def summary(arn: str, kept: Mapping[str, Any]) -> dict[str, Any]:
        counts = kept if is_over and kept else revision_counts(snapshot, deployment.service_arn, arn)
        return {"arn": arn, **counts}

    view |= {
        "updatedAt": deployment.updated_at,
        "sourceServiceRevisions": [
            summary(arn, deployment.source_counts.get(arn, {})) for arn in deployment.source_revision_arns
        ],
        "targetServiceRevision": summary(target, deployment.counts),
        "deploymentConfiguration": shown_deployment_configuration(deployment.document),
        "deploymentCircuitBreaker": circuit_breaker_view(snapshot, deployment),
        "alarms": alarms_view(snapshot, deployment),
    }
    if deployment.stopped_at is not None:
        view["stoppedAt"] = deployment.stopped_at
    if deployment.rollback is not None:
        view["rollback"] = {
            "reason": deployment.rollback.reason,
            "startedAt": deployment.rollback.started_at,
            "serviceRevisionArn": deployment.rollback.revision_arn,
        }
    return view


def service_revision_view(snapshot: Snapshot, revision: ServiceRevision) -> dict[str, Any]:
    """A revision as DescribeServiceRevisions shows it, with the digests of the images that its tasks run."""
    shown = {name: revision.document[name] for name in _OF_REVISION if name in revision.document}
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": revision.service_arn,
        "clusterArn": revision.cluster_arn,
        "taskDefinition": revision.task_definition_arn,
        **capacity_view(revision),
        **shown,
        "containerImages": _container_images(snapshot, revision),
        "guardDutyEnabled": False,
        "createdAt": revision.created_at,
    }


def _container_images(snapshot: Snapshot, revision: ServiceRevision) -> list[dict[str, str]]:
    definition = snapshot.task_definitions.get(revision.task_definition_arn)
    deployment = snapshot.deployments.get(deployment_id_of(revision.arn))
    digests: Mapping[str, str] = {} if deployment is None else deployment.image_digests
    return [
        {
            "containerName": container.name,
            "image": container.image,
            **({"imageDigest": digests[container.name]} if container.name in digests else {}),
        }
        for container in (() if definition is None else definition.containers)
    ]

"""Services as the API shows them. DescribeServices is what waiters and dashboards poll: nothing is looked up twice."""

from collections.abc import Iterable
from typing import Any

from slipway.api.deployment_form import shown_deployment_configuration
from slipway.api.deployment_view import capacity_view, deployment_view
from slipway.api.tag_lists import show_tags
from slipway.core.deployments.desired import desired_count
from slipway.core.model.deployments import Deployment, DeploymentStatus, ServiceRevision
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import NetworkMode
from slipway.core.model.tasks import LaunchType
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

#: Members of a service's document that are shown only where the caller gave them (ECS API, `Service`).
_AS_GIVEN = ("deploymentController", "roleArn", "createdBy", "resourceManagementType")

#: Members of a service's document and what ECS shows where the caller gave none.
_DEFAULTS: dict[str, Any] = {
    "placementConstraints": [],
    "placementStrategy": [],
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "DISABLED",
}


def service_view(snapshot: Snapshot, service: Service, *, with_tags: bool = False) -> dict[str, Any]:
    """The service's JSON. An INACTIVE one has no deployments and shows the definition of its last revision."""
    tasks = snapshot.service_tasks(service.arn)
    deployments = _in_order(snapshot.service_deployments_of(service.arn))
    primary = next((item for item in deployments if item.status is DeploymentStatus.PRIMARY), None)
    revision = _revision(snapshot, service, primary)
    shown = [deployment_view(snapshot, service, item) for item in deployments]
    view = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status.value,
        "desiredCount": desired_count(snapshot, service),
        "runningCount": tasks.running,
        "pendingCount": tasks.count(Phase.STARTING),
        "deploymentConfiguration": deployment_configuration(service),
        "schedulingStrategy": service.scheduling_strategy.value,
        "createdAt": service.created_at,
        "deployments": shown,
        "events": [
            {"id": event.id, "createdAt": event.created_at, "message": event.message}
            for event in snapshot.events(service.arn)
        ],
        "createdBy": f"arn:aws:iam::{service.arn.split(':', 5)[4]}:root",
    }
    document = service.document
    for name, default in _DEFAULTS.items():
        view[name] = document.get(name, default)
    for name in _AS_GIVEN:
        if name in document:
            view[name] = document[name]
    if revision is not None:
        _show_revision(view, snapshot, service, revision)
    if primary is not None:
        view["currentServiceDeployment"] = snapshot.roll_out(primary).arn
        view["currentServiceRevisions"] = [
            _revision_summary(item, of) for item, of in zip(deployments, shown, strict=True)
        ]
    if with_tags:
        view["tags"] = show_tags(service.tags)
    return view


def deployment_configuration(service: Service) -> dict[str, Any]:
    """`deploymentConfiguration` with ECS's defaults: the two percentages, and the members shown again as given."""
    return {
        **shown_deployment_configuration(service.document.get("deploymentConfiguration", {})),
        "maximumPercent": service.maximum_percent,
        "minimumHealthyPercent": service.minimum_healthy_percent,
    }


def _in_order(deployments: Iterable[Deployment]) -> list[Deployment]:
    """The PRIMARY first, then the newest: on a way back the PRIMARY is older than the deployment that failed."""
    return sorted(deployments, key=lambda item: (item.status is not DeploymentStatus.PRIMARY, -item.created_at))


def _revision(snapshot: Snapshot, service: Service, primary: Deployment | None) -> ServiceRevision | None:
    """The revision a service stands at: its PRIMARY's, or the last that was rolled out."""
    if primary is not None:
        return snapshot.service_revisions[primary.revision_arn]
    history = snapshot.service_history(service.arn)
    return snapshot.service_revisions.get(history[0].target_revision_arn) if history else None


def _show_revision(view: dict[str, Any], snapshot: Snapshot, service: Service, revision: ServiceRevision) -> None:
    """Add what belongs to the revision: the definition, its capacity, its balancers and its network."""
    document = revision.document
    view["taskDefinition"] = revision.task_definition_arn
    view |= capacity_view(revision, "LATEST")
    view["serviceRegistries"] = document.get("serviceRegistries", [])
    if "networkConfiguration" in document:
        view["networkConfiguration"] = document["networkConfiguration"]
    view["loadBalancers"] = document.get("loadBalancers") or [
        {
            "targetGroupArn": balancer.target_group_arn,
            "containerName": balancer.container_name,
            "containerPort": balancer.container_port,
        }
        for balancer in revision.load_balancers
    ]
    if revision.load_balancers or service.health_check_grace_period_s:
        view["healthCheckGracePeriodSeconds"] = service.health_check_grace_period_s
    if revision.load_balancers and "roleArn" not in view and not _has_own_addresses(snapshot, revision):
        account = service.arn.split(":", 5)[4]
        view["roleArn"] = f"arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def _has_own_addresses(snapshot: Snapshot, revision: ServiceRevision) -> bool:
    definition = snapshot.task_definitions.get(revision.task_definition_arn)
    return revision.launch_type is LaunchType.FARGATE or (
        definition is not None and definition.network_mode is NetworkMode.AWSVPC
    )


def _revision_summary(deployment: Deployment, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "arn": deployment.revision_arn,
        "requestedTaskCount": shown["desiredCount"],
        "runningTaskCount": shown["runningCount"],
        "pendingTaskCount": shown["pendingCount"],
    }

"""ECS service deployments and service revisions, read."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.deployment_view import service_deployment_brief, service_deployment_view, service_revision_view
from slipway.api.identifiers import failure, find_cluster, find_service, resource_kind
from slipway.api.paging import page
from slipway.api.parameters import asked_for, invalid
from slipway.core.model.deployments import ServiceDeployment

#: Most ARNs of one Describe call, and roll-outs of a page where no size is asked for (ECS API).
DESCRIBE_LIMIT = 20
LIST_DEFAULT = 20

#: ECS API, `ServiceDeploymentStatus`.
_STATUSES = (
    *("PENDING", "SUCCESSFUL", "STOPPED", "STOP_REQUESTED", "IN_PROGRESS"),
    *("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"),
)


def list_service_deployments(call: Call) -> dict[str, Any]:
    """The newest first."""
    service = find_service(call, find_cluster(call), call.params["service"])
    wanted = call.params.get("status") or _STATUSES
    for status in wanted:
        if status not in _STATUSES:
            raise invalid(f"status '{status}' is not known; use one of {', '.join(_STATUSES)}.")
    created = call.params.get("createdAt", {})
    found, rest = page(
        (
            deployment
            for deployment in call.snapshot.service_history(service.arn)
            if deployment.status in wanted and _is_within(deployment, created)
        ),
        call.params,
        "ListServiceDeployments",
        key=lambda deployment: (deployment.created_at, deployment.arn),
        default=LIST_DEFAULT,
        is_descending=True,
    )
    return {"serviceDeployments": [service_deployment_brief(deployment) for deployment in found], **rest}


def describe_service_deployments(call: Call) -> dict[str, Any]:
    found, failures = [], []
    for arn in _asked(call, "serviceDeploymentArns", "service-deployment"):
        deployment = call.snapshot.service_deployments.get(arn)
        if deployment is None:
            failures.append(failure(arn))
        else:
            found.append(service_deployment_view(call.snapshot, deployment))
    return {"serviceDeployments": found, "failures": failures}


def describe_service_revisions(call: Call) -> dict[str, Any]:
    found, failures = [], []
    for arn in _asked(call, "serviceRevisionArns", "service-revision"):
        revision = call.snapshot.service_revisions.get(arn)
        if revision is None:
            failures.append(failure(arn))
        else:
            definition = call.snapshot.task_definitions.get(revision.task_definition_arn)
            found.append(service_revision_view(revision, definition))
    return {"serviceRevisions": found, "failures": failures}


def _asked(call: Call, name: str, kind: str) -> list[str]:
    arns = asked_for(call.params, name, limit=DESCRIBE_LIMIT)
    for arn in arns:
        if resource_kind(arn) != kind:
            raise invalid(f"Invalid identifier: {arn} is not the ARN of a {kind}; give {name} as whole ARNs.")
    return arns


def _is_within(deployment: ServiceDeployment, created: Mapping[str, float]) -> bool:
    at = deployment.created_at
    return created.get("after", at) <= at <= created.get("before", at)


HANDLERS: Mapping[str, Handler] = {
    "ListServiceDeployments": list_service_deployments,
    "DescribeServiceDeployments": describe_service_deployments,
    "DescribeServiceRevisions": describe_service_revisions,
}

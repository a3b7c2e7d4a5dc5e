"""ECS service deployments and service revisions: read, and stopped."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.deployment_view import service_deployment_brief, service_deployment_view, service_revision_view
from slipway.api.errors import ApiError
from slipway.api.identifiers import failure, find_cluster, find_service, resource_kind
from slipway.api.paging import page
from slipway.api.parameters import asked_for, choice, invalid
from slipway.core.deployments.roll_back import request_roll_back
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.services import ServiceStatus

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
            found.append(service_revision_view(call.snapshot, revision))
    return {"serviceRevisions": found, "failures": failures}


def stop_service_deployment(call: Call) -> dict[str, Any]:
    """StopServiceDeployment: the way back, also where none was configured. One that goes back already goes on."""
    arn = call.params["serviceDeploymentArn"]
    _check_arn(arn, "serviceDeploymentArn", "service-deployment")
    if choice(call.params, "stopType", ("ABORT", "ROLLBACK")) == "ABORT":
        raise invalid("stopType ABORT is not valid for a service deployment; use ROLLBACK, or leave it out.")
    deployment = call.snapshot.service_deployments.get(arn)
    if deployment is None:
        raise ApiError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
    service = call.snapshot.services.get(deployment.service_arn)
    if deployment.status.is_verdict:
        raise _conflict(arn, f"The service deployment has ended already: it is {deployment.status}.")
    if service is None or service.status is not ServiceStatus.ACTIVE:
        raise _conflict(arn, "The service is being deleted, so its deployment ends without a way back.")
    stopping = request_roll_back(deployment, now=call.now)
    if stopping != deployment:
        call.put(stopping, cause="stopped by StopServiceDeployment")
    return {"serviceDeploymentArn": arn}


def _conflict(arn: str, sentence: str) -> ApiError:
    return ApiError("ConflictException", sentence, resourceIds=[arn])


def _asked(call: Call, name: str, kind: str) -> list[str]:
    arns = asked_for(call.params, name, limit=DESCRIBE_LIMIT)
    for arn in arns:
        _check_arn(arn, name, kind)
    return arns


def _check_arn(arn: str, name: str, kind: str) -> None:
    if resource_kind(arn) != kind:
        raise invalid(f"Invalid identifier: {arn} is not the ARN of a {kind}; give {name} as whole ARNs.")


def _is_within(deployment: ServiceDeployment, created: Mapping[str, float]) -> bool:
    at = deployment.created_at
    return created.get("after", at) <= at <= created.get("before", at)


HANDLERS: Mapping[str, Handler] = {
    "ListServiceDeployments": list_service_deployments,
    "DescribeServiceDeployments": describe_service_deployments,
    "DescribeServiceRevisions": describe_service_revisions,
    "StopServiceDeployment": stop_service_deployment,
}

"""Services: create, update and delete. Their reads are in `ecs_reads`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Answer, Call, Handler
from slipway.api.deployment_form import (
    read_deployment_configuration,
    read_deployment_controller,
    service_fields,
)
from slipway.api.errors import ApiError
from slipway.api.idempotency import fingerprint
from slipway.api.identifiers import (
    find_active_cluster,
    find_active_service,
    find_active_task_definition,
    find_cluster,
    find_service,
)
from slipway.api.launch_form import Capacity, read_capacity
from slipway.api.parameters import choice, invalid
from slipway.api.portability import portability_notes
from slipway.api.preflight_warnings import warn
from slipway.api.service_form import read_desired_count, read_grace, read_name, read_shown, read_workload
from slipway.api.service_view import service_view
from slipway.api.tag_lists import read_service_tags
from slipway.core import events
from slipway.core.deployments.deploy import Workload, begin_deployment, decide_delete
from slipway.core.deployments.history import prune_history
from slipway.core.model.clusters import Cluster
from slipway.core.model.services import SchedulingStrategy, Service, ServiceStatus
from slipway.core.model.task_definitions import TaskDefinition

#: Members of UpdateService that begin a new deployment where they differ (ECS API, UpdateService).
_TRIGGERS = ("taskDefinition", "networkConfiguration", "loadBalancers", "platformVersion", "capacityProviderStrategy")


def create_service(call: Call) -> Callable[[], Answer]:
    """CreateService. The same call again gives the service it made; another one under its name is refused."""
    cluster = find_active_cluster(call)
    name = read_name(call.params)
    arn = call.arns.service(cluster.name, name)
    known = call.snapshot.services.get(arn)
    if known is not None and known.status is ServiceStatus.DRAINING:
        raise invalid("Unable to Start a service that is still Draining.")
    if known is not None and known.status is ServiceStatus.ACTIVE:
        if known.fingerprint != fingerprint(call):
            raise invalid("Creation of service was not idempotent.")
        return _shown(call, arn)
    definition = find_active_task_definition(call, _required(call.params, "taskDefinition"))
    service, workload = _new_service(call, cluster, arn, definition)
    call.put(service, cause="created")
    _begin(call, service, workload)
    return _shown(call, arn)


def _new_service(call: Call, cluster: Cluster, arn: str, definition: TaskDefinition) -> tuple[Service, Workload]:
    params = call.params
    strategy = SchedulingStrategy(choice(params, "schedulingStrategy", tuple(SchedulingStrategy)) or "REPLICA")
    desired = read_desired_count(params)
    if strategy is SchedulingStrategy.REPLICA and desired is None:
        raise invalid("desiredCount is missing; the scheduling strategy REPLICA needs the number of tasks to run.")
    if strategy is SchedulingStrategy.DAEMON and desired is not None:
        raise invalid(
            "desiredCount is given; the scheduling strategy DAEMON runs one task on every host, leave it out."
        )
    configuration = read_deployment_configuration(params, strategy, {})
    capacity = read_capacity(params, cluster, definition)
    if strategy is SchedulingStrategy.DAEMON and capacity.launch_type == "FARGATE":
        raise invalid("The daemon scheduling strategy is not supported for FARGATE; use launchType EC2 or EXTERNAL.")
    workload = read_workload(call, params, definition, capacity)
    document = {**read_shown(params), **read_deployment_controller(params), "deploymentConfiguration": configuration}
    if params.get("role"):
        document["roleArn"] = params["role"]
    service = Service(
        arn=arn,
        name=params["serviceName"],
        cluster_arn=cluster.arn,
        created_at=call.now,
        desired_count=desired or 0,
        scheduling_strategy=strategy,
        launch_type=capacity.launch_type,
        health_check_grace_period_s=read_grace(params),
        fingerprint=fingerprint(call),
        document=document,
        tags=read_service_tags(params),
        **service_fields(configuration),
    )
    return service, workload


def _required(params: Mapping[str, Any], name: str) -> str:
    value: str | None = params.get(name)
    if not value:
        raise invalid(f"{name} is missing; give the family, family:revision or ARN of a task definition.")
    return value


def _begin(call: Call, service: Service, workload: Workload) -> None:
    """A new deployment of the service; what of it would not go elsewhere is said in its events."""
    configuration = service.document["deploymentConfiguration"]
    call.changes += begin_deployment(
        call.snapshot, service, workload, context=call.context, deployment_configuration=configuration
    )
    call.changes += prune_history(call.snapshot, service.arn)
    for note in portability_notes(call.snapshot.task_definitions[workload.task_definition_arn]):
        call.put(events.event(call.context, service, note))
    warn(call, service, workload)


def _shown(call: Call, arn: str) -> Callable[[], Answer]:
    return lambda: {"service": service_view(call.snapshot, call.snapshot.services[arn], with_tags=True)}


def update_service(call: Call) -> Callable[[], Answer]:
    """UpdateService. Members of the revision that differ, or forceNewDeployment, begin a new deployment.

    As in ECS, one that failed is not begun again by asking for what it was to bring: the answer shows it FAILED.
    """
    service = find_active_service(call, find_cluster(call), call.params["service"])
    updated = _updated(call, service)
    current = workload = _current(call, service)
    is_forced = call.params.get("forceNewDeployment", False)
    if is_forced or any(call.params.get(name) is not None for name in _TRIGGERS):  # else what is gone is no matter
        workload = _workload(call, service, _over_known(call, service))
    is_new = is_forced or workload != current
    if is_new:
        updated = replace(updated, launch_type=workload.launch_type, blocked_by=None)
    if updated != service:
        call.put(updated, cause="updated")
    if is_new:
        _begin(call, updated, workload)
    elif updated != service:
        warn(call, updated, workload, before=service)
    return _shown(call, service.arn)


def _updated(call: Call, service: Service) -> Service:
    """The service with the members that begin no deployment."""
    params = call.params
    read_deployment_controller(params)
    known = service.document["deploymentConfiguration"]
    configuration = read_deployment_configuration(params, service.scheduling_strategy, known)
    desired = read_desired_count(params)
    if desired is not None and service.scheduling_strategy is SchedulingStrategy.DAEMON:
        raise invalid(
            "desiredCount is given; the scheduling strategy DAEMON runs one task on every host, leave it out."
        )
    return replace(
        service,
        desired_count=service.desired_count if desired is None else desired,
        health_check_grace_period_s=read_grace(params, known=service.health_check_grace_period_s),
        document={**service.document, **read_shown(params), "deploymentConfiguration": configuration},
        **service_fields(configuration),
    )


def _primary_revision(call: Call, service: Service) -> str:
    primary = call.snapshot.primary(service.arn)
    assert primary is not None, f"{service.arn} is ACTIVE and has no PRIMARY deployment"
    return primary.revision_arn


def _current(call: Call, service: Service) -> Workload:
    revision = call.snapshot.service_revisions[_primary_revision(call, service)]
    return Workload(
        task_definition_arn=revision.task_definition_arn,
        launch_type=revision.launch_type,
        load_balancers=revision.load_balancers,
        document=revision.document,
    )


def _over_known(call: Call, service: Service) -> dict[str, Any]:
    """The members of a revision: those given in the call over those of the present one."""
    revision = call.snapshot.service_revisions[_primary_revision(call, service)]
    known = {"taskDefinition": revision.task_definition_arn, **revision.document}
    given = {name: call.params[name] for name in _TRIGGERS if call.params.get(name) is not None}
    if given.get("capacityProviderStrategy") == [] or "capacityProviderStrategy" not in {**known, **given}:
        known.pop("capacityProviderStrategy", None)
        known["launchType"] = revision.launch_type.value
    return {**known, **given}


def _workload(call: Call, service: Service, params: Mapping[str, Any]) -> Workload:
    definition = (
        find_active_task_definition(call, params["taskDefinition"])
        if "taskDefinition" in call.params
        else call.snapshot.task_definitions[params["taskDefinition"]]
    )
    if params.get("platformVersion") and params.get("launchType") not in (None, "FARGATE"):
        params = {name: value for name, value in params.items() if name != "platformVersion"}
    capacity: Capacity = read_capacity(params, call.snapshot.clusters[service.cluster_arn], definition)
    return read_workload(call, params, definition, capacity)


def delete_service(call: Call) -> Callable[[], Answer]:
    """DeleteService: DRAINING until its last task has stopped, each drained first; then INACTIVE."""
    cluster = find_cluster(call)
    service = find_service(call, cluster, call.params["service"])
    if service.status is ServiceStatus.INACTIVE:
        raise ApiError("ServiceNotFoundException", "Service not found.")
    is_replica = service.scheduling_strategy is SchedulingStrategy.REPLICA
    if is_replica and service.desired_count > 0 and not call.params.get("force", False):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    if service.status is ServiceStatus.ACTIVE:
        call.put(decide_delete(service), cause="deleted")
    return _shown(call, service.arn)


HANDLERS: Mapping[str, Handler] = {
    "CreateService": create_service,
    "UpdateService": update_service,
    "DeleteService": delete_service,
}

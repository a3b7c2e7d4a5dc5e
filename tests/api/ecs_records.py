"""Records that the tests of ECS's reads stand on: hosts, task definitions, services with their deployments, tasks."""

from dataclasses import replace
from typing import Any

from slipway.api import ecs
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    RolloutState,
    ServiceDeployment,
    ServiceDeploymentStatus,
    ServiceRevision,
)
from slipway.core.model.hosts import Host
from slipway.core.model.services import Service, ServiceEvent
from slipway.core.model.tasks import Container, DesiredStatus, LaunchType, Task, TaskStatus
from slipway.core.plan import Put, Record
from tests.api.calls import Caller

HOST = Host(
    id="0123456789abcdef0123456789abcdef",
    cpu=4096,
    memory=8192,
    address="127.0.0.1",
    runtime="process",
    registered_at=1_600_000_000.0,
)

CONTAINER: dict[str, Any] = {"name": "app", "image": "users:1", "memory": 64, "portMappings": [{"containerPort": 80}]}


def ecs_caller() -> Caller:
    """A caller of ECS with a host and the cluster `default`."""
    caller = Caller(ecs.HANDLERS, "ecs")
    put(caller, HOST)
    caller.call("CreateCluster")
    return caller


def put(caller: Caller, *records: Record) -> None:
    """Have the records in the caller's snapshot."""
    caller.snapshot.apply([Put(record=record) for record in records])


def register(caller: Caller, family: str = "users", **params: Any) -> str:
    """The ARN of a new revision of `family`, with one container unless others are given."""
    answer = caller.call("RegisterTaskDefinition", **{"family": family, "containerDefinitions": [CONTAINER], **params})
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def put_service(caller: Caller, name: str = "users", *, definition: str, number: str = "1", **fields: Any) -> Service:
    """A service of the cluster `default` with one deployment, `ecs-svc/<number>`, IN_PROGRESS."""
    arns = caller.site.arns
    service = Service(
        arn=arns.service("default", name),
        name=name,
        cluster_arn=arns.cluster("default"),
        created_at=caller.now,
        **{"desired_count": 2, **fields},
    )
    put(caller, service)
    put_deployment(caller, service, definition=definition, number=number)
    return service


def put_deployment(
    caller: Caller, service: Service, *, definition: str, number: str, document: dict[str, Any] | None = None
) -> Deployment:
    """A new PRIMARY deployment of `service`; those before become ACTIVE, to keep one task."""
    arns, snapshot = caller.site.arns, caller.snapshot
    before = snapshot.service_deployments_of(service.arn)
    revision = ServiceRevision(
        arn=arns.service_revision("default", service.name, number),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        task_definition_arn=definition,
        created_at=caller.now,
        launch_type=service.launch_type,
        document=document or {},
    )
    roll_out = ServiceDeployment(
        arn=arns.service_deployment("default", service.name, f"{service.name}{number}".ljust(21, "x")),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        target_revision_arn=revision.arn,
        source_revision_arns=tuple(deployment.revision_arn for deployment in before),
        created_at=caller.now,
        started_at=caller.now,
        updated_at=caller.now,
        status=ServiceDeploymentStatus.IN_PROGRESS,
        document={"maximumPercent": 200, "minimumHealthyPercent": 100},
    )
    deployment = Deployment(
        id=f"ecs-svc/{number}",
        service_arn=service.arn,
        revision_arn=revision.arn,
        service_deployment_arn=roll_out.arn,
        task_definition_arn=definition,
        created_at=caller.now,
        updated_at=caller.now,
        rollout_state=RolloutState.IN_PROGRESS,
        rollout_state_reason=f"ECS deployment ecs-svc/{number} in progress.",
    )
    demoted = [replace(item, status=DeploymentStatus.ACTIVE, desired_count=1) for item in before]
    put(caller, *demoted, revision, roll_out, deployment)
    return deployment


def put_task(caller: Caller, definition: str, *, service: Service | None = None, **fields: Any) -> Task:
    """A task in the cluster `default`, RUNNING, of the newest deployment of `service` or on its own."""
    arns = caller.site.arns
    task_id = caller.ids.hex(32)
    record = caller.snapshot.task_definitions[definition]
    primary = None if service is None else caller.snapshot.primary(service.arn)
    values: dict[str, Any] = {
        "group": f"family:{record.family}" if service is None else f"service:{service.name}",
        "service_arn": None if service is None else service.arn,
        "deployment_id": None if primary is None else primary.id,
        "started_by": None if primary is None else primary.id,
        "launch_type": LaunchType.EC2,
        "last_status": TaskStatus.RUNNING,
        "desired_status": DesiredStatus.RUNNING,
        "cpu": 128,
        "memory": 64,
        **fields,
    }
    containers = tuple(
        Container(
            name=container.name,
            arn=arns.container("default", task_id, caller.ids.uuid()),
            image=container.image,
            last_status=values["last_status"],
        )
        for container in record.containers
    )
    task = Task(
        arn=arns.task("default", task_id),
        cluster_arn=arns.cluster("default"),
        task_definition_arn=definition,
        host_id=HOST.id,
        created_at=caller.now,
        **{"containers": containers, **values},
    )
    put(caller, task)
    return task


def put_events(caller: Caller, service: Service, count: int) -> None:
    """So many events of `service`, a second apart."""
    for number in range(count):
        message = f"(service {service.name}) event {number}"
        put(
            caller,
            ServiceEvent(
                id=caller.ids.uuid(), service_arn=service.arn, created_at=caller.now + number, message=message
            ),
        )

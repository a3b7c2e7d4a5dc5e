"""Small records for tests of the core, complete but for what a test says."""

from typing import Any

from slipway.core.model.alarms import Alarm, AlarmState
from slipway.core.model.deployments import Deployment, ServiceDeployment, ServiceDeploymentStatus, ServiceRevision
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Target
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import ContainerDefinition, TaskDefinition
from slipway.core.model.tasks import Container, Task
from slipway.core.plan import Put, Record
from slipway.core.snapshot import Snapshot

CLUSTER = "arn:aws:ecs:local:000000000000:cluster/default"


def snapshot_of(*records: Record) -> Snapshot:
    """A snapshot of these records."""
    snapshot = Snapshot(seed="1")
    snapshot.apply(Put(record=record) for record in records)
    return snapshot


def a_host(host_id: str = "host1", **members: Any) -> Host:
    """A host of 1024 CPU units and 1024 MiB."""
    given = {"cpu": 1024, "memory": 1024, "address": "127.0.0.1", "runtime": "sim", "registered_at": 0.0}
    return Host(id=host_id, **{**given, **members})


def a_task(number: int = 1, **members: Any) -> Task:
    """A standalone task of one container on host1, which reserves 256 CPU units and 256 MiB."""
    arn = f"arn:aws:ecs:local:000000000000:task/default/{number:032x}"
    given: dict[str, Any] = {
        "cluster_arn": CLUSTER,
        "task_definition_arn": "arn:aws:ecs:local:000000000000:task-definition/web:1",
        "host_id": "host1",
        "containers": (Container(name="app", arn=f"{arn}/app", image="web:1"),),
        "cpu": 256,
        "memory": 256,
        "created_at": float(number),
        "group": "family:web",
    }
    return Task(arn=arn, **{**given, **members})


def a_definition(*containers: ContainerDefinition, **members: Any) -> TaskDefinition:
    """Revision 1 of `web`; of one container `app` unless others are given."""
    given: dict[str, Any] = {
        "arn": "arn:aws:ecs:local:000000000000:task-definition/web:1",
        "family": "web",
        "revision": 1,
        "registered_at": 0.0,
        "containers": containers or (ContainerDefinition(name="app", image="web:1"),),
        "document": {},
    }
    return TaskDefinition(**{**given, **members})


def a_target(**members: Any) -> Target:
    """A target of the group `group`, just registered."""
    given: dict[str, Any] = {
        "target_group_arn": "group",
        "id": "10.0.0.1",
        "port": 8080,
        "address": "10.0.0.1",
        "registered_at": 0.0,
    }
    return Target(**{**given, **members})


SERVICE_ARN = "arn:aws:ecs:local:000000000000:service/default/web"


def a_service(**members: Any) -> Service:
    """The service `web`, which wants two tasks."""
    given: dict[str, Any] = {
        "arn": SERVICE_ARN,
        "name": "web",
        "cluster_arn": CLUSTER,
        "created_at": 0.0,
        "desired_count": 2,
    }
    return Service(**{**given, **members})


def a_deployment(number: int = 1, **members: Any) -> Deployment:
    """Deployment `ecs-svc/<number>` of `web`, the PRIMARY, in progress, begun at the instant `number`."""
    given: dict[str, Any] = {
        "id": f"ecs-svc/{number}",
        "service_arn": SERVICE_ARN,
        "revision_arn": f"revision/{number}",
        "service_deployment_arn": f"service-deployment/{number}",
        "task_definition_arn": "arn:aws:ecs:local:000000000000:task-definition/web:1",
        "created_at": float(number),
        "updated_at": float(number),
    }
    return Deployment(**{**given, **members})


def a_revision(number: int = 1, **members: Any) -> ServiceRevision:
    """What deployment `ecs-svc/<number>` of `web` runs."""
    given: dict[str, Any] = {
        "arn": f"revision/{number}",
        "service_arn": SERVICE_ARN,
        "cluster_arn": CLUSTER,
        "task_definition_arn": "arn:aws:ecs:local:000000000000:task-definition/web:1",
        "created_at": float(number),
    }
    return ServiceRevision(**{**given, **members})


def a_roll_out(number: int = 1, **members: Any) -> ServiceDeployment:
    """The service deployment of `ecs-svc/<number>` of `web`, in progress."""
    given: dict[str, Any] = {
        "arn": f"service-deployment/{number}",
        "service_arn": SERVICE_ARN,
        "cluster_arn": CLUSTER,
        "target_revision_arn": f"revision/{number}",
        "created_at": float(number),
        "updated_at": float(number),
        "status": ServiceDeploymentStatus.IN_PROGRESS,
    }
    return ServiceDeployment(**{**given, **members})


def an_alarm(name: str, **members: Any) -> Alarm:
    """An alarm of one period of a minute that is OK."""
    given: dict[str, Any] = {"namespace": "test", "metric_name": name, "state": AlarmState.OK}
    return Alarm(arn=f"arn:aws:cloudwatch:local:000000000000:alarm:{name}", name=name, **{**given, **members})

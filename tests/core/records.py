"""Small records for tests of the core, complete but for what a test says."""

from typing import Any

from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Target
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

"""Making a task: its record, placed on a host, and the command that starts it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.core.arns import Arns
from slipway.core.ids import Ids
from slipway.core.model.hosts import Host
from slipway.core.model.tags import Tag
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Container, LaunchType, Task
from slipway.core.placing.placement import Footprint, Refusal, footprint, place
from slipway.core.plan import StartTask
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.payload import payload_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What one task is to be: the same for all tasks of a RunTask call, or of a deployment."""

    cluster_arn: str
    cluster_name: str
    definition: TaskDefinition
    group: str
    launch_type: LaunchType
    started_by: str | None = None  # None: nobody was named
    service_arn: str | None = None  # None: a standalone task
    deployment_id: str | None = None
    cpu: int | None = None  # overrides the definition's; None: as defined
    memory: int | None = None
    taken_hosts: frozenset[str] | None = None  # one task a host, and these have theirs; None: many may share one
    document: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()

    def footprint(self) -> Footprint:
        """What one such task reserves on its host."""
        return footprint(self.definition, cpu=self.cpu, memory=self.memory)


def launch_tasks(
    snapshot: Snapshot, launch: Launch, count: int, *, arns: Arns, ids: Ids, now: float
) -> tuple[tuple[Task, ...], Refusal | None]:
    """`count` new tasks, or as many as there is room for and why not more. The caller commits the records."""
    placement = place(snapshot, launch.footprint(), count, launch.taken_hosts)
    return tuple(_task(launch, host, arns=arns, ids=ids, now=now) for host in placement.hosts), placement.refusal


def _task(launch: Launch, host: Host, *, arns: Arns, ids: Ids, now: float) -> Task:
    need = launch.footprint()
    task_id = ids.hex(32)
    return Task(
        arn=arns.task(launch.cluster_name, task_id),
        cluster_arn=launch.cluster_arn,
        task_definition_arn=launch.definition.arn,
        host_id=host.id,
        containers=tuple(
            Container(
                name=container.name,
                arn=arns.container(launch.cluster_name, task_id, ids.uuid()),
                image=container.image,
            )
            for container in launch.definition.containers
        ),
        cpu=need.cpu,
        memory=need.memory,
        host_ports=need.host_ports,
        created_at=now,
        group=launch.group,
        started_by=launch.started_by,
        service_arn=launch.service_arn,
        deployment_id=launch.deployment_id,
        launch_type=launch.launch_type,
        document=launch.document,
        tags=launch.tags,
    )


def start_command(snapshot: Snapshot, task: Task) -> StartTask:
    """The command that has the task's host start it."""
    definition = snapshot.task_definitions[task.task_definition_arn]
    deployment = None if task.deployment_id is None else snapshot.deployments.get(task.deployment_id)
    digests = {} if deployment is None else deployment.image_digests
    return StartTask(host_id=task.host_id, payload=payload_of(task, definition, digests))

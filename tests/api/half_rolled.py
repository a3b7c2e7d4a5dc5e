"""A service of two tasks half-way through a roll, behind a balancer: records as the server keeps them."""

from typing import Any

from slipway.core.arns import Arns
from slipway.core.model.clusters import Cluster
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    RolloutState,
    Round,
    RoundKind,
    ServiceDeployment,
    ServiceRevision,
)
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import (
    ForwardAction,
    Listener,
    LoadBalancer,
    Target,
    TargetGroup,
    TargetState,
    WeightedTargetGroup,
)
from slipway.core.model.services import Service, ServiceEvent, ServiceLoadBalancer
from slipway.core.model.task_definitions import ContainerDefinition, TaskDefinition
from slipway.core.model.tasks import Container, DesiredStatus, Task, TaskStatus
from slipway.core.plan import Put, Record
from slipway.core.snapshot import Snapshot

NOW = 1_700_000_100.0
ARNS = Arns(account="000000000000", region="us-east-1")
SERVICE = ARNS.service("shop", "users")
BALANCER = ARNS.load_balancer("users", "0" * 16)
GROUP = ARNS.target_group("users", "1" * 16)
HOST_ID = "f" * 32
OLD, NEW = "ecs-svc/1", "ecs-svc/2"


def task(number: int, deployment: str, *, runtime_id: str | None = "run", **changes: Any) -> Task:
    revision = 1 if deployment == OLD else 2
    return Task(
        arn=ARNS.task("shop", f"{number:032x}"),
        cluster_arn=ARNS.cluster("shop"),
        task_definition_arn=ARNS.task_definition("users", revision),
        host_id=HOST_ID,
        containers=(Container(name="app", arn="", image="users", runtime_id=runtime_id),),
        cpu=256,
        memory=128,
        created_at=NOW - 90 + number,
        group="service:users",
        service_arn=SERVICE,
        deployment_id=deployment,
        **changes,
    )


HEALTHY: dict[str, Any] = {"last_status": TaskStatus.RUNNING, "started_at": NOW - 50, "healthy_at": NOW - 40}
DRAINING: dict[str, Any] = {**HEALTHY, "last_status": TaskStatus.DEACTIVATING, "desired_status": DesiredStatus.STOPPED}
STOPPED: dict[str, Any] = {
    **DRAINING,
    "last_status": TaskStatus.STOPPED,
    "stopped_at": NOW - 5,
    "stopped_reason": "Scaling activity",
}
TASKS = (
    task(1, OLD, **HEALTHY),
    task(2, OLD, **DRAINING),
    task(3, OLD, **STOPPED),
    task(4, NEW, **HEALTHY),
    task(5, NEW, runtime_id=None, last_status=TaskStatus.PENDING),
)


def deployment(number: int, **changes: Any) -> tuple[ServiceRevision, ServiceDeployment, Deployment]:
    revision = ARNS.service_revision("shop", "users", str(number))
    roll_out = ARNS.service_deployment("shop", "users", str(number))
    common: dict[str, Any] = {"service_arn": SERVICE, "created_at": NOW - 100 / number}
    definition = ARNS.task_definition("users", number)
    return (
        ServiceRevision(
            arn=revision,
            cluster_arn=ARNS.cluster("shop"),
            task_definition_arn=definition,
            load_balancers=(ServiceLoadBalancer(target_group_arn=GROUP, container_name="app", container_port=8080),),
            **common,
        ),
        ServiceDeployment(
            arn=roll_out,
            cluster_arn=ARNS.cluster("shop"),
            target_revision_arn=revision,
            updated_at=NOW,
            finished_at=NOW - 80 if number == 1 else None,
            **common,
        ),
        Deployment(
            id=f"ecs-svc/{number}",
            revision_arn=revision,
            service_deployment_arn=roll_out,
            task_definition_arn=definition,
            updated_at=NOW,
            **common,
            **changes,
        ),
    )


def definition(number: int) -> TaskDefinition:
    return TaskDefinition(
        arn=ARNS.task_definition("users", number),
        family="users",
        revision=number,
        registered_at=NOW - 200,
        containers=(ContainerDefinition(name="app", image="users", cpu=3500, memory=128),),
        document={},
    )


def balancing() -> tuple[Record, ...]:
    weighted = WeightedTargetGroup(target_group_arn=GROUP)
    registered = Target(
        target_group_arn=GROUP,
        id="127.0.0.1",
        port=30001,
        address="127.0.0.1",
        registered_at=NOW,
        task_arn=TASKS[0].arn,
        state=TargetState.HEALTHY,
        reason=None,
        description=None,
    )
    return (
        LoadBalancer(arn=BALANCER, name="users", address="127.0.0.2", dns_name="users.localhost", created_at=NOW),
        TargetGroup(arn=GROUP, name="users", created_at=NOW),
        Listener(
            arn=ARNS.listener(BALANCER, "2" * 16),
            load_balancer_arn=BALANCER,
            port=8080,
            created_at=NOW,
            default_action=ForwardAction(target_groups=(weighted,)),
        ),
        registered,
    )


def filled() -> Snapshot:
    """A service of two tasks half-way through a roll."""
    snapshot = Snapshot(seed="test")
    rounds = (Round(kind=RoundKind.START, count=2, at=NOW - 50), Round(kind=RoundKind.STOP, count=1, at=NOW - 10))
    records: tuple[Record, ...] = (
        Cluster(arn=ARNS.cluster("shop"), name="shop", created_at=NOW),
        Host(id=HOST_ID, cpu=4096, memory=8192, address="127.0.0.1", runtime="process", registered_at=NOW),
        Service(arn=SERVICE, name="users", cluster_arn=ARNS.cluster("shop"), created_at=NOW - 100, desired_count=2),
        definition(1),
        definition(2),
        *deployment(1, status=DeploymentStatus.ACTIVE, rollout_state=RolloutState.COMPLETED, desired_count=1),
        *deployment(2, rounds=rounds),
        *TASKS,
        *balancing(),
        ServiceEvent(id="e1", service_arn=SERVICE, created_at=NOW - 9, message="(service users) has begun."),
    )
    snapshot.apply(Put(record=record) for record in records)
    return snapshot

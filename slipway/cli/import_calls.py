"""What AWS says of a service: the calls of `slipway import aws`, which only read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import floor
from typing import Any

from slipway.cli.failure import CliError
from slipway.foresight.imports_aws import Described, is_fargate, task_size

Shape = Mapping[str, Any]

#: The most that one call describes: DescribeTasks and DescribeContainerInstances 100, DescribeServiceDeployments 20.
TASKS_MOST = 100
DEPLOYMENTS_MOST = 20
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where AWS is asked; None: as the environment and the files of the AWS CLI say."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None

    def client(self, service: str) -> Any:
        """A botocore client of `ecs` or `elbv2`."""
        from botocore.config import Config
        from botocore.session import Session

        config = Config(
            connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S, retries={"mode": "standard", "total_max_attempts": 3}
        )
        return Session(profile=self.profile).create_client(
            service, region_name=self.region, endpoint_url=self.endpoint_url, config=config
        )


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turn botocore's exceptions into `CliError`: one sentence, with what was asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise CliError(f"{error.operation_name} was refused: {told.get('Message')} ({told.get('Code')})") from error
    except BotoCoreError as error:
        raise CliError(f"AWS could not be asked: {error}".rstrip(".") + ".") from error


def describe_on_aws(account: Account, name: str, cluster: str | None) -> tuple[Described, tuple[Shape, ...]]:
    """The service, and its recent service deployments. Raises `CliError`."""
    with refusals_told():
        ecs = account.client("ecs")
        service = _service(ecs, name, cluster)
        where = {"cluster": service["clusterArn"]}
        definition = None
        if arn := service.get("taskDefinition"):
            definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        tasks = _tasks(ecs, service["serviceName"], where)
        described = Described(
            service=service,
            task_definition=definition,
            target_groups=_target_groups(account, service),
            tasks=tasks,
            room=None if is_fargate(service) else _room(ecs, service, definition, where),
        )
        return described, _deployments(ecs, service, where)


def _service(ecs: Any, name: str, cluster: str | None) -> Shape:
    where = {} if cluster is None else {"cluster": cluster}
    answer = ecs.describe_services(services=[name], **where)
    found = [one for one in answer["services"] if one.get("status") == "ACTIVE"]
    if not found:
        raise CliError(f"There is no active service {name} in cluster {cluster or 'default'}: name it by --cluster.")
    service: Shape = found[0]
    return service


def _tasks(ecs: Any, name: str, where: Shape) -> tuple[Shape, ...]:
    """Tasks that run, and those that stopped within the last hour, which is as far as ECS keeps them."""
    arns: list[str] = []
    for status in ("RUNNING", "STOPPED"):
        answer = ecs.list_tasks(serviceName=name, desiredStatus=status, maxResults=TASKS_MOST // 2, **where)
        arns += answer["taskArns"]
    return tuple(ecs.describe_tasks(tasks=arns, **where)["tasks"]) if arns else ()


def _target_groups(account: Account, service: Shape) -> tuple[Shape, ...]:
    arns = [one["targetGroupArn"] for one in service.get("loadBalancers") or () if one.get("targetGroupArn")]
    if not arns:
        return ()
    elbv2 = account.client("elbv2")
    groups = elbv2.describe_target_groups(TargetGroupArns=arns)["TargetGroups"]
    return tuple(
        {**group, "Attributes": _attributes(elbv2.describe_target_group_attributes(TargetGroupArn=arn))}
        for group in groups
        if (arn := group["TargetGroupArn"])
    )


def _attributes(answer: Shape) -> dict[str, str]:
    """The attributes by key, of an answer of DescribeTargetGroupAttributes."""
    return {one["Key"]: one.get("Value", "") for one in answer.get("Attributes") or ()}


def _deployments(ecs: Any, service: Shape, where: Shape) -> tuple[Shape, ...]:
    listed = ecs.list_service_deployments(service=service["serviceName"], maxResults=DEPLOYMENTS_MOST, **where)
    arns = [one["serviceDeploymentArn"] for one in listed["serviceDeployments"]]
    if not arns:
        return ()
    return tuple(ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"])


def _room(ecs: Any, service: Shape, definition: Shape | None, where: Shape) -> int | None:
    """Tasks that the service has, and those that fit beside them on the container instances; None: not known."""
    cpu, memory = (task_size(definition, name) for name in ("cpu", "memory"))
    pages = ecs.get_paginator("list_container_instances").paginate(status="ACTIVE", **where)
    arns = [arn for page in pages for arn in page["containerInstanceArns"]]
    if not arns or not (cpu or memory):
        return None
    free = 0
    for first in range(0, len(arns), TASKS_MOST):
        answer = ecs.describe_container_instances(containerInstances=arns[first : first + TASKS_MOST], **where)
        free += sum(_fit(one, cpu, memory) for one in answer["containerInstances"])
    return int(service.get("runningCount") or 0) + free


def _fit(instance: Shape, cpu: int, memory: int) -> int:
    left = {one["name"]: one.get("integerValue", 0) for one in instance.get("remainingResources") or ()}
    fits = [floor(left.get(name, 0) / size) for name, size in (("CPU", cpu), ("MEMORY", memory)) if size]
    return int(max(min(fits), 0))

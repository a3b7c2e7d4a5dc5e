"""A deployment runs one image of each container: the one that its first task ran, wherever the tag moves."""

from dataclasses import replace

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deployments.failures import Account, note_tasks
from slipway.core.ids import Ids
from slipway.core.model.deployments import Deployment
from slipway.core.model.task_definitions import ContainerDefinition
from slipway.core.model.tasks import Container, Task
from slipway.core.rules import Rules
from slipway.core.tasks.launch import start_command
from tests.core.records import (
    SERVICE_ARN,
    a_definition,
    a_deployment,
    a_host,
    a_revision,
    a_roll_out,
    a_service,
    a_task,
    snapshot_of,
)

APP = ContainerDefinition(name="app", image="web:latest")
PROXY = ContainerDefinition(name="proxy", image="proxy:latest", is_digest_pinned=False)
CONTEXT = Context(now=100.0, ids=Ids(seed="1"), arns=Arns(account="000000000000", region="local"), rules=Rules())


def ran(number: int, **digests: str | None) -> Task:
    """A task of the service whose containers ran these images; None: their runtime knows none."""
    containers = tuple(
        Container(name=name, arn=f"arn/{number}/{name}", image=f"{name}:latest", image_digest=digest)
        for name, digest in digests.items()
    )
    return a_task(number, service_arn=SERVICE_ARN, deployment_id="ecs-svc/1", containers=containers)


def pinned(before: dict[str, str], *tasks: Task) -> Deployment:
    """The deployment after these tasks were seen."""
    service, deployment = a_service(), a_deployment(image_digests=before)
    snapshot = snapshot_of(service, a_definition(APP, PROXY), a_revision(), a_roll_out(), deployment)
    account = Account(snapshot=snapshot, service=service, context=CONTEXT)
    note_tasks(account, seen=tasks, healthy=(), failed=())
    return account.deployments.get(deployment.id, deployment)


@pytest.mark.parametrize(
    ("before", "tasks", "expected"),
    [
        pytest.param({}, [ran(1, app="sha256:a")], {"app": "sha256:a"}, id="the first task's"),
        pytest.param({}, [ran(1, app="sha256:a"), ran(2, app="sha256:b")], {"app": "sha256:a"}, id="not the second's"),
        pytest.param({"app": "sha256:a"}, [ran(2, app="sha256:b")], {"app": "sha256:a"}, id="not a later one's"),
        pytest.param({}, [ran(1, app=None)], {}, id="none is known"),
        pytest.param(
            {}, [ran(1, app="sha256:a", proxy="sha256:p")], {"app": "sha256:a"}, id="versionConsistency disabled"
        ),
    ],
)
def test_pinned(before: dict[str, str], tasks: list[Task], expected: dict[str, str]) -> None:
    assert pinned(before, *tasks).image_digests == expected


def test_the_next_task_is_started_with_the_pinned_image() -> None:
    deployment = a_deployment(image_digests={"app": "sha256:a"})
    task = replace(ran(2, app=None, proxy=None), host_id="host1")
    snapshot = snapshot_of(
        a_host(), a_service(), a_definition(APP, PROXY), a_revision(), a_roll_out(), deployment, task
    )
    images = {one.name: one.image_digest for one in start_command(snapshot, task).payload.containers}
    assert images == {"app": "sha256:a", "proxy": None}

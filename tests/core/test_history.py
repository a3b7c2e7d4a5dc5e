"""The history of a service is bounded; what still has tasks stays."""

from dataclasses import replace

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deployments.deploy import Workload, begin_deployment
from slipway.core.deployments.history import prune_history
from slipway.core.ids import Ids
from slipway.core.model.deployments import DeploymentStatus
from slipway.core.model.failures import CountedFailure, Failure, FailureClass
from slipway.core.model.services import Service
from slipway.core.model.tasks import LaunchType, Task, TaskStatus
from slipway.core.plan import Put, Remove
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.task_steps import plan_task
from tests.core.records import a_task

ARNS = Arns(account="000000000000", region="us-east-1")
SERVICE = Service(
    arn=ARNS.service("default", "web"),
    name="web",
    cluster_arn=ARNS.cluster("default"),
    created_at=0.0,
    desired_count=0,
)


def rolled(times: int) -> Snapshot:
    """A service that was deployed so many times; all but the last deployment have no task left."""
    snapshot = Snapshot(seed="history")
    snapshot.apply([Put(record=SERVICE)])
    ids = Ids(seed="history")
    workload = Workload(task_definition_arn=ARNS.task_definition("web", 1), launch_type=LaunchType.EC2)
    for number in range(times):
        context = Context(now=float(number), ids=ids, arns=ARNS, rules=Rules())
        before = snapshot.service_deployments_of(SERVICE.arn)
        snapshot.apply(begin_deployment(snapshot, SERVICE, workload, context=context, deployment_configuration={}))
        snapshot.apply([Put(record=replace(item, status=DeploymentStatus.INACTIVE)) for item in before])
    return snapshot


def test_the_newest_are_kept_with_their_revisions() -> None:
    snapshot = rolled(5)
    newest = snapshot.service_history(SERVICE.arn)[:2]
    snapshot.apply(prune_history(snapshot, SERVICE.arn, kept=2))
    assert snapshot.service_history(SERVICE.arn) == newest
    assert set(snapshot.service_revisions) == {item.target_revision_arn for item in newest}
    assert len(snapshot.deployments) == 2
    assert prune_history(snapshot, SERVICE.arn, kept=2) == ()


def test_a_deployment_that_still_has_tasks_is_kept() -> None:
    snapshot = rolled(3)
    oldest = snapshot.deployments[next(iter(snapshot.deployments))]
    snapshot.apply([Put(record=replace(oldest, status=DeploymentStatus.ACTIVE))])
    snapshot.apply(prune_history(snapshot, SERVICE.arn, kept=1))
    assert oldest.id in snapshot.deployments
    assert oldest.revision_arn in snapshot.service_revisions


def failing(task: Task) -> Snapshot:
    """Three deployments, the oldest of which counts the task, which has stopped, among its failures."""
    snapshot = rolled(3)
    oldest = snapshot.service_history(SERVICE.arn)[-1]
    failure = Failure(failure_class=FailureClass.CRASH, sentence="exit 1 after 4 s")
    counted = CountedFailure(deployment_id="ecs-svc/1", at=1.0, failure=failure, task_arn=task.arn)
    snapshot.apply([Put(record=replace(oldest, failures=(counted,))), Put(record=task)])
    return snapshot


def test_the_record_of_a_counted_failure_outlasts_its_hour() -> None:
    task = a_task(last_status=TaskStatus.STOPPED, wake_at=3600.0)
    context = Context(now=3600.0, ids=Ids(seed="1"), arns=ARNS, rules=Rules())
    snapshot = failing(task)
    (change,) = plan_task(snapshot, task, service=None, context=context).changes
    assert change == Put(record=replace(task, wake_at=None), cause="kept with its deployment, which failed")
    other = a_task(2, last_status=TaskStatus.STOPPED, wake_at=3600.0)
    (change,) = plan_task(snapshot, other, service=None, context=context).changes
    assert isinstance(change, Remove)


def test_a_kept_task_goes_with_its_deployment() -> None:
    task = a_task(last_status=TaskStatus.STOPPED, wake_at=None)
    snapshot = failing(task)
    snapshot.apply(prune_history(snapshot, SERVICE.arn, kept=2))
    assert snapshot.tasks == {}
    assert not snapshot.is_kept(task.arn)


def test_a_task_whose_hour_goes_on_is_left_to_that() -> None:
    task = a_task(last_status=TaskStatus.STOPPED, wake_at=3600.0)
    snapshot = failing(task)
    assert snapshot.is_kept(task.arn)
    snapshot.apply(prune_history(snapshot, SERVICE.arn, kept=2))
    assert list(snapshot.tasks) == [task.arn]
    assert not snapshot.is_kept(task.arn)

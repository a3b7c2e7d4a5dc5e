"""The history of a service is bounded; what still has tasks stays."""

from dataclasses import replace

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.deploy import Workload, begin_deployment
from slipway.core.history import prune_history
from slipway.core.ids import Ids
from slipway.core.model.deployments import DeploymentStatus
from slipway.core.model.services import Service
from slipway.core.model.tasks import LaunchType
from slipway.core.plan import Put
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot

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

"""Beginning and ending a deployment: its three records, and what becomes of the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.core import events
from slipway.core.arns import cluster_name, deployment_id_of
from slipway.core.decision import Context
from slipway.core.deployments.extensions import extensions_of
from slipway.core.deployments.failures import forgiven
from slipway.core.model.deployments import (
    Deployment,
    DeploymentStatus,
    RolloutState,
    Round,
    RoundKind,
    ServiceDeployment,
    ServiceDeploymentStatus,
    ServiceRevision,
)
from slipway.core.model.services import Service, ServiceLoadBalancer, ServiceStatus
from slipway.core.model.tasks import LaunchType
from slipway.core.plan import Change, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.task_counts import kept_counts

#: Rounds kept apart; later ones are added to the last of their kind.
ROUNDS_KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a new deployment brings: the members of a service revision that a caller may give."""

    task_definition_arn: str
    launch_type: LaunchType
    load_balancers: tuple[ServiceLoadBalancer, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)  # networkConfiguration, platformVersion, loadBalancers …


def begin_deployment(
    snapshot: Snapshot,
    service: Service,
    workload: Workload,
    *,
    context: Context,
    deployment_configuration: Mapping[str, Any],
) -> tuple[Change, ...]:
    """The records of a new PRIMARY deployment of `service`, and the one before it superseded."""
    revision = _new_revision(service, workload, number=context.ids.digits(), context=context)
    roll_out = _new_roll_out(snapshot, service, revision, context=context, document=deployment_configuration)
    deadline_s = extensions_of(service).deadline_s
    deployment_id = deployment_id_of(revision.arn)
    deployment = Deployment(
        id=deployment_id,
        service_arn=service.arn,
        revision_arn=revision.arn,
        service_deployment_arn=roll_out.arn,
        task_definition_arn=workload.task_definition_arn,
        created_at=context.now,
        updated_at=context.now,
        rollout_state_reason=f"ECS deployment {deployment_id} in progress.",
        deadline_at=None if deadline_s is None else context.now + deadline_s,
    )
    previous = snapshot.primary(service.arn)
    superseded = () if previous is None else _supersede(snapshot, previous, context)
    return (
        *superseded,
        Put(record=revision),
        Put(record=roll_out, cause="deployment started"),
        Put(record=deployment, cause="deployment started"),
        *_alarms_told(snapshot, service, roll_out, context),
    )


def _alarms_told(
    snapshot: Snapshot, service: Service, roll_out: ServiceDeployment, context: Context
) -> tuple[Change, ...]:
    if not roll_out.ignores_alarms:
        return ()
    message = events.alarms_ignored(snapshot.firing_alarms(service))
    return (Put(record=events.event(context, service, message)),)


def _new_revision(service: Service, workload: Workload, *, number: str, context: Context) -> ServiceRevision:
    return ServiceRevision(
        arn=context.arns.service_revision(cluster_name(service.arn), service.name, number),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        task_definition_arn=workload.task_definition_arn,
        created_at=context.now,
        launch_type=workload.launch_type,
        load_balancers=workload.load_balancers,
        document=workload.document,
    )


def _new_roll_out(
    snapshot: Snapshot, service: Service, revision: ServiceRevision, *, context: Context, document: Mapping[str, Any]
) -> ServiceDeployment:
    return ServiceDeployment(
        arn=context.arns.service_deployment(cluster_name(service.arn), service.name, context.ids.letters()),
        service_arn=service.arn,
        cluster_arn=service.cluster_arn,
        target_revision_arn=revision.arn,
        source_revision_arns=tuple(item.revision_arn for item in snapshot.service_deployments_of(service.arn)),
        created_at=context.now,
        started_at=context.now,
        updated_at=context.now,
        status=ServiceDeploymentStatus.IN_PROGRESS,
        ignores_alarms=service.alarms.is_enabled and bool(snapshot.firing_alarms(service)),
        document=document,
    )


def _supersede(snapshot: Snapshot, previous: Deployment, context: Context) -> tuple[Change, ...]:
    """The PRIMARY before becomes ACTIVE, keeping the tasks it has for as long as the new one needs."""
    wanted = snapshot.service_tasks(previous.service_arn).of(previous.id).wanted
    demoted = replace(
        previous,
        status=DeploymentStatus.ACTIVE,
        desired_count=wanted,
        rolls_back=None,
        bake_until=None,
        deadline_at=None,
        updated_at=context.now,
    )
    cause = "superseded by a newer deployment"
    reason = "Service deployment stopped because a newer deployment started."
    return (Put(record=demoted, cause=cause), *_stop_roll_out(snapshot, previous, context, cause=cause, reason=reason))


def retire_deployment(snapshot: Snapshot, deployment: Deployment, context: Context) -> tuple[Change, ...]:
    """A deployment without tasks leaves the list; its roll-out, if its service was deleted under it, is stopped."""
    retired = replace(deployment, status=DeploymentStatus.INACTIVE)
    reason = "Service deployment stopped because its service was deleted."
    stopped = _stop_roll_out(snapshot, deployment, context, cause="its service was deleted", reason=reason)
    return (Put(record=retired, cause="no task left"), *stopped)


def _stop_roll_out(
    snapshot: Snapshot, deployment: Deployment, context: Context, *, cause: str, reason: str
) -> tuple[Change, ...]:
    """The record of a roll-out that did not come to its end; none where it did. A way back that is given up failed."""
    roll_out = snapshot.roll_out(deployment)
    if roll_out.status.is_verdict:
        return ()
    if roll_out.status is ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS:
        if deployment.rolls_back is None:
            return ()  # it is what failed; what takes it back decides
        stopped = replace(
            roll_out,
            status=ServiceDeploymentStatus.ROLLBACK_FAILED,
            status_reason=f"{roll_out.status_reason} The way back was given up: {cause}.",
            finished_at=context.now,
            updated_at=context.now,
            **kept_counts(snapshot, roll_out),
        )
        return (Put(record=stopped, cause=cause),)
    stopped = replace(
        roll_out,
        status=ServiceDeploymentStatus.STOPPED,
        status_reason=reason,
        stopped_at=context.now,
        updated_at=context.now,
        **kept_counts(snapshot, roll_out),
    )
    return (Put(record=stopped, cause=cause),)


def complete_deployment(snapshot: Snapshot, deployment: Deployment, context: Context) -> tuple[Change, ...]:
    """The records of a deployment that reached its desired count, healthy, with the old tasks gone."""
    completed = replace(
        forgiven(deployment),
        rollout_state=RolloutState.COMPLETED,
        rollout_state_reason=f"ECS deployment {deployment.id} completed.",
        completed_at=context.now,
        is_proven=True,
        rolls_back=None,
        bake_until=None,
        deadline_at=None,
        updated_at=context.now,
    )
    roll_out = snapshot.roll_out(deployment)
    successful = replace(
        roll_out,
        status=_success(deployment),
        finished_at=context.now,
        updated_at=context.now,
        **kept_counts(snapshot, roll_out),
    )
    return (
        Put(record=completed, cause="deployment completed"),
        Put(record=successful, cause="deployment completed"),
    )


def _success(deployment: Deployment) -> ServiceDeploymentStatus:
    is_way_back = deployment.rolls_back is not None
    return ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL if is_way_back else ServiceDeploymentStatus.SUCCESSFUL


def decide_delete(service: Service) -> Service:
    """The service on its way out: it wants no task, and nothing it waited for matters any more."""
    return replace(service, status=ServiceStatus.DRAINING, desired_count=0, blocked_by=None)


def add_round(deployment: Deployment, kind: RoundKind, count: int, *, now: float) -> Deployment:
    """The deployment with so many tasks started or stopped; a change of the kind before adds to its round."""
    if not count:
        return deployment
    rounds = deployment.rounds
    if rounds and (rounds[-1].kind is kind or len(rounds) >= ROUNDS_KEPT):
        last = replace(rounds[-1], count=rounds[-1].count + count)
        return replace(deployment, rounds=(*rounds[:-1], last))
    return replace(deployment, rounds=(*rounds, Round(kind=kind, count=count, at=now)))

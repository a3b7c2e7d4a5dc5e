"""Targets: registering a task with its target groups, and deregistering it so that requests in flight can end."""

from collections.abc import Iterable, Iterator

from slipway.core.model.load_balancing import Listener, Target, TargetGroup, TargetState, TargetType
from slipway.core.model.services import ServiceLoadBalancer
from slipway.core.model.tasks import Task
from slipway.core.plan import Change, Remove
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot


def load_balancers_of(snapshot: Snapshot, task: Task) -> tuple[ServiceLoadBalancer, ...]:
    """Where a task is to be registered, by the revision it runs; nowhere for a standalone task."""
    deployment = None if task.deployment_id is None else snapshot.deployments.get(task.deployment_id)
    revision = None if deployment is None else snapshot.service_revisions.get(deployment.revision_arn)
    return () if revision is None else revision.load_balancers


def new_targets(
    snapshot: Snapshot, task: Task, load_balancers: Iterable[ServiceLoadBalancer], *, now: float
) -> tuple[Target, ...]:
    """The targets a running task is to be registered as; none for a group that is gone or a port it does not have."""
    found = (_new_target(snapshot, task, binding, now) for binding in load_balancers)
    return tuple(target for target in found if target is not None)


def _new_target(snapshot: Snapshot, task: Task, binding: ServiceLoadBalancer, now: float) -> Target | None:
    group = snapshot.target_groups.get(binding.target_group_arn)
    reached = _reached(task, binding)
    if group is None or reached is None:
        return None
    address, port = reached
    return Target(
        target_group_arn=group.arn,
        id=_target_id(group, task, address),
        port=port,
        address=address,
        registered_at=now,
        task_arn=task.arn,
    )


def _target_id(group: TargetGroup, task: Task, address: str) -> str:
    return address if group.target_type is TargetType.IP else instance_id(task.host_id)


def instance_id(host_id: str) -> str:
    """The EC2 instance id a host is shown with: `i-` and 17 hex digits."""
    return f"i-{host_id[:17]}"


def _reached(task: Task, binding: ServiceLoadBalancer) -> tuple[str, int] | None:
    """Where the container's port is reached: the published port, else the task's own address."""
    container = next((container for container in task.containers if container.name == binding.container_name), None)
    if container is None:
        return None
    for published in container.network_bindings:
        if published.container_port == binding.container_port:
            return published.bind_ip, published.host_port
    return (task.ip_address, binding.container_port) if task.ip_address is not None else None


def deregister(target: Target, group: TargetGroup | None, *, now: float) -> Target:
    """The target out of rotation from now on, its requests in flight ending by the group's deregistration delay."""
    if target.state is TargetState.DRAINING:
        return target
    delay = group.deregistration_delay_s if group is not None else 0
    return replace(
        target,
        state=TargetState.DRAINING,
        reason="Target.DeregistrationInProgress",
        description="Target deregistration is in progress",
        drain_until=now + delay,
    )


def plan_target(target: Target, *, now: float) -> tuple[Change, ...]:
    """Whether a draining target may go: no request is in flight, or its deregistration delay is over."""
    if target.state is not TargetState.DRAINING or target.drain_until is None:
        return ()
    if target.is_drained:
        return (Remove(record=target, cause="drained: no request in flight"),)
    if now >= target.drain_until:
        return (Remove(record=target, cause="deregistration delay over"),)
    return ()


def targets_touched(snapshot: Snapshot, change: Change) -> Iterator[Target]:
    """The targets that a change may make checkable, or have drained: its own, its group's or its listener's."""
    match change.record:
        case Target() as target:
            yield target
        case TargetGroup() as group:
            yield from snapshot.group_targets(group.arn)
        case Listener() as listener:
            for weighted in listener.default_action.target_groups:
                yield from snapshot.group_targets(weighted.target_group_arn)
        case _:
            return

"""What a service is to have now: how many tasks, within which bounds, and which deployment is known to be good."""

from slipway.core.deployments.rolling import Bounds, bounds
from slipway.core.model.deployments import Deployment, DeploymentStatus, RolloutState
from slipway.core.model.hosts import Host
from slipway.core.model.services import SchedulingStrategy, Service, ServiceStatus
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot


def desired_count(snapshot: Snapshot, service: Service) -> int:
    """How many tasks a service is to have: none once deleted, one a host for DAEMON, else its desired count."""
    if service.status is not ServiceStatus.ACTIVE:
        return 0
    if service.scheduling_strategy is SchedulingStrategy.DAEMON:
        return sum(_has_daemon(snapshot, service, host) for host in snapshot.hosts.values())
    return service.desired_count


def _has_daemon(snapshot: Snapshot, service: Service, host: Host) -> bool:
    """Whether a host is to have its task of a DAEMON service. One that is away keeps what runs on it: nobody knows."""
    if host.is_draining or host.is_connected:
        return not host.is_draining
    return any(snapshot.tasks[arn].service_arn == service.arn for arn in snapshot.room(host.id).tasks)


def bounds_of(snapshot: Snapshot, service: Service) -> Bounds:
    """The bounds of a service as it is now. A deployment that failed and stays takes no task from the ones before it:
    all that are desired must be healthy before an old one may go."""
    desired = desired_count(snapshot, service)
    limit = bounds(
        desired,
        minimum_healthy_percent=service.minimum_healthy_percent,
        maximum_percent=service.maximum_percent,
    )
    primary = snapshot.primary(service.arn)
    if primary is not None and primary.rollout_state is RolloutState.FAILED:
        return replace(limit, lower=max(limit.lower, min(desired, limit.upper)))
    return limit


def last_good(snapshot: Snapshot, service_arn: str) -> Deployment | None:
    """The newest old deployment that is known to be good, which makes up for its own losses; None if there is none."""
    return next(
        (
            deployment
            for deployment in snapshot.service_deployments_of(service_arn)
            if deployment.status is not DeploymentStatus.PRIMARY and deployment.is_proven
        ),
        None,
    )

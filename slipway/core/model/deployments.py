"""Deployments: one roll-out of a service, seen three ways as in ECS.

`Deployment` is the entry of `deployments[]` (id `ecs-svc/<digits>`), `ServiceRevision` the immutable snapshot of the
work it brings, and `ServiceDeployment` the record of the roll-out that `DescribeServiceDeployments` shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.core.model.failures import CountedFailure
from slipway.core.model.services import ServiceLoadBalancer
from slipway.core.model.tasks import LaunchType


class DeploymentStatus(StrEnum):
    """PRIMARY is the newest; ACTIVE still has tasks and is being replaced; INACTIVE ones leave the list."""

    PRIMARY = "PRIMARY"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


class RolloutState(StrEnum):
    """Where a deployment stands."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class ServiceDeploymentStatus(StrEnum):
    """The states of a service deployment; the last four are verdicts, and stay."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    STOP_REQUESTED = "STOP_REQUESTED"
    ROLLBACK_REQUESTED = "ROLLBACK_REQUESTED"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    STOPPED = "STOPPED"
    ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"

    @property
    def is_verdict(self) -> bool:
        """Whether the deployment has ended, this way."""
        return self in _VERDICTS


_VERDICTS = frozenset(
    (
        ServiceDeploymentStatus.SUCCESSFUL,
        ServiceDeploymentStatus.STOPPED,
        ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL,
        ServiceDeploymentStatus.ROLLBACK_FAILED,
    )
)


class Detector(StrEnum):
    """What ended a deployment before it was complete."""

    CIRCUIT_BREAKER = "CIRCUIT_BREAKER"
    CERTAINTY = "CERTAINTY"
    ALARM = "ALARM"
    DEADLINE = "DEADLINE"
    USER = "USER"


class RoundKind(StrEnum):
    """What a round did to the running set."""

    START = "START"
    STOP = "STOP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One change of the running set: so many tasks started, or stopped, from this instant on."""

    kind: RoundKind
    count: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One entry of a service's `deployments[]`."""

    id: str
    service_arn: str
    revision_arn: str
    service_deployment_arn: str
    task_definition_arn: str
    created_at: float
    updated_at: float
    status: DeploymentStatus = DeploymentStatus.PRIMARY
    rollout_state: RolloutState = RolloutState.IN_PROGRESS
    rollout_state_reason: str = ""
    desired_count: int = 0  # tasks it is to keep while a newer deployment replaces it; the PRIMARY keeps its service's
    completed_at: float | None = None  # when it completed last; None: it never did
    is_proven: bool = False  # all its tasks were healthy, and no others there: it is known to be good
    rolls_back: str | None = None  # ARN of the service deployment whose way back this is; None: it is no way back
    failed_tasks: int = 0  # tasks in a row that ended before they were healthy
    failure_count: int = 0  # failures as the circuit breaker counts them
    failed_starts: int = 0  # rounds of starts in a row of which tasks ended by themselves
    failed_start_at: float | None = None  # when the last of them was counted; None: there is none
    signatures: Mapping[str, int] = field(
        default_factory=dict
    )  # of failures since the last healthy task, how often each
    retry_at: float | None = None  # no task is started before this instant (launch throttle); None: no delay
    bake_until: float | None = None  # it is complete then, if all is well; None: it does not bake
    deadline_at: float | None = None  # it is to be complete by then; None: no deadline
    image_digests: Mapping[str, str] = field(default_factory=dict)  # by container: what its first task ran
    rounds: tuple[Round, ...] = ()

    @property
    def key(self) -> str:
        """The deployment's id, `ecs-svc/<digits>`."""
        return self.id

    @property
    def is_watched(self) -> bool:
        """Whether it is the PRIMARY and in progress: then its failures count, and may end it."""
        return self.status is DeploymentStatus.PRIMARY and self.rollout_state is RolloutState.IN_PROGRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRevision:
    """The immutable snapshot of what a deployment runs; its number is the deployment's."""

    arn: str
    service_arn: str
    cluster_arn: str
    task_definition_arn: str
    created_at: float
    launch_type: LaunchType = LaunchType.EC2
    load_balancers: tuple[ServiceLoadBalancer, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)  # networkConfiguration, platformVersion, loadBalancers …

    @property
    def key(self) -> str:
        """The revision's ARN."""
        return self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """The way back of a service deployment."""

    reason: str
    started_at: float
    revision_arn: str  # what it goes back to


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeployment:
    """The record of one roll-out, kept after it ended."""

    arn: str
    service_arn: str
    cluster_arn: str
    target_revision_arn: str
    source_revision_arns: tuple[str, ...] = ()
    created_at: float
    started_at: float | None = None  # None: not started
    updated_at: float
    finished_at: float | None = None  # None: still going, or stopped
    stopped_at: float | None = None  # None: not stopped
    status: ServiceDeploymentStatus = ServiceDeploymentStatus.PENDING
    status_reason: str | None = None  # None: nothing to say
    document: Mapping[str, Any] = field(default_factory=dict)  # deploymentConfiguration as it was at the start
    rollback: Rollback | None = None  # None: it does not go back
    detected_by: Detector | None = None  # what ended it; None: nothing did
    detected_at: float | None = None
    failures: tuple[CountedFailure, ...] = ()  # the first so many, of its deployment and of its way back
    failure_count: int = 0  # as the circuit breaker counted those of its deployment
    threshold: int = 0  # the breaker's when it ended; while it goes on, it follows the desired count
    ignores_alarms: bool = False  # one was in ALARM when it began
    triggered_alarms: tuple[str, ...] = ()  # names of those that ended it
    counts: Mapping[str, Any] = field(default_factory=dict)  # task counts of its revision, kept when it ended
    source_counts: Mapping[str, Any] = field(default_factory=dict)  # those of the source revisions, by ARN

    @property
    def key(self) -> str:
        """The service deployment's ARN."""
        return self.arn

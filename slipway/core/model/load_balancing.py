"""ELBv2: load balancers, listeners, rules, target groups and targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.core.model.tags import Tag

#: Seconds a deregistered target may finish its requests (deregistration_delay.timeout_seconds).
DEFAULT_DEREGISTRATION_DELAY_S = 300


class TargetType(StrEnum):
    """What the id of a target is."""

    INSTANCE = "instance"
    IP = "ip"


class TargetState(StrEnum):
    """The states of a target (`TargetHealth.State`)."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNUSED = "unused"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """An application load balancer; `address` is where its listeners bind."""

    arn: str
    name: str
    address: str
    dns_name: str
    created_at: float
    scheme: str = "internet-facing"
    document: Mapping[str, Any] = field(default_factory=dict)  # subnets, security groups, ip address type
    attributes: Mapping[str, str] = field(default_factory=dict)  # those that differ from the defaults
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The load balancer's ARN."""
        return self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How the targets of a group are probed."""

    enabled: bool = True
    protocol: str = "HTTP"
    port: str = "traffic-port"
    path: str = "/"
    interval_s: int = 30
    timeout_s: int = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """A group of targets; `attributes` holds those that were set, the rest have AWS's defaults."""

    arn: str
    name: str
    created_at: float
    protocol: str = "HTTP"
    protocol_version: str = "HTTP1"
    port: int = 80
    vpc_id: str | None = None  # None: none was given
    target_type: TargetType = TargetType.INSTANCE
    ip_address_type: str = "ipv4"
    health_check: HealthCheck = HealthCheck()
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The target group's ARN."""
        return self.arn

    @property
    def deregistration_delay_s(self) -> float:
        """Seconds a deregistered target may finish its requests."""
        return float(self.attributes.get("deregistration_delay.timeout_seconds", DEFAULT_DEREGISTRATION_DELAY_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedTargetGroup:
    """A target group's share in a forward action: weight over the sum of weights."""

    target_group_arn: str
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardAction:
    """Where matching requests go. `document` is the action in AWS's JSON, as it is shown again."""

    target_groups: tuple[WeightedTargetGroup, ...]
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A port of a load balancer and what is done with requests no rule matches."""

    arn: str
    load_balancer_arn: str
    port: int
    created_at: float
    protocol: str = "HTTP"
    default_action: ForwardAction
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The listener's ARN."""
        return self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target of a group. The two counts are consecutive checks of the present kind, as thresholds need them."""

    target_group_arn: str
    id: str
    port: int
    address: str  # the address that is dialled: `id` for ip targets, the host's for instance targets
    registered_at: float
    task_arn: str | None = None  # None: registered by RegisterTargets
    state: TargetState = TargetState.INITIAL
    reason: str | None = "Elb.RegistrationInProgress"  # None: healthy
    description: str | None = "Target registration is in progress"
    passed_checks: int = 0
    failed_checks: int = 0
    passing_since: float | None = None  # when the first check of the present row of passes ended; None: the last failed
    drain_until: float | None = None  # when draining ends at the latest; None: it is registered
    is_drained: bool = False  # the balancer saw no request in flight since it drains

    @property
    def key(self) -> str:
        """Group, id and port: a target's identity."""
        return target_key(self.target_group_arn, self.id, self.port)


def target_key(target_group_arn: str, target_id: str, port: int) -> str:
    """The key of the target `target_id`:`port` in the group."""
    return f"{target_group_arn} {target_id}:{port}"

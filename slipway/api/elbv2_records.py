"""Finds load balancers, listeners and target groups by ARN or name, or refuses in AWS's words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from slipway.api.call import Call
from slipway.api.elbv2_forms import arn_of
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import Listener, LoadBalancer, TargetGroup

_Found = TypeVar("_Found")


def load_balancer(call: Call, arn: str) -> LoadBalancer:
    """The load balancer of that ARN; LoadBalancerNotFoundException."""
    return load_balancers(call, [arn])[0]


def load_balancers(call: Call, arns: Sequence[str]) -> list[LoadBalancer]:
    """The load balancers of these ARNs; LoadBalancerNotFoundException if one is missing."""
    for arn in arns:
        arn_of("load balancer", "loadbalancer", arn)
    return _all("LoadBalancerNotFoundException", "load balancers", call.snapshot.load_balancers, arns)


def load_balancers_named(call: Call, names: Sequence[str]) -> list[LoadBalancer]:
    """The load balancers of these names; LoadBalancerNotFoundException if one is missing."""
    by_name = {item.name: item for item in call.snapshot.load_balancers.values()}
    return _all("LoadBalancerNotFoundException", "load balancers", by_name, names)


def listener(call: Call, arn: str) -> Listener:
    """The listener of that ARN; ListenerNotFoundException."""
    return listeners(call, [arn])[0]


def listeners(call: Call, arns: Sequence[str]) -> list[Listener]:
    """The listeners of these ARNs; ListenerNotFoundException if one is missing."""
    for arn in arns:
        arn_of("listener", "listener", arn)
    return _all("ListenerNotFoundException", "listeners", call.snapshot.listeners, arns)


def target_group(call: Call, arn: str) -> TargetGroup:
    """The target group of that ARN; TargetGroupNotFoundException."""
    return target_groups(call, [arn])[0]


def target_groups(call: Call, arns: Sequence[str]) -> list[TargetGroup]:
    """The target groups of these ARNs; TargetGroupNotFoundException if one is missing."""
    for arn in arns:
        arn_of("target group", "targetgroup", arn)
    return _all("TargetGroupNotFoundException", "target groups", call.snapshot.target_groups, arns)


def target_groups_named(call: Call, names: Sequence[str]) -> list[TargetGroup]:
    """The target groups of these names; TargetGroupNotFoundException if one is missing."""
    by_name = {item.name: item for item in call.snapshot.target_groups.values()}
    return _all("TargetGroupNotFoundException", "target groups", by_name, names)


def target_groups_of(call: Call, load_balancer_arn: str) -> list[TargetGroup]:
    """The target groups that listeners of a load balancer forward to."""
    arns = {
        weighted.target_group_arn: None
        for item in call.snapshot.load_balancer_listeners(load_balancer_arn)
        for weighted in item.default_action.target_groups
    }
    return [call.snapshot.target_groups[arn] for arn in arns]


def load_balancer_arns(call: Call, group: TargetGroup) -> list[str]:
    """The load balancers a target group is used by: none or one."""
    return sorted({item.load_balancer_arn for item in call.snapshot.group_listeners(group.arn)})


def _all(code: str, kinds: str, table: Mapping[str, _Found], keys: Iterable[str]) -> list[_Found]:
    unique = tuple(dict.fromkeys(keys))
    missing = [key for key in unique if key not in table]
    if missing:
        raise ApiError(code, f"One or more {kinds} not found: {', '.join(missing)}")
    return [table[key] for key in unique]

"""CreateTargetGroup, DescribeTargetGroups, ModifyTargetGroup, DeleteTargetGroup: HTTP groups of instances and ips."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_forms import chosen, invalid, network_id, one_of, port, resource_name
from slipway.api.elbv2_health_checks import health_check_of
from slipway.api.elbv2_pages import page
from slipway.api.elbv2_records import (
    load_balancer,
    target_group,
    target_groups,
    target_groups_named,
    target_groups_of,
)
from slipway.api.elbv2_tags import tags_of
from slipway.api.elbv2_views import target_group_view
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import HealthCheck, TargetGroup, TargetType

#: Target groups of one region (Application Load Balancers quotas).
MAX_TARGET_GROUPS = 3000

PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")


def create_target_group(call: Call) -> dict[str, Any]:
    """CreateTargetGroup; unlike on AWS, VpcId may be left out."""
    wanted = _wanted(call)
    existing = next((item for item in call.snapshot.target_groups.values() if item.name == wanted.name), None)
    if existing is not None and not _is_same(existing, wanted):
        raise ApiError(
            "DuplicateTargetGroupNameException",
            f"A target group with the same name '{wanted.name}' exists, but with different settings",
        )
    item = existing or _created(call, wanted)
    return {"TargetGroups": [target_group_view(call, item)]}


def _is_same(existing: TargetGroup, wanted: TargetGroup) -> bool:
    """Whether creating `wanted` gives back `existing`: all that a request says is equal."""
    same = replace(wanted, arn=existing.arn, created_at=existing.created_at, attributes=existing.attributes)
    return same == existing


def _created(call: Call, wanted: TargetGroup) -> TargetGroup:
    if len(call.snapshot.target_groups) >= MAX_TARGET_GROUPS:
        raise ApiError("TooManyTargetGroupsException", f"There are at most {MAX_TARGET_GROUPS} target groups.")
    item = replace(wanted, arn=call.arns.target_group(wanted.name, call.ids.hex(16)))
    call.put(item, "The target group was created.")
    return item


def _wanted(call: Call) -> TargetGroup:
    """The group that the request describes, without an ARN."""
    params = call.params
    target_type = _target_type(params)
    _only(params, "ProtocolVersion", "HTTP1", ("HTTP1", "HTTP2", "GRPC"))
    _only(params, "IpAddressType", "ipv4", ("ipv4", "ipv6"))
    if "TargetControlPort" in params:
        raise ApiError("InvalidConfigurationRequestException", "TargetControlPort is not served by Slipway.")
    return TargetGroup(
        arn="",
        name=resource_name("Target group", params["Name"]),
        created_at=call.now,
        protocol=_protocol(params),
        port=_port(params),
        vpc_id=network_id("VPC", "vpc-", params["VpcId"]) if "VpcId" in params else None,
        target_type=target_type,
        health_check=health_check_of(params, HealthCheck(), target_type),
        tags=tags_of(call),
    )


def _target_type(params: Mapping[str, Any]) -> TargetType:
    value = one_of("TargetType", chosen(params, "TargetType", "instance"), ("instance", "ip", "lambda", "alb"))
    if value not in tuple(TargetType):
        raise ApiError(
            "InvalidConfigurationRequestException",
            f"Target groups of type '{value}' are not served by Slipway; use 'ip' or 'instance'.",
        )
    return TargetType(value)


def _protocol(params: Mapping[str, Any]) -> str:
    if "Protocol" not in params:
        raise invalid("A protocol must be specified")
    return _only(params, "Protocol", "HTTP", PROTOCOLS)


def _port(params: Mapping[str, Any]) -> int:
    if "Port" not in params:
        raise invalid("A port must be specified")
    return port("Port", params["Port"])


def _only(params: Mapping[str, Any], member: str, served: str, known: tuple[str, ...]) -> str:
    """`served`, which is the one value of `known` that the member may have on Slipway."""
    value = one_of(member, chosen(params, member, served), known)
    if value != served:
        raise ApiError(
            "InvalidConfigurationRequestException",
            f"{member} '{value}' is not served by Slipway for target groups; use {served}.",
        )
    return value


def describe_target_groups(call: Call) -> dict[str, Any]:
    """DescribeTargetGroups: those of a load balancer, those named by ARN or by name, or all."""
    params = call.params
    given = [member for member in ("LoadBalancerArn", "TargetGroupArns", "Names") if params.get(member)]
    match given:
        case []:
            found = list(call.snapshot.target_groups.values())
        case ["LoadBalancerArn"]:
            found = target_groups_of(call, load_balancer(call, params["LoadBalancerArn"]).arn)
        case ["TargetGroupArns"]:
            found = target_groups(call, params["TargetGroupArns"])
        case ["Names"]:
            found = target_groups_named(call, params["Names"])
        case _:
            raise invalid(f"{' and '.join(given)} cannot be specified together; give one of them.")
    return page(
        call, "TargetGroups", found, position=lambda item: item.arn, view=lambda item: target_group_view(call, item)
    )


def modify_target_group(call: Call) -> dict[str, Any]:
    """ModifyTargetGroup: the health check; what is not given stays."""
    item = target_group(call, call.params["TargetGroupArn"])
    changed = replace(item, health_check=health_check_of(call.params, item.health_check, item.target_type))
    if changed != item:
        call.put(changed, "The health check of the target group was modified.")
    return {"TargetGroups": [target_group_view(call, changed)]}


def delete_target_group(call: Call) -> dict[str, Any]:
    """DeleteTargetGroup; one that does not exist is deleted already, and its targets go with it."""
    arn = call.params["TargetGroupArn"]
    item = call.snapshot.target_groups.get(arn)
    if item is None:
        return {}
    if call.snapshot.group_listeners(arn):
        raise ApiError("ResourceInUseException", f"Target group '{arn}' is currently in use by a listener or a rule")
    for target in call.snapshot.group_targets(arn):
        call.remove(target, "The target was removed with its target group.")
    call.remove(item, "The target group was deleted.")
    return {}


HANDLERS: Mapping[str, Handler] = {
    "CreateTargetGroup": create_target_group,
    "DescribeTargetGroups": describe_target_groups,
    "ModifyTargetGroup": modify_target_group,
    "DeleteTargetGroup": delete_target_group,
}

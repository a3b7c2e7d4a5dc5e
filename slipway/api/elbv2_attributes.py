"""Describe…Attributes and Modify…Attributes of load balancers, listeners and target groups.

Records keep the attributes that differ from their defaults; the whole table is shown. Which of them Slipway acts upon
is the balancer's to say: what is accepted here is at least shown again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_attribute_keys import (
    LISTENER_KEYS,
    LOAD_BALANCER_KEYS,
    OTHER_KEYS,
    TARGET_GROUP_KEYS,
    AttributeKey,
)
from slipway.api.elbv2_forms import invalid
from slipway.api.elbv2_records import listener, load_balancer, target_group
from slipway.api.errors import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A kind of resource with attributes; `where` ends the sentence that refuses another kind's key."""

    name: str
    keys: Mapping[str, AttributeKey]
    where: str


_LOAD_BALANCER = _Kind(name="Load balancer", keys=LOAD_BALANCER_KEYS, where="on load balancers with type 'application'")
_LISTENER = _Kind(name="Listener", keys=LISTENER_KEYS, where="on listeners with protocol 'HTTP'")
_TARGET_GROUP = _Kind(name="Target group", keys=TARGET_GROUP_KEYS, where="on target groups with protocol 'HTTP'")


def _shown(kind: _Kind, held: Mapping[str, str]) -> dict[str, Any]:
    """`Attributes`: every key of the kind, as held or by default."""
    return {
        "Attributes": [{"Key": key, "Value": held.get(key, attribute.default)} for key, attribute in kind.keys.items()]
    }


def _merged(call: Call, kind: _Kind, held: Mapping[str, str]) -> dict[str, str]:
    """`held` with the request's `Attributes` laid over it, less those that are at their default.

    Raises ValidationError for an unknown key or a wrong value, InvalidConfigurationRequest for a key of another kind.
    The words for keys are AWS's: Terraform's provider reads them, and leaves such keys out.
    """
    merged = dict(held)
    given: set[str] = set()
    for item in call.params["Attributes"]:
        key = item.get("Key", "")
        if key in given:
            raise invalid(f"{kind.name} attribute key '{key}' is given twice; give it once.")
        given.add(key)
        merged[key] = _checked(kind, key, item.get("Value", ""))
    if not given:
        raise invalid("Attributes is empty; give at least one attribute.")
    return {key: value for key, value in merged.items() if value != kind.keys[key].default}


def _checked(kind: _Kind, key: str, value: str) -> str:
    attribute = kind.keys.get(key)
    if attribute is None:
        if key in OTHER_KEYS:
            raise ApiError(
                "InvalidConfigurationRequestException",
                f"{kind.name} attribute key '{key}' is not supported {kind.where}",
            )
        raise invalid(f"{kind.name} attribute key '{key}' is not recognized")
    wanted = attribute.form(value)
    if wanted is not None:
        raise invalid(f"{kind.name} attribute '{key}' is '{value}'; it must be {wanted}.")
    return value


def describe_load_balancer_attributes(call: Call) -> dict[str, Any]:
    """DescribeLoadBalancerAttributes."""
    return _shown(_LOAD_BALANCER, load_balancer(call, call.params["LoadBalancerArn"]).attributes)


def modify_load_balancer_attributes(call: Call) -> dict[str, Any]:
    """ModifyLoadBalancerAttributes."""
    item = load_balancer(call, call.params["LoadBalancerArn"])
    changed = replace(item, attributes=_merged(call, _LOAD_BALANCER, item.attributes))
    if changed != item:
        call.put(changed, "The attributes of the load balancer were modified.")
    return _shown(_LOAD_BALANCER, changed.attributes)


def describe_listener_attributes(call: Call) -> dict[str, Any]:
    """DescribeListenerAttributes."""
    return _shown(_LISTENER, listener(call, call.params["ListenerArn"]).attributes)


def modify_listener_attributes(call: Call) -> dict[str, Any]:
    """ModifyListenerAttributes."""
    item = listener(call, call.params["ListenerArn"])
    changed = replace(item, attributes=_merged(call, _LISTENER, item.attributes))
    if changed != item:
        call.put(changed, "The attributes of the listener were modified.")
    return _shown(_LISTENER, changed.attributes)


def describe_target_group_attributes(call: Call) -> dict[str, Any]:
    """DescribeTargetGroupAttributes."""
    return _shown(_TARGET_GROUP, target_group(call, call.params["TargetGroupArn"]).attributes)


def modify_target_group_attributes(call: Call) -> dict[str, Any]:
    """ModifyTargetGroupAttributes."""
    item = target_group(call, call.params["TargetGroupArn"])
    changed = replace(item, attributes=_merged(call, _TARGET_GROUP, item.attributes))
    _must_agree(changed.attributes)
    if changed != item:
        call.put(changed, "The attributes of the target group were modified.")
    return _shown(_TARGET_GROUP, changed.attributes)


def _must_agree(held: Mapping[str, str]) -> None:
    """Refuse attributes of a target group that exclude one another.

    Source: Application Load Balancers guide, "Edit target group attributes" and "Target group health".
    """
    value = {key: held.get(key, attribute.default) for key, attribute in TARGET_GROUP_KEYS.items()}
    algorithm = value["load_balancing.algorithm.type"]
    mitigates = value["load_balancing.algorithm.anomaly_mitigation"] == "on"
    starts_slowly = value["slow_start.duration_seconds"] != "0"
    if mitigates and algorithm != "weighted_random":
        raise _conflict("load_balancing.algorithm.anomaly_mitigation", "load_balancing.algorithm.type weighted_random")
    if starts_slowly and algorithm != "round_robin":
        raise _conflict("slow_start.duration_seconds", "load_balancing.algorithm.type round_robin")
    is_sticky = value["stickiness.enabled"] == "true"
    if is_sticky and value["stickiness.type"] == "app_cookie" and not value["stickiness.app_cookie.cookie_name"]:
        raise _conflict("stickiness.type app_cookie", "a stickiness.app_cookie.cookie_name")
    for unit in ("count", "percentage"):
        failover = value[f"target_group_health.dns_failover.minimum_healthy_targets.{unit}"]
        routing = value[f"target_group_health.unhealthy_state_routing.minimum_healthy_targets.{unit}"]
        if "off" not in (failover, routing) and int(failover) < int(routing):
            raise _conflict(
                f"target_group_health.unhealthy_state_routing.minimum_healthy_targets.{unit} {routing}",
                f"a target_group_health.dns_failover.minimum_healthy_targets.{unit} at least as high, not {failover}",
            )


def _conflict(what: str, needed: str) -> ApiError:
    return ApiError("InvalidConfigurationRequestException", f"{what} needs {needed}; set both in one request.")


HANDLERS: Mapping[str, Handler] = {
    "DescribeLoadBalancerAttributes": describe_load_balancer_attributes,
    "ModifyLoadBalancerAttributes": modify_load_balancer_attributes,
    "DescribeListenerAttributes": describe_listener_attributes,
    "ModifyListenerAttributes": modify_listener_attributes,
    "DescribeTargetGroupAttributes": describe_target_group_attributes,
    "ModifyTargetGroupAttributes": modify_target_group_attributes,
}

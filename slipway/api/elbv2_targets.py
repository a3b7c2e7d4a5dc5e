"""RegisterTargets, DeregisterTargets and DescribeTargetHealth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_forms import invalid, one_of, port
from slipway.api.elbv2_health_checks import TRAFFIC_PORT
from slipway.api.elbv2_records import target_group
from slipway.api.elbv2_views import zone_name
from slipway.api.errors import ApiError
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Target, TargetGroup, TargetState, TargetType, target_key
from slipway.core.traffic.targets import deregister, instance_id

#: Targets of one group (Application Load Balancers quotas).
MAX_TARGETS = 1000


def register_targets(call: Call) -> dict[str, Any]:
    """RegisterTargets; a target that is registered already stays as it is."""
    group = target_group(call, call.params["TargetGroupArn"])
    wanted = _given(call, group)
    present = {target.key for target in call.snapshot.group_targets(group.arn)}
    if len(present.union(wanted)) > MAX_TARGETS:
        raise ApiError("TooManyTargetsException", f"A target group has at most {MAX_TARGETS} targets.")
    for key, (target_id, number) in wanted.items():
        address = _address(call, group, target_id)
        registered = call.snapshot.targets.get(key)
        if registered is None:
            fresh = Target(
                target_group_arn=group.arn, id=target_id, port=number, address=address, registered_at=call.now
            )
            call.put(fresh, "The target was registered.")
        elif registered.state is TargetState.DRAINING:
            call.put(_registered_again(call, group, registered), "The draining target was registered again.")
    return {}


def _given(call: Call, group: TargetGroup) -> dict[str, tuple[str, int]]:
    """The id and port of each of `Targets`, by the key of such a target; each once."""
    given = {}
    for item in call.params["Targets"]:
        if "QuicServerId" in item:
            raise invalid("QuicServerId is for target groups of protocol QUIC; leave it out.")
        target_id, number = item["Id"], port("Targets.Port", item.get("Port", group.port))
        given[target_key(group.arn, target_id, number)] = (target_id, number)
    if not given:
        raise invalid("Targets is empty; give at least one target.")
    return given


def _address(call: Call, group: TargetGroup, target_id: str) -> str:
    """Where a target of that id is dialled: an ip target at itself, an instance at its host's address."""
    match group.target_type:
        case TargetType.IP:
            if not _is_ipv4(target_id):
                raise invalid(f"The IP address '{target_id}' is not a valid IPv4 address")
            return target_id
        case TargetType.INSTANCE:
            host = _host(call, target_id)
            if host is None:
                raise ApiError(
                    "InvalidTargetException",
                    f"The instance ID '{target_id}' is not valid: no container instance has that ec2InstanceId.",
                )
            return host.address


def _is_ipv4(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return False
    return not (address.is_multicast or address.is_unspecified)


def _host(call: Call, ec2_instance_id: str) -> Host | None:
    hosts = call.snapshot.hosts.values()
    return next((host for host in hosts if instance_id(host.id) == ec2_instance_id), None)


def _registered_again(call: Call, group: TargetGroup, target: Target) -> Target:
    """A draining target as a new one; an ip target may not come back before it is gone.

    Source: Application Load Balancers guide, "Deregistration delay".
    """
    if group.target_type is TargetType.IP:
        raise ApiError(
            "InvalidTargetException",
            f"The target {target.id}:{target.port} is draining; register it again when its deregistration is complete.",
        )
    return Target(
        target_group_arn=target.target_group_arn,
        id=target.id,
        port=target.port,
        address=_address(call, group, target.id),
        registered_at=call.now,
        task_arn=target.task_arn,
    )


def deregister_targets(call: Call) -> dict[str, Any]:
    """DeregisterTargets; one that is not registered is no error."""
    group = target_group(call, call.params["TargetGroupArn"])
    for key in _given(call, group):
        target = call.snapshot.targets.get(key)
        if target is not None and target.state is not TargetState.DRAINING:
            call.put(deregister(target, group, now=call.now), "The target was deregistered.")
    return {}


def describe_target_health(call: Call) -> dict[str, Any]:
    """DescribeTargetHealth: of all targets of a group, or of those named; without a port, of every port of an id."""
    params = call.params
    group = target_group(call, params["TargetGroupArn"])
    include = {one_of("Include", item, ("AnomalyDetection", "All")) for item in params.get("Include", ())}
    registered = call.snapshot.group_targets(group.arn)
    asked = params.get("Targets")
    shown = _asked(call, group, asked) if asked else registered
    is_used = bool(call.snapshot.group_listeners(group.arn))
    descriptions = [_health_view(call, group, target if is_used else _unused(target)) for target in shown]
    if include:
        for description in descriptions:
            description["AnomalyDetection"] = {"Result": "normal", "MitigationInEffect": "no"}
    return {"TargetHealthDescriptions": descriptions}


def _asked(call: Call, group: TargetGroup, asked: Sequence[Mapping[str, Any]]) -> Iterable[Target]:
    registered = call.snapshot.group_targets(group.arn)
    found: dict[str, Target] = {}
    for item in asked:
        matching = [
            target for target in registered if target.id == item["Id"] and item.get("Port", target.port) == target.port
        ]
        for target in matching or [_not_registered(call, group, item)]:
            found[target.key] = target
    return found.values()


def _not_registered(call: Call, group: TargetGroup, item: Mapping[str, Any]) -> Target:
    """A target nobody registered, as it is shown; InvalidTarget, ValidationError if nobody could register it."""
    return Target(
        target_group_arn=group.arn,
        id=item["Id"],
        port=port("Targets.Port", item.get("Port", group.port)),
        address=_address(call, group, item["Id"]),
        registered_at=call.now,
        state=TargetState.UNUSED,
        reason="Target.NotRegistered",
        description="Target is not registered to the target group",
    )


def _unused(target: Target) -> Target:
    """A target of a group that no listener forwards to: nothing checks it, whatever its record says."""
    if target.state in (TargetState.DRAINING, TargetState.UNUSED):
        return target
    return replace(
        target,
        state=TargetState.UNUSED,
        reason="Target.NotInUse",
        description="Target group is not configured to receive traffic from the load balancer",
    )


def _health_view(call: Call, group: TargetGroup, target: Target) -> dict[str, Any]:
    """`TargetHealthDescription`."""
    shown: dict[str, Any] = {"Id": target.id, "Port": target.port}
    if group.target_type is TargetType.IP:
        shown["AvailabilityZone"] = zone_name(call, 0)
    health = {"State": target.state.value}
    if target.reason is not None:
        health["Reason"] = target.reason
    if target.description is not None:
        health["Description"] = target.description
    check_port = group.health_check.port
    return {
        "Target": shown,
        "HealthCheckPort": str(target.port) if check_port == TRAFFIC_PORT else check_port,
        "TargetHealth": health,
    }


HANDLERS: Mapping[str, Handler] = {
    "RegisterTargets": register_targets,
    "DeregisterTargets": deregister_targets,
    "DescribeTargetHealth": describe_target_health,
}

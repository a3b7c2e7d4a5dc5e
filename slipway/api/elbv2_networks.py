"""Where a load balancer is: subnets, security groups, address type. Checked for form and shown again, no more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_forms import chosen, invalid, network_id, one_of
from slipway.api.elbv2_records import load_balancer
from slipway.api.elbv2_views import availability_zones
from slipway.api.errors import ApiError

#: Subnets a load balancer may have: each is in a zone of its own, and zones are named by one letter. Ours.
MAX_SUBNETS = 26
#: Security groups a load balancer may have (Amazon VPC quotas, security groups per network interface, at its highest).
MAX_SECURITY_GROUPS = 16

IP_ADDRESS_TYPES = ("ipv4", "dualstack", "dualstack-without-public-ipv4")


def subnets_of(params: Mapping[str, Any]) -> list[str]:
    """The subnet ids of `Subnets` or `SubnetMappings`, empty where neither is given."""
    subnets, mappings = params.get("Subnets", []), params.get("SubnetMappings", [])
    if subnets and mappings:
        raise invalid("You must specify either subnets or subnet mappings, but not both")
    for mapping in mappings:
        if mapping.keys() != {"SubnetId"}:
            raise ApiError(
                "InvalidConfigurationRequestException",
                "SubnetMappings of an application load balancer have SubnetId only; its address is given by Slipway.",
            )
    return _ids("subnet", subnets or [mapping["SubnetId"] for mapping in mappings], MAX_SUBNETS)


def security_groups_of(params: Mapping[str, Any]) -> list[str]:
    """The ids of `SecurityGroups`, empty where none are given."""
    return _ids("security group", params.get("SecurityGroups", []), MAX_SECURITY_GROUPS)


def ip_address_type_of(params: Mapping[str, Any]) -> str:
    """`IpAddressType`, ipv4 where none is given. It is shown again; the address is one of the pool all the same."""
    return one_of("IpAddressType", chosen(params, "IpAddressType", "ipv4"), IP_ADDRESS_TYPES)


def _ids(kind: str, values: Sequence[str], limit: int) -> list[str]:
    prefix = {"subnet": "subnet-", "security group": "sg-"}[kind]
    for value in values:
        network_id(kind, prefix, value)
    if len(set(values)) != len(values):
        raise invalid(f"A {kind} is given twice; give each once.")
    if len(values) > limit:
        raise invalid(f"{len(values)} {kind}s are given; a load balancer has at most {limit}.")
    return list(values)


def set_subnets(call: Call) -> dict[str, Any]:
    """SetSubnets."""
    item = load_balancer(call, call.params["LoadBalancerArn"])
    subnets = subnets_of(call.params)
    if not subnets:
        raise invalid("Give Subnets or SubnetMappings, with at least one subnet.")
    changed = replace(item, document={**item.document, "Subnets": subnets})
    if "IpAddressType" in call.params:
        changed = replace(changed, document={**changed.document, "IpAddressType": ip_address_type_of(call.params)})
    call.put(changed)
    return {
        "AvailabilityZones": availability_zones(call, changed),
        "IpAddressType": changed.document.get("IpAddressType", "ipv4"),
    }


def set_security_groups(call: Call) -> dict[str, Any]:
    """SetSecurityGroups."""
    item = load_balancer(call, call.params["LoadBalancerArn"])
    groups = security_groups_of(call.params)
    if not groups:
        raise invalid("SecurityGroups is empty; give at least one security group.")
    call.put(replace(item, document={**item.document, "SecurityGroups": groups}))
    return {"SecurityGroupIds": groups}


def set_ip_address_type(call: Call) -> dict[str, Any]:
    """SetIpAddressType."""
    item = load_balancer(call, call.params["LoadBalancerArn"])
    value = ip_address_type_of(call.params)
    call.put(replace(item, document={**item.document, "IpAddressType": value}))
    return {"IpAddressType": value}


HANDLERS: Mapping[str, Handler] = {
    "SetSubnets": set_subnets,
    "SetSecurityGroups": set_security_groups,
    "SetIpAddressType": set_ip_address_type,
}

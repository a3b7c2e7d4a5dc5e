"""How ELBv2's records are shown: each function gives AWS's document of one record."""

from string import ascii_lowercase
from typing import Any

from slipway.api.call import Call
from slipway.api.elbv2_records import load_balancer_arns
from slipway.core.model.load_balancing import Listener, LoadBalancer, TargetGroup

#: The one network everything is in; Slipway has no VPCs.
VPC_ID = "vpc-00000000000000000"
#: What alias records name; ELB's zone of us-east-1 (AWS General Reference, Elastic Load Balancing endpoints).
CANONICAL_HOSTED_ZONE_ID = "Z35SXDOTRQ7X7K"


def load_balancer_view(call: Call, item: LoadBalancer) -> dict[str, Any]:
    """`LoadBalancer`: the address its listeners bind is that of every availability zone."""
    return {
        "LoadBalancerArn": item.arn,
        "LoadBalancerName": item.name,
        "DNSName": item.dns_name,
        "CanonicalHostedZoneId": CANONICAL_HOSTED_ZONE_ID,
        "CreatedTime": item.created_at,
        "Scheme": item.scheme,
        "VpcId": VPC_ID,
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": availability_zones(call, item),
        "SecurityGroups": list(item.document.get("SecurityGroups", ())),
        "IpAddressType": item.document.get("IpAddressType", "ipv4"),
    }


def availability_zones(call: Call, item: LoadBalancer) -> list[dict[str, Any]]:
    """`AvailabilityZones`: a zone for each subnet given, the first zone of the region where none was."""
    addresses = [{"IpAddress": item.address}]
    subnets = item.document.get("Subnets", ())
    if not subnets:
        return [{"ZoneName": zone_name(call, 0), "LoadBalancerAddresses": addresses}]
    return [
        {"ZoneName": zone_name(call, number), "SubnetId": subnet, "LoadBalancerAddresses": addresses}
        for number, subnet in enumerate(subnets)
    ]


def zone_name(call: Call, number: int) -> str:
    """The name of the availability zone of that number, from 0 to 25."""
    return f"{call.arns.region}{ascii_lowercase[number]}"


def listener_view(item: Listener) -> dict[str, Any]:
    """`Listener`."""
    return {
        "ListenerArn": item.arn,
        "LoadBalancerArn": item.load_balancer_arn,
        "Port": item.port,
        "Protocol": item.protocol,
        "DefaultActions": [dict(item.default_action.document)],
    }


def target_group_view(call: Call, item: TargetGroup) -> dict[str, Any]:
    """`TargetGroup`."""
    check = item.health_check
    view: dict[str, Any] = {
        "TargetGroupArn": item.arn,
        "TargetGroupName": item.name,
        "Protocol": item.protocol,
        "ProtocolVersion": item.protocol_version,
        "Port": item.port,
        "TargetType": item.target_type.value,
        "IpAddressType": item.ip_address_type,
        "HealthCheckEnabled": check.enabled,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckPort": check.port,
        "HealthCheckPath": check.path,
        "HealthCheckIntervalSeconds": check.interval_s,
        "HealthCheckTimeoutSeconds": check.timeout_s,
        "HealthyThresholdCount": check.healthy_threshold,
        "UnhealthyThresholdCount": check.unhealthy_threshold,
        "Matcher": {"HttpCode": check.matcher},
        "LoadBalancerArns": load_balancer_arns(call, item),
    }
    if item.vpc_id is not None:
        view["VpcId"] = item.vpc_id
    return view

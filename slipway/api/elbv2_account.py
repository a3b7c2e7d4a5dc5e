"""What ELBv2 says of the account and of things Slipway has none of: limits, SSL policies, capacity reservations."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_actions import MAX_GROUPS_PER_ACTION, MAX_GROUPS_PER_LOAD_BALANCER
from slipway.api.elbv2_listeners import MAX_LISTENERS
from slipway.api.elbv2_pages import page
from slipway.api.elbv2_records import listener, load_balancer
from slipway.api.elbv2_target_groups import MAX_TARGET_GROUPS
from slipway.api.elbv2_targets import MAX_TARGETS
from slipway.api.errors import ApiError


def describe_account_limits(call: Call) -> dict[str, Any]:
    """DescribeAccountLimits: those Slipway enforces; load balancers are as many as there are addresses for them."""
    limits = {
        "application-load-balancers": len(call.site.address_pool),
        "listeners-per-application-load-balancer": MAX_LISTENERS,
        "target-groups": MAX_TARGET_GROUPS,
        "target-groups-per-action-on-application-load-balancer": MAX_GROUPS_PER_ACTION,
        "target-groups-per-application-load-balancer": MAX_GROUPS_PER_LOAD_BALANCER,
        "targets-per-target-group": MAX_TARGETS,
    }
    return page(
        call,
        "Limits",
        limits.items(),
        position=lambda item: item[0],
        view=lambda item: {"Name": item[0], "Max": str(item[1])},
    )


def describe_ssl_policies(call: Call) -> dict[str, Any]:
    """DescribeSSLPolicies: there are none, since HTTPS listeners are not served."""
    names = call.params.get("Names", [])
    if names:
        raise ApiError("SSLPolicyNotFoundException", f"One or more SSL policies not found: {', '.join(names)}")
    return {"SslPolicies": []}


def describe_listener_certificates(call: Call) -> dict[str, Any]:
    """DescribeListenerCertificates: an HTTP listener has none."""
    listener(call, call.params["ListenerArn"])
    return {"Certificates": []}


def describe_capacity_reservation(call: Call) -> dict[str, Any]:
    """DescribeCapacityReservation: none is ever made. Terraform's aws_lb asks for it at every read."""
    load_balancer(call, call.params["LoadBalancerArn"])
    return {"CapacityReservationState": []}


HANDLERS: Mapping[str, Handler] = {
    "DescribeAccountLimits": describe_account_limits,
    "DescribeSSLPolicies": describe_ssl_policies,
    "DescribeListenerCertificates": describe_listener_certificates,
    "DescribeCapacityReservation": describe_capacity_reservation,
}

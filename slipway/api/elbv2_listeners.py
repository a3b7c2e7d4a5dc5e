"""CreateListener, DescribeListeners, ModifyListener and DeleteListener: HTTP listeners."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_actions import default_action
from slipway.api.elbv2_forms import invalid, one_of, port
from slipway.api.elbv2_pages import page
from slipway.api.elbv2_records import listener, listeners, load_balancer
from slipway.api.elbv2_tags import tags_of
from slipway.api.elbv2_views import listener_view
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import Listener, LoadBalancer

#: Listeners of one load balancer (Application Load Balancers quotas).
MAX_LISTENERS = 50

PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")

_OF_HTTPS = ("SslPolicy", "Certificates", "AlpnPolicy", "MutualAuthentication")


def create_listener(call: Call) -> dict[str, Any]:
    """CreateListener; the port must be free on the load balancer's address."""
    params = call.params
    balancer = load_balancer(call, params["LoadBalancerArn"])
    if "Protocol" not in params:
        raise invalid("A listener protocol must be specified")
    if "Port" not in params:
        raise invalid("A listener port must be specified")
    protocol = _protocol(params)
    _no_https_settings(params)
    wanted = Listener(
        arn="",
        load_balancer_arn=balancer.arn,
        protocol=protocol,
        port=port("Port", params["Port"]),
        default_action=default_action(call, params["DefaultActions"], load_balancer_arn=balancer.arn),
        created_at=call.now,
        tags=tags_of(call),
    )
    existing = _at_port(call, balancer, wanted.port)
    if existing is not None and not _is_same(existing, wanted):
        raise _duplicate(balancer)
    item = existing or _created(call, balancer, wanted)
    return {"Listeners": [listener_view(item)]}


def _is_same(existing: Listener, wanted: Listener) -> bool:
    """Whether creating `wanted` gives back `existing`: all that a request says is equal."""
    return (existing.protocol, existing.default_action, existing.tags) == (
        wanted.protocol,
        wanted.default_action,
        wanted.tags,
    )


def _created(call: Call, balancer: LoadBalancer, wanted: Listener) -> Listener:
    if len(call.snapshot.load_balancer_listeners(balancer.arn)) >= MAX_LISTENERS:
        raise ApiError("TooManyListenersException", f"A load balancer has at most {MAX_LISTENERS} listeners.")
    _can_bind(call, balancer, wanted.port)
    item = replace(wanted, arn=call.arns.listener(balancer.arn, call.ids.hex(16)))
    call.put(item, f"The listener was created on {balancer.address}:{item.port}.")
    return item


def _protocol(params: Mapping[str, Any]) -> str:
    protocol = one_of("Protocol", params["Protocol"], PROTOCOLS)
    if protocol != "HTTP":
        raise ApiError(
            "UnsupportedProtocolException", f"Listeners of protocol '{protocol}' are not served by Slipway; use HTTP."
        )
    return protocol


def _no_https_settings(params: Mapping[str, Any]) -> None:
    for member in _OF_HTTPS:
        if params.get(member):
            raise ApiError(
                "InvalidConfigurationRequestException",
                f"{member} is for HTTPS listeners, which are not served by Slipway; leave it out.",
            )


def _at_port(call: Call, balancer: LoadBalancer, number: int) -> Listener | None:
    of_balancer = call.snapshot.load_balancer_listeners(balancer.arn)
    return next((item for item in of_balancer if item.port == number), None)


def _duplicate(balancer: LoadBalancer) -> ApiError:
    return ApiError(
        "DuplicateListenerException",
        f"A listener already exists on this port for this load balancer '{balancer.arn}'",
    )


def _can_bind(call: Call, balancer: LoadBalancer, number: int) -> None:
    sentence = call.site.balancer.bind_error(balancer.address, number)
    if sentence is not None:
        raise ApiError("InvalidConfigurationRequestException", sentence)


def describe_listeners(call: Call) -> dict[str, Any]:
    """DescribeListeners: those of a load balancer, or those named."""
    match call.params.get("LoadBalancerArn"), call.params.get("ListenerArns", []):
        case str(arn), []:
            found = list(call.snapshot.load_balancer_listeners(load_balancer(call, arn).arn))
        case None, [_, *_] as arns:
            found = listeners(call, arns)
        case _:
            raise invalid("You must specify either listener ARNs or a load balancer ARN, and not both")
    return page(call, "Listeners", found, position=lambda item: f"{item.port:05} {item.arn}", view=listener_view)


def modify_listener(call: Call) -> dict[str, Any]:
    """ModifyListener; what is not given stays, an action that is given replaces the whole."""
    params = call.params
    item = listener(call, params["ListenerArn"])
    _no_https_settings(params)
    balancer = call.snapshot.load_balancers[item.load_balancer_arn]
    changed = item
    if "Protocol" in params:
        changed = replace(changed, protocol=_protocol(params))
    if "Port" in params and params["Port"] != item.port:
        changed = replace(changed, port=_free_port(call, balancer))
    if "DefaultActions" in params:
        action = default_action(call, params["DefaultActions"], load_balancer_arn=balancer.arn)
        changed = replace(changed, default_action=action)
    if changed != item:
        call.put(changed, "The listener was modified.")
    return {"Listeners": [listener_view(changed)]}


def _free_port(call: Call, balancer: LoadBalancer) -> int:
    number = port("Port", call.params["Port"])
    if _at_port(call, balancer, number) is not None:
        raise _duplicate(balancer)
    _can_bind(call, balancer, number)
    return number


def delete_listener(call: Call) -> dict[str, Any]:
    """DeleteListener."""
    call.remove(listener(call, call.params["ListenerArn"]), "The listener was deleted.")
    return {}


HANDLERS: Mapping[str, Handler] = {
    "CreateListener": create_listener,
    "DescribeListeners": describe_listeners,
    "ModifyListener": modify_listener,
    "DeleteListener": delete_listener,
}

"""Routes: what Envoy is told to do with the requests of a port. Pure.

All listeners of a port share one table of routes, so that each answers for every load balancer that has a listener on
the port, and one file and one watch are enough. A load balancer's name in the Host header comes first; any other Host
belongs to the listener at which the connection arrived (`LISTENER_KEY`).
"""

from slipway.adapters.envoy_config import LISTENER_KEY, ROUTES_TYPE, TYPES, Document
from slipway.adapters.envoy_metrics import dimension
from slipway.core.model.load_balancing import Listener, LoadBalancer, WeightedTargetGroup
from slipway.core.snapshot import Snapshot

#: ALB's defaults (ELBv2 `LoadBalancerAttribute`).
DEFAULT_ATTRIBUTES = {
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "routing.http.xff_header_processing.mode": "append",
}

#: The answer (404) at 127.0.0.1 to a Host header that names no load balancer with a listener on the port.
NO_NAME = (
    "The Host header of this request names no load balancer that has a listener on this port: use the DNSName or the "
    "address that `aws elbv2 describe-load-balancers` shows.\n"
)

#: A request that no target has begun to receive is sent to another target, whatever its method.
_RETRIES = 3
_PICKS_PER_RETRY = 5


def attribute(balancer: LoadBalancer | None, name: str) -> str:
    """An attribute of a load balancer, or ALB's default."""
    set_ones = balancer.attributes if balancer is not None else {}
    return set_ones.get(name, DEFAULT_ATTRIBUTES[name])


def routes_name(port: int) -> str:
    """What Envoy calls the routes of a port."""
    return f"routes:{port}"


def routes(snapshot: Snapshot, port: int) -> Document:
    """The routes of all listeners on `port`, by ARN: each one's default action, for every path."""
    served = [
        (listener, snapshot.load_balancers[listener.load_balancer_arn])
        for _, listener in sorted(snapshot.listeners.items())
        if listener.port == port and listener.load_balancer_arn in snapshot.load_balancers
    ]
    forwarded_port = {"key": "x-forwarded-port", "value": str(port)}
    return {
        "@type": ROUTES_TYPE,
        "name": routes_name(port),
        "ignore_port_in_host_matching": True,
        "request_headers_to_add": [{"header": forwarded_port, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
        "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal"],  # ALB's targets get no such
        "virtual_hosts": [*(_named(listener, balancer) for listener, balancer in served), _default(served)],
    }


def _named(listener: Listener, balancer: LoadBalancer) -> Document:
    """Requests that name the load balancer. Envoy compares domains without regard to case."""
    return {
        "name": listener.arn,
        "domains": [balancer.dns_name],
        "retry_policy": _retry_policy(),
        "routes": [_route({"prefix": "/"}, listener, balancer)],
    }


def _default(served: list[tuple[Listener, LoadBalancer]]) -> Document:
    """All other requests: the action of the listener they came to; the listener at 127.0.0.1 has none."""
    answer = {"status": 404, "body": {"inline_string": NO_NAME}}
    return {
        "name": "default",
        "domains": ["*"],
        "retry_policy": _retry_policy(),
        "routes": [
            *(_route(_arrived_at(listener), listener, balancer) for listener, balancer in served),
            {"match": {"prefix": "/"}, "direct_response": answer},
        ],
    }


def _arrived_at(listener: Listener) -> Document:
    return {"prefix": "/", "filter_state": [{"key": LISTENER_KEY, "string_match": {"exact": listener.arn}}]}


def _route(match: Document, listener: Listener, balancer: LoadBalancer) -> Document:
    name = dimension(balancer.arn)  # what its requests are counted by
    route: Document = {"name": name, "match": match, **_forward(listener.default_action.target_groups, balancer)}
    match attribute(balancer, "routing.http.xff_header_processing.mode"):
        case "append":
            client = {"key": "x-forwarded-for", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}
            route["request_headers_to_add"] = [{"header": client, "append_action": "APPEND_IF_EXISTS_OR_ADD"}]
        case "remove":
            route["request_headers_to_remove"] = ["x-forwarded-for"]
        case _:
            pass  # preserve
    return route


def _retry_policy() -> Document:
    previous = f"{TYPES}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    return {
        "retry_on": "connect-failure,refused-stream,reset-before-request",
        "num_retries": _RETRIES,
        "retry_host_predicate": [
            {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": previous}}
        ],
        "host_selection_retry_max_attempts": _PICKS_PER_RETRY,
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.1s"},
    }


def _forward(groups: tuple[WeightedTargetGroup, ...], balancer: LoadBalancer) -> Document:
    """One group gets everything, whatever its weight; of several, those of weight 0 get nothing."""
    shares = [group for group in groups if group.weight > 0] if len(groups) > 1 else list(groups)
    if not shares:
        return {"direct_response": {"status": 503}}
    action: Document = {"timeout": "0s", "idle_timeout": f"{attribute(balancer, 'idle_timeout.timeout_seconds')}s"}
    if len(shares) == 1:
        action["cluster"] = shares[0].target_group_arn
    else:
        clusters = [{"name": share.target_group_arn, "weight": share.weight} for share in shares]
        action["weighted_clusters"] = {"clusters": sorted(clusters, key=lambda cluster: str(cluster["name"]))}
    return {"route": action}

"""Listeners and routes: what Envoy is told about load balancers. Pure."""

from pathlib import Path

from slipway.adapters.envoy_config import LISTENER_TYPE, ROUTES_TYPE, TYPES, Document, config_source, routes_file
from slipway.core.model.load_balancing import Listener, LoadBalancer, WeightedTargetGroup
from slipway.core.snapshot import Snapshot

#: ALB's defaults (ELBv2 `LoadBalancerAttribute`).
DEFAULT_ATTRIBUTES = {
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "routing.http.xff_header_processing.mode": "append",
}

#: ALB takes at most 64 KB of request headers.
MAX_REQUEST_HEADERS_KB = 64

#: What ALB answers 502 to and Envoy 503: the target refused, closed or reset the connection, or was reset locally.
_BAD_GATEWAY_FLAGS = ["LR", "UC", "UF", "UR"]

#: A request that no target has begun to receive is sent to another target, whatever its method.
_RETRIES = 3
_PICKS_PER_RETRY = 5


def listeners(snapshot: Snapshot, directory: Path) -> list[Document]:
    """All listeners, by ARN: each bound at its load balancer's address, its routes read from a file of their own."""
    found = []
    for _, listener in sorted(snapshot.listeners.items()):
        balancer = snapshot.load_balancers.get(listener.load_balancer_arn)
        if balancer is not None:
            found.append(_listener(listener, balancer, directory))
    return found


def _listener(listener: Listener, balancer: LoadBalancer, directory: Path) -> Document:
    return {
        "@type": LISTENER_TYPE,
        "name": listener.arn,
        "address": {"socket_address": {"address": balancer.address, "port_value": listener.port}},
        "enable_reuse_port": True,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(listener, balancer, directory),
                    }
                ]
            }
        ],
    }


def _connection_manager(listener: Listener, balancer: LoadBalancer, directory: Path) -> Document:
    idle = f"{_attribute(balancer, 'idle_timeout.timeout_seconds')}s"
    return {
        "@type": f"{TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "listener",
        "codec_type": "AUTO",
        "rds": {
            "config_source": config_source(directory, routes_file(listener.arn)),
            "route_config_name": listener.arn,
        },
        "http_filters": [_router()],
        "use_remote_address": True,
        "skip_xff_append": True,  # Envoy would write the machine's address for a client on it; see `_added_headers`
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
        "max_request_headers_kb": MAX_REQUEST_HEADERS_KB,
        "http_protocol_options": {"accept_http_10": True, "default_host_for_http_10": balancer.dns_name},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        # No data for this long ends a request (504) or a connection, as with ALB; nothing limits a whole request.
        "stream_idle_timeout": idle,
        "common_http_protocol_options": {
            "idle_timeout": idle,
            "max_connection_duration": f"{_attribute(balancer, 'client_keep_alive.seconds')}s",
        },
        "local_reply_config": {
            "mappers": [{"filter": {"response_flag_filter": {"flags": _BAD_GATEWAY_FLAGS}}, "status_code": 502}]
        },
    }


def _router() -> Document:
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": f"{TYPES}.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": True,
            "dynamic_stats": False,
        },
    }


def _attribute(balancer: LoadBalancer, name: str) -> str:
    return balancer.attributes.get(name, DEFAULT_ATTRIBUTES[name])


def routes(snapshot: Snapshot, listener: Listener) -> Document:
    """The routes of one listener: its default action, for every host and path."""
    balancer = snapshot.load_balancers[listener.load_balancer_arn]
    return {
        "@type": ROUTES_TYPE,
        "name": listener.arn,
        "request_headers_to_add": _added_headers(balancer, listener.port),
        "request_headers_to_remove": _removed_headers(balancer),
        "virtual_hosts": [
            {
                "name": "default",
                "domains": ["*"],
                "retry_policy": _retry_policy(),
                "routes": [{"match": {"prefix": "/"}, **_forward(listener.default_action.target_groups)}],
            }
        ],
    }


def _added_headers(balancer: LoadBalancer, port: int) -> list[Document]:
    forwarded_port = {"key": "x-forwarded-port", "value": str(port)}
    added = [{"header": forwarded_port, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    if _attribute(balancer, "routing.http.xff_header_processing.mode") == "append":
        client = {"key": "x-forwarded-for", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"}
        added.append({"header": client, "append_action": "APPEND_IF_EXISTS_OR_ADD"})
    return added


def _removed_headers(balancer: LoadBalancer) -> list[str]:
    own = ["x-envoy-external-address", "x-envoy-internal"]  # Envoy adds these; ALB's targets do not get such
    is_removing = _attribute(balancer, "routing.http.xff_header_processing.mode") == "remove"
    return [*own, "x-forwarded-for"] if is_removing else own


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


def _forward(groups: tuple[WeightedTargetGroup, ...]) -> Document:
    """One group gets everything, whatever its weight; of several, those of weight 0 get nothing."""
    shares = [group for group in groups if group.weight > 0] if len(groups) > 1 else list(groups)
    if not shares:
        return {"direct_response": {"status": 503}}
    action: Document = {"timeout": "0s"}
    if len(shares) == 1:
        action["cluster"] = shares[0].target_group_arn
    else:
        clusters = [{"name": share.target_group_arn, "weight": share.weight} for share in shares]
        action["weighted_clusters"] = {"clusters": sorted(clusters, key=lambda cluster: str(cluster["name"]))}
    return {"route": action}

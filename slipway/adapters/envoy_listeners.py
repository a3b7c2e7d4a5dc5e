"""Listeners: what Envoy is told about where load balancers are reached. Pure."""

from collections.abc import Iterable
from pathlib import Path

from slipway.adapters.envoy_config import LISTENER_KEY, LISTENER_TYPE, TYPES, Document, config_source, routes_file
from slipway.adapters.envoy_metrics import access_log, dimension
from slipway.adapters.envoy_names import LOOPBACK, name_listener
from slipway.adapters.envoy_routes import attribute, routes_name
from slipway.core.model.load_balancing import Listener, LoadBalancer
from slipway.core.snapshot import Snapshot

#: ALB takes at most 64 KB of request headers.
MAX_REQUEST_HEADERS_KB = 64

#: What ALB answers 502 to and Envoy 503: the target refused, closed or reset the connection, or was reset locally.
_BAD_GATEWAY_FLAGS = ["LR", "UC", "UF", "UR"]


def listeners(snapshot: Snapshot, directory: Path, named_ports: Iterable[int]) -> list[Document]:
    """All listeners, by ARN, each bound at its load balancer's address; then those at 127.0.0.1 that serve load
    balancers by name, by port. Those of one port read their routes from one file."""
    found = []
    for _, listener in sorted(snapshot.listeners.items()):
        balancer = snapshot.load_balancers.get(listener.load_balancer_arn)
        if balancer is not None:
            found.append(_listener(listener, balancer, directory))
    return found + [_name_listener(port, directory) for port in sorted(named_ports)]


def _listener(listener: Listener, balancer: LoadBalancer, directory: Path) -> Document:
    manager = _connection_manager(
        directory,
        listener.port,
        counted_as=dimension(balancer.arn),
        default_host=balancer.dns_name,
        idle_s=attribute(balancer, "idle_timeout.timeout_seconds"),
        keep_alive_s=attribute(balancer, "client_keep_alive.seconds"),
    )
    return _bound(listener.arn, balancer.address, listener.port, manager)


def _name_listener(port: int, directory: Path) -> Document:
    manager = _connection_manager(
        directory,
        port,
        counted_as="names",
        default_host="localhost",
        idle_s=attribute(None, "idle_timeout.timeout_seconds"),
        keep_alive_s=attribute(None, "client_keep_alive.seconds"),
    )
    return _bound(name_listener(port), LOOPBACK, port, manager)


def _bound(name: str, address: str, port: int, manager: Document) -> Document:
    http = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "@type": LISTENER_TYPE,
        "name": name,
        "address": {"socket_address": {"address": address, "port_value": port}},
        "enable_reuse_port": True,
        "filter_chains": [{"filters": [_mark(name), http]}],
    }


def _mark(name: str) -> Document:
    """Tells the routes, which all listeners of a port share, at which of them a connection arrived."""
    mark = {
        "object_key": LISTENER_KEY,
        "factory_key": "envoy.string",
        "format_string": {"text_format_source": {"inline_string": name}},
    }
    return {
        "name": "envoy.filters.network.set_filter_state",
        "typed_config": {
            "@type": f"{TYPES}.extensions.filters.network.set_filter_state.v3.Config",
            "on_new_connection": [mark],
        },
    }


def _connection_manager(
    directory: Path, port: int, *, counted_as: str, default_host: str, idle_s: str, keep_alive_s: str
) -> Document:
    return {
        "@type": f"{TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": counted_as,
        "access_log": access_log(),
        "codec_type": "AUTO",
        "rds": {
            "config_source": config_source(directory, routes_file(port)),
            "route_config_name": routes_name(port),
        },
        "http_filters": [_router()],
        "use_remote_address": True,
        "skip_xff_append": True,  # Envoy would write the machine's address for a client on it; the routes add it
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
        "max_request_headers_kb": MAX_REQUEST_HEADERS_KB,
        "http_protocol_options": {"accept_http_10": True, "default_host_for_http_10": default_host},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        # No data for this long ends a request (504) or a connection, as with ALB; nothing limits a whole request.
        "stream_idle_timeout": f"{idle_s}s",
        "common_http_protocol_options": {
            "idle_timeout": f"{idle_s}s",
            "max_connection_duration": f"{keep_alive_s}s",
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

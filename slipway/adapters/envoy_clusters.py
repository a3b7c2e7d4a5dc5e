"""Clusters and endpoints: what Envoy is told about target groups and targets. Pure."""

from collections.abc import Iterable
from pathlib import Path

from slipway.adapters.envoy_config import CLUSTER_TYPE, ENDPOINTS_TYPE, TYPES, Document, config_source, endpoints_file
from slipway.core.model.load_balancing import Target, TargetGroup, TargetState
from slipway.core.snapshot import Snapshot

#: ALB gives up connecting to a target after 10 s (ELB guide, load-balancer-troubleshooting, 504).
CONNECT_TIMEOUT = "10s"

#: Idle connections to targets are closed before most servers close theirs (5 s in uvicorn, Node and Apache), so that a
#: request is hardly ever written to a connection that its target is just closing.
KEEP_ALIVE = "4s"

#: Envoy's own circuit breakers would answer 503 above 1,024 connections or requests; ALB has none.
UNLIMITED = 1_000_000

_POLICIES = {
    "round_robin": "ROUND_ROBIN",
    "least_outstanding_requests": "LEAST_REQUEST",
    "weighted_random": "RANDOM",
}
_HTTP2_VERSIONS = ("HTTP2", "GRPC")

#: The states that Envoy hears of, the one that counts first where two targets have one address.
_HEALTH = {TargetState.HEALTHY: "HEALTHY", TargetState.UNHEALTHY: "UNHEALTHY", TargetState.DRAINING: "DRAINING"}


def clusters(snapshot: Snapshot, directory: Path, target_group_arns: Iterable[str]) -> list[Document]:
    """The clusters of these groups, by ARN; ARNs without a group are left out."""
    groups = (snapshot.target_groups.get(arn) for arn in sorted(target_group_arns))
    return [_cluster(group, directory) for group in groups if group is not None]


def _cluster(group: TargetGroup, directory: Path) -> Document:
    algorithm = group.attributes.get("load_balancing.algorithm.type", "round_robin")
    limits = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    protocol = "http2_protocol_options" if group.protocol_version in _HTTP2_VERSIONS else "http_protocol_options"
    return {
        "@type": CLUSTER_TYPE,
        "name": group.arn,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": config_source(directory, endpoints_file(group.arn))},
        "connect_timeout": CONNECT_TIMEOUT,
        "lb_policy": _POLICIES.get(algorithm, "ROUND_ROBIN"),
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 0},  # fail-open is decided here, ALB's way
            "update_merge_window": "0s",  # a draining target is out of rotation at once, not within a second
        },
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, UNLIMITED)]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{TYPES}.extensions.upstreams.http.v3.HttpProtocolOptions",
                "common_http_protocol_options": {"idle_timeout": KEEP_ALIVE},
                "explicit_http_config": {protocol: {}},
            }
        },
    }


def endpoints(snapshot: Snapshot, target_group_arn: str) -> Document:
    """The targets of a group that Envoy hears of, by address and port.

    Initial, unused and drained ones are left out. Where no target is healthy the unhealthy ones get the requests (ELB
    guide, target-group-health: fail-open); draining ones never do.
    """
    by_address = _by_address(snapshot.group_targets(target_group_arn))
    is_open = TargetState.HEALTHY not in by_address.values()
    return {
        "@type": ENDPOINTS_TYPE,
        "cluster_name": target_group_arn,
        "endpoints": [
            {
                "lb_endpoints": [
                    {
                        "endpoint": {
                            "address": {"socket_address": {"address": address, "port_value": port}},
                        },
                        "health_status": _HEALTH[
                            TargetState.HEALTHY if is_open and state is TargetState.UNHEALTHY else state
                        ],
                    }
                    for (address, port), state in sorted(by_address.items())
                ]
            }
        ],
    }


def _by_address(targets: Iterable[Target]) -> dict[tuple[str, int], TargetState]:
    found: dict[tuple[str, int], TargetState] = {}
    ranks = list(_HEALTH)
    for target in targets:
        if target.state not in _HEALTH or target.is_drained:
            continue
        place = (target.address, target.port)
        if place not in found or ranks.index(target.state) < ranks.index(found[place]):
            found[place] = target.state
    return found


def is_draining(target: Target) -> bool:
    """Whether a target may still have requests in flight that it must be let to finish."""
    return target.state is TargetState.DRAINING and not target.is_drained


def used_groups(snapshot: Snapshot, present: Iterable[str]) -> set[str]:
    """The groups that Envoy needs: those that a listener forwards to, and of those `present` the ones that drain."""
    used = {
        weighted.target_group_arn
        for listener in snapshot.listeners.values()
        for weighted in listener.default_action.target_groups
        if weighted.target_group_arn in snapshot.target_groups
    }
    for arn in present:
        if arn not in used and any(is_draining(target) for target in snapshot.group_targets(arn)):
            used.add(arn)
    return used & snapshot.target_groups.keys()

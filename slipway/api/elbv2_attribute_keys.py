"""The attributes of load balancers, listeners and target groups: their keys, defaults and allowed values.

Source: ELBv2 API, LoadBalancerAttribute, ListenerAttribute, TargetGroupAttribute, for application load balancers.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# What a value must be, as the end of a sentence; None where it is that.
Form = Callable[[str], str | None]

_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeKey:
    """One attribute: what it is where nobody set it, and what it may be set to."""

    default: str
    form: Form


def one_of_values(*values: str) -> Form:
    """The value must be one of `values`."""
    return lambda value: None if value in values else f"one of {', '.join(values)}"


def number(low: int, high: int, *others: str) -> Form:
    """The value must be a whole number from `low` to `high`, or one of `others`."""

    def check(value: str) -> str | None:
        is_number = value.isascii() and value.isdigit() and len(value) <= 9 and low <= int(value) <= high
        if value in others or is_number:
            return None
        return " or ".join((f"a whole number from {low} to {high}", *others))

    return check


def text(limit: int) -> Form:
    """The value must have at most `limit` characters."""
    return lambda value: None if len(value) <= limit else f"at most {limit} characters long"


def not_served(default: str) -> Form:
    """Slipway does not have what any value but `default` asks for."""
    return lambda value: None if value == default else f"'{default}': Slipway does not serve this attribute"


def _cookie_name(value: str) -> str | None:
    """A cookie's name; those of the load balancer's own cookies are reserved."""
    if not _COOKIE_NAME.fullmatch(value) or len(value) > 256:
        return "the name of a cookie, at most 256 characters long"
    return "a name that does not begin with AWSALB" if value.startswith("AWSALB") else None


_FLAG = one_of_values("true", "false")


def _key(default: str, form: Form) -> AttributeKey:
    return AttributeKey(default=default, form=form)


def _logs(name: str) -> dict[str, AttributeKey]:
    return {
        f"{name}.s3.enabled": _key("false", not_served("false")),
        f"{name}.s3.bucket": _key("", text(256)),
        f"{name}.s3.prefix": _key("", text(1024)),
    }


LOAD_BALANCER_KEYS: Mapping[str, AttributeKey] = {
    **_logs("access_logs"),
    "idle_timeout.timeout_seconds": _key("60", number(1, 4000)),
    "deletion_protection.enabled": _key("false", _FLAG),
    "routing.http2.enabled": _key("true", _FLAG),
    "routing.http.drop_invalid_header_fields.enabled": _key("false", _FLAG),
    "routing.http.xff_client_port.enabled": _key("false", _FLAG),
    "routing.http.preserve_host_header.enabled": _key("false", _FLAG),
    "routing.http.xff_header_processing.mode": _key("append", one_of_values("append", "preserve", "remove")),
    "load_balancing.cross_zone.enabled": _key("true", one_of_values("true")),
    "routing.http.desync_mitigation_mode": _key("defensive", one_of_values("monitor", "defensive", "strictest")),
    "client_keep_alive.seconds": _key("3600", number(60, 604_800)),
    "waf.fail_open.enabled": _key("false", _FLAG),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _key("false", _FLAG),
    "zonal_shift.config.enabled": _key("false", _FLAG),
    "ipv6.deny_all_igw_traffic": _key("false", _FLAG),
    **_logs("connection_logs"),
    **_logs("health_check_logs"),
}

LISTENER_KEYS: Mapping[str, AttributeKey] = {
    "routing.http.response.server.enabled": _key("true", _FLAG),
    **{
        f"routing.http.response.{header}.header_value": _key("", text(1024))
        for header in (
            "strict_transport_security",
            "access_control_allow_origin",
            "access_control_allow_methods",
            "access_control_allow_headers",
            "access_control_allow_credentials",
            "access_control_expose_headers",
            "access_control_max_age",
            "content_security_policy",
            "x_content_type_options",
            "x_frame_options",
        )
    },
}

TARGET_GROUP_KEYS: Mapping[str, AttributeKey] = {
    "deregistration_delay.timeout_seconds": _key("300", number(0, 3600)),
    "stickiness.enabled": _key("false", _FLAG),
    "stickiness.type": _key("lb_cookie", one_of_values("lb_cookie", "app_cookie")),
    "stickiness.lb_cookie.duration_seconds": _key("86400", number(1, 604_800)),
    "stickiness.app_cookie.cookie_name": _key("", _cookie_name),
    "stickiness.app_cookie.duration_seconds": _key("86400", number(1, 604_800)),
    "slow_start.duration_seconds": _key("0", number(30, 900, "0")),
    "load_balancing.algorithm.type": _key(
        "round_robin", one_of_values("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.algorithm.anomaly_mitigation": _key("off", one_of_values("on", "off")),
    "load_balancing.cross_zone.enabled": _key(
        "use_load_balancer_configuration", one_of_values("true", "false", "use_load_balancer_configuration")
    ),
    "target_group_health.dns_failover.minimum_healthy_targets.count": _key("1", number(1, 1000, "off")),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": _key("off", number(1, 100, "off")),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": _key("1", number(1, 1000)),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": _key(
        "off", number(1, 100, "off")
    ),
}

#: Keys of other load balancers, protocols and target types: known, and refused as not supported rather than unknown.
OTHER_KEYS: frozenset[str] = frozenset(
    {
        "dns_record.client_routing_policy",
        "secondary_ips.auto_assigned.per_subnet",
        "tcp.idle_timeout.seconds",
        "send_tcp_reset.on_idle_timeout.enabled",
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        "routing.http.request.x_amzn_mtls_clientcert.header_name",
        "routing.http.request.x_amzn_tls_version.header_name",
        "routing.http.request.x_amzn_tls_cipher_suite.header_name",
        "lambda.multi_value_headers.enabled",
        "deregistration_delay.connection_termination.enabled",
        "preserve_client_ip.enabled",
        "proxy_protocol_v2.enabled",
        "target_health_state.unhealthy.connection_termination.enabled",
        "target_health_state.unhealthy.draining_interval_seconds",
        "target_failover.on_deregistration",
        "target_failover.on_unhealthy",
        "send_tcp_reset.on_unhealthy.enabled",
        "send_tcp_reset.on_deregistration.enabled",
    }
)

"""The health check of a target group: its settings, checked as ELBv2 checks them.

Source: CreateTargetGroup and ModifyTargetGroup; Application Load Balancers guide, "Health checks for target groups".
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slipway.api.elbv2_forms import chosen, in_range, invalid, one_of
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import HealthCheck, TargetType

INTERVAL_S = (5, 300)
TIMEOUT_S = (2, 120)
THRESHOLD = (2, 10)
HTTP_CODES = (200, 499)
MAX_PATH_LENGTH = 1024
TRAFFIC_PORT = "traffic-port"

_PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")
_PATH = re.compile(r"/[!-~]*")
_CODES = re.compile(r"(\d{3})(?:-(\d{3}))?")


def health_check_of(params: Mapping[str, Any], current: HealthCheck, target_type: TargetType) -> HealthCheck:
    """`current` with what `params` of CreateTargetGroup or ModifyTargetGroup set; ValidationError,
    InvalidConfigurationRequest.
    """
    if params.get("HealthCheckEnabled") is False:
        raise invalid(f"Health check enabled must be true for target groups with target type '{target_type}'")
    check = replace(
        current,
        protocol=_protocol(chosen(params, "HealthCheckProtocol", current.protocol)),
        port=_port(chosen(params, "HealthCheckPort", current.port)),
        path=_path(chosen(params, "HealthCheckPath", current.path)),
        interval_s=_number(params, "HealthCheckIntervalSeconds", current.interval_s, INTERVAL_S),
        timeout_s=_number(params, "HealthCheckTimeoutSeconds", current.timeout_s, TIMEOUT_S),
        healthy_threshold=_number(params, "HealthyThresholdCount", current.healthy_threshold, THRESHOLD),
        unhealthy_threshold=_number(params, "UnhealthyThresholdCount", current.unhealthy_threshold, THRESHOLD),
        matcher=_matcher(params.get("Matcher", {"HttpCode": current.matcher})),
    )
    if check.interval_s <= check.timeout_s:
        raise invalid(
            "Health check interval must be greater than the timeout. "
            f"HealthCheckIntervalSeconds is {check.interval_s}, HealthCheckTimeoutSeconds is {check.timeout_s}."
        )
    return check


def _number(params: Mapping[str, Any], member: str, current: int, limits: tuple[int, int]) -> int:
    low, high = limits
    return in_range(member, params.get(member, current), low, high)


def _protocol(value: str) -> str:
    one_of("HealthCheckProtocol", value, _PROTOCOLS)
    if value != "HTTP":
        raise ApiError(
            "InvalidConfigurationRequestException",
            f"Health checks of protocol '{value}' are not served by Slipway; use HTTP.",
        )
    return value


def _port(value: str) -> str:
    is_port = value.isascii() and value.isdigit() and len(value) <= 5 and 1 <= int(value) <= 65535
    if value != TRAFFIC_PORT and not is_port:
        raise invalid(f"Health check port '{value}' must be '{TRAFFIC_PORT}' or a port from 1 to 65535")
    return value


def _path(value: str) -> str:
    if not _PATH.fullmatch(value) or len(value) > MAX_PATH_LENGTH:
        raise invalid(
            f"Health check path '{value}' must begin with a '/' character, and can only contain printable ASCII "
            f"characters, no whitespace, and at most {MAX_PATH_LENGTH} of them"
        )
    return value


def _matcher(value: Mapping[str, str]) -> str:
    """`HttpCode` of a `Matcher`: codes and ranges of them, `200,202` or `200-299`."""
    if "GrpcCode" in value or "HttpCode" not in value:
        raise invalid("Matcher needs HttpCode, and HttpCode only; GrpcCode is for protocol version GRPC.")
    codes = value["HttpCode"]
    for part in codes.split(","):
        _code_range(codes, part)
    return codes


def _code_range(codes: str, part: str) -> None:
    found = _CODES.fullmatch(part)
    if found is None:
        raise invalid(
            f"Health check matcher HTTP code '{codes}' must be codes such as 200,202 or ranges such as 200-299"
        )
    low = int(found[1])
    high = int(found[2] or low)
    if not HTTP_CODES[0] <= low <= high <= HTTP_CODES[1]:
        raise invalid(
            f"Health check matcher HTTP code '{part}' must be within '{HTTP_CODES[0]}-{HTTP_CODES[1]}' inclusive"
        )

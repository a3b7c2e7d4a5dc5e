"""The forms of ELBv2 parameters: numbers, choices, names, ids and ARNs, refused as `ValidationError` as ELBv2 does."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from slipway.api.errors import ApiError

#: Characters of a load balancer's or target group's name (CreateLoadBalancer, CreateTargetGroup: Name).
MAX_NAME_LENGTH = 32

_NAME = re.compile(r"[A-Za-z0-9-]+")
_ID_TAIL = re.compile(r"[A-Za-z0-9-]{1,64}")


def invalid(sentence: str) -> ApiError:
    """The refusal of a parameter whose form is wrong."""
    return ApiError("ValidationError", sentence)


def chosen(params: Mapping[str, Any], member: str, default: str) -> str:
    """The member's value, else the default. An empty value is none given: a form has no other way to say so, and
    Terraform's provider writes every member (`ProtocolVersion=&IpAddressType=`)."""
    value: str = params.get(member) or default
    return value


def one_of(member: str, value: str, allowed: Sequence[str]) -> str:
    """`value`, which must be one of `allowed`."""
    if value not in allowed:
        raise invalid(f"{member} is '{value}'; it must be one of {', '.join(allowed)}.")
    return value


def in_range(member: str, value: int, low: int, high: int) -> int:
    """`value`, which must be from `low` to `high`."""
    if not low <= value <= high:
        raise invalid(f"{member} is {value}; it must be from {low} to {high}.")
    return value


def port(member: str, value: int) -> int:
    """`value`, which must be a TCP port."""
    return in_range(member, value, 1, 65535)


def at_most(member: str, values: Sequence[Any], limit: int) -> None:
    """`values` must be a list of at least one and at most `limit` items."""
    if not 1 <= len(values) <= limit:
        raise invalid(f"{member} has {len(values)} items; give from 1 to {limit}.")


def resource_name(kind: str, name: str) -> str:
    """`name` as the name of a load balancer or target group; `kind` (`Load balancer`) begins the sentences.

    Source: CreateLoadBalancer and CreateTargetGroup, Name; the sentences are AWS's.
    """
    if not name:
        raise invalid(f"{kind} name cannot be empty")
    if len(name) > MAX_NAME_LENGTH:
        raise invalid(f"{kind} name '{name}' cannot be longer than '{MAX_NAME_LENGTH}' characters")
    if not _NAME.fullmatch(name):
        raise invalid(
            f"{kind} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise invalid(f"{kind} name '{name}' cannot begin or end with a hyphen(-)")
    return name


def network_id(kind: str, prefix: str, value: str) -> str:
    """`value` as the id of a network resource: `prefix` and what AWS, or anyone, may write after it.

    Slipway has no VPC: these ids are accepted, shown again, and used for nothing.
    """
    if not (value.startswith(prefix) and _ID_TAIL.fullmatch(value.removeprefix(prefix))):
        raise invalid(f"The {kind} ID '{value}' is not valid; it must look like {prefix}0123456789abcdef0.")
    return value


def arn_of(kind: str, resource: str, value: str) -> str:
    """`value` as an ARN of the resource type `resource` (`loadbalancer`, `listener`, …); the sentence is AWS's."""
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[5].startswith(f"{resource}/"):
        raise invalid(f"'{value}' is not a valid {kind} ARN")
    return value

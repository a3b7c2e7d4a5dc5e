"""`networkConfiguration` as ECS takes it: ids are checked for form and shown again; the host's network serves all."""

import re
from collections.abc import Mapping
from typing import Any

from slipway.api.parameters import choice, invalid
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition

#: ECS API, `AwsVpcConfiguration`.
SUBNETS_LIMIT = 16
SECURITY_GROUPS_LIMIT = 5

_PLACE = "networkConfiguration.awsvpcConfiguration."


def read_network(params: Mapping[str, Any], definition: TaskDefinition) -> dict[str, Any]:
    """`{"networkConfiguration": …}` as shown again; empty for a network mode that has none.

    Raises InvalidParameterException: missing for awsvpc, given for another mode, or ids of a wrong form.
    """
    given = params.get("networkConfiguration") or {}
    is_awsvpc = definition.network_mode is NetworkMode.AWSVPC
    if given and not is_awsvpc:
        raise invalid("Network Configuration is not valid for the given networkMode of this task definition.")
    if not is_awsvpc:
        return {}
    if not given:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    vpc = given.get("awsvpcConfiguration") or {}
    subnets = _ids(vpc, "subnets", "subnet-", SUBNETS_LIMIT)
    if not subnets:
        raise invalid(f"{_PLACE}subnets cannot be empty; give 1 to {SUBNETS_LIMIT} subnet ids, as subnet-0123abcd.")
    groups = _ids(vpc, "securityGroups", "sg-", SECURITY_GROUPS_LIMIT)
    public = choice(vpc, "assignPublicIp", ("ENABLED", "DISABLED"), place=_PLACE) or "DISABLED"
    shown = {"subnets": subnets, "securityGroups": groups, "assignPublicIp": public}
    return {"networkConfiguration": {"awsvpcConfiguration": shown}}


def _ids(vpc: Mapping[str, Any], name: str, prefix: str, limit: int) -> list[str]:
    values: list[str] = list(vpc.get(name) or ())
    if len(values) > limit:
        raise invalid(f"{_PLACE}{name} has {len(values)} items; give at most {limit}.")
    for value in values:
        if not re.fullmatch(prefix + r"[0-9A-Za-z-]+", value):
            raise invalid(f"{_PLACE}{name} has '{value}', which is not of the form {prefix}0123abcd.")
    return values

"""The default action of a listener: forward to one target group, or to several by weight."""

from collections.abc import Mapping, Sequence
from typing import Any

from slipway.api.call import Call
from slipway.api.elbv2_forms import in_range, invalid, one_of
from slipway.api.elbv2_records import target_groups, target_groups_of
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import ForwardAction, WeightedTargetGroup

# Source: Application Load Balancers quotas; ELBv2 API, TargetGroupTuple and TargetGroupStickinessConfig.
MAX_GROUPS_PER_ACTION = 5
MAX_GROUPS_PER_LOAD_BALANCER = 100
MAX_WEIGHT = 999
MAX_STICKINESS_S = 604_800
MAX_ORDER = 50_000

ACTION_TYPES = (
    "forward",
    "redirect",
    "fixed-response",
    "authenticate-oidc",
    "authenticate-cognito",
    "jwt-validation",
)


def default_action(call: Call, actions: Sequence[Mapping[str, Any]], *, load_balancer_arn: str) -> ForwardAction:
    """The one action of `DefaultActions`, whose target groups exist and are no other load balancer's.

    Raises ValidationError, InvalidLoadBalancerAction, TooManyActions, TargetGroupNotFound,
    TargetGroupAssociationLimit, TooManyUniqueTargetGroupsPerLoadBalancer.
    """
    action = _forward(actions)
    weighted = _weighted(action)
    arns = [group.target_group_arn for group in weighted]
    if len(set(arns)) != len(arns):
        raise invalid("A target group is given twice in ForwardConfig.TargetGroups; give each once.")
    target_groups(call, arns)
    _may_use(call, arns, load_balancer_arn)
    return ForwardAction(target_groups=weighted, document=_document(action, weighted))


def _forward(actions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not actions:
        raise invalid("DefaultActions is empty; give one action of type 'forward'.")
    for action in actions:
        kind = one_of("DefaultActions.Type", action["Type"], ACTION_TYPES)
        if kind != "forward":
            raise ApiError(
                "InvalidLoadBalancerActionException",
                f"Actions of type '{kind}' are not served by Slipway yet; give one action of type 'forward'.",
            )
        in_range("DefaultActions.Order", action.get("Order", 1), 1, MAX_ORDER)
    if len(actions) > 1:
        raise ApiError(
            "TooManyActionsException",
            f"{len(actions)} default actions are given; give one, with several groups in its ForwardConfig.",
        )
    return actions[0]


def _weighted(action: Mapping[str, Any]) -> tuple[WeightedTargetGroup, ...]:
    """The groups of `ForwardConfig` or the one of `TargetGroupArn`; where both are given, they must agree."""
    single = action.get("TargetGroupArn")
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if not groups:
        if single is None:
            raise invalid("A forward action needs TargetGroupArn or ForwardConfig.TargetGroups.")
        return (WeightedTargetGroup(target_group_arn=single),)
    if single is not None and [group.get("TargetGroupArn") for group in groups] != [single]:
        raise invalid("TargetGroupArn and ForwardConfig name different target groups; give one of them.")
    if len(groups) > MAX_GROUPS_PER_ACTION:
        raise invalid(f"ForwardConfig has {len(groups)} target groups; at most {MAX_GROUPS_PER_ACTION} are allowed.")
    return tuple(_weighted_group(group) for group in groups)


def _weighted_group(group: Mapping[str, Any]) -> WeightedTargetGroup:
    if "TargetGroupArn" not in group:
        raise invalid("A target group of ForwardConfig has no TargetGroupArn; give it one.")
    weight = in_range("ForwardConfig.TargetGroups.Weight", group.get("Weight", 1), 0, MAX_WEIGHT)
    return WeightedTargetGroup(target_group_arn=group["TargetGroupArn"], weight=weight)


def _document(action: Mapping[str, Any], weighted: Sequence[WeightedTargetGroup]) -> dict[str, Any]:
    """The action as AWS shows it: `ForwardConfig` always, `TargetGroupArn` where there is one group."""
    document: dict[str, Any] = {"Type": "forward"}
    if len(weighted) == 1:
        document["TargetGroupArn"] = weighted[0].target_group_arn
    if "Order" in action:
        document["Order"] = action["Order"]
    document["ForwardConfig"] = {
        "TargetGroups": [{"TargetGroupArn": group.target_group_arn, "Weight": group.weight} for group in weighted],
        "TargetGroupStickinessConfig": _stickiness(action),
    }
    return document


def _stickiness(action: Mapping[str, Any]) -> dict[str, Any]:
    given = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
    shown: dict[str, Any] = {"Enabled": given.get("Enabled", False)}
    if "DurationSeconds" in given:
        shown["DurationSeconds"] = in_range(
            "TargetGroupStickinessConfig.DurationSeconds", given["DurationSeconds"], 1, MAX_STICKINESS_S
        )
    elif shown["Enabled"]:
        raise invalid("TargetGroupStickinessConfig.DurationSeconds is required where stickiness is enabled.")
    return shown


def _may_use(call: Call, arns: Sequence[str], load_balancer_arn: str) -> None:
    for arn in arns:
        if any(item.load_balancer_arn != load_balancer_arn for item in call.snapshot.group_listeners(arn)):
            raise ApiError(
                "TargetGroupAssociationLimitException",
                f"The following target groups cannot be associated with more than one load balancer: {arn}",
            )
    used = {group.arn for group in target_groups_of(call, load_balancer_arn)}
    if len(used.union(arns)) > MAX_GROUPS_PER_LOAD_BALANCER:
        raise ApiError(
            "TooManyUniqueTargetGroupsPerLoadBalancerException",
            f"A load balancer uses at most {MAX_GROUPS_PER_LOAD_BALANCER} target groups.",
        )

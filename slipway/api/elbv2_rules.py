"""DescribeRules: the default rule of each listener. Rules with conditions are not served yet."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_forms import arn_of, invalid
from slipway.api.elbv2_pages import page
from slipway.api.elbv2_records import listener
from slipway.api.errors import ApiError
from slipway.core.ids import stable_hex
from slipway.core.model.load_balancing import Listener


def default_rule_arn(item: Listener) -> str:
    """The ARN of a listener's default rule, derived from the listener's."""
    rule_id = stable_hex(item.arn, "default rule", length=16)
    return f"{item.arn.replace(':listener/', ':listener-rule/', 1)}/{rule_id}"


def describe_rules(call: Call) -> dict[str, Any]:
    """DescribeRules: those of a listener, or those named."""
    match call.params.get("ListenerArn"), call.params.get("RuleArns", []):
        case str(arn), []:
            found = [listener(call, arn)]
        case None, [_, *_] as arns:
            found = [_ruled(call, arn) for arn in dict.fromkeys(arns)]
        case _:
            raise invalid("You must specify either listener rule ARNs or a listener ARN, and not both")
    return page(call, "Rules", found, position=lambda item: item.arn, view=_default_rule_view)


def _ruled(call: Call, rule_arn: str) -> Listener:
    """The listener whose default rule has that ARN; RuleNotFoundException."""
    arn_of("listener rule", "listener-rule", rule_arn)
    listener_arn = rule_arn.replace(":listener-rule/", ":listener/", 1).rpartition("/")[0]
    item = call.snapshot.listeners.get(listener_arn)
    if item is None or default_rule_arn(item) != rule_arn:
        raise ApiError("RuleNotFoundException", f"One or more rules not found: {rule_arn}")
    return item


def _default_rule_view(item: Listener) -> dict[str, Any]:
    return {
        "RuleArn": default_rule_arn(item),
        "Priority": "default",
        "Conditions": [],
        "Actions": [dict(item.default_action.document)],
        "IsDefault": True,
    }


HANDLERS: Mapping[str, Handler] = {"DescribeRules": describe_rules}

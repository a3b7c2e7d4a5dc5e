"""Listeners, their actions, and the default rule of each."""

from typing import Any

import pytest

from tests.api.elbv2_calls import LB_PREFIX, TG_PREFIX, Elbv2, forward

MISSING_LISTENER = f"{LB_PREFIX}/web/0123456789abcdef/0123456789abcdef".replace(":loadbalancer/", ":listener/")
MISSING_GROUP = f"{TG_PREFIX}/none/0123456789abcdef"


def test_a_listener_shows_its_action_in_both_forms() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    answer = elb.call(
        "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[forward(group)]
    )
    shown = answer["Listeners"][0]
    assert shown["ListenerArn"].startswith(balancer.replace(":loadbalancer/", ":listener/") + "/")
    assert (shown["LoadBalancerArn"], shown["Port"], shown["Protocol"]) == (balancer, 80, "HTTP")
    assert shown["DefaultActions"] == [
        {
            "Type": "forward",
            "TargetGroupArn": group,
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": False},
            },
        }
    ]
    assert elb.call("DescribeListeners", LoadBalancerArn=balancer) == answer
    assert elb.call("DescribeListeners", LoadBalancerArn=balancer, ListenerArns=[]) == answer
    assert elb.call("DescribeListeners", ListenerArns=[shown["ListenerArn"]]) == answer


def test_weights_and_stickiness_are_kept() -> None:
    elb = Elbv2()
    balancer, blue, green = elb.load_balancer(), elb.target_group("blue"), elb.target_group("green")
    config = {
        "TargetGroups": [{"TargetGroupArn": blue, "Weight": 0}, {"TargetGroupArn": green, "Weight": 999}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    action = {"Type": "forward", "Order": 1, "ForwardConfig": config}
    shown = elb.call("CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
    assert shown["Listeners"][0]["DefaultActions"] == [action]
    (record,) = elb.snapshot.listeners.values()
    assert [(group.target_group_arn, group.weight) for group in record.default_action.target_groups] == [
        (blue, 0),
        (green, 999),
    ]
    groups = elb.call("DescribeTargetGroups", LoadBalancerArn=balancer)["TargetGroups"]
    assert [group["LoadBalancerArns"] for group in groups] == [[balancer], [balancer]]


def test_both_forms_may_be_given_where_they_agree() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    elb.listener(balancer, group)
    shown = elb.call("DescribeListeners", LoadBalancerArn=balancer)["Listeners"][0]
    answer = elb.call("ModifyListener", ListenerArn=shown["ListenerArn"], DefaultActions=shown["DefaultActions"])
    assert answer["Listeners"] == [shown]
    assert elb.changes == ()


def test_creating_the_same_again_gives_it_back_and_another_is_refused() -> None:
    elb = Elbv2()
    balancer, blue, green = elb.load_balancer(), elb.target_group("blue"), elb.target_group("green")
    arn = elb.listener(balancer, blue)
    assert elb.listener(balancer, blue) == arn
    assert elb.changes == ()
    assert elb.refused(
        "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[forward(green)]
    ) == (
        "DuplicateListenerException",
        f"A listener already exists on this port for this load balancer '{balancer}'",
    )


def _action(**config: Any) -> list[dict[str, Any]]:
    return [{"Type": "forward", "ForwardConfig": config}]


BLUE = "the blue group"


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        pytest.param({"Protocol": None}, "ValidationError", "protocol must be specified", id="no protocol"),
        pytest.param({"Port": None}, "ValidationError", "port must be specified", id="no port"),
        pytest.param({"Port": 0}, "ValidationError", "from 1 to 65535", id="port 0"),
        pytest.param({"Port": 65536}, "ValidationError", "from 1 to 65535", id="port 65536"),
        pytest.param({"Protocol": "HTTPS"}, "UnsupportedProtocolException", "'HTTPS' are not served", id="https"),
        pytest.param({"Protocol": "http"}, "ValidationError", "Protocol is 'http'", id="unknown protocol"),
        pytest.param({"SslPolicy": "x"}, "InvalidConfigurationRequestException", "SslPolicy", id="ssl policy"),
        pytest.param({"DefaultActions": []}, "ValidationError", "DefaultActions is empty", id="no action"),
        pytest.param(
            {"DefaultActions": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]},
            "InvalidLoadBalancerActionException",
            "'redirect' are not served by Slipway yet",
            id="redirect",
        ),
        pytest.param(
            {"DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]},
            "InvalidLoadBalancerActionException",
            "'fixed-response' are not served by Slipway yet",
            id="fixed response",
        ),
        pytest.param({"DefaultActions": [{"Type": "drop"}]}, "ValidationError", "Type is 'drop'", id="unknown type"),
        pytest.param(
            {"DefaultActions": [{"Type": "forward"}]}, "ValidationError", "needs TargetGroupArn", id="nowhere"
        ),
        pytest.param({"DefaultActions": [forward(BLUE)] * 2}, "TooManyActionsException", "give one", id="two actions"),
        pytest.param(
            {"DefaultActions": [forward(MISSING_GROUP)]},
            "TargetGroupNotFoundException",
            "One or more target groups not found",
            id="unknown group",
        ),
        pytest.param(
            {"DefaultActions": [forward("blue")]}, "ValidationError", "not a valid target group ARN", id="no ARN"
        ),
        pytest.param(
            {"DefaultActions": _action(TargetGroups=[{}])}, "ValidationError", "no TargetGroupArn", id="blank"
        ),
        pytest.param({"DefaultActions": [forward(BLUE, BLUE)]}, "ValidationError", "given twice", id="group twice"),
        pytest.param({"DefaultActions": [forward(*[BLUE] * 6)]}, "ValidationError", "at most 5", id="six groups"),
        pytest.param(
            {"DefaultActions": [{**forward(BLUE), **forward(MISSING_GROUP, BLUE)}]},
            "ValidationError",
            "different target groups",
            id="forms disagree",
        ),
        pytest.param(
            {"DefaultActions": _action(TargetGroups=[{"TargetGroupArn": BLUE, "Weight": 1000}])},
            "ValidationError",
            "Weight is 1000; it must be from 0 to 999",
            id="weight",
        ),
        pytest.param(
            {
                "DefaultActions": _action(
                    TargetGroups=[{"TargetGroupArn": BLUE}], TargetGroupStickinessConfig={"Enabled": True}
                )
            },
            "ValidationError",
            "DurationSeconds is required",
            id="stickiness without duration",
        ),
        pytest.param(
            {
                "DefaultActions": _action(
                    TargetGroups=[{"TargetGroupArn": BLUE}],
                    TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": 604_801},
                )
            },
            "ValidationError",
            "from 1 to 604800",
            id="stickiness duration",
        ),
        pytest.param({"Tags": [{"Key": "aws:a"}]}, "ValidationError", "reserved", id="tag"),
    ],
)
def test_a_wrong_listener_is_refused(params: dict[str, Any], code: str, words: str) -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    settings = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": [forward(group)]}
    given = {name: value for name, value in {**settings, **params}.items() if value is not None}
    refused_code, message = elb.refused("CreateListener", **_with_group(given, group))
    assert refused_code == code
    assert words in message
    assert elb.snapshot.listeners == {}


def _with_group(value: Any, arn: str) -> Any:
    """`value` with BLUE replaced by the ARN of the group that the test made."""
    match value:
        case dict():
            return {name: _with_group(item, arn) for name, item in value.items()}
        case list():
            return [_with_group(item, arn) for item in value]
        case _:
            return arn if value == BLUE else value


def test_a_target_group_belongs_to_one_load_balancer() -> None:
    elb = Elbv2()
    first, second, group = elb.load_balancer("a"), elb.load_balancer("b"), elb.target_group()
    elb.listener(first, group)
    elb.listener(first, group, port=81)
    code, message = elb.refused(
        "CreateListener", LoadBalancerArn=second, Protocol="HTTP", Port=80, DefaultActions=[forward(group)]
    )
    assert code == "TargetGroupAssociationLimitException"
    assert group in message


def test_a_port_that_cannot_be_bound_is_refused_with_the_balancers_sentence() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    arn = elb.listener(balancer, group, port=81)
    elb.balancer.errors["127.0.0.2", 80] = "127.0.0.2:80 is in use by another program."
    refusal = ("InvalidConfigurationRequestException", "127.0.0.2:80 is in use by another program.")
    actions = [forward(group)]
    wanted = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": actions}
    assert elb.refused("CreateListener", **wanted) == refusal
    assert elb.refused("ModifyListener", ListenerArn=arn, Port=80) == refusal


def test_a_load_balancer_has_at_most_fifty_listeners() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    for port in range(1, 51):
        elb.listener(balancer, group, port=port)
    code, _ = elb.refused(
        "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=51, DefaultActions=[forward(group)]
    )
    assert code == "TooManyListenersException"


def test_a_load_balancer_uses_at_most_a_hundred_target_groups() -> None:
    elb = Elbv2()
    balancer = elb.load_balancer()
    groups = [elb.target_group(f"group-{number}") for number in range(101)]
    for port in range(1, 21):
        elb.listener(balancer, *groups[(port - 1) * 5 : port * 5], port=port)
    code, _ = elb.refused(
        "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=21, DefaultActions=[forward(groups[100])]
    )
    assert code == "TooManyUniqueTargetGroupsPerLoadBalancerException"


def test_modifying_changes_only_what_is_given() -> None:
    elb = Elbv2()
    balancer, blue, green = elb.load_balancer(), elb.target_group("blue"), elb.target_group("green")
    arn = elb.listener(balancer, blue)
    moved = elb.call("ModifyListener", ListenerArn=arn, Port=81, Protocol="HTTP")["Listeners"][0]
    assert (moved["Port"], moved["DefaultActions"][0]["TargetGroupArn"]) == (81, blue)
    shifted = elb.call("ModifyListener", ListenerArn=arn, DefaultActions=[forward(green)])["Listeners"][0]
    assert (shifted["Port"], shifted["DefaultActions"][0]["TargetGroupArn"]) == (81, green)
    assert elb.snapshot.group_listeners(blue) == ()
    assert [item.arn for item in elb.snapshot.group_listeners(green)] == [arn]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        pytest.param({"Port": 81}, "DuplicateListenerException", id="port of another"),
        pytest.param({"Port": 70_000}, "ValidationError", id="no port"),
        pytest.param({"Protocol": "HTTPS"}, "UnsupportedProtocolException", id="https"),
        pytest.param({"DefaultActions": []}, "ValidationError", id="no action"),
        pytest.param({"Certificates": [{"CertificateArn": "x"}]}, "InvalidConfigurationRequestException", id="tls"),
        pytest.param({"ListenerArn": MISSING_LISTENER}, "ListenerNotFoundException", id="unknown listener"),
    ],
)
def test_a_wrong_modification_is_refused(params: dict[str, Any], code: str) -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    arn = elb.listener(balancer, group)
    elb.listener(balancer, group, port=81)
    assert elb.refused("ModifyListener", **{"ListenerArn": arn, **params})[0] == code


def test_listeners_are_paged_by_port() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    for port in (8080, 80, 443):
        elb.listener(balancer, group, port=port)
    first = elb.call("DescribeListeners", LoadBalancerArn=balancer, PageSize=2)
    second = elb.call("DescribeListeners", LoadBalancerArn=balancer, PageSize=2, Marker=first["NextMarker"])
    assert [item["Port"] for item in first["Listeners"] + second["Listeners"]] == [80, 443, 8080]
    assert "NextMarker" not in second


@pytest.mark.parametrize("operation", ["DescribeListeners", "DescribeRules"])
def test_a_description_wants_one_of_two_things(operation: str) -> None:
    code, message = Elbv2().refused(operation)
    assert code == "ValidationError"
    assert "You must specify either" in message


def test_deleting_a_listener() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    arn = elb.listener(balancer, group)
    elb.call("DeleteListener", ListenerArn=arn)
    assert elb.call("DescribeListeners", LoadBalancerArn=balancer) == {"Listeners": []}
    assert elb.refused("DeleteListener", ListenerArn=arn)[0] == "ListenerNotFoundException"


def test_the_default_rule_is_described() -> None:
    elb = Elbv2()
    arn = elb.listener(elb.load_balancer(), elb.target_group())
    answer = elb.call("DescribeRules", ListenerArn=arn)
    (rule,) = answer["Rules"]
    assert rule["RuleArn"].startswith(arn.replace(":listener/", ":listener-rule/") + "/")
    assert (rule["Priority"], rule["Conditions"], rule["IsDefault"]) == ("default", [], True)
    assert rule["Actions"] == elb.call("DescribeListeners", ListenerArns=[arn])["Listeners"][0]["DefaultActions"]
    assert elb.call("DescribeRules", RuleArns=[rule["RuleArn"]]) == answer
    other = rule["RuleArn"][:-1] + ("0" if rule["RuleArn"][-1] != "0" else "1")
    assert elb.refused("DescribeRules", RuleArns=[other])[0] == "RuleNotFoundException"
    assert elb.refused("DescribeRules", RuleArns=["x"])[0] == "ValidationError"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param("DescribeListeners", {"ListenerArns": [MISSING_LISTENER]}, id="DescribeListeners"),
        pytest.param("DescribeRules", {"ListenerArn": MISSING_LISTENER}, id="DescribeRules"),
        pytest.param("DescribeListenerAttributes", {"ListenerArn": MISSING_LISTENER}, id="DescribeListenerAttributes"),
        pytest.param(
            "DescribeListenerCertificates", {"ListenerArn": MISSING_LISTENER}, id="DescribeListenerCertificates"
        ),
    ],
)
def test_an_unknown_listener_is_not_found(operation: str, params: dict[str, Any]) -> None:
    code, message = Elbv2().refused(operation, **params)
    assert code == "ListenerNotFoundException"
    assert "One or more listeners not found" in message


def test_an_http_listener_has_no_certificates() -> None:
    elb = Elbv2()
    arn = elb.listener(elb.load_balancer(), elb.target_group())
    assert elb.call("DescribeListenerCertificates", ListenerArn=arn) == {"Certificates": []}

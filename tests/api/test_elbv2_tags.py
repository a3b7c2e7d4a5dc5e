"""Tags of load balancers, listeners and target groups."""

from typing import Any

import pytest

from tests.api.elbv2_calls import LB_PREFIX, TG_PREFIX, Elbv2

MISSING = "0123456789abcdef"


def _shown(elb: Elbv2, *arns: str) -> dict[str, dict[str, str]]:
    answer = elb.call("DescribeTags", ResourceArns=list(arns))
    return {
        item["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in item["Tags"]} for item in answer["TagDescriptions"]
    }


def test_tags_of_every_kind_are_added_changed_and_removed() -> None:
    elb = Elbv2()
    balancer = elb.load_balancer(Tags=[{"Key": "team", "Value": "a"}])
    group = elb.target_group()
    listener = elb.listener(balancer, group)
    arns = [balancer, group, listener]
    assert _shown(elb, *arns) == {balancer: {"team": "a"}, group: {}, listener: {}}
    elb.call("AddTags", ResourceArns=arns, Tags=[{"Key": "team", "Value": "b"}, {"Key": "Ünï côde: 1+1=2@/-_."}])
    both = {"team": "b", "Ünï côde: 1+1=2@/-_.": ""}
    assert _shown(elb, *arns) == dict.fromkeys(arns, both)
    elb.call("RemoveTags", ResourceArns=arns, TagKeys=["team", "absent"])
    assert _shown(elb, group) == {group: {"Ünï côde: 1+1=2@/-_.": ""}}


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        pytest.param([], "ValidationError", id="none"),
        pytest.param([{"Key": ""}], "ValidationError", id="empty key"),
        pytest.param([{"Key": "a" * 129}], "ValidationError", id="long key"),
        pytest.param([{"Key": "a", "Value": "b" * 257}], "ValidationError", id="long value"),
        pytest.param([{"Key": "AWS:a"}], "ValidationError", id="reserved"),
        pytest.param([{"Key": "a<b"}], "ValidationError", id="character of a key"),
        pytest.param([{"Key": "a", "Value": "b;"}], "ValidationError", id="character of a value"),
        pytest.param([{"Key": "a"}, {"Key": "a"}], "DuplicateTagKeysException", id="twice"),
        pytest.param([{"Key": f"k{n}"} for n in range(50)], "TooManyTagsException", id="51 with the one there is"),
    ],
)
def test_wrong_tags_are_refused(tags: list[dict[str, str]], code: str) -> None:
    elb = Elbv2()
    group = elb.target_group(Tags=[{"Key": "team", "Value": "a"}])
    assert elb.refused("AddTags", ResourceArns=[group], Tags=tags)[0] == code
    assert _shown(elb, group) == {group: {"team": "a"}}


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        pytest.param(f"{LB_PREFIX}/none/{MISSING}", "LoadBalancerNotFoundException", id="load balancer"),
        pytest.param(f"{TG_PREFIX}/none/{MISSING}", "TargetGroupNotFoundException", id="target group"),
        pytest.param("arn:aws:elasticloadbalancing:r:0:listener/app/a/b/c", "ListenerNotFoundException", id="listener"),
        pytest.param("arn:aws:elasticloadbalancing:r:0:listener-rule/app/a/b/c/d", "RuleNotFoundException", id="rule"),
        pytest.param("arn:aws:elasticloadbalancing:r:0:truststore/a/b", "TrustStoreNotFoundException", id="store"),
        pytest.param("web", "ValidationError", id="no ARN"),
    ],
)
@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param("AddTags", {"Tags": [{"Key": "a"}]}, id="AddTags"),
        pytest.param("RemoveTags", {"TagKeys": ["a"]}, id="RemoveTags"),
        pytest.param("DescribeTags", {}, id="DescribeTags"),
    ],
)
def test_an_unknown_resource_is_not_found(operation: str, params: dict[str, Any], arn: str, code: str) -> None:
    assert Elbv2().refused(operation, ResourceArns=[arn], **params)[0] == code


def test_at_most_twenty_resources_are_described() -> None:
    assert Elbv2().refused("DescribeTags", ResourceArns=["x"] * 21)[0] == "ValidationError"
    assert Elbv2().refused("DescribeTags", ResourceArns=[])[0] == "ValidationError"

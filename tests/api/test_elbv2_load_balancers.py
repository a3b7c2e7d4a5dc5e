"""Load balancers: creating, describing, deleting, and where they are."""

from typing import Any

import pytest

from slipway.api.elbv2 import HANDLERS, REFUSED
from slipway.wire.models import load_service_model
from tests.api.elbv2_calls import LB_PREFIX, Elbv2

MISSING = f"{LB_PREFIX}/none/0123456789abcdef"


def test_every_operation_of_the_model_is_served_or_refused_with_a_reason() -> None:
    operations = set(load_service_model("elbv2").operation_names)
    assert set(HANDLERS) | set(REFUSED) == operations
    assert not set(HANDLERS) & set(REFUSED)


def test_a_load_balancer_has_an_address_of_the_pool() -> None:
    elb = Elbv2()
    shown = elb.call("CreateLoadBalancer", Name="web", Tags=[{"Key": "team", "Value": "a"}])["LoadBalancers"][0]
    load_balancer_id = shown["LoadBalancerArn"].removeprefix(f"{LB_PREFIX}/web/")
    assert len(load_balancer_id) == 16
    assert shown == {
        "LoadBalancerArn": f"{LB_PREFIX}/web/{load_balancer_id}",
        "LoadBalancerName": "web",
        "DNSName": f"web-{load_balancer_id}.elb.us-east-1.localhost",
        "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
        "CreatedTime": elb.now,
        "Scheme": "internet-facing",
        "VpcId": "vpc-00000000000000000",
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [{"ZoneName": "us-east-1a", "LoadBalancerAddresses": [{"IpAddress": "127.0.0.2"}]}],
        "SecurityGroups": [],
        "IpAddressType": "ipv4",
    }
    assert elb.call("DescribeLoadBalancers", Names=["web"]) == {"LoadBalancers": [shown]}


def test_each_subnet_is_a_zone() -> None:
    elb = Elbv2()
    answer = elb.call(
        "CreateLoadBalancer",
        Name="web",
        Scheme="internal",
        Subnets=["subnet-1", "subnet-2"],
        SecurityGroups=["sg-1"],
        IpAddressType="dualstack",
    )
    shown = answer["LoadBalancers"][0]
    assert [(zone["ZoneName"], zone["SubnetId"]) for zone in shown["AvailabilityZones"]] == [
        ("us-east-1a", "subnet-1"),
        ("us-east-1b", "subnet-2"),
    ]
    assert (shown["Scheme"], shown["SecurityGroups"], shown["IpAddressType"]) == ("internal", ["sg-1"], "dualstack")


def test_addresses_are_given_out_in_order_and_again_once_free() -> None:
    elb = Elbv2()
    first, _, third = (elb.load_balancer(name) for name in ("a", "b", "c"))
    code, message = elb.refused("CreateLoadBalancer", Name="d")
    assert code == "TooManyLoadBalancersException"
    assert "--lb-address-pool" in message
    elb.call("DeleteLoadBalancer", LoadBalancerArn=first)
    elb.load_balancer("d")
    addresses = {item.name: item.address for item in elb.snapshot.load_balancers.values()}
    assert addresses == {"b": "127.0.0.3", "c": "127.0.0.4", "d": "127.0.0.2"}
    assert third in elb.snapshot.load_balancers


def test_creating_the_same_again_gives_it_back() -> None:
    elb = Elbv2()
    settings: dict[str, Any] = {"Name": "web", "Subnets": ["subnet-1"], "Tags": [{"Key": "a", "Value": "1"}]}
    first = elb.call("CreateLoadBalancer", **settings)
    assert elb.call("CreateLoadBalancer", **settings) == first
    assert elb.changes == ()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"Scheme": "internal"}, id="scheme"),
        pytest.param({"Subnets": ["subnet-2"]}, id="subnets"),
        pytest.param({"Tags": [{"Key": "a", "Value": "2"}]}, id="tags"),
    ],
)
def test_creating_a_different_one_of_the_same_name_is_refused(changed: dict[str, Any]) -> None:
    elb = Elbv2()
    elb.load_balancer("web")
    assert elb.refused("CreateLoadBalancer", Name="web", **changed) == (
        "DuplicateLoadBalancerNameException",
        "A load balancer with the same name 'web' exists, but with different settings",
    )


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        pytest.param({"Name": ""}, "ValidationError", "cannot be empty", id="no name"),
        pytest.param({"Name": "a" * 33}, "ValidationError", "cannot be longer than '32'", id="long name"),
        pytest.param({"Name": "a_b"}, "ValidationError", "alphanumeric characters and hyphens", id="characters"),
        pytest.param({"Name": "-a"}, "ValidationError", "cannot begin or end with a hyphen", id="hyphen first"),
        pytest.param({"Name": "a-"}, "ValidationError", "cannot begin or end with a hyphen", id="hyphen last"),
        pytest.param({"Name": "internal-a"}, "ValidationError", "internal-", id="internal-"),
        pytest.param({"Scheme": "public"}, "ValidationError", "Scheme is 'public'", id="scheme"),
        pytest.param({"Type": "classic"}, "ValidationError", "Type is 'classic'", id="unknown type"),
        pytest.param({"Type": "network"}, "InvalidConfigurationRequestException", "'network' are not served", id="nlb"),
        pytest.param({"Type": "gateway"}, "InvalidConfigurationRequestException", "'gateway' are not", id="gateway"),
        pytest.param({"IpAddressType": "ipv6"}, "ValidationError", "IpAddressType is 'ipv6'", id="address type"),
        pytest.param({"Subnets": ["net-1"]}, "ValidationError", "subnet ID 'net-1' is not valid", id="subnet"),
        pytest.param({"Subnets": ["subnet-1"] * 2}, "ValidationError", "given twice", id="subnet twice"),
        pytest.param({"Subnets": [f"subnet-{n}" for n in range(27)]}, "ValidationError", "at most 26", id="27 subnets"),
        pytest.param({"SecurityGroups": ["web"]}, "ValidationError", "security group ID 'web'", id="security group"),
        pytest.param(
            {"Subnets": ["subnet-1"], "SubnetMappings": [{"SubnetId": "subnet-1"}]},
            "ValidationError",
            "but not both",
            id="subnets and mappings",
        ),
        pytest.param(
            {"SubnetMappings": [{"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"}]},
            "InvalidConfigurationRequestException",
            "SubnetId only",
            id="allocation",
        ),
        pytest.param(
            {"CustomerOwnedIpv4Pool": "ipv4pool-coip-1"},
            "InvalidConfigurationRequestException",
            "CustomerOwnedIpv4Pool is not served",
            id="outposts",
        ),
    ],
)
def test_a_wrong_load_balancer_is_refused(params: dict[str, Any], code: str, words: str) -> None:
    elb = Elbv2()
    refused_code, message = elb.refused("CreateLoadBalancer", **{"Name": "web", **params})
    assert refused_code == code
    assert words in message
    assert elb.snapshot.load_balancers == {}


def test_pages_follow_one_another_though_items_come_and_go() -> None:
    elb = Elbv2()
    for name in ("a", "b", "c"):
        elb.load_balancer(name)
    first = elb.call("DescribeLoadBalancers", PageSize=2)
    assert [item["LoadBalancerName"] for item in first["LoadBalancers"]] == ["a", "b"]
    elb.call("DeleteLoadBalancer", LoadBalancerArn=first["LoadBalancers"][1]["LoadBalancerArn"])
    second = elb.call("DescribeLoadBalancers", PageSize=2, Marker=first["NextMarker"])
    assert [item["LoadBalancerName"] for item in second["LoadBalancers"]] == ["c"]
    assert "NextMarker" not in second


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        pytest.param({"Names": ["none"]}, "LoadBalancerNotFoundException", "One or more load balancers", id="name"),
        pytest.param({"LoadBalancerArns": [MISSING]}, "LoadBalancerNotFoundException", MISSING, id="arn"),
        pytest.param({"LoadBalancerArns": ["web"]}, "ValidationError", "not a valid load balancer ARN", id="no arn"),
        pytest.param({"LoadBalancerArns": [MISSING], "Names": ["a"]}, "ValidationError", "both", id="both"),
        pytest.param({"LoadBalancerArns": [MISSING] * 21}, "ValidationError", "from 1 to 20", id="too many"),
        pytest.param({"PageSize": 0}, "ValidationError", "PageSize is 0", id="page size 0"),
        pytest.param({"PageSize": 401}, "ValidationError", "from 1 to 400", id="page size 401"),
        pytest.param({"Marker": "!"}, "ValidationError", "Marker '!'", id="marker"),
        pytest.param({"Marker": "é"}, "ValidationError", "Marker 'é'", id="marker not ASCII"),
    ],
)
def test_a_wrong_description_is_refused(params: dict[str, Any], code: str, words: str) -> None:
    refused_code, message = Elbv2().refused("DescribeLoadBalancers", **params)
    assert refused_code == code
    assert words in message


def test_deleting_takes_the_listeners_along_and_may_be_repeated() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    elb.listener(balancer, group)
    elb.call("DeleteLoadBalancer", LoadBalancerArn=balancer)
    assert elb.snapshot.load_balancers == {}
    assert elb.snapshot.listeners == {}
    assert elb.snapshot.group_listeners(group) == ()
    elb.call("DeleteLoadBalancer", LoadBalancerArn=balancer)


def test_deletion_protection_is_obeyed() -> None:
    elb = Elbv2()
    balancer = elb.load_balancer()
    protection = {"Key": "deletion_protection.enabled", "Value": "true"}
    elb.call("ModifyLoadBalancerAttributes", LoadBalancerArn=balancer, Attributes=[protection])
    code, message = elb.refused("DeleteLoadBalancer", LoadBalancerArn=balancer)
    assert code == "OperationNotPermittedException"
    assert "deletion protection is enabled" in message
    elb.call("ModifyLoadBalancerAttributes", LoadBalancerArn=balancer, Attributes=[{**protection, "Value": "false"}])
    elb.call("DeleteLoadBalancer", LoadBalancerArn=balancer)
    assert elb.snapshot.load_balancers == {}


def test_its_networks_can_be_set_and_are_shown_again() -> None:
    elb = Elbv2()
    balancer = elb.load_balancer()
    set_subnets = elb.call("SetSubnets", LoadBalancerArn=balancer, SubnetMappings=[{"SubnetId": "subnet-9"}])
    assert set_subnets["AvailabilityZones"][0]["SubnetId"] == "subnet-9"
    assert elb.call("SetSecurityGroups", LoadBalancerArn=balancer, SecurityGroups=["sg-9"]) == {
        "SecurityGroupIds": ["sg-9"]
    }
    assert elb.call("SetIpAddressType", LoadBalancerArn=balancer, IpAddressType="dualstack") == {
        "IpAddressType": "dualstack"
    }
    shown = elb.call("DescribeLoadBalancers", LoadBalancerArns=[balancer])["LoadBalancers"][0]
    assert shown["AvailabilityZones"][0]["SubnetId"] == "subnet-9"
    assert (shown["SecurityGroups"], shown["IpAddressType"]) == (["sg-9"], "dualstack")


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        pytest.param("SetSubnets", {}, "at least one subnet", id="no subnets"),
        pytest.param("SetSubnets", {"Subnets": ["x"]}, "subnet ID 'x'", id="subnet form"),
        pytest.param("SetSubnets", {"Subnets": ["subnet-1"], "IpAddressType": "x"}, "IpAddressType", id="with type"),
        pytest.param("SetSecurityGroups", {"SecurityGroups": []}, "at least one", id="no security groups"),
        pytest.param("SetSecurityGroups", {"SecurityGroups": ["x"]}, "security group ID 'x'", id="security group form"),
        pytest.param("SetIpAddressType", {"IpAddressType": "x"}, "IpAddressType is 'x'", id="address type"),
    ],
)
def test_wrong_networks_are_refused(operation: str, params: dict[str, Any], words: str) -> None:
    elb = Elbv2()
    code, message = elb.refused(operation, LoadBalancerArn=elb.load_balancer(), **params)
    assert code == "ValidationError"
    assert words in message


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param("SetSubnets", {"Subnets": ["subnet-1"]}, id="SetSubnets"),
        pytest.param("SetSecurityGroups", {"SecurityGroups": ["sg-1"]}, id="SetSecurityGroups"),
        pytest.param("SetIpAddressType", {"IpAddressType": "ipv4"}, id="SetIpAddressType"),
        pytest.param("DescribeLoadBalancerAttributes", {}, id="DescribeLoadBalancerAttributes"),
        pytest.param("DescribeCapacityReservation", {}, id="DescribeCapacityReservation"),
        pytest.param("DescribeListeners", {}, id="DescribeListeners"),
        pytest.param("DescribeTargetGroups", {}, id="DescribeTargetGroups"),
    ],
)
def test_an_unknown_load_balancer_is_not_found(operation: str, params: dict[str, Any]) -> None:
    code, message = Elbv2().refused(operation, LoadBalancerArn=MISSING, **params)
    assert code == "LoadBalancerNotFoundException"
    assert MISSING in message

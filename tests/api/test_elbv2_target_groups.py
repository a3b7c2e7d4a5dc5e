"""Target groups and their health checks."""

from typing import Any

import pytest

from tests.api.elbv2_calls import TG_PREFIX, Elbv2

MISSING = f"{TG_PREFIX}/none/0123456789abcdef"


def test_a_target_group_has_elbs_defaults() -> None:
    elb = Elbv2()
    answer = elb.call("CreateTargetGroup", Name="blue", Protocol="HTTP", Port=8080)
    shown = answer["TargetGroups"][0]
    assert shown["TargetGroupArn"].startswith(f"{TG_PREFIX}/blue/")
    assert {name: value for name, value in shown.items() if name != "TargetGroupArn"} == {
        "TargetGroupName": "blue",
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "Port": 8080,
        "TargetType": "instance",
        "IpAddressType": "ipv4",
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckPath": "/",
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [],
    }
    assert elb.call("DescribeTargetGroups", TargetGroupArns=[shown["TargetGroupArn"]]) == answer
    assert elb.call("DescribeTargetGroups", Names=["blue"]) == answer


HEALTH_CHECK: dict[str, Any] = {
    "HealthCheckEnabled": True,
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "9090",
    "HealthCheckPath": "/health?deep=1",
    "HealthCheckIntervalSeconds": 5,
    "HealthCheckTimeoutSeconds": 2,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 10,
    "Matcher": {"HttpCode": "200-204,301"},
}


def test_a_health_check_is_kept_and_can_be_modified_in_part() -> None:
    elb = Elbv2()
    created = elb.call(
        "CreateTargetGroup",
        Name="blue",
        Protocol="HTTP",
        Port=80,
        TargetType="ip",
        VpcId="vpc-1",
        IpAddressType="ipv4",
        ProtocolVersion="HTTP1",
        **HEALTH_CHECK,
    )["TargetGroups"][0]
    assert {name: created[name] for name in HEALTH_CHECK} == HEALTH_CHECK
    assert (created["TargetType"], created["VpcId"]) == ("ip", "vpc-1")
    arn = created["TargetGroupArn"]
    modified = elb.call("ModifyTargetGroup", TargetGroupArn=arn, HealthCheckPath="/up")["TargetGroups"][0]
    assert modified == {**created, "HealthCheckPath": "/up"}
    elb.call("ModifyTargetGroup", TargetGroupArn=arn, HealthCheckPath="/up")
    assert elb.changes == ()


WRONG_HEALTH_CHECKS = [
    pytest.param({"HealthCheckIntervalSeconds": 4}, "ValidationError", "from 5 to 300", id="short interval"),
    pytest.param({"HealthCheckIntervalSeconds": 301}, "ValidationError", "from 5 to 300", id="long interval"),
    pytest.param({"HealthCheckTimeoutSeconds": 1}, "ValidationError", "from 2 to 120", id="short timeout"),
    pytest.param({"HealthCheckTimeoutSeconds": 121}, "ValidationError", "from 2 to 120", id="long timeout"),
    pytest.param(
        {"HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 10},
        "ValidationError",
        "Health check interval must be greater than the timeout.",
        id="timeout as long as interval",
    ),
    pytest.param({"HealthyThresholdCount": 1}, "ValidationError", "from 2 to 10", id="healthy threshold"),
    pytest.param({"UnhealthyThresholdCount": 11}, "ValidationError", "from 2 to 10", id="unhealthy threshold"),
    pytest.param({"HealthCheckPath": "health"}, "ValidationError", "must begin with a '/'", id="relative path"),
    pytest.param({"HealthCheckPath": "/a b"}, "ValidationError", "no whitespace", id="space in path"),
    pytest.param({"HealthCheckPath": "/" + "a" * 1024}, "ValidationError", "at most 1024", id="long path"),
    pytest.param({"HealthCheckPort": "http"}, "ValidationError", "'traffic-port' or a port", id="port name"),
    pytest.param({"HealthCheckPort": "0"}, "ValidationError", "from 1 to 65535", id="port 0"),
    pytest.param({"HealthCheckPort": "65536"}, "ValidationError", "from 1 to 65535", id="port 65536"),
    pytest.param({"HealthCheckEnabled": False}, "ValidationError", "must be true for target groups", id="off"),
    pytest.param(
        {"HealthCheckProtocol": "TCP"}, "InvalidConfigurationRequestException", "'TCP' are not served", id="tcp check"
    ),
    pytest.param({"HealthCheckProtocol": "FTP"}, "ValidationError", "HealthCheckProtocol is 'FTP'", id="ftp check"),
    pytest.param({"Matcher": {"HttpCode": "600"}}, "ValidationError", "within '200-499'", id="code 600"),
    pytest.param({"Matcher": {"HttpCode": "299-200"}}, "ValidationError", "within '200-499'", id="backward range"),
    pytest.param({"Matcher": {"HttpCode": "200, 201"}}, "ValidationError", "codes such as", id="space in codes"),
    pytest.param({"Matcher": {"HttpCode": ""}}, "ValidationError", "codes such as", id="no codes"),
    pytest.param({"Matcher": {"GrpcCode": "12"}}, "ValidationError", "protocol version GRPC", id="gRPC codes"),
    pytest.param({"Matcher": {}}, "ValidationError", "needs HttpCode", id="empty matcher"),
]


def test_an_empty_choice_is_none_given() -> None:
    elb = Elbv2()
    settings = {"Name": "blue", "Protocol": "HTTP", "Port": 80}
    empty = ("ProtocolVersion", "IpAddressType", "TargetType", "HealthCheckProtocol", "HealthCheckPort")
    made = elb.call("CreateTargetGroup", **settings)
    assert elb.call("CreateTargetGroup", **settings, **dict.fromkeys(empty, "")) == made


@pytest.mark.parametrize(("params", "code", "words"), WRONG_HEALTH_CHECKS)
def test_a_wrong_health_check_is_refused(params: dict[str, Any], code: str, words: str) -> None:
    elb = Elbv2()
    arn = elb.target_group()
    for operation, settings in (
        ("CreateTargetGroup", {"Name": "green", "Protocol": "HTTP", "Port": 80}),
        ("ModifyTargetGroup", {"TargetGroupArn": arn}),
    ):
        refused_code, message = elb.refused(operation, **settings, **params)
        assert refused_code == code
        assert words in message
    assert list(elb.snapshot.target_groups) == [arn]


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        pytest.param({"Name": "a_b"}, "ValidationError", "Target group name 'a_b'", id="name"),
        pytest.param({"Protocol": None}, "ValidationError", "protocol must be specified", id="no protocol"),
        pytest.param({"Port": None}, "ValidationError", "port must be specified", id="no port"),
        pytest.param({"Port": 0}, "ValidationError", "from 1 to 65535", id="port 0"),
        pytest.param({"Protocol": "HTTPS"}, "InvalidConfigurationRequestException", "use HTTP", id="https"),
        pytest.param({"Protocol": "TCP"}, "InvalidConfigurationRequestException", "use HTTP", id="tcp"),
        pytest.param({"Protocol": "SPDY"}, "ValidationError", "Protocol is 'SPDY'", id="unknown protocol"),
        pytest.param({"ProtocolVersion": "GRPC"}, "InvalidConfigurationRequestException", "use HTTP1", id="grpc"),
        pytest.param({"ProtocolVersion": "2"}, "ValidationError", "ProtocolVersion is '2'", id="unknown version"),
        pytest.param({"TargetType": "lambda"}, "InvalidConfigurationRequestException", "'lambda'", id="lambda"),
        pytest.param({"TargetType": "alb"}, "InvalidConfigurationRequestException", "'alb'", id="alb"),
        pytest.param({"TargetType": "host"}, "ValidationError", "TargetType is 'host'", id="unknown type"),
        pytest.param({"IpAddressType": "ipv6"}, "InvalidConfigurationRequestException", "use ipv4", id="ipv6"),
        pytest.param({"VpcId": "net-1"}, "ValidationError", "VPC ID 'net-1'", id="vpc"),
        pytest.param({"TargetControlPort": 3000}, "InvalidConfigurationRequestException", "Control", id="control port"),
        pytest.param({"Tags": [{"Key": ""}]}, "ValidationError", "from 1 to 128", id="tag"),
    ],
)
def test_a_wrong_target_group_is_refused(params: dict[str, Any], code: str, words: str) -> None:
    elb = Elbv2()
    settings = {"Name": "blue", "Protocol": "HTTP", "Port": 80, **params}
    given = {name: value for name, value in settings.items() if value is not None}
    refused_code, message = elb.refused("CreateTargetGroup", **given)
    assert refused_code == code
    assert words in message
    assert elb.snapshot.target_groups == {}


def test_creating_the_same_again_gives_it_back_and_another_is_refused() -> None:
    elb = Elbv2()
    arn = elb.target_group("blue")
    elb.call(
        "ModifyTargetGroupAttributes",
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
    )
    elb.now += 60
    assert elb.target_group("blue") == arn
    assert elb.changes == ()
    assert elb.refused("CreateTargetGroup", Name="blue", Protocol="HTTP", Port=81, TargetType="ip") == (
        "DuplicateTargetGroupNameException",
        "A target group with the same name 'blue' exists, but with different settings",
    )


def test_groups_are_found_by_load_balancer() -> None:
    elb = Elbv2()
    balancer, blue, _ = elb.load_balancer(), elb.target_group("blue"), elb.target_group("green")
    elb.listener(balancer, blue)
    shown = elb.call("DescribeTargetGroups", LoadBalancerArn=balancer)["TargetGroups"]
    assert [(item["TargetGroupArn"], item["LoadBalancerArns"]) for item in shown] == [(blue, [balancer])]
    everything = elb.call("DescribeTargetGroups")["TargetGroups"]
    assert [item["TargetGroupName"] for item in everything] == ["blue", "green"]


def test_groups_are_paged() -> None:
    elb = Elbv2()
    names = [f"group-{number}" for number in range(5)]
    for name in names:
        elb.target_group(name)
    shown: list[str] = []
    marker: dict[str, str] = {}
    for _ in range(3):
        answer = elb.call("DescribeTargetGroups", PageSize=2, **marker)
        shown += [item["TargetGroupName"] for item in answer["TargetGroups"]]
        marker = {"Marker": answer["NextMarker"]} if "NextMarker" in answer else {}
    assert shown == names
    assert marker == {}


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        pytest.param("DescribeTargetGroups", {"Names": ["none"]}, "TargetGroupNotFoundException", id="name"),
        pytest.param("DescribeTargetGroups", {"TargetGroupArns": [MISSING]}, "TargetGroupNotFoundException", id="arn"),
        pytest.param("DescribeTargetGroups", {"TargetGroupArns": ["x"]}, "ValidationError", id="no arn"),
        pytest.param(
            "DescribeTargetGroups", {"TargetGroupArns": [MISSING], "Names": ["a"]}, "ValidationError", id="both"
        ),
        pytest.param("ModifyTargetGroup", {"TargetGroupArn": MISSING}, "TargetGroupNotFoundException", id="modify"),
        pytest.param(
            "DescribeTargetGroupAttributes",
            {"TargetGroupArn": MISSING},
            "TargetGroupNotFoundException",
            id="attributes",
        ),
        pytest.param("DescribeTargetHealth", {"TargetGroupArn": MISSING}, "TargetGroupNotFoundException", id="health"),
        pytest.param(
            "RegisterTargets",
            {"TargetGroupArn": MISSING, "Targets": [{"Id": "127.0.0.1"}]},
            "TargetGroupNotFoundException",
            id="register",
        ),
        pytest.param(
            "DeregisterTargets",
            {"TargetGroupArn": MISSING, "Targets": [{"Id": "127.0.0.1"}]},
            "TargetGroupNotFoundException",
            id="deregister",
        ),
    ],
)
def test_an_unknown_target_group_is_not_found(operation: str, params: dict[str, Any], code: str) -> None:
    assert Elbv2().refused(operation, **params)[0] == code


def test_a_group_in_use_cannot_be_deleted_and_a_free_one_takes_its_targets_along() -> None:
    elb = Elbv2()
    balancer, group = elb.load_balancer(), elb.target_group()
    listener = elb.listener(balancer, group)
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    assert elb.refused("DeleteTargetGroup", TargetGroupArn=group) == (
        "ResourceInUseException",
        f"Target group '{group}' is currently in use by a listener or a rule",
    )
    elb.call("DeleteListener", ListenerArn=listener)
    elb.call("DeleteTargetGroup", TargetGroupArn=group)
    assert elb.snapshot.target_groups == {}
    assert elb.snapshot.targets == {}
    elb.call("DeleteTargetGroup", TargetGroupArn=group)

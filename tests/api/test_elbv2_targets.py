"""Registering and deregistering targets, and what is said of their health."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.plan import Put
from tests.api.elbv2_calls import INSTANCE_ID, Elbv2


def _used_group(elb: Elbv2, **params: Any) -> str:
    """A target group that a listener forwards to."""
    group = elb.target_group(**params)
    elb.listener(elb.load_balancer(), group)
    return group


def _only_target(elb: Elbv2) -> Target:
    (target,) = elb.snapshot.targets.values()
    return target


def test_an_ip_target_is_dialled_at_itself() -> None:
    elb = Elbv2()
    group = _used_group(elb)
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.9", "Port": 8080}])
    target = _only_target(elb)
    assert (target.address, target.port, target.task_arn) == ("127.0.0.9", 8080, None)
    assert elb.health(group) == [
        {
            "Target": {"Id": "127.0.0.9", "Port": 8080, "AvailabilityZone": "us-east-1a"},
            "HealthCheckPort": "8080",
            "TargetHealth": {
                "State": "initial",
                "Reason": "Elb.RegistrationInProgress",
                "Description": "Target registration is in progress",
            },
        }
    ]


def test_an_instance_target_is_dialled_at_its_host_on_the_groups_port() -> None:
    elb = Elbv2()
    elb.host()
    group = _used_group(elb, TargetType="instance", Port=8080, HealthCheckPort="9090")
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": INSTANCE_ID}])
    target = _only_target(elb)
    assert (target.id, target.address, target.port) == (INSTANCE_ID, "127.0.0.1", 8080)
    (shown,) = elb.health(group)
    assert shown["Target"] == {"Id": INSTANCE_ID, "Port": 8080}
    assert shown["HealthCheckPort"] == "9090"


@pytest.mark.parametrize(
    ("group", "targets", "code", "words"),
    [
        pytest.param({}, [{"Id": INSTANCE_ID}], "ValidationError", "not a valid IPv4 address", id="instance as ip"),
        pytest.param({}, [{"Id": "::1"}], "ValidationError", "not a valid IPv4 address", id="IPv6"),
        pytest.param({}, [{"Id": "0.0.0.0"}], "ValidationError", "not a valid IPv4 address", id="no address"),
        pytest.param({}, [{"Id": "127.0.0.1", "Port": 0}], "ValidationError", "from 1 to 65535", id="port"),
        pytest.param({}, [], "ValidationError", "Targets is empty", id="no targets"),
        pytest.param({}, [{"Id": "127.0.0.1", "QuicServerId": "0x1"}], "ValidationError", "QuicServerId", id="quic"),
        pytest.param(
            {"TargetType": "instance"}, [{"Id": "i-0"}], "InvalidTargetException", "'i-0' is not valid", id="instance"
        ),
        pytest.param(
            {},
            [{"Id": "127.0.0.1", "Port": port} for port in range(1, 1002)],
            "TooManyTargetsException",
            "at most 1000",
            id="1001 targets",
        ),
        pytest.param(
            {}, [{"Id": "127.0.0.1"}, {"Id": "x"}], "ValidationError", "'x' is not a valid", id="one of them is wrong"
        ),
    ],
)
def test_a_wrong_target_is_refused(group: dict[str, Any], targets: list[dict[str, Any]], code: str, words: str) -> None:
    elb = Elbv2()
    refused_code, message = elb.refused("RegisterTargets", TargetGroupArn=elb.target_group(**group), Targets=targets)
    assert refused_code == code
    assert words in message
    assert elb.snapshot.targets == {}


def test_registering_a_target_again_changes_nothing() -> None:
    elb = Elbv2()
    group = _used_group(elb)
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}, {"Id": "127.0.0.1", "Port": 80}])
    healthy = replace(_only_target(elb), state=TargetState.HEALTHY, reason=None, description=None)
    elb.snapshot.apply([Put(record=healthy)])
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    assert elb.changes == ()
    (shown,) = elb.health(group)
    assert shown["TargetHealth"] == {"State": "healthy"}


def test_a_deregistered_target_drains_for_the_groups_delay() -> None:
    elb = Elbv2()
    group = _used_group(elb)
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
    elb.call("ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[delay])
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    elb.call("DeregisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    assert _only_target(elb).drain_until == elb.now + 5
    (shown,) = elb.health(group)
    assert shown["TargetHealth"] == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }
    elb.now += 1
    elb.call("DeregisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    assert elb.changes == ()


@pytest.mark.parametrize(
    "target",
    [
        pytest.param({"Id": "127.0.0.2"}, id="unknown id"),
        pytest.param({"Id": "127.0.0.1", "Port": 81}, id="unknown port"),
        pytest.param({"Id": "127.0.0.1"}, id="port override not named"),
        pytest.param({"Id": "anything"}, id="no address"),
    ],
)
def test_deregistering_what_is_not_registered_succeeds(target: dict[str, Any]) -> None:
    elb = Elbv2()
    group = _used_group(elb)
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1", "Port": 8080}])
    elb.call("DeregisterTargets", TargetGroupArn=group, Targets=[target])
    assert elb.changes == ()


def test_a_draining_ip_target_cannot_come_back_before_it_is_gone() -> None:
    elb = Elbv2()
    group = _used_group(elb)
    targets = [{"Id": "127.0.0.1"}]
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=targets)
    elb.call("DeregisterTargets", TargetGroupArn=group, Targets=targets)
    code, message = elb.refused("RegisterTargets", TargetGroupArn=group, Targets=targets)
    assert code == "InvalidTargetException"
    assert "127.0.0.1:80 is draining" in message


def test_a_draining_instance_target_may_come_back() -> None:
    elb = Elbv2()
    elb.host()
    group = _used_group(elb, TargetType="instance")
    targets = [{"Id": INSTANCE_ID}]
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=targets)
    registered = _only_target(elb)
    elb.call("DeregisterTargets", TargetGroupArn=group, Targets=targets)
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=targets)
    assert _only_target(elb) == registered


def test_targets_of_a_group_without_a_listener_are_unused() -> None:
    elb = Elbv2()
    group = elb.target_group()
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    (shown,) = elb.health(group)
    assert shown["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": "Target group is not configured to receive traffic from the load balancer",
    }
    elb.listener(elb.load_balancer(), group)
    (shown,) = elb.health(group)
    assert shown["TargetHealth"]["State"] == "initial"


def test_health_can_be_asked_of_some_targets() -> None:
    elb = Elbv2()
    group = _used_group(elb)
    registered = [{"Id": "127.0.0.1", "Port": 81}, {"Id": "127.0.0.1", "Port": 82}, {"Id": "127.0.0.2"}]
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=registered)

    def asked(*targets: dict[str, Any]) -> list[tuple[str, int, str | None]]:
        shown = elb.health(group, Targets=list(targets))
        return [(item["Target"]["Id"], item["Target"]["Port"], item["TargetHealth"].get("Reason")) for item in shown]

    registering = "Elb.RegistrationInProgress"
    assert asked({"Id": "127.0.0.1", "Port": 82}) == [("127.0.0.1", 82, registering)]
    assert asked({"Id": "127.0.0.1"}) == [("127.0.0.1", 81, registering), ("127.0.0.1", 82, registering)]
    assert asked({"Id": "127.0.0.3"}) == [("127.0.0.3", 80, "Target.NotRegistered")]
    assert asked({"Id": "127.0.0.2", "Port": 99}) == [("127.0.0.2", 99, "Target.NotRegistered")]


def test_health_of_an_impossible_target_is_refused() -> None:
    elb = Elbv2()
    group = _used_group(elb, TargetType="instance")
    assert elb.refused("DescribeTargetHealth", TargetGroupArn=group, Targets=[{"Id": "i-0"}])[0] == (
        "InvalidTargetException"
    )


def test_anomaly_detection_is_shown_where_asked_for() -> None:
    elb = Elbv2()
    group = _used_group(elb)
    elb.call("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": "127.0.0.1"}])
    (shown,) = elb.health(group, Include=["AnomalyDetection"])
    assert shown["AnomalyDetection"] == {"Result": "normal", "MitigationInEffect": "no"}
    assert elb.refused("DescribeTargetHealth", TargetGroupArn=group, Include=["x"])[0] == "ValidationError"

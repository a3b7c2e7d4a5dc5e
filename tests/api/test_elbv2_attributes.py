"""Attributes of load balancers, listeners and target groups."""

from typing import Any

import pytest

from tests.api.elbv2_calls import Elbv2

#: What ELBv2 shows of a target group nobody changed (reference: TargetGroupAttribute).
TARGET_GROUP_DEFAULTS = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}


class Attributes:
    """A load balancer, a listener and a target group, and calls on the attributes of any of them."""

    def __init__(self) -> None:
        self.elb = Elbv2()
        balancer, group = self.elb.load_balancer(), self.elb.target_group()
        listener = self.elb.listener(balancer, group)
        self.named = {
            "LoadBalancer": {"LoadBalancerArn": balancer},
            "Listener": {"ListenerArn": listener},
            "TargetGroup": {"TargetGroupArn": group},
        }

    def described(self, kind: str) -> dict[str, str]:
        """The attributes shown."""
        return _by_key(self.elb.call(f"Describe{kind}Attributes", **self.named[kind]))

    def modified(self, kind: str, **values: str) -> dict[str, str]:
        """The attributes shown by the modification to `values`; `__` stands for the dots of a key."""
        return _by_key(self.elb.call(f"Modify{kind}Attributes", **self.named[kind], Attributes=_pairs(values)))

    def refused(self, kind: str, attributes: list[dict[str, str]]) -> tuple[str, str]:
        """The refusal of a modification, which must have changed nothing."""
        before = self.described(kind)
        refusal = self.elb.refused(f"Modify{kind}Attributes", **self.named[kind], Attributes=attributes)
        assert self.described(kind) == before
        return refusal


def _by_key(answer: dict[str, Any]) -> dict[str, str]:
    return {item["Key"]: item["Value"] for item in answer["Attributes"]}


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


def test_a_target_groups_defaults_are_elbs() -> None:
    assert Attributes().described("TargetGroup") == TARGET_GROUP_DEFAULTS


def test_a_load_balancers_defaults_are_elbs() -> None:
    shown = Attributes().described("LoadBalancer")
    expected = {
        "idle_timeout.timeout_seconds": "60",
        "client_keep_alive.seconds": "3600",
        "deletion_protection.enabled": "false",
        "routing.http2.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.xff_header_processing.mode": "append",
        "load_balancing.cross_zone.enabled": "true",
        "access_logs.s3.enabled": "false",
        "connection_logs.s3.enabled": "false",
    }
    assert {key: shown[key] for key in expected} == expected


def test_a_listeners_response_headers_are_empty() -> None:
    shown = Attributes().described("Listener")
    assert shown.pop("routing.http.response.server.enabled") == "true"
    assert set(shown.values()) == {""}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        pytest.param("LoadBalancer", {"idle_timeout__timeout_seconds": "4000"}, id="idle timeout"),
        pytest.param("Listener", {"routing__http__response__server__enabled": "false"}, id="server header"),
        pytest.param("TargetGroup", {"deregistration_delay__timeout_seconds": "0"}, id="no delay"),
        pytest.param("TargetGroup", {"slow_start__duration_seconds": "900"}, id="slow start"),
        pytest.param(
            "TargetGroup",
            {
                "load_balancing__algorithm__type": "weighted_random",
                "load_balancing__algorithm__anomaly_mitigation": "on",
            },
            id="anomaly mitigation",
        ),
        pytest.param(
            "TargetGroup",
            {
                "stickiness__enabled": "true",
                "stickiness__type": "app_cookie",
                "stickiness__app_cookie__cookie_name": "session",
            },
            id="application cookie",
        ),
        pytest.param(
            "TargetGroup",
            {
                "target_group_health__dns_failover__minimum_healthy_targets__percentage": "60",
                "target_group_health__unhealthy_state_routing__minimum_healthy_targets__percentage": "50",
            },
            id="health thresholds",
        ),
    ],
)
def test_an_attribute_is_set_shown_and_set_back(kind: str, values: dict[str, str]) -> None:
    attributes = Attributes()
    before = attributes.described(kind)
    wanted = {key.replace("__", "."): value for key, value in values.items()}
    assert attributes.modified(kind, **values) == {**before, **wanted}
    assert attributes.described(kind) == {**before, **wanted}
    assert attributes.modified(kind, **{key: before[key.replace("__", ".")] for key in values}) == before


def test_the_deregistration_delay_is_the_groups() -> None:
    attributes = Attributes()
    attributes.modified("TargetGroup", deregistration_delay__timeout_seconds="7")
    (group,) = attributes.elb.snapshot.target_groups.values()
    assert group.deregistration_delay_s == 7


def test_setting_what_is_set_changes_nothing() -> None:
    attributes = Attributes()
    attributes.modified("LoadBalancer", idle_timeout__timeout_seconds="60")
    assert attributes.elb.changes == ()


@pytest.mark.parametrize(
    ("kind", "key", "value", "words"),
    [
        pytest.param("LoadBalancer", "idle_timeout.timeout_seconds", "0", "from 1 to 4000", id="idle 0"),
        pytest.param("LoadBalancer", "idle_timeout.timeout_seconds", "4001", "from 1 to 4000", id="idle 4001"),
        pytest.param("LoadBalancer", "idle_timeout.timeout_seconds", "1.5", "a whole number", id="idle 1.5"),
        pytest.param("LoadBalancer", "client_keep_alive.seconds", "59", "from 60 to 604800", id="keep alive"),
        pytest.param("LoadBalancer", "deletion_protection.enabled", "yes", "one of true, false", id="flag"),
        pytest.param("LoadBalancer", "load_balancing.cross_zone.enabled", "false", "one of true", id="cross zone"),
        pytest.param("LoadBalancer", "access_logs.s3.enabled", "true", "does not serve this attribute", id="logs"),
        pytest.param("Listener", "routing.http.response.server.enabled", "", "one of true, false", id="server"),
        pytest.param("TargetGroup", "deregistration_delay.timeout_seconds", "3601", "from 0 to 3600", id="delay 3601"),
        pytest.param("TargetGroup", "deregistration_delay.timeout_seconds", "-1", "from 0 to 3600", id="delay -1"),
        pytest.param(
            "TargetGroup", "deregistration_delay.timeout_seconds", "٣", "a whole number", id="delay not ASCII"
        ),
        pytest.param("TargetGroup", "slow_start.duration_seconds", "29", "from 30 to 900 or 0", id="slow start 29"),
        pytest.param("TargetGroup", "stickiness.type", "source_ip", "lb_cookie, app_cookie", id="stickiness type"),
        pytest.param("TargetGroup", "stickiness.lb_cookie.duration_seconds", "0", "from 1 to 604800", id="cookie 0"),
        pytest.param("TargetGroup", "stickiness.app_cookie.cookie_name", "AWSALB", "not begin", id="reserved cookie"),
        pytest.param("TargetGroup", "stickiness.app_cookie.cookie_name", "a;b", "name of a cookie", id="cookie name"),
        pytest.param("TargetGroup", "load_balancing.algorithm.type", "random", "round_robin", id="algorithm"),
        pytest.param(
            "TargetGroup",
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
            "101",
            "from 1 to 100 or off",
            id="percentage",
        ),
        pytest.param("TargetGroup", "no.such.key", "1", "attribute key 'no.such.key' is not recognized", id="unknown"),
    ],
)
def test_a_wrong_value_is_refused(kind: str, key: str, value: str, words: str) -> None:
    code, message = Attributes().refused(kind, [{"Key": key, "Value": value}])
    assert code == "ValidationError"
    assert key in message
    assert words in message


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        pytest.param("LoadBalancer", "dns_record.client_routing_policy", id="network load balancer"),
        pytest.param("Listener", "tcp.idle_timeout.seconds", id="TCP listener"),
        pytest.param("TargetGroup", "preserve_client_ip.enabled", id="TCP target group"),
        pytest.param("TargetGroup", "lambda.multi_value_headers.enabled", id="lambda target group"),
    ],
)
def test_a_key_of_another_kind_is_refused_as_not_supported(kind: str, key: str) -> None:
    """In words of which Terraform's provider makes out the key, to leave it out."""
    code, message = Attributes().refused(kind, [{"Key": key, "Value": "true"}])
    assert code == "InvalidConfigurationRequestException"
    assert f"attribute key '{key}' is not supported" in message


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"load_balancing__algorithm__anomaly_mitigation": "on"}, id="mitigation of round robin"),
        pytest.param(
            {"slow_start__duration_seconds": "30", "load_balancing__algorithm__type": "least_outstanding_requests"},
            id="slow start of least outstanding requests",
        ),
        pytest.param({"stickiness__enabled": "true", "stickiness__type": "app_cookie"}, id="cookie without a name"),
        pytest.param(
            {"target_group_health__unhealthy_state_routing__minimum_healthy_targets__count": "2"},
            id="fail-open before DNS failover",
        ),
    ],
)
def test_attributes_that_exclude_one_another_are_refused(values: dict[str, str]) -> None:
    code, message = Attributes().refused("TargetGroup", _pairs(values))
    assert code == "InvalidConfigurationRequestException"
    assert "needs" in message


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        pytest.param([], "Attributes is empty", id="none"),
        pytest.param([{"Key": "stickiness.enabled", "Value": "true"}] * 2, "given twice", id="twice"),
        pytest.param([{"Value": "true"}], "key '' is not recognized", id="no key"),
    ],
)
def test_a_wrong_list_is_refused(attributes: list[dict[str, str]], words: str) -> None:
    code, message = Attributes().refused("TargetGroup", attributes)
    assert code == "ValidationError"
    assert words in message

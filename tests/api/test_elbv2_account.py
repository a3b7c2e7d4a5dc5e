"""What ELBv2 says of the account, and of things Slipway has none of."""

from tests.api.elbv2_calls import Elbv2


def test_the_limits_are_those_enforced() -> None:
    limits = {item["Name"]: item["Max"] for item in Elbv2().call("DescribeAccountLimits")["Limits"]}
    assert limits["application-load-balancers"] == "3"
    assert limits["listeners-per-application-load-balancer"] == "50"
    assert limits["target-groups"] == "3000"


def test_limits_are_paged() -> None:
    elb = Elbv2()
    first = elb.call("DescribeAccountLimits", PageSize=4)
    second = elb.call("DescribeAccountLimits", PageSize=4, Marker=first["NextMarker"])
    assert [*first["Limits"], *second["Limits"]] == elb.call("DescribeAccountLimits")["Limits"]


def test_there_are_no_ssl_policies() -> None:
    elb = Elbv2()
    assert elb.call("DescribeSSLPolicies") == {"SslPolicies": []}
    assert elb.refused("DescribeSSLPolicies", Names=["x"])[0] == "SSLPolicyNotFoundException"


def test_a_load_balancer_reserves_no_capacity() -> None:
    elb = Elbv2()
    assert elb.call("DescribeCapacityReservation", LoadBalancerArn=elb.load_balancer()) == {
        "CapacityReservationState": []
    }

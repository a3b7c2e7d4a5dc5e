"""An ELBv2 caller with what most tests begin from: a load balancer, a target group and a listener between them."""

from typing import Any

import pytest

from slipway.api.elbv2 import HANDLERS
from slipway.api.errors import ApiError
from slipway.core.model.hosts import Host
from slipway.core.plan import Put
from tests.api.calls import Caller

LB_PREFIX = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app"
TG_PREFIX = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup"
HOST_ID = "0123456789abcdef0123456789abcdef"
INSTANCE_ID = "i-0123456789abcdef0"


class Elbv2(Caller):
    """Calls ELBv2's handlers; the methods create what their names say, and give its ARN."""

    def __init__(self) -> None:
        super().__init__(HANDLERS, "elbv2")

    def load_balancer(self, name: str = "web", **params: Any) -> str:
        """A load balancer's ARN."""
        return str(self.call("CreateLoadBalancer", Name=name, **params)["LoadBalancers"][0]["LoadBalancerArn"])

    def target_group(self, name: str = "blue", **params: Any) -> str:
        """A target group's ARN; of ip targets, HTTP on port 80, where not told otherwise."""
        settings = {"Protocol": "HTTP", "Port": 80, "TargetType": "ip", **params}
        return str(self.call("CreateTargetGroup", Name=name, **settings)["TargetGroups"][0]["TargetGroupArn"])

    def listener(self, load_balancer: str, *groups: str, port: int = 80) -> str:
        """The ARN of an HTTP listener that forwards to `groups` in equal parts."""
        answer = self.call(
            "CreateListener",
            LoadBalancerArn=load_balancer,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[forward(*groups)],
        )
        return str(answer["Listeners"][0]["ListenerArn"])

    def host(self) -> None:
        """A host that is shown as the instance INSTANCE_ID, at 127.0.0.1."""
        host = Host(id=HOST_ID, cpu=1024, memory=1024, address="127.0.0.1", runtime="process", registered_at=self.now)
        self.snapshot.apply([Put(record=host)])

    def health(self, group: str, **params: Any) -> list[dict[str, Any]]:
        """`TargetHealthDescriptions` of a group."""
        descriptions = self.call("DescribeTargetHealth", TargetGroupArn=group, **params)["TargetHealthDescriptions"]
        assert isinstance(descriptions, list)
        return descriptions

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and the message of the refusal of a call that must be refused."""
        with pytest.raises(ApiError) as caught:
            self.call(operation, **params)
        return caught.value.code, caught.value.message


def forward(*groups: str) -> dict[str, Any]:
    """A forward action to one group, or to several in equal parts."""
    if len(groups) == 1:
        return {"Type": "forward", "TargetGroupArn": groups[0]}
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group} for group in groups]}}

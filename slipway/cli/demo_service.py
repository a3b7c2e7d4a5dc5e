"""What the demo deploys, made by the calls that a user of AWS would make: balancer, target group, listener, service."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slipway
from slipway.cli.access import Access
from slipway.cli.aws import aws_client, told_plainly
from slipway.cli.failure import CliError
from slipway.cli.free_port import free_port
from slipway.cli.resolve import ServiceName

TASKS = 4
CPU = 64
MEMORY = 128
NAME = ServiceName(cluster="demo", service="users")
CHECK_INTERVAL_S = 5
DRAIN_S = 5


def example_program() -> Path:
    """The example microservice. Raises `CliError` where this is no checkout of the repository."""
    root = Path(slipway.__path__[0]).parent
    program = root / "examples" / "users" / "server.py"
    if not program.exists():
        raise CliError(
            f"The demo deploys examples/users/server.py of Slipway's repository, and {root} has none: "
            "clone the repository and run `make demo` there."
        )
    return program


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoService:
    """The service of the demo and where it is reached."""

    ecs: Any
    address: str
    port: int

    @property
    def url(self) -> str:
        """Where users reach the service."""
        return f"http://{self.address}:{self.port}"

    def register(self, version: str, *, is_healthy: bool = True) -> str:
        """Register a revision of the example that calls itself `version`; its `family:revision`."""
        environment = {"VERSION": version, "HOST": "127.0.0.1", "HEALTH": "ok" if is_healthy else "fail"}
        with told_plainly():
            answer = self.ecs.register_task_definition(**_definition(version, environment))
        return str(answer["taskDefinition"]["taskDefinitionArn"].rpartition("/")[2])

    def create(self, revision: str, target_group_arn: str) -> str:
        """Create the service on a revision; the id of its deployment."""
        with told_plainly():
            answer = self.ecs.create_service(
                cluster=NAME.cluster,
                serviceName=NAME.service,
                taskDefinition=revision,
                desiredCount=TASKS,
                launchType="EC2",
                deploymentConfiguration={
                    "minimumHealthyPercent": 100,
                    "maximumPercent": 200,
                    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                },
                loadBalancers=[{"targetGroupArn": target_group_arn, "containerName": "app", "containerPort": 8080}],
            )
        return _primary_id(answer)

    def roll(self, revision: str) -> str:
        """Roll the service to a revision; the id of the new deployment."""
        with told_plainly():
            answer = self.ecs.update_service(cluster=NAME.cluster, service=NAME.service, taskDefinition=revision)
        return _primary_id(answer)


def make_balancer(access: Access) -> tuple[DemoService, str]:
    """Cluster, load balancer, target group and listener; the service to be, and the target group's ARN."""
    with told_plainly():
        ecs, elbv2 = aws_client(access, "ecs"), aws_client(access, "elbv2")
        ecs.create_cluster(clusterName=NAME.cluster)
        balancer = elbv2.create_load_balancer(Name="users", Subnets=["subnet-00000001", "subnet-00000002"])
        group = elbv2.create_target_group(
            Name="users",
            Protocol="HTTP",
            Port=8080,
            TargetType="instance",
            VpcId="vpc-00000001",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=CHECK_INTERVAL_S,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(DRAIN_S)}
        elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
        made = balancer["LoadBalancers"][0]
        address = made["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["IpAddress"]
        port = free_port(address)
        elbv2.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"],
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
    return DemoService(ecs=ecs, address=address, port=port), group


def _definition(version: str, environment: dict[str, str]) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": f"users:{version}",
        "command": [sys.executable, str(example_program())],
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "portMappings": [{"containerPort": 8080, "hostPort": 0}],
        "essential": True,
        "cpu": CPU,
        "memory": MEMORY,
    }
    return {"family": "users", "networkMode": "bridge", "containerDefinitions": [container]}


def _primary_id(answer: dict[str, Any]) -> str:
    return str(next(one["id"] for one in answer["service"]["deployments"] if one["status"] == "PRIMARY"))

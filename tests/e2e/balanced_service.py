"""A service behind a load balancer, made, rolled and watched through the AWS API alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slipway.cli.free_port import free_port
from tests.e2e.programs import Program
from tests.e2e.server_process import ServerProcess
from tests.waiting import wait_until

PORT = 8080  # of the container
STEADY_S = 150  # a bound on a hung roll
#: Stop timeout of a container: one whose program is its process 1 ignores SIGTERM until the program listens for it, so
#: a task that is stopped as it starts takes as long.
STOP_S = 10
VERDICTS = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a service is to be like."""

    tasks: int
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    deregistration_delay_s: int = 30
    environment: tuple[tuple[str, str], ...] = ()


class BalancedService:
    """A service named `name` in a cluster of the same name, with a balancer, a target group and a listener."""

    def __init__(self, server: ServerProcess, name: str, program: Program, shape: Shape) -> None:
        self.server = server
        self.name = name
        self.program = program
        self.shape = shape
        self.ecs = server.client("ecs")
        self.elb = server.client("elbv2")
        self.ecs.create_cluster(clusterName=name)
        self.address = self._balancer()
        self.port = free_port(self.address)
        self.target_group = self._target_group()
        self._listener()
        self._service()

    def _balancer(self) -> str:
        (made,) = self.elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"]
        self._balancer_arn = made["LoadBalancerArn"]
        address: str = made["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["IpAddress"]
        return address

    def _target_group(self) -> str:
        (group,) = self.elb.create_target_group(
            Name=self.name,
            Protocol="HTTP",
            Port=PORT,
            VpcId="vpc-1",
            TargetType="instance",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=4,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"]
        arn: str = group["TargetGroupArn"]
        delay = {
            "Key": "deregistration_delay.timeout_seconds",
            "Value": str(self.shape.deregistration_delay_s),
        }
        self.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        return arn

    def _listener(self) -> None:
        self.elb.create_listener(
            LoadBalancerArn=self._balancer_arn,
            Protocol="HTTP",
            Port=self.port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )

    def _service(self) -> None:
        self.ecs.create_service(
            cluster=self.name,
            serviceName=self.name,
            taskDefinition=self.register("v1"),
            desiredCount=self.shape.tasks,
            deploymentConfiguration={
                "minimumHealthyPercent": self.shape.minimum_healthy_percent,
                "maximumPercent": self.shape.maximum_percent,
            },
            loadBalancers=[{"targetGroupArn": self.target_group, "containerName": "users", "containerPort": PORT}],
        )

    def register(self, version: str, program: Program | None = None, **variables: str) -> str:
        """A new revision of the task definition that runs `version`, of another program or with more variables."""
        program = program or self.program
        environment = {"VERSION": version, **dict(self.shape.environment), **variables}
        registered = self.ecs.register_task_definition(
            family=self.name,
            networkMode="bridge",
            containerDefinitions=[
                {
                    "name": "users",
                    "image": program.image,
                    "command": list(program.command),
                    "cpu": 16,
                    "memory": 64,
                    "portMappings": [{"containerPort": PORT}],
                    "stopTimeout": STOP_S,
                    "environment": [{"name": name, "value": value} for name, value in environment.items()],
                }
            ],
        )
        arn: str = registered["taskDefinition"]["taskDefinitionArn"]
        return arn

    def roll(self, version: str, program: Program | None = None, **variables: str) -> None:
        """Have the service run `version`, as `register` has it; returns when the update is accepted."""
        definition = self.register(version, program, **variables)
        self.ecs.update_service(cluster=self.name, service=self.name, taskDefinition=definition)

    def configure(self, **configuration: Any) -> None:
        """Set members of deploymentConfiguration, which begins no deployment."""
        self.ecs.update_service(cluster=self.name, service=self.name, deploymentConfiguration=configuration)

    def roll_out(self) -> dict[str, Any]:
        """The newest service deployment, as DescribeServiceDeployments shows it."""
        listed = self.ecs.list_service_deployments(cluster=self.name, service=self.name)["serviceDeployments"]
        arns = [listed[0]["serviceDeploymentArn"]]
        (shown,) = self.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        return dict(shown)

    def await_verdict(self) -> dict[str, Any]:
        """Wait until the newest service deployment has ended; how it did."""

        def ended() -> dict[str, Any] | None:
            shown = self.roll_out()
            return shown if shown["status"] in VERDICTS else None

        found = wait_until(ended, timeout_s=STEADY_S, what=f"the verdict on service {self.name}")
        assert found is not None
        return found

    def describe(self) -> dict[str, Any]:
        """The service as DescribeServices shows it."""
        (shown,) = self.ecs.describe_services(cluster=self.name, services=[self.name])["services"]
        return dict(shown)

    def is_steady(self) -> bool:
        """Whether there is one deployment, completed, with all its tasks."""
        shown = self.describe()
        (first, *others) = shown["deployments"]
        is_full = shown["runningCount"] == shown["desiredCount"] and not shown["pendingCount"]
        return not others and is_full and first["rolloutState"] == "COMPLETED"

    def await_steady(self) -> None:
        """Wait until it is."""
        wait_until(self.is_steady, timeout_s=STEADY_S, what=f"service {self.name} to be steady")

    def await_stopped(self, count: int) -> None:
        """Wait until so many tasks have stopped altogether."""
        wait_until(
            lambda: sum(task["lastStatus"] == "STOPPED" for task in self.tasks()) >= count,
            timeout_s=STEADY_S,
            what=f"{count} stopped tasks of service {self.name}",
        )

    def tasks(self) -> list[dict[str, Any]]:
        """Every task there is a record of, as DescribeTasks shows it."""
        arns = [arn for status in ("RUNNING", "STOPPED") for arn in self._listed(status)]
        batches = [arns[start : start + 100] for start in range(0, len(arns), 100)]
        return [task for batch in batches for task in self._described(batch)]

    def _listed(self, status: str) -> Iterator[str]:
        pages = self.ecs.get_paginator("list_tasks").paginate(cluster=self.name, desiredStatus=status)
        for page in pages:
            yield from page["taskArns"]

    def _described(self, arns: list[str]) -> list[dict[str, Any]]:
        answer = self.ecs.describe_tasks(cluster=self.name, tasks=arns)
        assert not answer["failures"], answer["failures"]
        return list(answer["tasks"])

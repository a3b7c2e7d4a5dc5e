"""A service of the program that is rolled, with a balancer of its own, driven through the AWS API alone."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from bench.fleet import until
from bench.held_requests import HeldRequests
from bench.prediction_cases import HOST_CPU, Roll, Subject
from slipway.cli.free_port import free_port
from tests.contracts.docker_image import python_image
from tests.e2e.server_process import ServerProcess

PROGRAM = Path(__file__).resolve().parent / "rolled_program.py"
PORT = 8080
_VERDICTS = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
_BREAKER = {"enable": True, "rollback": True}
_FAILURES: dict[str, dict[str, str]] = {
    "crashes": {"CRASH_AFTER_S": "1"},
    "never-healthy": {"READY_S": "100000"},
}


class RolledService:
    """The service of one subject, in a cluster of its name."""

    def __init__(self, server: ServerProcess, subject: Subject, runtime: str) -> None:
        self.subject = subject
        self.name = subject.name
        self._runtime = runtime
        self._ecs = server.client("ecs")
        self._elb = server.client("elbv2")
        self._version = 0
        self._ecs.create_cluster(clusterName=self.name)
        self._make(subject.rolls[0])

    def _make(self, first: Roll) -> None:
        (balancer,) = self._elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"]
        self._address: str = balancer["AvailabilityZones"][0]["LoadBalancerAddresses"][0]["IpAddress"]
        self._port = free_port(self._address)
        (group,) = self._elb.create_target_group(
            Name=self.name, Protocol="HTTP", Port=PORT, VpcId="vpc-1", TargetType="instance"
        )["TargetGroups"]
        self._group: str = group["TargetGroupArn"]
        forward = {"Type": "forward", "TargetGroupArn": self._group}
        self._elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=self._port, DefaultActions=[forward]
        )
        self._configure_group(first)
        self._ecs.create_service(
            cluster=self.name,
            serviceName=self.name,
            taskDefinition=self.register(None),
            desiredCount=self.subject.tasks,
            deploymentConfiguration=_configuration(first),
            loadBalancers=[{"targetGroupArn": self._group, "containerName": "app", "containerPort": PORT}],
        )
        self.await_verdict()

    def register(self, fails: str | None) -> str:
        """The ARN of one more revision; `fails`: it is a bad one."""
        subject = self.subject
        self._version += 1
        environment = {
            "VERSION": str(self._version),
            "READY_S": str(subject.ready_s),
            "EXIT_S": "ignores" if subject.exit_s is None else str(subject.exit_s),
            **(_FAILURES[fails] if fails else {}),
        }
        is_docker = self._runtime == "docker"
        container = {
            "name": "app",
            "image": python_image({"/rolled.py": PROGRAM}) if is_docker else "rolled",
            "command": ["python3", "/rolled.py"] if is_docker else [sys.executable, str(PROGRAM)],
            "cpu": HOST_CPU // subject.room,
            "memory": 64,
            "portMappings": [{"containerPort": PORT}],
            "stopTimeout": subject.stop_timeout,
            "environment": [{"name": name, "value": value} for name, value in environment.items()],
        }
        made = self._ecs.register_task_definition(
            family=self.name, networkMode="bridge", containerDefinitions=[container]
        )
        arn: str = made["taskDefinition"]["taskDefinitionArn"]
        return arn

    def configure(self, roll: Roll) -> None:
        """Give the service and its target group the settings of a roll, which begins no deployment."""
        self._configure_group(roll)
        self._ecs.update_service(cluster=self.name, service=self.name, deploymentConfiguration=_configuration(roll))

    def _configure_group(self, roll: Roll) -> None:
        self._elb.modify_target_group(
            TargetGroupArn=self._group,
            HealthCheckIntervalSeconds=roll.interval,
            HealthCheckTimeoutSeconds=roll.interval - 1,
            HealthyThresholdCount=roll.threshold,
            UnhealthyThresholdCount=2,
        )
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(roll.drain)}
        self._elb.modify_target_group_attributes(TargetGroupArn=self._group, Attributes=[delay])

    def held(self) -> AbstractContextManager[object]:
        """The requests that are open while it is rolled, where there are any."""
        if not self.subject.is_held:
            return nullcontext()
        return HeldRequests(self._address, self._port, tasks=self.subject.tasks)

    def roll(self, definition: str) -> None:
        """Update the service to a revision."""
        self._ecs.update_service(cluster=self.name, service=self.name, taskDefinition=definition)

    def await_verdict(self) -> dict[str, Any]:
        """Wait until the newest service deployment has ended and nothing of the old one is left; how it ended."""
        found: dict[str, Any] = {}

        def has_ended() -> bool:
            found.update(self._newest())
            return found["status"] in _VERDICTS and self._is_steady()

        until(has_ended, f"the verdict on {self.name}")
        return found

    def _newest(self) -> dict[str, Any]:
        listed = self._ecs.list_service_deployments(cluster=self.name, service=self.name)["serviceDeployments"]
        arns = [listed[0]["serviceDeploymentArn"]]
        (shown,) = self._ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
        return dict(shown)

    def _is_steady(self) -> bool:
        (shown,) = self._ecs.describe_services(cluster=self.name, services=[self.name])["services"]
        return len(shown["deployments"]) == 1 and shown["runningCount"] == shown["desiredCount"]

    def leave(self) -> None:
        """Have its tasks gone, so that the next one has the machine to itself."""
        self._ecs.delete_service(cluster=self.name, service=self.name, force=True)

        def is_gone() -> bool:
            (shown,) = self._ecs.describe_services(cluster=self.name, services=[self.name])["services"]
            return bool(shown["status"] == "INACTIVE")

        until(is_gone, f"the tasks of {self.name} to stop")


def _configuration(roll: Roll) -> dict[str, Any]:
    return {
        "minimumHealthyPercent": roll.minimum,
        "maximumPercent": roll.maximum,
        "deploymentCircuitBreaker": _BREAKER,
    }

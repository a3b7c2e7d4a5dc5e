"""ECS called in a virtual world: the scheduler acts on every call, and time passes only when it is told to."""

from typing import Any

from slipway.api import ecs
from slipway.core.rules import Rules
from slipway.sim.behaviours import Behaviour
from slipway.sim.operator import Operator
from slipway.sim.world import World
from tests.api.calls import Caller

BREAKER = {"enable": True, "rollback": True}

#: Old tasks are stopped before new ones start: what is wrong with a version costs the service its tasks.
STOP_FIRST = {"minimumHealthyPercent": 0, "maximumPercent": 100}


class EcsWorld:
    """A world with one host, and a service `web` of two tasks of `web:1`, healthy a second after they run."""

    def __init__(self, **params: Any) -> None:
        self.world = World(rules=Rules(healthy_after_running_s=1), is_checked=True)
        self.operator = Operator(self.world)
        self.world.add_host(cpu=4096, memory=8192)
        self.caller = Caller(ecs.HANDLERS, "ecs", world=self.world)
        self.register()
        given = {"serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2, **params}
        self.caller.call("CreateService", **given)
        self.settle()

    def register(self, behaviour: Behaviour = Behaviour(), **members: Any) -> None:
        """The next revision of `web`, whose tasks behave so."""
        container = {"name": "web", "image": "web", "memory": 64, **members}
        answer = self.caller.call("RegisterTaskDefinition", family="web", containerDefinitions=[container])
        self.world.behaviours[f"web:{answer['taskDefinition']['revision']}"] = behaviour

    def update(self, **params: Any) -> dict[str, Any]:
        """What UpdateService answers, a second later than what was before."""
        self.world.run_for(1)
        return dict(self.caller.call("UpdateService", service="web", **params)["service"])

    @property
    def service(self) -> dict[str, Any]:
        """The service as it is described now."""
        [service] = self.caller.call("DescribeServices", services=["web"])["services"]
        return dict(service)

    @property
    def deployments(self) -> list[tuple[str, str, str]]:
        """Revision, status and roll-out state of each deployment."""
        return [
            (item["taskDefinition"].rpartition("/")[2], item["status"], item["rolloutState"])
            for item in self.service["deployments"]
        ]

    @property
    def roll_outs(self) -> list[dict[str, Any]]:
        """The service deployments as they are described now, newest first."""
        listed = self.caller.call("ListServiceDeployments", service="web")["serviceDeployments"]
        arns = [item["serviceDeploymentArn"] for item in listed]
        found = self.caller.call("DescribeServiceDeployments", serviceDeploymentArns=arns)["serviceDeployments"]
        return sorted(found, key=lambda item: arns.index(item["serviceDeploymentArn"]))

    @property
    def messages(self) -> list[str]:
        """The service's events, newest first."""
        return [event["message"].removeprefix("(service web) ") for event in self.service["events"]]

    def run_until(self, status: str) -> dict[str, Any]:
        """Let time pass until the newest service deployment has this status; it is given."""
        arn = self.world.service("web").arn
        assert self.world.run(lambda: self.world.snapshot.service_history(arn)[0].status == status, limit_s=600), (
            self.roll_outs
        )
        return self.roll_outs[0]

    def settle(self) -> None:
        """Let time pass until the service is steady."""
        assert self.world.run(limit_s=600), self.messages

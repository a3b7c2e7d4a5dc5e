"""A service behind a load balancer in a virtual world, made by the calls of the API: what plans are made of."""

import json
from typing import Any

from slipway.api import ecs
from slipway.api.introspection_fork import gather_fork
from slipway.core.answers.wait import Sight
from slipway.core.model.load_balancing import HealthCheck
from slipway.foresight.fork import Fork, fork_of_world
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from slipway.sim.world import World
from tests.api.calls import Caller

INTERVAL_S = 5
DELAY_S = 20
STOP_TIMEOUT_S = 10
BREAKER = {"enable": True, "rollback": True}

#: A program with a time of its own for each part of its life.
STEADY = Behaviour(pull_s=3, launch_s=1, exits_in_s=2, linger_s=4, health=HealthScript(ready_s=6))


class LiveService:
    """Four tasks of `web:1`, which ran for a while: with `rolls`, so many deployments were made and measured."""

    def __init__(self, *, behaviour: Behaviour = STEADY, room: int = 10, rolls: int = 2, desired: int = 4) -> None:
        self.world = World()
        self.world.add_host(cpu=room * 256, memory=room * 256)
        self.caller = Caller(ecs.HANDLERS, "ecs", world=self.world)
        self._behaviour = behaviour
        check = HealthCheck(interval_s=INTERVAL_S, timeout_s=2, healthy_threshold=2)
        group = Operator(self.world).create_target_group("web", health_check=check, deregistration_delay_s=DELAY_S)
        self.register("web:v1")
        self.caller.call(
            "CreateService",
            serviceName="web",
            taskDefinition="web:1",
            desiredCount=desired,
            loadBalancers=[{"targetGroupArn": group.arn, "containerName": "app", "containerPort": 8080}],
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            deploymentConfiguration={"deploymentCircuitBreaker": BREAKER},
            healthCheckGracePeriodSeconds=300,
        )
        self.settle()
        for _ in range(rolls):
            self.update(forceNewDeployment=True)
            self.settle()

    def register(self, image: str, *, behaviour: Behaviour | None = None, **members: Any) -> str:
        """The next revision of `web`, whose tasks behave so; None: as those before. Its `family:revision`."""
        container = {
            "name": "app",
            "image": image,
            "cpu": 256,
            "memory": 256,
            "stopTimeout": STOP_TIMEOUT_S,
            "portMappings": [{"containerPort": 8080}],
            **members,
        }
        answer = self.caller.call(
            "RegisterTaskDefinition", family="web", networkMode="awsvpc", containerDefinitions=[container]
        )
        name = f"web:{answer['taskDefinition']['revision']}"
        self.world.behaviours[name] = self._behaviour if behaviour is None else behaviour
        return name

    def update(self, **params: Any) -> None:
        """UpdateService, at this instant."""
        self.caller.call("UpdateService", service="web", **params)

    def settle(self) -> None:
        """Let time pass until the service is steady."""
        assert self.world.run(limit_s=3600), self.world.timeline.story()

    def go_back(self) -> None:
        """StopServiceDeployment with ROLLBACK."""
        Operator(self.world).stop_deployment("web")

    @property
    def arn(self) -> str:
        """The service's ARN."""
        return self.world.service("web").arn

    @property
    def duration_s(self) -> float:
        """How long the newest deployment took, seconds."""
        newest = self.world.snapshot.service_history(self.arn)[0]
        assert newest.finished_at is not None, "it has not ended"
        return newest.finished_at - newest.created_at

    @property
    def verdict(self) -> str:
        """That of the newest deployment."""
        return self.world.snapshot.service_history(self.arn)[0].status

    def fork(self) -> Fork:
        """The fork of the service as it stands now."""
        return fork_of_world(self.world, self.arn)

    def answers(self) -> dict[str, Any]:
        """What a server with this service answers now, by path."""
        snapshot, world = self.world.snapshot, self.world
        sight = Sight(now=world.clock.now(), rules=world.rules, next_check_at=world.balancer.next_check_at)
        service, sequence = snapshot.services[self.arn], world.store.load()[1]
        told = gather_fork(snapshot, service, sight, arns=world.arns, sequence=sequence, definition=None)
        listed = [{"name": "default", "services": [{"name": "web"}], "tasks": []}]
        return {
            "/slipway/v1/overview": {"clusters": listed, "hosts": [], "at": sight.now},
            "/slipway/v1/clusters/default/services/web/fork": json.loads(b"".join(told.pieces())),
        }

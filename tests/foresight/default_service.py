"""A service behind a load balancer in a virtual world, made by the API's own handlers, all settings at defaults."""

import json
import re
import shlex
import subprocess
import sys
from functools import cache
from typing import Any

from botocore import xform_name

from slipway.api import ecs, elbv2
from slipway.core.snapshot import Snapshot
from slipway.sim.behaviours import Behaviour
from slipway.sim.world import World
from slipway.wire.models import load_service_model
from tests.api.calls import Caller

#: awscli brings its own botocore, which it puts in the place of ours: it is asked in a process of its own.
_PARSE = (
    "import json, sys; from awscli.shorthand import ShorthandParser as P; print(json.dumps(P().parse(sys.argv[1])))"
)

#: It does not hear SIGTERM, and its connections stay to the deregistration delay.
DEAF = Behaviour(exits_in_s=None, linger_s=None)

#: CPU units and MiB of a task.
TASK = 256


class DefaultService:
    """The service `web` of six tasks of `users:1`, on a host with room for eight, behind the target group `blue`."""

    def __init__(self, *, room: int = 8, behaviour: Behaviour = DEAF) -> None:
        self.world = World()
        self.world.add_host(cpu=room * TASK, memory=room * TASK)
        self.callers = {name: Caller(each.HANDLERS, name, world=self.world) for name, each in _SERVICES.items()}
        self._behaviour = behaviour
        self.call("ecs", "CreateCluster")
        self.group_arn = self._balanced()
        self.register()
        balanced = {"targetGroupArn": self.group_arn, "containerName": "app", "containerPort": 80}
        self.call(
            "ecs", "CreateService", serviceName="web", taskDefinition="users", desiredCount=6, loadBalancers=[balanced]
        )
        self.settle()

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """The answer of a handler."""
        return self.callers[service].call(operation, **params)

    def _balanced(self) -> str:
        group = self.call(
            "elbv2", "CreateTargetGroup", Name="blue", Protocol="HTTP", Port=80, TargetType="instance", VpcId="vpc-1"
        )
        balancer = self.call("elbv2", "CreateLoadBalancer", Name="front")["LoadBalancers"][0]["LoadBalancerArn"]
        arn = str(group["TargetGroups"][0]["TargetGroupArn"])
        forward = {"Type": "forward", "TargetGroupArn": arn}
        self.call(
            "elbv2", "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[forward]
        )
        return arn

    def register(self, **members: Any) -> None:
        """The next revision of `users`: one container `app` with these members."""
        container = {
            "name": "app",
            "image": "users",
            "cpu": TASK,
            "memory": TASK,
            "portMappings": [{"containerPort": 80}],
            **members,
        }
        made = self.call("ecs", "RegisterTaskDefinition", family="users", containerDefinitions=[container])
        self.world.behaviours[f"users:{made['taskDefinition']['revision']}"] = self._behaviour

    def settle(self) -> None:
        """Let time pass until all is steady."""
        assert self.world.run(), self.world.timeline.story()

    def deploy_s(self) -> float:
        """How long a new deployment of the newest revision takes, in seconds."""
        began = self.world.elapsed_s
        self.call("ecs", "UpdateService", service="web", taskDefinition="users", forceNewDeployment=True)
        self.settle()
        return self.world.elapsed_s - began

    @property
    def snapshot(self) -> Snapshot:
        """The records as they are now."""
        return self.world.snapshot

    @property
    def arn(self) -> str:
        """The service's ARN."""
        return self.world.service("web").arn

    def type_in(self, line: str) -> None:
        """Make the call that a line of the AWS command line makes; each option is looked up in the model."""
        _, service, command, *words = shlex.split(line)
        model = load_service_model(service)
        operation = next(name for name in model.operation_names if xform_name(name, "-") == command)
        shape = model.operation_model(operation).input_shape
        self.call(service, operation, **_params(shape, words))


_SERVICES: dict[str, Any] = {"ecs": ecs, "elbv2": elbv2}


def _params(shape: Any, words: list[str]) -> dict[str, Any]:
    members = {xform_name(name, "-"): name for name in shape.members}
    params: dict[str, Any] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        name = members[option.removeprefix("--")]
        params[name] = _value(shape.members[name], value)
    return params


def _value(shape: Any, text: str) -> Any:
    """A word of the command line as the model has it."""
    match shape.type_name:
        case "integer":
            return int(text)
        case "structure":
            return _typed(shape, _shorthand(text))
        case "list":
            return [_typed(shape.member, _shorthand(text))]
        case _:
            return text


@cache
def _shorthand(text: str) -> Any:
    """The shorthand of the AWS command line, as it reads it itself."""
    done = subprocess.run([sys.executable, "-c", _PARSE, text], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _typed(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        return {name: _typed(shape.members[name], each) for name, each in value.items()}
    return {"integer": int, "boolean": lambda text: text == "true"}.get(shape.type_name, str)(value)


def is_command(line: str) -> bool:
    """Whether a line is one to be typed, and changes a setting of the service or its target groups."""
    return bool(re.match(r"aws (ecs update-service|elbv2 modify)", line))

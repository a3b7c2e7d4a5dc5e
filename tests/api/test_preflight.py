"""Preflight as callers meet it: warnings among the service's events, and images asked for before the call."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from slipway.api import ecs
from slipway.api.call import Call
from slipway.api.image_lacks import KEPT_S, ImageLacks
from slipway.core.ids import Ids
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, put_service, register


def warnings(caller: Caller) -> list[str]:
    (service,) = caller.call("DescribeServices", services=["users"])["services"]
    head = "(service users) preflight: "
    return [event["message"].removeprefix(head) for event in service["events"] if event["message"].startswith(head)]


def percentages(least: int, most: int) -> dict[str, Any]:
    return {"minimumHealthyPercent": least, "maximumPercent": most}


def test_a_new_service_is_warned_about_its_percentages() -> None:
    caller = ecs_caller()
    register(caller)
    given = {"serviceName": "users", "taskDefinition": "users", "desiredCount": 1}
    caller.call("CreateService", **given, deploymentConfiguration=percentages(50, 150))
    (warning,) = warnings(caller)
    assert warning.startswith("minimumHealthyPercent 50 and maximumPercent 150 let a deployment of 1 task neither stop")


def test_a_change_that_begins_no_deployment_is_warned_about_once() -> None:
    caller = ecs_caller()
    register(caller)
    caller.call("CreateService", serviceName="users", taskDefinition="users", desiredCount=1)
    assert warnings(caller) == []
    caller.call("UpdateService", service="users", deploymentConfiguration=percentages(50, 150))
    assert len(warnings(caller)) == 1
    caller.call("UpdateService", service="users", healthCheckGracePeriodSeconds=5)
    assert len(warnings(caller)) == 1
    caller.call("UpdateService", service="users", desiredCount=1000)
    assert warnings(caller)[0].startswith("desiredCount is 1000, and only ")


class Asked:
    """Image lacks over a registry that says `sentences`, and a clock that is set."""

    def __init__(self, *, wait_s: float = 5.0, **sentences: str | None) -> None:
        self.images: list[str] = []
        self.now = 0.0
        self._sentences = sentences
        self.lacks = ImageLacks(self._ask, lambda: self.now, wait_s=wait_s)

    async def _ask(self, image: str) -> str | None:
        self.images.append(image)
        if image not in self._sentences:
            await asyncio.Event().wait()  # it never answers
        return self._sentences[image]

    def of(self, caller: Caller, operation: str, **params: Any) -> dict[str, str]:
        looking = Call(snapshot=caller.snapshot, params=params, now=0.0, ids=Ids(seed="1"), site=caller.site)
        return dict(asyncio.run(self.lacks.of("ecs", operation, looking)))


def defined(*images: str) -> Caller:
    caller = ecs_caller()
    containers = [{"name": image, "image": image, "memory": 64} for image in images]
    put_service(caller, definition=register(caller, containerDefinitions=containers))
    return caller


@pytest.mark.parametrize(
    ("operation", "params", "asked"),
    [
        pytest.param("CreateService", {"taskDefinition": "users"}, ["a", "b"], id="create"),
        pytest.param("UpdateService", {"service": "users", "taskDefinition": "users:1"}, ["a", "b"], id="update"),
        pytest.param("UpdateService", {"service": "users", "forceNewDeployment": True}, ["a", "b"], id="force"),
        pytest.param("UpdateService", {"service": "users", "desiredCount": 3}, [], id="scale"),
        pytest.param("UpdateService", {"service": "nobody", "forceNewDeployment": True}, [], id="no such service"),
        pytest.param("CreateService", {"taskDefinition": "nothing"}, [], id="no such definition"),
        pytest.param("RunTask", {"taskDefinition": "users"}, [], id="another call"),
    ],
)
def test_only_calls_that_begin_a_deployment_ask(operation: str, params: dict[str, Any], asked: list[str]) -> None:
    asking = Asked(a=None, b="b is not here")
    assert asking.of(defined("a", "b"), operation, **params) == ({"b": "b is not here"} if asked else {})
    assert sorted(asking.images) == asked


def test_what_is_there_is_not_asked_for_again_for_a_while() -> None:
    asking, caller = Asked(a=None, b="b is not here"), defined("a", "b")
    asking.of(caller, "CreateService", taskDefinition="users")
    asking.images.clear()
    assert asking.of(caller, "CreateService", taskDefinition="users") == {"b": "b is not here"}
    assert asking.images == ["b"]
    asking.now = KEPT_S
    asking.of(caller, "CreateService", taskDefinition="users")
    assert asking.images.count("a") == 1


def test_a_registry_that_does_not_answer_holds_nothing_up() -> None:
    """What others said meanwhile is kept."""
    asking = Asked(wait_s=0.01, b="b is not here")
    assert asking.of(defined("a", "b"), "CreateService", taskDefinition="users") == {"b": "b is not here"}


def test_a_lack_is_a_warning() -> None:
    caller = ecs_caller()
    register(caller)
    handler: Callable[[Call], Any] = ecs.HANDLERS["CreateService"]
    call = Call(
        snapshot=caller.snapshot,
        params={"serviceName": "users", "taskDefinition": "users", "desiredCount": 1},
        now=caller.now,
        ids=caller.ids,
        site=caller.site,
        image_lacks={"users:1": "users:1 is not on this machine, and no registry answers."},
    )
    handler(call)
    caller.snapshot.apply(call.changes)
    (warning,) = warnings(caller)
    assert warning.startswith("users:1 is not on this machine, and no registry answers; push or build that image, ")

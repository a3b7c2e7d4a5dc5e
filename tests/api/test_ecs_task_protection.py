"""UpdateTaskProtection and GetTaskProtection through their handlers, and what the scheduler makes of them."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.model.tasks import DesiredStatus, TaskStatus
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, put, put_service, put_task, register
from tests.api.ecs_world import EcsWorld

MINUTE = 60


def two_tasks(caller: Caller, **fields: Any) -> list[str]:
    """The ARNs of the tasks of a service that wants two."""
    definition = register(caller)
    service = put_service(caller, definition=definition, **fields)
    return [put_task(caller, definition, service=service).arn for _ in range(2)]


def protect(caller: Caller, *tasks: str, is_enabled: bool = True, **params: Any) -> dict[str, Any]:
    given = {"cluster": "default", "tasks": list(tasks), "protectionEnabled": is_enabled, **params}
    return caller.call("UpdateTaskProtection", **given)


def protection(caller: Caller, *tasks: str) -> dict[str, Any]:
    return caller.call("GetTaskProtection", cluster="default", tasks=list(tasks))


@pytest.mark.parametrize(
    ("params", "minutes"),
    [
        pytest.param({}, 120, id="two hours where nothing is said"),
        pytest.param({"expiresInMinutes": 1}, 1, id="the least"),
        pytest.param({"expiresInMinutes": 2880}, 2880, id="the most"),
    ],
)
def test_a_task_is_protected_for_a_time(params: dict[str, Any], minutes: int) -> None:
    caller = ecs_caller()
    task, other = two_tasks(caller)
    shown = {"taskArn": task, "protectionEnabled": True, "expirationDate": caller.now + minutes * MINUTE}
    assert protect(caller, task, **params) == {"protectedTasks": [shown], "failures": []}
    assert caller.snapshot.tasks[task].protected_until == caller.now + minutes * MINUTE
    got = protection(caller, task, other)["protectedTasks"]
    assert got == [shown, {"taskArn": other, "protectionEnabled": False}]
    caller.now += minutes * MINUTE
    assert protection(caller, task)["protectedTasks"] == [{"taskArn": task, "protectionEnabled": False}]


def test_protection_is_extended_by_a_second_call_and_ended_by_a_third() -> None:
    caller = ecs_caller()
    task, _ = two_tasks(caller)
    protect(caller, task, expiresInMinutes=5)
    caller.now += MINUTE
    [extended] = protect(caller, task.rpartition("/")[2], expiresInMinutes=5)["protectedTasks"]
    assert extended["expirationDate"] == caller.now + 5 * MINUTE
    [ended] = protect(caller, task, is_enabled=False)["protectedTasks"]
    assert ended == {"taskArn": task, "protectionEnabled": False}
    assert caller.snapshot.tasks[task].protected_until is None
    protect(caller, task, is_enabled=False)
    assert not caller.changes


def test_tasks_that_cannot_be_protected_are_failures_and_the_others_are() -> None:
    caller = ecs_caller()
    task, stopping = two_tasks(caller)
    alone = put_task(caller, register(caller, "alone")).arn
    stopped = put_task(caller, register(caller, "past"), last_status=TaskStatus.STOPPED).arn
    put(caller, replace(caller.snapshot.tasks[stopping], desired_status=DesiredStatus.STOPPED))
    answer = protect(caller, alone, stopped, stopping, "0" * 32, task, task)
    assert [item["taskArn"] for item in answer["protectedTasks"]] == [task]
    assert [(item["arn"], item["reason"]) for item in answer["failures"]] == [
        (alone, "TASK_NOT_VALID"),
        (stopped, "MISSING"),
        (stopping, "TASK_NOT_VALID"),
        (task.replace(task.rpartition("/")[2], "0" * 32), "MISSING"),
    ]
    assert [item["reason"] for item in protection(caller, alone, stopped)["failures"]] == ["TASK_NOT_VALID", "MISSING"]


def test_no_more_tasks_are_protected_than_the_service_is_to_have() -> None:
    caller = ecs_caller()
    first, second = two_tasks(caller, desired_count=1)
    answer = protect(caller, first, second)
    assert [item["taskArn"] for item in answer["protectedTasks"]] == [first]
    [failure] = answer["failures"]
    assert (failure["arn"], failure["reason"]) == (second, "DEPLOYMENT_BLOCKED")
    assert failure["detail"].startswith("2 tasks would be protected, and the service is to have 1;")
    assert not protect(caller, first)["failures"], "one that is protected already can be extended"
    caller.now += 121 * MINUTE
    assert not protect(caller, second)["failures"], "the protection of the other is over"


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        pytest.param({"expiresInMinutes": 0}, "InvalidParameterException", "from 1 to 2880", id="no time"),
        pytest.param({"expiresInMinutes": 2881}, "InvalidParameterException", "from 1 to 2880", id="too long"),
        pytest.param({"tasks": []}, "InvalidParameterException", "Tasks cannot be empty", id="none"),
        pytest.param({"tasks": ["a"] * 11}, "InvalidParameterException", "more than 10 items", id="eleven"),
        pytest.param({"tasks": ["arn:aws:ecs:x"]}, "InvalidParameterException", "not the ARN of a task", id="arn"),
        pytest.param({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found.", id="cluster"),
    ],
)
def test_bad_protections_are_refused(params: dict[str, Any], code: str, words: str) -> None:
    caller = ecs_caller()
    given = {"cluster": "default", "tasks": ["a"], "protectionEnabled": True, **params}
    with pytest.raises(ApiError, match=words) as refused:
        caller.call("UpdateTaskProtection", **given)
    assert refused.value.code == code


def test_a_hundred_tasks_can_be_asked_for_at_once() -> None:
    caller = ecs_caller()
    assert len(protection(caller, *(f"{number:032x}" for number in range(100)))["failures"]) == 100
    with pytest.raises(ApiError, match="more than 100 items"):
        protection(caller, *(f"{number:032x}" for number in range(101)))


def test_a_roll_waits_for_protected_tasks_and_goes_on_when_their_protection_ends() -> None:
    ecs = EcsWorld()
    kept, _ = (task.arn for task in ecs.world.tasks("web"))
    protect(ecs.caller, kept, expiresInMinutes=10)
    ecs.register()
    ecs.update(taskDefinition="web:2")
    ecs.world.run_for(300)
    assert ecs.deployments == [("web:2", "PRIMARY", "IN_PROGRESS"), ("web:1", "ACTIVE", "COMPLETED")]
    assert any("1 tasks under protection" in message for message in ecs.messages)
    protect(ecs.caller, kept, is_enabled=False)
    ecs.settle()
    assert ecs.deployments == [("web:2", "PRIMARY", "COMPLETED")]

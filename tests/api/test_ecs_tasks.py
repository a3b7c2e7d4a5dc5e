"""RunTask and StopTask through their handlers."""

from collections.abc import Callable
from typing import Any

import pytest

from slipway.api.call import Call
from slipway.api.errors import ApiError
from slipway.core.plan import Remove
from tests.api.calls import Caller
from tests.api.ecs_records import ecs_caller, register


def refused(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.code, caught.value.message


def run(caller: Caller, **params: Any) -> dict[str, Any]:
    return caller.call("RunTask", **{"taskDefinition": "users", **params})


def test_tasks_are_placed_and_shown() -> None:
    caller = ecs_caller()
    register(caller)
    answer = run(caller, count=2, startedBy="me", group="batch", tags=[{"key": "a", "value": "b"}])
    assert answer["failures"] == []
    first, second = answer["tasks"]
    assert first["taskArn"] != second["taskArn"]
    shown = (first["lastStatus"], first["desiredStatus"], first["startedBy"], first["group"])
    assert shown == ("PROVISIONING", "RUNNING", "me", "batch")
    assert first["tags"] == [{"key": "a", "value": "b"}]


def test_tasks_that_find_no_room_are_failures_that_say_what_is_lacking() -> None:
    caller = ecs_caller()
    register(caller, memory="1024", cpu="128")
    total = next(iter(caller.snapshot.hosts.values())).memory
    fit = total // 1024
    answer = run(caller, count=min(fit + 2, 10), overrides={"memory": str(total // 2)})
    assert len(answer["tasks"]) == 2
    [failure, *_] = answer["failures"]
    assert failure["reason"] == "RESOURCE:MEMORY"
    assert f"the task needs {total // 2}, 0 are left" in failure["detail"]


def test_the_same_token_gives_the_same_tasks_and_never_others() -> None:
    caller = ecs_caller()
    register(caller)
    first = run(caller, clientToken="once")
    again = run(caller, clientToken="once")
    assert [task["taskArn"] for task in again["tasks"]] == [task["taskArn"] for task in first["tasks"]]
    assert len(caller.snapshot.tasks) == 1
    with pytest.raises(ApiError) as caught:
        run(caller, clientToken="once", count=2)
    assert caught.value.code == "ConflictException"
    assert caught.value.fields["resourceIds"] == [first["tasks"][0]["taskArn"]]
    caller.now += 25 * 3600
    assert run(caller, clientToken="once", count=2)["tasks"][0]["taskArn"] != first["tasks"][0]["taskArn"]


@pytest.mark.parametrize(
    ("params", "start"),
    [
        pytest.param({"count": 11}, "count is 11; give a number from 1 to 10.", id="too many"),
        pytest.param({"count": 0}, "count is 0; give a number from 1 to 10.", id="none"),
        pytest.param({"group": "service:web"}, "group 'service:web' is reserved for services", id="group"),
        pytest.param({"startedBy": "x" * 129}, "startedBy has 129 characters", id="startedBy"),
        pytest.param(
            {"overrides": {"containerOverrides": [{"name": "none"}]}},
            "Override for container named none is not a container in the TaskDefinition.",
            id="override",
        ),
        pytest.param(
            {"overrides": {"containerOverrides": [{"name": "web", "command": ["a\0b"]}]}},
            "overrides have a NUL character",
            id="override with NUL",
        ),
        pytest.param({"propagateTags": "SERVICE"}, "propagateTags 'SERVICE' is not known", id="propagate"),
    ],
)
def test_a_run_that_cannot_be_is_refused(params: dict[str, Any], start: str) -> None:
    caller = ecs_caller()
    register(caller)
    code, sentence = refused(lambda: run(caller, **params))
    assert (code, sentence[: len(start)]) == ("InvalidParameterException", start)
    assert not caller.snapshot.tasks


def test_a_run_without_hosts_says_so() -> None:
    caller = ecs_caller()
    register(caller)
    caller.snapshot.hosts.clear()
    assert refused(lambda: run(caller))[1] == "No Container Instances were found in your cluster."


def test_a_stop_keeps_the_first_reason() -> None:
    caller = ecs_caller()
    register(caller)
    arn = run(caller)["tasks"][0]["taskArn"]
    stopped = caller.call("StopTask", task=arn, reason="maintenance")["task"]
    assert (stopped["desiredStatus"], stopped["stopCode"]) == ("STOPPED", "UserInitiated")
    again = caller.call("StopTask", task=arn.rpartition("/")[2], reason="other")["task"]
    assert again["stoppedReason"] == "maintenance"
    assert refused(lambda: caller.call("StopTask", task="none"))[1] == "The referenced task was not found."


def test_a_stop_of_a_task_that_is_forgotten_meanwhile_shows_it_as_it_was() -> None:
    caller = ecs_caller()
    register(caller)
    arn = run(caller)["tasks"][0]["taskArn"]
    caller.call("StopTask", task=arn, reason="maintenance")
    call = Call(snapshot=caller.snapshot, params={"task": arn}, now=caller.now + 3600, ids=caller.ids, site=caller.site)
    answer = caller.handlers["StopTask"](call)
    caller.snapshot.apply([Remove(record=caller.snapshot.tasks[arn])])
    assert callable(answer)
    assert answer()["task"]["stoppedReason"] == "maintenance"


def test_a_stop_without_a_reason_says_the_user_did() -> None:
    caller = ecs_caller()
    register(caller)
    arn = run(caller)["tasks"][0]["taskArn"]
    assert caller.call("StopTask", task=arn)["task"]["stoppedReason"] == "Task stopped by user"

"""What a host is told of a task: its definition, with RunTask's overrides and defaults applied."""

from typing import Any

import pytest

from slipway.core.model.task_definitions import ContainerDefinition
from slipway.core.plan import ContainerPayload
from slipway.core.tasks.payload import payload_of
from tests.core.records import a_definition, a_task

DOCUMENT = {
    "name": "app",
    "command": ["serve"],
    "entryPoint": ["/bin/sh", "-c"],
    "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    "workingDirectory": "/srv",
    "user": "1000:1000",
    "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
}


def told(override: dict[str, Any] | None = None, **members: Any) -> ContainerPayload:
    """The payload of the container `app` with this override."""
    container = ContainerDefinition(name="app", image="web:1", cpu=10, memory=64, memory_reservation=32, **members)
    definition = a_definition(container, document={"containerDefinitions": [DOCUMENT]})
    overrides = {} if override is None else {"overrides": {"containerOverrides": [{"name": "app", **override}]}}
    return payload_of(a_task(document=overrides), definition).containers[0]


def test_as_defined() -> None:
    payload = told()
    assert payload.command == ("serve",)
    assert payload.entry_point == ("/bin/sh", "-c")
    assert payload.environment == {"A": "1", "B": "2"}
    assert (payload.working_directory, payload.user) == ("/srv", "1000:1000")
    assert (payload.cpu, payload.memory, payload.memory_reservation) == (10, 64, 32)
    assert payload.ulimits == (("nofile", 1024, 4096),)


@pytest.mark.parametrize(
    ("override", "member", "expected"),
    [
        pytest.param({"command": ["other", "x"]}, "command", ("other", "x"), id="command"),
        pytest.param(
            {"environment": [{"name": "B", "value": "3"}]}, "environment", {"A": "1", "B": "3"}, id="environment over"
        ),
        pytest.param(
            {"environment": [{"name": "C", "value": "4"}]},
            "environment",
            {"A": "1", "B": "2", "C": "4"},
            id="environment beside",
        ),
        pytest.param({"cpu": 20}, "cpu", 20, id="cpu"),
        pytest.param({"memory": 128}, "memory", 128, id="memory"),
        pytest.param({"memoryReservation": 16}, "memory_reservation", 16, id="reservation"),
        pytest.param({"name": "other", "command": ["x"]}, "command", ("serve",), id="another container's"),
    ],
)
def test_override(override: dict[str, Any], member: str, expected: object) -> None:
    assert getattr(told(override), member) == expected


@pytest.mark.parametrize(("given", "expected"), [(None, 30), (0, 0), (7, 7)])
def test_stop_timeout(given: int | None, expected: int) -> None:
    """The agent's default of 30 s where the container names none."""
    assert told(stop_timeout_s=given).stop_timeout_s == expected


def test_of_a_service_and_standalone() -> None:
    service = "arn:aws:ecs:local:000000000000:service/default/web"
    assert payload_of(a_task(service_arn=service), a_definition()).service_name == "web"
    assert payload_of(a_task(), a_definition()).service_name is None

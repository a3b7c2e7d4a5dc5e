"""Digests: what makes two steps the same, and what does not."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.core.model.services import ServiceEvent
from slipway.core.model.task_definitions import NetworkMode
from slipway.core.plan import Change, ContainerPayload, Put, Remove, StartTask, StopTask, TaskPayload
from slipway.journal.digest import Digest, digest_of
from slipway.ports import Commit
from tests.core.records import a_definition, a_task

EVENT = ServiceEvent(id="1", service_arn="arn:web", created_at=1.0, message="steady")
STOP = StopTask(host_id="host1", task_arn="arn:task", ordered_at=3.0)
START = StartTask(
    host_id="host1",
    payload=TaskPayload(
        task_arn="arn:task",
        cluster_name="default",
        family="web",
        revision=1,
        service_name="web",
        network_mode=NetworkMode.BRIDGE,
        cpu=256,
        memory=256,
        containers=(
            ContainerPayload(
                name="app",
                arn="arn:container",
                image="web:1",
                essential=True,
                environment={"PASSWORD": "swordfish"},
                document={"environment": [{"name": "PASSWORD", "value": "swordfish"}]},
            ),
        ),
    ),
)


def digest(*changes: Change, commands: tuple[StartTask | StopTask, ...] = ()) -> Digest:
    """The digest of a step that decided this."""
    return digest_of(Commit(at=1.0, changes=changes, sequence=1, commands=commands))


def started(**members: Any) -> StartTask:
    """The command with its container another."""
    (container,) = START.payload.containers
    return replace(START, payload=replace(START.payload, containers=(replace(container, **members),)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            digest(Put(record=a_task(created_at=5))),
            digest(Put(record=a_task(created_at=5.0))),
            id="whole seconds, as given and as read back",
        ),
        pytest.param(
            digest(commands=(START,)),
            digest(commands=(started(environment={"PASSWORD": "***"}, document={}),)),
            id="values of an environment",
        ),
        pytest.param(
            digest(Put(record=a_definition(document={"environment": [{"name": "A", "value": "1"}]}))),
            digest(Put(record=a_definition(document={"environment": [{"name": "A", "value": "2"}]}))),
            id="values in a definition",
        ),
        pytest.param(
            digest(Remove(record=a_task())), digest(Remove(record=a_task(version=9))), id="what a removed record was"
        ),
    ],
)
def test_the_same(one: Digest, other: Digest) -> None:
    assert one == other


FIRST, SECOND = Put(record=a_task(1)), Put(record=a_task(2))


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        pytest.param(digest(FIRST), digest(Put(record=a_task(1, version=2))), "changes", id="a field"),
        pytest.param(digest(FIRST), digest(Put(record=a_task(1), cause="placed")), "changes", id="a cause"),
        pytest.param(digest(FIRST), digest(Remove(record=a_task(1))), "changes", id="put or removed"),
        pytest.param(digest(FIRST, SECOND), digest(SECOND, FIRST), "changes", id="the order of changes"),
        pytest.param(digest(SECOND, FIRST), digest(FIRST, SECOND, FIRST), "changes", id="a state in between"),
        pytest.param(
            digest(Put(record=EVENT)), digest(Put(record=replace(EVENT, message="failed"))), "events", id="an event"
        ),
        pytest.param(digest(commands=(START,)), digest(commands=(STOP,)), "commands", id="a command"),
        pytest.param(digest(commands=(START, STOP)), digest(commands=(STOP, START)), "commands", id="their order"),
        pytest.param(digest(commands=(START,)), digest(commands=(started(image="web:2"),)), "commands", id="an image"),
        pytest.param(
            digest(commands=(START,)), digest(commands=(started(environment={"USER": ""}),)), "commands", id="a name"
        ),
    ],
)
def test_not_the_same(one: Digest, other: Digest, part: str) -> None:
    """One part is another, and the others are not."""
    parts = ("changes", "events", "commands")
    assert [name for name in parts if getattr(one, name) != getattr(other, name)] == [part]


def test_nothing() -> None:
    assert digest() == Digest(changes="", events="", commands="")

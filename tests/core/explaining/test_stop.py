"""What a task that is to stop waits for, from the instants of a real host: to the hundredth of a second."""

from dataclasses import replace

import pytest

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.segment import SegmentKind
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.stop import stop_segments
from slipway.core.model.load_balancing import TargetState
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import ContainerDefinition
from slipway.core.model.tasks import Container, DesiredStatus, Task, TaskStatus
from slipway.core.plan import Put, Remove
from tests.core.explaining.rolls import Account
from tests.core.records import CLUSTER, a_definition, a_target, a_task

SERVICE = "arn:aws:ecs:local:000000000000:service/default/web"

DRAIN = SegmentKind.DRAIN
EXIT = SegmentKind.SIGTERM_TO_EXIT
KILL = SegmentKind.KILL_WAIT
OVERHEAD = SegmentKind.OVERHEAD


def container(name: str = "app", **members: object) -> Container:
    return replace(Container(name=name, arn=name, image="web:1"), **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("containers", "members", "to_at", "account"),
    [
        pytest.param(
            (container(signalled_at=100.25, stopped_at=102.25),),
            {"stopped_at": 102.5},
            103.0,
            [(OVERHEAD, 0.25), (EXIT, 2), (OVERHEAD, 0.75)],
            id="it exits",
        ),
        pytest.param(
            (container(signalled_at=100.25, stopped_at=130.5, was_killed=True),),
            {"stopped_at": 130.5},
            131.0,
            [(KILL, 30), (OVERHEAD, 1)],
            id="it is killed at its stop timeout",
        ),
        pytest.param(
            (container(exit_code=137),),
            {"stopping_at": 100.5, "stopped_at": 130.25},
            131.0,
            [(KILL, 30), (OVERHEAD, 1)],
            id="it is killed, and its host says only how it ended",
        ),
        pytest.param(
            (container(exit_code=137),),
            {"stopping_at": 100.5, "stopped_at": 104.5},
            105.5,
            [(OVERHEAD, 0.5), (EXIT, 4), (OVERHEAD, 1)],
            id="it was killed long before: that was not the stop timeout",
        ),
        pytest.param(
            (container(signalled_at=103.0, stopped_at=104.0), container("side", signalled_at=100.5, stopped_at=103.0)),
            {"stopped_at": 104.0},
            105.0,
            [(OVERHEAD, 0.5), (EXIT, 3.5), (OVERHEAD, 1)],
            id="one container after the other",
        ),
        pytest.param(
            (container(),), {"started_at": None, "stopped_at": 100.5}, 101.5, [(OVERHEAD, 1.5)], id="it never ran"
        ),
    ],
)
def test_from_the_order_to_the_end(
    containers: tuple[Container, ...], members: dict[str, object], to_at: float, account: Account
) -> None:
    definition = a_definition(*(ContainerDefinition(name=one.name, image="web:1") for one in containers))
    given = {"started_at": 50.0, "stop_ordered_at": 100.0, **members}
    task = a_task(1, service_arn=SERVICE, containers=containers, desired_status=DesiredStatus.STOPPED, **given)
    assert stop(told(task, definition), task, to_at) == account


@pytest.mark.parametrize(
    ("drain_until", "removed_at", "account", "words"),
    [
        pytest.param(400.0, 103.0, [(DRAIN, 3), (OVERHEAD, 2)], "its requests ended", id="its requests end"),
        pytest.param(103.0, 103.5, [(DRAIN, 3), (OVERHEAD, 2)], "something was open", id="held open to its delay"),
        pytest.param(400.0, None, [(DRAIN, 5)], "its target drains", id="it goes on"),
    ],
)
def test_a_drain(drain_until: float, removed_at: float | None, account: Account, words: str) -> None:
    ordered_at = removed_at if removed_at is None else 105.0
    task = a_task(
        1, service_arn=SERVICE, started_at=50.0, desired_status=DesiredStatus.STOPPED, stop_ordered_at=ordered_at
    )
    chronicle = told(task, a_definition())
    target = a_target(task_arn=task.arn, state=TargetState.DRAINING, drain_until=drain_until)
    chronicle.tell(100.0, [Put(record=target)])
    if removed_at is not None:
        chronicle.tell(removed_at, [Remove(record=target)])
    assert stop(chronicle, task, 105.0) == account
    segments = stop_segments(chronicle.life(task.arn), Settings(chronicle), from_at=100.0, to_at=105.0)
    assert words in segments[0].sentence


def told(task: Task, definition: object) -> Chronicle:
    service = Service(arn=SERVICE, name="web", cluster_arn=CLUSTER, created_at=0.0, desired_count=1)
    alive = replace(task, last_status=TaskStatus.RUNNING)
    return Chronicle(SERVICE, (service, definition, alive), at=90.0)  # type: ignore[arg-type]


def stop(chronicle: Chronicle, task: Task, to_at: float) -> Account:
    segments = stop_segments(chronicle.life(task.arn), Settings(chronicle), from_at=100.0, to_at=to_at)
    return [(one.kind, round(one.seconds, 3)) for one in segments]

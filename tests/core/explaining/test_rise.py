"""What a task waits for until it is healthy, from the instants of a real host: to the hundredth of a second."""

from dataclasses import replace

import pytest

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.rise import rise_segments
from slipway.core.explaining.segment import SegmentKind
from slipway.core.explaining.settings import Settings
from slipway.core.explaining.strip import Strip
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import ContainerDefinition, ContainerDependency, DependencyCondition
from slipway.core.model.tasks import Container, StopCode, Task, TaskStatus
from slipway.core.plan import Put
from tests.core.explaining.rolls import Account
from tests.core.records import CLUSTER, a_definition, a_task

SERVICE = "arn:aws:ecs:local:000000000000:service/default/web"

PLACED = SegmentKind.PLACEMENT_WAIT
PULL = SegmentKind.PULL
START = SegmentKind.CONTAINER_START
DEPENDS = SegmentKind.DEPENDENCY_WAIT
HEALTH = SegmentKind.HEALTH_WAIT
FAILURE = SegmentKind.FAILURE
EXIT = SegmentKind.SIGTERM_TO_EXIT
OVERHEAD = SegmentKind.OVERHEAD


def migrated(condition: DependencyCondition) -> ContainerDefinition:
    """The container `app`, which waits for `migrate`."""
    dependency = ContainerDependency(container_name="migrate", condition=condition)
    return ContainerDefinition(name="app", image="web:1", depends_on=(dependency,))


def container(name: str, started_at: float, **members: object) -> Container:
    return replace(Container(name=name, arn=name, image="web:1", started_at=started_at), **members)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "waited"),
    [
        pytest.param(DependencyCondition.SUCCESS, [(START, 0.5), (DEPENDS, 7.5)], id="until it has ended well"),
        pytest.param(DependencyCondition.START, [(START, 8)], id="no wait: it only starts after it"),
    ],
)
def test_a_container_that_waits_for_another(condition: DependencyCondition, waited: Account) -> None:
    containers = (container("migrate", 103.5), container("app", 111.0))
    definition = a_definition(ContainerDefinition(name="migrate", image="web:1", essential=False), migrated(condition))
    task = a_task(
        100,
        service_arn=SERVICE,
        containers=containers,
        pull_started_at=101.0,
        pull_stopped_at=103.0,
        started_at=111.0,
        last_status=TaskStatus.RUNNING,
    )
    chronicle = told(task, definition, healthy_at=151.0)
    assert rise(chronicle, task, 151.0) == [(PLACED, 1), (PULL, 2), *waited, (HEALTH, 40)]


def test_a_container_that_was_started_again_in_place_is_not_waited_for() -> None:
    started_again = container("app", 130.0, restart_count=1)
    task = a_task(
        100,
        service_arn=SERVICE,
        containers=(started_again,),
        pull_started_at=100.0,
        pull_stopped_at=100.0,
        started_at=102.0,
        last_status=TaskStatus.RUNNING,
    )
    assert rise(told(task, a_definition(), healthy_at=142.0), task, 142.0) == [(START, 2), (HEALTH, 40)]


@pytest.mark.parametrize(
    ("members", "account"),
    [
        pytest.param({}, [(PLACED, 10)], id="its host has not taken it up"),
        pytest.param({"pull_started_at": 103.0}, [(PLACED, 3), (PULL, 7)], id="its image is being pulled"),
        pytest.param(
            {"pull_started_at": 103.0, "stopped_at": 109.5, "last_status": TaskStatus.STOPPED},
            [(PLACED, 3), (PULL, 6.5), (OVERHEAD, 0.5)],
            id="its image could not be pulled",
        ),
        pytest.param(
            {
                "pull_started_at": 100.0,
                "pull_stopped_at": 104.0,
                "stopped_at": 105.0,
                "last_status": TaskStatus.STOPPED,
            },
            [(PULL, 4), (START, 1), (OVERHEAD, 5)],
            id="its container could not be started",
        ),
        pytest.param(
            {
                "pull_started_at": 100.0,
                "pull_stopped_at": 101.0,
                "started_at": 102.0,
                "execution_stopped_at": 109.0,
                "stopped_at": 109.75,
                "last_status": TaskStatus.STOPPED,
            },
            [(PULL, 1), (START, 1), (FAILURE, 8)],
            id="it ran, and crashed",
        ),
        pytest.param(
            {
                "containers": (container("app", 102.0), container("side", 102.0)),
                "pull_started_at": 100.0,
                "pull_stopped_at": 102.0,
                "started_at": 102.0,
                "execution_stopped_at": 103.0,
                "stopped_at": 109.0,
                "last_status": TaskStatus.STOPPED,
            },
            [(PULL, 2), (FAILURE, 1), (EXIT, 6), (OVERHEAD, 1)],
            id="one container crashed, and the other took its time to exit",
        ),
    ],
)
def test_a_task_that_is_not_healthy_ten_seconds_later(members: dict[str, object], account: Account) -> None:
    task = a_task(100, service_arn=SERVICE, **members)
    chronicle = told(replace(task, last_status=TaskStatus.PENDING), a_definition())
    if task.is_stopped:
        chronicle.tell(110.0, [Put(record=task)])
    assert rise(chronicle, task, 110.0) == account


def test_a_task_that_is_told_to_stop_as_its_image_is_pulled_failed_nothing() -> None:
    members = {"pull_started_at": 103.0, "stop_decided_at": 108.0, "stopped_at": 109.5}
    stopped, code = TaskStatus.STOPPED, StopCode.SERVICE_SCHEDULER_INITIATED
    task = a_task(100, service_arn=SERVICE, last_status=stopped, stop_code=code, **members)
    chronicle = told(replace(task, last_status=TaskStatus.PENDING), a_definition())
    chronicle.tell(110.0, [Put(record=task)])
    assert rise(chronicle, task, 110.0) == [(PLACED, 3), (PULL, 5), (OVERHEAD, 2)]
    pull = rise_segments(chronicle.life(task.arn), Settings(chronicle), from_at=100.0, to_at=110.0)[1]
    assert (pull.sentence, pull.settings) == ("its images were being pulled when it was told to stop", ())


def test_instants_of_another_clock_leave_no_gap_and_no_overlap() -> None:
    """The host's clock is two seconds behind: what it tells lies before the decision, and takes no time."""
    task = a_task(
        100,
        service_arn=SERVICE,
        pull_started_at=98.5,
        pull_stopped_at=99.0,
        started_at=101.0,
        last_status=TaskStatus.RUNNING,
    )
    assert rise(told(task, a_definition(), healthy_at=143.0), task, 143.0) == [(START, 1), (HEALTH, 42)]


def test_a_strip_that_is_not_cut_to_its_end_is_our_fault() -> None:
    strip = Strip(1.0, 3.0)
    strip.cut(SegmentKind.PULL, 2.0, "pulled")
    with pytest.raises(AssertionError, match="are nobody's"):
        strip.segments()


def told(task: Task, definition: object, *, healthy_at: float | None = None) -> Chronicle:
    """The chronicle of one task, created at 100 s."""
    service = Service(arn=SERVICE, name="web", cluster_arn=CLUSTER, created_at=0.0, desired_count=1)
    chronicle = Chronicle(SERVICE, (service, definition), at=90.0)  # type: ignore[arg-type]
    chronicle.tell(100.0, [Put(record=replace(task, last_status=TaskStatus.PENDING))])
    if healthy_at is not None:
        chronicle.tell(healthy_at, [Put(record=replace(task, healthy_at=healthy_at))])
    return chronicle


def rise(chronicle: Chronicle, task: Task, to_at: float) -> Account:
    segments = rise_segments(chronicle.life(task.arn), Settings(chronicle), from_at=100.0, to_at=to_at)
    return [(one.kind, round(one.seconds, 3)) for one in segments]

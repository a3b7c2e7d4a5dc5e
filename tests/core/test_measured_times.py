"""What was measured, as it is told: quantiles, which program a stop was of, and what is said of one that is killed."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.introspection_picture import service_picture
from slipway.core.answers.measured_times import Quantiles, measured, program_stops, quantiles, repository
from slipway.core.answers.preflight import preflight
from slipway.core.answers.wait import Sight
from slipway.core.deployments.deploy import Workload
from slipway.core.model.measured import MeasuredTimes, ProgramStops
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import ContainerDefinition, TaskDefinition
from slipway.core.model.tasks import Container, DesiredStatus, LaunchType, Task, TaskStatus
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.measuring import note_times, program_of
from tests.api.half_rolled import NEW, NOW, OLD, SERVICE, definition, filled, task
from tests.core.test_preflight import CONTEXT

SHELL = ["sh", "-c", "python app.py"]


def defined(image: str = "users:2", *, stop_timeout_s: int | None = None, **document: Any) -> TaskDefinition:
    """Revision 2 of `users`: one container `app` of this image; its document may say how it is run."""
    app = ContainerDefinition(name="app", image=image, cpu=100, memory=128, stop_timeout_s=stop_timeout_s)
    documents = {"containerDefinitions": [{"name": "app", "image": image, **document}]}
    return replace(definition(2), containers=(app,), document=documents)


def stops(*exits: float | None, image: str = "users:2", command: list[str] | None = None) -> ProgramStops:
    """Stops of `app` that took so many seconds; None: killed after 30."""
    program = program_of(defined(image, command=command), "app")
    return ProgramStops(
        container="app",
        image=image,
        image_digest=None,
        program=program,
        exit_s=tuple(30 if each is None else each for each in exits),
        was_killed=tuple(each is None for each in exits),
    )


def world(*programs: ProgramStops) -> Snapshot:
    snapshot = filled()
    snapshot.apply([Put(record=MeasuredTimes(service_arn=SERVICE, programs=programs))])
    return snapshot


def warned(snapshot: Snapshot, new: TaskDefinition, **changes: Any) -> list[str]:
    service: Service = replace(snapshot.services[SERVICE], **changes)
    snapshot.apply([Put(record=new), Put(record=service)])
    workload = Workload(task_definition_arn=new.arn, launch_type=LaunchType.EC2)
    found = preflight(snapshot, service, workload, CONTEXT, image_lacks={})
    return [sentence for sentence in found if "SIGTERM" in sentence]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param((), None, id="none"),
        pytest.param((3.0,), Quantiles(p50=3, p90=3, count=1), id="one"),
        pytest.param((4.0, 1.0), Quantiles(p50=1, p90=4, count=2), id="two"),
        pytest.param(range(1, 11), Quantiles(p50=5, p90=9, count=10), id="ten"),
    ],
)
def test_quantiles_are_samples(samples: tuple[float, ...], expected: Quantiles | None) -> None:
    assert quantiles(samples) == expected


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("web", "web"),
        ("web:2", "web"),
        ("registry:5000/web", "registry:5000/web"),
        ("registry:5000/web:2", "registry:5000/web"),
        ("web:2@sha256:aa", "web"),
    ],
)
def test_the_repository_of_an_image(image: str, name: str) -> None:
    assert repository(image) == name


@pytest.mark.parametrize(
    ("image", "command", "expected"),
    [
        pytest.param("users:2", None, 2.0, id="the image itself"),
        pytest.param("users:4", None, 3.0, id="else the version that stopped last"),
        pytest.param("users:2", SHELL, None, id="not as another command runs it"),
        pytest.param("orders:2", None, None, id="not another image"),
    ],
)
def test_which_stops_tell_of_a_container(image: str, command: list[str] | None, expected: float | None) -> None:
    snapshot = world(stops(2), stops(3, image="users:3"))
    new = defined(image, command=command)
    found = program_stops(snapshot, snapshot.services[SERVICE], new, new.containers[0])
    assert (None if found is None else found.stops[0].exit_s) == expected


@pytest.mark.parametrize(
    ("exits", "often"),
    [
        pytest.param((None,), "when it was stopped last", id="the only one"),
        pytest.param((None, 1, None), "in 2 of its last 3 stops", id="most"),
        pytest.param((1, None), None, id="half"),
        pytest.param((None,) * 10 + (1,) * 6, None, id="not any more"),
        pytest.param((1,) * 9 + (None,) * 6, "in 6 of its last 10 stops", id="of the newest"),
    ],
)
def test_one_that_was_killed_in_most_of_its_last_stops_is_told(exits: tuple[float | None, ...], often: str) -> None:
    found = warned(world(stops(*exits)), defined())
    assert [sentence.partition("stop timeout ")[2].partition(",")[0] for sentence in found] == (
        [often] if often else []
    )


@pytest.mark.parametrize(
    ("stop_timeout_s", "changes", "cost"),
    [
        pytest.param(None, {}, "30 s per stop; ", id="one round"),
        pytest.param(
            45, {"desired_count": 6, "maximum_percent": 150}, "45 s per stop, 1 m 30 s per deployment; ", id="two"
        ),
        pytest.param(30, {"desired_count": 6, "maximum_percent": 117}, "30 s per stop, 3 m per deployment; ", id="six"),
    ],
)
def test_the_cost_is_told_by_the_bounds(stop_timeout_s: int | None, changes: dict[str, Any], cost: str) -> None:
    (sentence,) = warned(world(stops(None)), defined(stop_timeout_s=stop_timeout_s), **changes)
    assert f"image users:2): {cost}use the exec form" in sentence


def test_an_init_process_that_is_there_is_not_advised() -> None:
    new = defined(linuxParameters={"initProcessEnabled": True})
    program = program_of(new, "app")
    snapshot = world(replace(stops(None), program=program))
    (sentence,) = warned(snapshot, new)
    assert sentence.endswith("have the program handle SIGTERM, or use a shorter stopTimeout.")


def test_the_picture_of_a_service_tells_it() -> None:
    snapshot = world(stops(None))
    snapshot.apply([Put(record=defined())])
    (sentence,) = service_picture(snapshot, snapshot.services[SERVICE], Sight(now=NOW))["slow_stops"]
    assert sentence.startswith(
        "app ignores SIGTERM (killed at its stop timeout when it was stopped last, image users:2)"
    )


# What is kept


def stopped(number: int, *, digest: str | None = None, **changes: Any) -> Task:
    """A task of the old deployment that was told to stop 20 s ago and ended 8 s later."""
    app = Container(
        name="app", arn="", image="users:1", image_digest=digest, signalled_at=NOW - 20, stopped_at=NOW - 12
    )
    given: dict[str, Any] = {
        "last_status": TaskStatus.STOPPED,
        "desired_status": DesiredStatus.STOPPED,
        "started_at": NOW - 50,
        "first_healthy_at": NOW - 40,
        "stop_decided_at": NOW - 30,
        "stop_ordered_at": NOW - 20,
        "stopped_at": NOW - 12,
        "containers": (app,),
    }
    return replace(task(number, OLD), **{**given, **changes})


def noted(*settled: Task, snapshot: Snapshot | None = None) -> MeasuredTimes | None:
    snapshot = snapshot or filled()
    found = note_times(snapshot, snapshot.services[SERVICE], settled)
    assert len(found) <= 1, "one record, however many tasks have settled"
    return found[0].record if found else None  # type: ignore[return-value]  # what is put is the record


def test_tasks_that_settle_together_are_one_change() -> None:
    times = noted(stopped(11), stopped(12))
    assert times is not None
    assert [stop.exit_s for stop in times.stops] == [8, 8]
    assert [(drain.drain_s, drain.was_held) for drain in times.drains] == [(10, False)] * 2
    assert times.healthy_s == (10, 10)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        pytest.param({"stop_ordered_at": None}, {"launch_s", "healthy_s", "programs"}, id="nobody stopped it"),
        pytest.param({"first_healthy_at": None}, {"launch_s", "stops", "programs"}, id="never healthy: no requests"),
        pytest.param({"containers": ()}, {"launch_s", "healthy_s", "drains"}, id="nobody saw the end"),
        pytest.param({"started_at": None}, {"drains", "stops", "programs"}, id="never ran, as far as is known"),
        pytest.param({"pull_started_at": NOW - 60, "pull_stopped_at": NOW - 55}, None, id="pulled"),
    ],
)
def test_what_nobody_saw_is_left_out(changes: dict[str, Any], kinds: set[str] | None) -> None:
    times = noted(stopped(11, **changes))
    assert times is not None
    names = ("pull_s", "launch_s", "ready_s", "healthy_s", "drains", "stops", "programs")
    found = {name for name in names if getattr(times, name)}
    assert found == ({"pull_s", "launch_s", "healthy_s", "drains", "stops", "programs"} if kinds is None else kinds)


def test_nothing_measured_writes_nothing() -> None:
    assert noted(task(11, NEW, last_status=TaskStatus.STOPPED)) is None


def test_a_tag_that_was_moved_begins_anew() -> None:
    snapshot = filled()
    first = noted(stopped(11, digest="a"), stopped(12, digest="a"), snapshot=snapshot)
    assert first is not None
    assert [len(each.stops) for each in first.programs] == [2]
    snapshot.apply([Put(record=first)])
    moved = noted(stopped(13, containers=(replace(stopped(13).containers[0], image_digest="b"),)), snapshot=snapshot)
    assert moved is not None
    assert [(each.image_digest, len(each.stops)) for each in moved.programs] == [("b", 1)]


def test_the_living_count_before_the_dead() -> None:
    snapshot = filled()
    snapshot.apply([Put(record=MeasuredTimes(service_arn=SERVICE, healthy_s=(90.0,) * 50))])
    alive = task(
        21, NEW, last_status=TaskStatus.RUNNING, started_at=NOW - 50, healthy_at=NOW, first_healthy_at=NOW - 40
    )
    snapshot.apply([Put(record=alive)])
    times = measured(snapshot, snapshot.services[SERVICE])
    assert times.healthy_s == Quantiles(p50=90, p90=90, count=50)
    snapshot.apply([Put(record=MeasuredTimes(service_arn=SERVICE, healthy_s=(90.0,)))])
    assert measured(snapshot, snapshot.services[SERVICE]).healthy_s == Quantiles(p50=10, p90=90, count=2)

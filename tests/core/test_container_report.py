"""What the control plane knows of a container after one more report: its restarts and its health."""

from dataclasses import replace

import pytest

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.model.tasks import Container, HealthProbe, HealthStatus, Task, TaskStatus
from slipway.core.observations import ContainerReport, TaskReport
from slipway.core.observe import observe
from slipway.core.rules import Rules
from tests.core.records import a_host, a_task, snapshot_of

HEALTHY, UNHEALTHY, UNKNOWN = HealthStatus

CONTEXT = Context(
    now=100.0, ids=Ids(seed="1", sequence=0), arns=Arns(account="000000000000", region="local"), rules=Rules()
)


def after(known: Container, report: ContainerReport) -> Container:
    """The only container of a task that runs, after a report."""
    task = a_task(containers=(known,), last_status=TaskStatus.RUNNING, started_at=50.0)
    told = TaskReport(
        task_arn=task.arn, host_id=task.host_id, last_status=TaskStatus.RUNNING, containers=(report,), at=90.0
    )
    (change,) = observe(snapshot_of(a_host(), task), told, CONTEXT).changes
    assert isinstance(change.record, Task)
    return change.record.containers[0]


@pytest.mark.parametrize(
    ("known", "started_at", "told", "count", "health"),
    [
        pytest.param(0, 50.0, 0, 0, HEALTHY, id="still-the-first-run"),
        pytest.param(0, 60.0, 1, 1, UNKNOWN, id="restarted"),
        pytest.param(0, 70.0, 2, 2, UNKNOWN, id="restarted-twice-since-it-was-told"),
        pytest.param(3, 60.0, 1, 4, UNKNOWN, id="the-host-counts-from-when-it-came-up"),
        pytest.param(3, 60.0, 0, 4, UNKNOWN, id="restarted-while-nobody-looked"),
        pytest.param(3, 50.0, 0, 3, HEALTHY, id="found-as-it-was"),
        pytest.param(3, 40.0, 2, 3, HEALTHY, id="an-older-report"),
    ],
)
def test_restarts_are_counted_over_those_of_the_control_plane(
    known: int, started_at: float, told: int, count: int, health: HealthStatus
) -> None:
    (app,) = a_task().containers
    app = replace(
        app, last_status=TaskStatus.RUNNING, started_at=50.0, restart_count=known, health_status=HealthStatus.HEALTHY
    )
    report = ContainerReport(
        name="app",
        last_status=TaskStatus.RUNNING,
        started_at=started_at,
        restart_count=told,
        runtime_id="id",  # so that every report brings something new
    )
    container = after(app, report)
    assert (container.restart_count, container.health_status) == (count, health)


@pytest.mark.parametrize(
    ("known", "told", "probes", "since"),
    [
        pytest.param(None, HEALTHY, (70.0, 80.0), 80.0, id="by-the-run-that-made-it-so"),
        pytest.param(None, HEALTHY, (), 90.0, id="where-no-run-is-told"),
        pytest.param(60.0, HEALTHY, (70.0, 80.0), 60.0, id="it-was-already"),
        pytest.param(60.0, UNKNOWN, (), 60.0, id="the-host-came-up-and-does-not-know-yet"),
        pytest.param(60.0, UNHEALTHY, (80.0,), None, id="it-is-no-more"),
    ],
)
def test_since_when_a_container_is_healthy(
    known: float | None, told: HealthStatus, probes: tuple[float, ...], since: float | None
) -> None:
    (app,) = a_task().containers
    was = UNKNOWN if known is None else HEALTHY
    app = replace(app, last_status=TaskStatus.RUNNING, started_at=50.0, health_status=was, passing_since=known)
    report = ContainerReport(
        name="app",
        last_status=TaskStatus.RUNNING,
        runtime_id="id",
        health_status=told,
        health_probes=tuple(HealthProbe(at=at, exit_code=0) for at in probes),
    )
    assert after(app, report).passing_since == since


def test_how_a_container_was_stopped_is_told_once_and_kept() -> None:
    (app,) = a_task().containers
    told = ContainerReport(
        name="app", last_status=TaskStatus.STOPPED, signalled_at=60.0, stopped_at=90.0, was_killed=True
    )
    stopped = after(app, told)
    again = after(stopped, ContainerReport(name="app", last_status=TaskStatus.STOPPED, exit_code=137))
    for known in (stopped, again):
        assert (known.signalled_at, known.stopped_at, known.was_killed) == (60.0, 90.0, True)

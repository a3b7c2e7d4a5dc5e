"""The post-mortem of a deployment, from records as they are kept."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.core.answers.postmortem import Postmortem, StoryLine, failed_roll_out, postmortem
from slipway.core.answers.postmortem_tasks import Tail
from slipway.core.deployments.definition_difference import definition_difference
from slipway.core.model.deployments import Detector, Rollback, ServiceDeploymentStatus
from slipway.core.model.failures import CountedFailure, Failure, FailureClass
from slipway.core.model.services import ServiceEvent
from slipway.core.model.tasks import Container, HealthProbe, HealthStatus, StopCode, TaskStatus
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from tests.api.half_rolled import ARNS, GROUP, NEW, NOW, OLD, SERVICE, definition, filled, task

BEGAN = NOW - 50
CRASHED = replace(
    task(11, NEW),
    last_status=TaskStatus.STOPPED,
    stop_code=StopCode.ESSENTIAL_CONTAINER_EXITED,
    stopped_reason="Essential container in task exited",
    started_at=BEGAN + 2,
    stopped_at=BEGAN + 6,
    containers=(
        Container(name="app", arn="", image="users:2", runtime_id="r1", exit_code=1, started_at=BEGAN + 2),
        Container(name="side", arn="", image="side:1", restart_count=3),
    ),
)
SICK = replace(
    task(12, NEW),
    last_status=TaskStatus.STOPPED,
    unhealthy_reason="Task failed container health checks",
    containers=(
        Container(
            name="app",
            arn="",
            image="users:2",
            runtime_id="r2",
            started_at=BEGAN + 2,
            health_status=HealthStatus.UNHEALTHY,
            health_probes=(HealthProbe(at=BEGAN + 9, exit_code=7, output="refused"),),
        ),
    ),
)


def counted(of: str | None, at: float, kind: FailureClass, sentence: str) -> CountedFailure:
    failure = Failure(failure_class=kind, sentence=sentence)
    return CountedFailure(deployment_id=NEW, at=at, failure=failure, task_arn=of)


def world(**changes: Any) -> Snapshot:
    """The new revision after three failures of its tasks, one of which nothing is kept of, and its way back."""
    snapshot = filled()
    roll_out = snapshot.roll_out(snapshot.deployments[NEW])
    failures = (
        counted(CRASHED.arn, BEGAN + 6, FailureClass.CRASH, "exit 1 after 4 s"),
        counted(SICK.arn, BEGAN + 10, FailureClass.HEALTH, "Task failed container health checks"),
        counted(ARNS.task("shop", "gone"), BEGAN + 12, FailureClass.CRASH, "exit 1 after 4 s"),
    )
    given: dict[str, Any] = {
        "status": ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL,
        "status_reason": "Service deployment rolled back because the threshold was exceeded.",
        "source_revision_arns": (ARNS.service_revision("shop", "users", "1"),),
        "rollback": Rollback(
            reason="", started_at=BEGAN + 12, revision_arn=ARNS.service_revision("shop", "users", "1")
        ),
        "detected_by": Detector.CIRCUIT_BREAKER,
        "detected_at": BEGAN + 12,
        "failures": failures,
        "failure_count": 3,
        "threshold": 3,
        "finished_at": BEGAN + 16,
    }
    old, new = ({"image": f"users:{number}", "memory": 64} for number in (1, 2))
    records = (
        replace(roll_out, **{**given, **changes}),
        replace(definition(1), document={"containerDefinitions": [old], "family": "users"}),
        replace(definition(2), document={"containerDefinitions": [new], "family": "users"}),
        CRASHED,
        SICK,
        event(BEGAN + 6, "(deployment ecs-svc/2) failure 1 of 3: (task 11) crash: exit 1 after 4 s."),
        event(BEGAN + 12, "rolling back to deployment ecs-svc/1."),
        event(BEGAN + 40, "has reached a steady state."),
    )
    snapshot.apply([Put(record=one) for one in records])
    return snapshot


def event(at: float, text: str) -> ServiceEvent:
    return ServiceEvent(id=str(at), service_arn=SERVICE, created_at=at, message=f"(service users) {text}")


def told(snapshot: Snapshot, **given: Any) -> Postmortem:
    roll_out = snapshot.roll_out(snapshot.deployments[NEW])
    return postmortem(snapshot, snapshot.services[SERVICE], roll_out, now=NOW, **given)


def test_verdict_times_and_failures() -> None:
    found = told(world())
    assert (found.deployment, found.task_definition, found.previous) == (NEW, "users:2", "users:1")
    assert (found.verdict, found.is_verdict, found.detected_by) == ("ROLLBACK_SUCCESSFUL", True, "CIRCUIT_BREAKER")
    assert found.summary == (
        "The deployment of users:2 failed and was taken back (ROLLBACK_SUCCESSFUL). "
        "Service deployment rolled back because the threshold was exceeded. "
        "It was detected 12 s after the update (circuit breaker). "
        "The service was back on users:1 16 s after the update, 75% of which was detection."
    )
    times = found.times
    assert (times.update_at, times.first_failure_at, times.detected_at) == (BEGAN, BEGAN + 6, BEGAN + 12)
    assert (times.way_back_at, times.restored_at, times.detection_share) == (BEGAN + 12, BEGAN + 16, 0.75)
    assert (found.failures.count, found.failures.threshold) == (3, 3)
    assert found.failures.classes == {"crash": 2, "health": 1}


@pytest.mark.parametrize(
    ("changes", "begins", "restored_at"),
    [
        pytest.param(
            {
                "status": ServiceDeploymentStatus.STOPPED,
                "rollback": None,
                "stopped_at": BEGAN + 12,
                "finished_at": None,
            },
            "The deployment of users:2 was ended and not taken back (STOPPED).",
            None,
            id="stopped",
        ),
        pytest.param(
            {"status": ServiceDeploymentStatus.ROLLBACK_FAILED},
            "The deployment of users:2 failed, and so did the way back (ROLLBACK_FAILED).",
            None,
            id="the way back failed",
        ),
        pytest.param(
            {"status": ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS, "finished_at": None},
            "The deployment of users:2 failed and is being taken back (ROLLBACK_IN_PROGRESS).",
            None,
            id="on its way back",
        ),
    ],
)
def test_other_ends(changes: dict[str, Any], begins: str, restored_at: float | None) -> None:
    found = told(world(**changes))
    assert found.summary.startswith(begins)
    assert found.times.restored_at == restored_at


def test_the_timeline_has_events_and_where_none_is_left_the_failures_and_the_story() -> None:
    story = (
        StoryLine(at=BEGAN, cause="deployment started"),
        StoryLine(at=BEGAN + 12, cause="told by an event"),
        StoryLine(at=BEGAN + 99, cause="after its end"),
    )
    found = told(world(), story=story)
    assert [(one.after_s, one.text) for one in found.timeline] == [
        (0.0, "deployment started"),
        (6.0, "(deployment ecs-svc/2) failure 1 of 3: (task 11) crash: exit 1 after 4 s."),
        (10.0, f"(deployment ecs-svc/2) failure: (task {SICK.id}) health: Task failed container health checks"),
        (12.0, "rolling back to deployment ecs-svc/1."),
    ]


def test_failed_tasks_with_their_containers_checks_and_last_words() -> None:
    tails = {CRASHED.arn: {"app": Tail(lines=("no port",))}}
    crashed, sick, gone = told(world(), tails=tails).tasks
    assert (crashed.id, crashed.failure_class, crashed.stop_code) == (CRASHED.id, "crash", "EssentialContainerExited")
    app, side = crashed.containers
    assert (app.exit_code, app.log) == (1, Tail(lines=("no port",)))
    assert (side.restart_count, side.log.lack) == (3, "no log: it never ran")
    (app,) = sick.containers
    assert (app.health_status, app.health_probes[0].output) == ("UNHEALTHY", "refused")
    assert app.log.lack == "no log: nothing was kept"
    assert (gone.id, gone.is_kept, gone.sentence, gone.containers) == ("gone", False, "exit 1 after 4 s", ())


def test_what_the_balancer_said_of_a_task_is_taken_from_the_event() -> None:
    snapshot = world()
    reason = "Health checks failed with these codes: [503]"
    text = f"(task {SICK.id}) (port 80) is unhealthy in (target-group {GROUP}) due to (reason {reason})."
    snapshot.apply([Put(record=event(BEGAN + 10, text))])
    assert [one.target_health for one in told(snapshot).tasks] == [None, reason, None]


def test_the_difference_of_the_definitions() -> None:
    lines = told(world()).difference
    assert lines[:2] == ("--- users:1", "+++ users:2")
    assert [line.strip() for line in lines if line[0] in "+-" and "image" in line] == [
        '-      "image": "users:1",',
        '+      "image": "users:2",',
    ]
    assert definition_difference({"cpu": 1, "revision": 1}, {"cpu": 1, "revision": 2}, ("a", "b")) == ()


def test_the_newest_that_did_not_succeed_is_meant() -> None:
    snapshot = world()
    failed = failed_roll_out(snapshot, snapshot.services[SERVICE])
    assert failed is not None
    assert failed.target_revision_arn == snapshot.deployments[NEW].revision_arn
    assert failed_roll_out(filled(), filled().services[SERVICE]) is None
    snapshot.apply([Put(record=replace(failed, status=ServiceDeploymentStatus.SUCCESSFUL))])
    assert failed_roll_out(snapshot, snapshot.services[SERVICE]) is None
    assert snapshot.deployments[OLD].id == OLD

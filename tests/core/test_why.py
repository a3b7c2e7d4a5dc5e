"""Why: what a task waits for now, in one sentence with numbers, since when, and when that can clear."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.core.answers.wait import Clearing, Sight, WaitKind, seconds
from slipway.core.answers.why import last_kill_s, why_task
from slipway.core.model.load_balancing import HealthCheck, Target, TargetState
from slipway.core.model.task_definitions import (
    ContainerDefinition,
    ContainerDependency,
    ContainerHealthCheck,
    DependencyCondition,
)
from slipway.core.model.tasks import Container, DesiredStatus, HealthProbe, HealthStatus, Task, TaskStatus
from slipway.core.plan import Put, Remove
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.container_health import ContainerHealth
from tests.api.half_rolled import GROUP, HOST_ID, NEW, NOW, SERVICE, definition, filled, task

RUNNING: dict[str, Any] = {"last_status": TaskStatus.RUNNING, "started_at": NOW - 30}
STOPPING: dict[str, Any] = {**RUNNING, "desired_status": DesiredStatus.STOPPED, "stop_decided_at": NOW - 20}
CHECK = ContainerHealthCheck(command=("CMD", "true"), interval_s=10, retries=3, start_period_s=42)


def target(**changes: Any) -> Target:
    common: dict[str, Any] = {"target_group_arn": GROUP, "id": "10.0.0.1", "port": 80, "address": "10.0.0.1"}
    return Target(**common, registered_at=NOW - 25, task_arn=one().arn, **changes)


def one(**changes: Any) -> Task:
    return replace(task(9, NEW), **changes)


def container(**changes: Any) -> Container:
    return Container(**{"name": "app", "arn": "", "image": "web:2", "runtime_id": "run", **changes})


def world(*records: Any, check: ContainerHealthCheck | None = None, interval_s: int = 10) -> Snapshot:
    """The service half-way through its roll, with these records beside; its group wants 5 checks."""
    snapshot = filled()
    group = replace(snapshot.target_groups[GROUP], health_check=HealthCheck(interval_s=interval_s))
    app = replace(definition(2).containers[0], health_check=check, stop_timeout_s=30)
    snapshot.apply(Put(record=record) for record in (group, replace(definition(2), containers=(app,)), *records))
    return snapshot


def told(snapshot: Snapshot, waiting: Task, sight: Sight = Sight(now=NOW)) -> tuple[Any, ...] | None:
    snapshot.apply([Put(record=waiting)])
    wait = why_task(snapshot, waiting, sight)
    return None if wait is None else (wait.kind, wait.sentence, wait.since, wait.clears_at, wait.clears)


@pytest.mark.parametrize(
    ("changes", "kind", "sentence", "since"),
    [
        pytest.param({}, "host", "its host has not begun with it, 81 s after it was placed", NOW - 81, id="placed"),
        pytest.param(
            {"last_status": TaskStatus.ACTIVATING, "pull_started_at": NOW - 12, "containers": (container(),)},
            "image",
            "pulling the image web:2 for 12 s",
            NOW - 12,
            id="pulling",
        ),
        pytest.param(
            {
                "last_status": TaskStatus.ACTIVATING,
                "pull_started_at": NOW - 12,
                "containers": (container(), container(name="db", image="db:1")),
            },
            "image",
            "pulling the images db:1, web:2 for 12 s",
            NOW - 12,
            id="pulling two",
        ),
        pytest.param(
            {"last_status": TaskStatus.ACTIVATING, "pull_started_at": NOW - 12, "pull_stopped_at": NOW - 3},
            "container start",
            "starting container app for 3 s",
            NOW - 3,
            id="starting",
        ),
    ],
)
def test_a_task_on_its_way_up(changes: dict[str, Any], kind: str, sentence: str, since: float) -> None:
    assert told(world(), one(**changes)) == (kind, sentence, since, None, None)


def test_a_container_waits_for_another_at_most_until_its_start_timeout() -> None:
    dependency = ContainerDependency(container_name="db", condition=DependencyCondition.HEALTHY)
    app = ContainerDefinition(name="app", image="web:2", depends_on=(dependency,))
    db = ContainerDefinition(name="db", image="db:1", start_timeout_s=60, health_check=CHECK)
    containers = (container(), container(name="db", started_at=NOW - 10))
    waiting = one(last_status=TaskStatus.ACTIVATING, pull_started_at=1.0, pull_stopped_at=2.0, containers=containers)
    sentence = "container app waits until db is HEALTHY, at most 50 s more (start timeout)"
    snapshot = world(replace(definition(2), containers=(app, db)))
    assert told(snapshot, waiting) == (WaitKind.DEPENDENCY, sentence, NOW - 10, NOW + 50, Clearing.LATEST)


@pytest.mark.parametrize(
    ("changes", "health", "sentence"),
    [
        pytest.param(
            {},
            None,
            "container health check of app: 0 of 3 failures, UNKNOWN until the first result, "
            "start period over in 12 s, the next in about 10 s",
            id="nothing known",
        ),
        pytest.param(
            {},
            ContainerHealth(failures=2, probes=(HealthProbe(at=NOW - 1, exit_code=1),)),
            "container health check of app: 2 of 3 failures, UNKNOWN until the first that passes, "
            "start period over in 12 s, the next in about 10 s",
            id="the host knows of failures",
        ),
        pytest.param(
            {
                "started_at": NOW - 75,
                "health_status": HealthStatus.UNHEALTHY,
                "health_probes": tuple(HealthProbe(at=NOW - at, exit_code=1) for at in (30, 20, 10)),
            },
            None,
            "container health check of app: 3 of 3 failures, UNHEALTHY, one that passes makes it HEALTHY, "
            "the next in about 5 s; grace period for 30 s more, then it is replaced",
            id="unhealthy",
        ),
    ],
)
def test_container_health(changes: dict[str, Any], health: ContainerHealth | None, sentence: str) -> None:
    checked = container(**{"started_at": NOW - 30, **changes})
    waiting = one(**RUNNING, containers=(checked,), health_status=checked.health_status)
    snapshot = world(check=CHECK)
    snapshot.apply([Put(record=replace(snapshot.services[SERVICE], health_check_grace_period_s=60))])
    found = told(snapshot, waiting, Sight(now=NOW, container_health=lambda arn, name: health))
    assert found is not None
    assert found[1] == sentence


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(
            target(passed_checks=3),
            ("target health", "target health check 3 of 5 passed, next in 7 s", NOW - 25, NOW + 17, "earliest"),
            id="the next check is known",
        ),
        pytest.param(
            target(failed_checks=1),
            (
                "target health",
                "target health check 0 of 5 passed, next in 7 s; 1 of 2 failed that make it unhealthy",
                NOW - 25,
                NOW + 47,
                "earliest",
            ),
            id="failing",
        ),
        pytest.param(
            target(state=TargetState.UNHEALTHY, description="Request timed out", passed_checks=1),
            (
                "grace period",
                "target health check 1 of 5 passed, next in 7 s; the target is unhealthy: Request timed out; "
                "grace period for 15 s more, then it is replaced",
                NOW - 30,
                NOW + 15,
                "latest",
            ),
            id="unhealthy in the grace period",
        ),
        pytest.param(target(state=TargetState.HEALTHY), None, id="healthy"),
    ],
)
def test_target_health(at: Target, expected: tuple[Any, ...] | None) -> None:
    snapshot = world(at)
    snapshot.apply([Put(record=replace(snapshot.services[SERVICE], health_check_grace_period_s=45))])
    assert told(snapshot, one(**RUNNING), Sight(now=NOW, next_check_at=lambda key: NOW + 7)) == expected


def test_the_earliest_end_of_checks_is_reckoned_where_nobody_knows_the_next_one() -> None:
    """Registered 25 s ago and checked every 10 s: the next is in 5 s, and three more are needed after it."""
    found = told(world(target(passed_checks=1)), one(**RUNNING))
    sentence = "target health check 1 of 5 passed, one every 10 s"
    assert found == ("target health", sentence, NOW - 25, NOW + 35, "earliest")


def test_a_new_target_may_be_asked_for_fewer_checks() -> None:
    found = told(world(target()), one(**RUNNING), Sight(now=NOW, rules=Rules(new_target_checks=1)))
    assert found is not None
    assert found[1] == "target health check 0 of 1 passed, one every 10 s"


def test_an_address_that_is_still_anothers_target() -> None:
    waiting = one(**RUNNING, waits_for_target=f"{GROUP} 10.0.0.1:80")
    assert told(world(), waiting) == ("target", "waits until 10.0.0.1:80 is nobody else's target", NOW - 30, None, None)


def test_a_target_group_that_no_listener_uses() -> None:
    snapshot = world(target())
    snapshot.apply([Remove(record=one) for one in list(snapshot.listeners.values())])
    sentence = "no listener forwards to target group users, so nobody checks its target"
    assert told(snapshot, one(**RUNNING)) == ("target", sentence, NOW - 30, None, None)


def test_a_task_without_any_check_waits_for_its_age() -> None:
    snapshot = world()
    revision = snapshot.service_revisions[snapshot.deployments[NEW].revision_arn]
    snapshot.apply([Put(record=replace(revision, load_balancers=()))])
    sentence = "it has no health check, and counts as healthy 40 s after RUNNING, in 10 s"
    assert told(snapshot, one(**RUNNING)) == ("age", sentence, NOW - 30, NOW + 10, "at")


@pytest.mark.parametrize(
    ("blocked_by", "expected"),
    [
        pytest.param("PROTECTION 1", ("protection", "scale-in protection for 90 s more"), id="it is to stop"),
        pytest.param(None, None, id="nothing wants to stop it"),
    ],
)
def test_protection_is_told_where_it_holds_something_up(blocked_by: str | None, expected: Any) -> None:
    snapshot = world(target(state=TargetState.HEALTHY))
    snapshot.apply([Put(record=replace(snapshot.services[SERVICE], blocked_by=blocked_by))])
    found = told(snapshot, one(**RUNNING, healthy_at=NOW - 1, protected_until=NOW + 90))
    assert (found and found[:2]) == expected


@pytest.mark.parametrize(
    ("requests", "flying"),
    [
        pytest.param(2, "2 requests in flight", id="two"),
        pytest.param(1, "1 request in flight", id="one"),
        pytest.param(None, "requests may be in flight", id="nobody knows"),
    ],
)
def test_draining(requests: int | None, flying: str) -> None:
    drains = target(state=TargetState.DRAINING, drain_until=NOW + 41)
    found = told(world(drains), one(**STOPPING), Sight(now=NOW, requests_in_flight=lambda key: requests))
    assert found == ("drain", f"draining: {flying}, at most 41 s more", NOW - 20, NOW + 41, "latest")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"stop_ordered_at": NOW - 2}, "its host was told to stop it 2 s ago, and is to begin", id="not begun"
        ),
        pytest.param(
            {"stop_ordered_at": NOW - 12, "last_status": TaskStatus.STOPPING},
            "SIGTERM sent 12 s ago, SIGKILL in 18 s",
            id="signalled",
        ),
        pytest.param(
            {"stop_ordered_at": NOW - 33, "last_status": TaskStatus.STOPPING},
            "SIGTERM sent 33 s ago, SIGKILL was due 3 s ago: its host has not reported its end",
            id="overdue",
        ),
    ],
)
def test_a_stop(changes: dict[str, Any], sentence: str) -> None:
    found = told(world(), one(**{**STOPPING, **changes}))
    assert found is not None
    assert found[:2] == ("stop", sentence)


def test_a_replacement_and_a_lost_host_and_the_end() -> None:
    sick = told(world(), one(**RUNNING, unhealthy_reason="Task failed container health checks"))
    sentence = (
        "it is to be replaced (Task failed container health checks) and stays until its replacement may take its place"
    )
    assert sick is not None
    assert sick[:2] == ("replacement", sentence)
    lost = world()
    lost.apply([Put(record=replace(lost.hosts[HOST_ID], is_connected=False))])
    gone = told(lost, one(**RUNNING))
    assert gone is not None
    assert gone[0] == "host"
    assert told(world(), one(last_status=TaskStatus.STOPPED)) is None


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        pytest.param((), 30.0, id="nothing known"),
        pytest.param((("app", 10, ()), ("side", None, ())), 30.0, id="side by side"),
        pytest.param((("app", 10, ("db",)), ("db", 20, ()), ("log", 5, ())), 30.0, id="one after the other"),
        pytest.param((("app", 1, ("db",)), ("web", 7, ("db",)), ("db", 2, ("log",)), ("log", 3, ())), 12.0, id="chain"),
    ],
)
def test_the_last_kill_comes_after_the_longest_chain(containers: tuple[Any, ...], expected: float) -> None:
    defined = tuple(
        ContainerDefinition(
            name=name,
            image="x",
            stop_timeout_s=timeout_s,
            depends_on=tuple(
                ContainerDependency(container_name=other, condition=DependencyCondition.START) for other in others
            ),
        )
        for name, timeout_s, others in containers
    )
    assert last_kill_s(defined) == expected


@pytest.mark.parametrize(
    ("duration", "shown"), [(-1.0, "0 s"), (0.0, "0 s"), (0.25, "0.2 s"), (12.4, "12 s"), (1620.0, "1620 s")]
)
def test_durations(duration: float, shown: str) -> None:
    assert seconds(duration) == shown

"""Which container of a task is started next, which never can be, and what must end before another."""

import pytest

from slipway.core.model.task_definitions import ContainerDependency, DependencyCondition
from slipway.core.model.tasks import HealthStatus
from slipway.core.plan import ContainerPayload
from slipway.core.tasks.dependencies import Awaiting, Progress, Ready, Unmeetable, dependents_of, plan_start

NOW = 1000.0


def container(name: str, *depends_on: str, start_timeout_s: float | None = None) -> ContainerPayload:
    """A container; each of `depends_on` reads `db HEALTHY`."""
    words = [one.split() for one in depends_on]
    return ContainerPayload(
        name=name,
        arn=name,
        image="image",
        essential=True,
        start_timeout_s=start_timeout_s,
        depends_on=tuple(
            ContainerDependency(container_name=other, condition=DependencyCondition(condition))
            for other, condition in words
        ),
    )


def running(health: str = "UNKNOWN", *, started_at: float = NOW, watched_at: float | None = None) -> Progress:
    return Progress(
        started_at=started_at,
        watched_at=started_at if watched_at is None else watched_at,
        health_status=HealthStatus(health),
    )


def ended(exit_code: int | None, health: str = "UNKNOWN") -> Progress:
    return Progress(
        started_at=NOW, watched_at=NOW, has_ended=True, exit_code=exit_code, health_status=HealthStatus(health)
    )


def told(plan: Ready | Awaiting | Unmeetable) -> str:
    """The plan in a word or a sentence."""
    match plan:
        case Ready(container=ready):
            return f"start {ready.name}"
        case Awaiting(until=until):
            return "wait" if until is None else f"wait until {until:g}"
        case Unmeetable(container=never, reason=reason):
            return f"never {never.name}: {reason}"


NEVER = "never app: TaskDependencyError: container app depends on"


@pytest.mark.parametrize(
    ("condition", "db", "expected"),
    [
        pytest.param("START", running(), "start app", id="START-started"),
        pytest.param("START", ended(1), "start app", id="START-ended"),
        pytest.param("COMPLETE", running(), "wait", id="COMPLETE-runs"),
        pytest.param("COMPLETE", ended(1), "start app", id="COMPLETE-failed"),
        pytest.param("COMPLETE", ended(None), "start app", id="COMPLETE-vanished"),
        pytest.param("SUCCESS", running(), "wait", id="SUCCESS-runs"),
        pytest.param("SUCCESS", ended(0), "start app", id="SUCCESS-succeeded"),
        pytest.param("SUCCESS", ended(3), f"{NEVER} SUCCESS of container db, which exited with code 3", id="failed"),
        pytest.param(
            "SUCCESS", ended(None), f"{NEVER} SUCCESS of container db, which ended without an exit code", id="vanished"
        ),
        pytest.param("HEALTHY", running(), "wait", id="HEALTHY-unknown"),
        pytest.param("HEALTHY", running("HEALTHY"), "start app", id="HEALTHY-healthy"),
        pytest.param(
            "HEALTHY", running("UNHEALTHY"), f"{NEVER} HEALTHY of container db, which is UNHEALTHY", id="unhealthy"
        ),
        pytest.param(
            "HEALTHY", ended(0, "HEALTHY"), f"{NEVER} HEALTHY of container db, which exited with code 0", id="gone"
        ),
    ],
)
def test_conditions(condition: str, db: Progress, expected: str) -> None:
    containers = (container("app", f"db {condition}"), container("db"))
    assert told(plan_start(containers, {"db": db}, NOW + 10_000)) == expected


@pytest.mark.parametrize(
    ("containers", "started", "expected"),
    [
        pytest.param((container("a"), container("b")), {}, "start a", id="declared-order"),
        pytest.param((container("a"), container("b")), {"a": running()}, "start b", id="the-next"),
        pytest.param((container("a", "b START"), container("b")), {}, "start b", id="what-it-depends-on-first"),
        pytest.param(
            (container("a", "b SUCCESS"), container("b"), container("c")),
            {"b": running()},
            "start c",
            id="who-depends-on-nothing-waits-for-nobody",
        ),
        pytest.param(
            (container("a", "b START", "c SUCCESS"), container("b"), container("c")),
            {"b": running(), "c": running()},
            "wait",
            id="all-conditions",
        ),
        pytest.param(
            (container("a", "b START"), container("b", "c SUCCESS"), container("c")),
            {"c": running()},
            "wait",
            id="a-chain",
        ),
        pytest.param(
            (container("a"), container("b", "c SUCCESS"), container("c")),
            {"c": ended(1)},
            "never b: TaskDependencyError: container b depends on SUCCESS of container c, which exited with code 1",
            id="nothing-is-started-when-one-never-can-be",
        ),
        pytest.param(
            (container("a", "b START"), container("b", "a START")),
            {},
            "never a: TaskDependencyError: containers a, b wait for what is never started",
            id="a-circle",
        ),
        pytest.param(
            (container("a", "nobody START"),),
            {},
            "never a: TaskDependencyError: containers a wait for what is never started",
            id="a-name-that-nobody-has",
        ),
    ],
)
def test_order(containers: tuple[ContainerPayload, ...], started: dict[str, Progress], expected: str) -> None:
    assert told(plan_start(containers, started, NOW)) == expected


@pytest.mark.parametrize(
    ("condition", "now", "expected"),
    [
        pytest.param("SUCCESS", 1029, "wait until 1030", id="SUCCESS-waits"),
        pytest.param(
            "SUCCESS",
            1030,
            f"{NEVER} SUCCESS of container db, which was not there within its start timeout of 30 s",
            id="SUCCESS-over",
        ),
        pytest.param("COMPLETE", 1029, "wait until 1030", id="COMPLETE-waits"),
        pytest.param(
            "HEALTHY",
            1030,
            f"{NEVER} HEALTHY of container db, which was not there within its start timeout of 30 s",
            id="HEALTHY-over",
        ),
        pytest.param("START", 1030, "start app", id="START-has-none"),
    ],
)
def test_the_start_timeout_runs_from_the_start_of_what_is_waited_for(condition: str, now: float, expected: str) -> None:
    containers = (container("app", f"db {condition}", start_timeout_s=1), container("db", start_timeout_s=30))
    assert told(plan_start(containers, {"db": running()}, now)) == expected


def test_health_has_its_whole_start_timeout_after_a_restart_of_the_control_plane() -> None:
    containers = (container("app", "db HEALTHY"), container("db", start_timeout_s=30))
    assert told(plan_start(containers, {"db": running(watched_at=5000)}, 5001)) == "wait until 5030"


@pytest.mark.parametrize(("now", "expected"), [(5000, "wait until 5001"), (5001, "never app")])
def test_what_ended_during_a_restart_of_the_control_plane_is_not_late(now: float, expected: str) -> None:
    containers = (container("app", "db SUCCESS"), container("db", start_timeout_s=30))
    assert told(plan_start(containers, {"db": running(watched_at=5000)}, now)).startswith(expected)


def test_the_first_start_timeout_ends_the_wait() -> None:
    containers = (
        container("app", "a SUCCESS", "b SUCCESS"),
        container("a", start_timeout_s=60),
        container("b", start_timeout_s=50),
    )
    assert told(plan_start(containers, {"a": running(), "b": running()}, NOW)) == "wait until 1050"


@pytest.mark.parametrize(
    ("name", "dependents"),
    [
        pytest.param("app", set(), id="nobody"),
        pytest.param("migrate", {"app"}, id="directly"),
        pytest.param("db", {"app", "migrate", "proxy"}, id="through-others"),
    ],
)
def test_dependents(name: str, dependents: set[str]) -> None:
    containers = (
        container("app", "migrate SUCCESS"),
        container("migrate", "db HEALTHY"),
        container("db"),
        container("proxy", "db START"),
    )
    assert dependents_of(name, containers) == dependents

"""What kind of failure the end of a task was, and whether it is certain to come again."""

from typing import Any

import pytest

from slipway.core.deployments.failure_class import failure_of
from slipway.core.model.failures import Failure, FailureClass
from slipway.core.model.tasks import Container, StopCode, Task
from tests.core.records import a_task

ELB_REASON = "Task failed ELB health checks in (target-group web)"


def did_not_start(reason: str | None) -> Task:
    return a_task(stop_code=StopCode.TASK_FAILED_TO_START, stopped_reason=reason)


def ended(*, ran_s: float | None, **members: Any) -> Task:
    """A task whose only container ended so long after its start; None: nobody knows when it started."""
    container = Container(name="app", arn="arn", image="web:1", started_at=None if ran_s is None else 100.0, **members)
    return a_task(
        containers=(container,),
        stop_code=StopCode.ESSENTIAL_CONTAINER_EXITED,
        stopped_reason="Essential container in task exited",
        execution_stopped_at=None if ran_s is None else 100.0 + ran_s,
    )


@pytest.mark.parametrize(
    ("reason", "failure_class", "is_certain"),
    [
        pytest.param("CannotPullContainerError: manifest unknown", FailureClass.IMAGE, True, id="no such tag"),
        pytest.param("CannotPullContainerError: pull access denied", FailureClass.IMAGE, False, id="no access yet"),
        pytest.param("CannotPullContainerError: dial tcp: i/o timeout", FailureClass.IMAGE, False, id="no network"),
        pytest.param("CannotPullImageManifestError: Not Found", FailureClass.IMAGE, True, id="no manifest, any case"),
        pytest.param(
            "CannotStartContainerError: exec /app: exec format error",
            FailureClass.CONFIGURATION,
            True,
            id="another processor's program",
        ),
        pytest.param(
            'CannotStartContainerError: exec: "nope": executable file not found in $PATH',
            FailureClass.CONFIGURATION,
            True,
            id="no such program",
        ),
        pytest.param(
            "CannotStartContainerError: driver failed programming external connectivity",
            FailureClass.CONFIGURATION,
            False,
            id="a port that may be free later",
        ),
        pytest.param(
            "CannotCreateContainerError: something odd", FailureClass.CONFIGURATION, False, id="cannot be created"
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets for app: this version has no Secrets Manager",
            FailureClass.CONFIGURATION,
            True,
            id="no such secret",
        ),
        pytest.param(
            "ResourceInitializationError: network slipway-1 could not be created: no free address pool",
            FailureClass.CONFIGURATION,
            False,
            id="no address pool now",
        ),
        pytest.param(
            "CannotStartContainerError: network slipway-1 not found", FailureClass.CONFIGURATION, False, id="no network"
        ),
        pytest.param(
            "CannotGetDockerclientError: Cannot reach the engine at unix:///x ([Errno 2] No such file or directory)",
            FailureClass.HOST,
            False,
            id="the engine is away",
        ),
        pytest.param("Task failed to start", FailureClass.CRASH, False, id="nobody knows why"),
    ],
)
def test_failed_start(reason: str, failure_class: FailureClass, is_certain: bool) -> None:
    signature = reason if is_certain else None
    expected = Failure(failure_class=failure_class, sentence=reason, signature=signature)
    assert failure_of(did_not_start(reason)) == expected


@pytest.mark.parametrize(
    ("task", "sentence", "signature"),
    [
        pytest.param(ended(ran_s=4.0, exit_code=1), "exit 1 after 4 s", None, id="after four seconds"),
        pytest.param(ended(ran_s=2.0, exit_code=1), "exit 1 after 2 s", None, id="at two seconds: not at once"),
        pytest.param(
            ended(ran_s=1.53, exit_code=78), "exit 78 after 1.5 s", "app: exit 78 within 2 s", id="within two seconds"
        ),
        pytest.param(
            ended(ran_s=0.0, exit_code=0), "exit 0 after 0 s", "app: exit 0 within 2 s", id="done, and not meant to be"
        ),
        pytest.param(
            ended(ran_s=90.6, exit_code=137, reason="OutOfMemoryError: Container killed due to memory usage"),
            "exit 137 after 91 s (OutOfMemoryError: Container killed due to memory usage)",
            None,
            id="out of memory",
        ),
        pytest.param(ended(ran_s=None, exit_code=1), "exit 1", None, id="no start is known"),
        pytest.param(ended(ran_s=1.0), "Essential container in task exited", None, id="no exit code is known"),
    ],
)
def test_crash(task: Task, sentence: str, signature: str | None) -> None:
    expected = Failure(failure_class=FailureClass.CRASH, sentence=sentence, signature=signature)
    assert failure_of(task) == expected


def test_a_container_that_ended_with_an_error_is_named_before_one_that_was_done() -> None:
    done = Container(name="init", arn="arn", image="init:1", exit_code=0, started_at=0.0)
    failed = Container(name="app", arn="arn", image="web:1", exit_code=3, started_at=100.0)
    task = a_task(containers=(done, failed), stop_code=StopCode.ESSENTIAL_CONTAINER_EXITED, execution_stopped_at=101.0)
    failure = failure_of(task)
    assert failure is not None
    assert failure.signature == "app: exit 3 within 2 s"


@pytest.mark.parametrize(
    ("why", "is_certain"),
    [
        pytest.param("which exited with 3", True, id="it failed"),
        pytest.param("which was not there within its start timeout of 3 s", False, id="it took too long"),
    ],
)
def test_what_was_waited_for_and_did_not_come(why: str, is_certain: bool) -> None:
    reason = f"TaskDependencyError: container app depends on SUCCESS of container init, {why}"
    init = Container(name="init", arn="arn", image="init:1", exit_code=143, started_at=0.0)
    task = a_task(containers=(init,), stop_code=StopCode.TASK_FAILED_TO_START, stopped_reason=reason)
    signature = reason if is_certain else None
    assert failure_of(task) == Failure(failure_class=FailureClass.CRASH, sentence=reason, signature=signature)


def test_the_one_that_was_signalled_is_not_blamed() -> None:
    proxy = Container(name="proxy", arn="arn", image="proxy:1", exit_code=143, started_at=100.0)
    failed = Container(name="app", arn="arn", image="web:1", exit_code=1, started_at=100.0)
    task = a_task(containers=(proxy, failed), stop_code=StopCode.ESSENTIAL_CONTAINER_EXITED, execution_stopped_at=105.0)
    assert failure_of(task) == Failure(failure_class=FailureClass.CRASH, sentence="exit 1 after 5 s")


def test_a_program_that_the_kernel_refused_is_a_failed_start() -> None:
    reason = "CannotStartContainerError: exec /app: exec format error"
    expected = Failure(failure_class=FailureClass.CONFIGURATION, sentence=reason, signature=reason)
    assert failure_of(ended(ran_s=0.1, exit_code=1, reason=reason)) == expected


@pytest.mark.parametrize("code", [None, StopCode.SERVICE_SCHEDULER_INITIATED])
def test_unhealthy(code: StopCode | None) -> None:
    """A task that was judged unhealthy failed its health checks, however it is stopped then."""
    task = a_task(unhealthy_reason=ELB_REASON, stop_code=code)
    assert failure_of(task) == Failure(failure_class=FailureClass.HEALTH, sentence=ELB_REASON)


@pytest.mark.parametrize(
    "code",
    [None, StopCode.USER_INITIATED, StopCode.SERVICE_SCHEDULER_INITIATED, StopCode.TERMINATION_NOTICE],
)
def test_no_failure(code: StopCode | None) -> None:
    """What runs, was stopped by somebody's decision, or lost its host, did not fail."""
    assert failure_of(a_task(stop_code=code)) is None

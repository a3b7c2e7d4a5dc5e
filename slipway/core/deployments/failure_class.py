"""What kind of failure the end of a task was, in words, and whether it will happen again for certain.

The words before the colon of a failed start are the public ECS agent's error names; the rest is the engine's. A failure
is certain to come again where nothing outside the definition decides it: an image that is not there, a program that
cannot be run, a container that ends in the same way right after its start.
"""

from slipway.core.model.failures import Failure, FailureClass
from slipway.core.model.tasks import Container, StopCode, Task

#: A container that ends within so many seconds of its start, twice with the same exit code, will always do so.
AT_ONCE_S = 2.0

#: Exit codes of a container that was stopped with its task: 128 + SIGKILL, 128 + SIGTERM.
_SIGNALLED = (137, 143)

#: Stops somebody decided, and losses of a host: no failure of the task.
_NO_FAILURE = (StopCode.USER_INITIATED, StopCode.SERVICE_SCHEDULER_INITIATED, StopCode.TERMINATION_NOTICE)

#: Errors of a start that lie in the task definition or in what it names.
_CONFIGURATION = (
    *("CannotCreateContainerError", "CannotStartContainerError", "CannotCreateVolumeError"),
    *("ResourceInitializationError", "ContainerNetworkingError"),
)

#: What a container waited for could not come: the others were stopped for it, whatever they ended with.
_DEPENDENCY = "TaskDependencyError"

#: Errors of a start that lie in the host: its engine did not answer.
_HOST = ("CannotGetDockerclientError", "DockerTimeoutError")

#: Words of engines and registries for what is not there, or cannot be run: trying again changes nothing.
_CERTAIN_IMAGE = ("not found", "manifest unknown", "no such image", "does not exist", "invalid reference")
_CERTAIN_START = (
    *("exec format error", "no such file or directory", "executable file not found", "does not exist"),
    *("permission denied", "not executable", "not an executable file", "is a directory"),
    *("this version has no", "not served by this version"),
)


def failure_of(task: Task) -> Failure | None:
    """Why a task failed that ended, or is to be replaced; None where it did not fail."""
    if task.unhealthy_reason is not None:
        return Failure(failure_class=FailureClass.HEALTH, sentence=task.unhealthy_reason)
    if task.stop_code is None or task.stop_code in _NO_FAILURE:
        return None
    reason = task.stopped_reason or ""
    if reason.startswith(_DEPENDENCY):
        signature = None if "start timeout" in reason else reason
        return Failure(failure_class=FailureClass.CRASH, sentence=reason, signature=signature)
    ended = _culprit(task)
    if task.stop_code is StopCode.TASK_FAILED_TO_START and ended is None:
        return _failed_start(task.stopped_reason or "")
    return _crash(task, ended or _first_ended(task))


def _failed_start(reason: str) -> Failure:
    words = reason.lower()
    if reason.startswith(_HOST):
        return Failure(failure_class=FailureClass.HOST, sentence=reason)
    if reason.startswith("CannotPull"):
        is_certain = any(word in words for word in _CERTAIN_IMAGE)
        return Failure(failure_class=FailureClass.IMAGE, sentence=reason, signature=reason if is_certain else None)
    if reason.startswith(_CONFIGURATION):
        is_certain = any(word in words for word in _CERTAIN_START)
        kind = FailureClass.CONFIGURATION
        return Failure(failure_class=kind, sentence=reason, signature=reason if is_certain else None)
    return Failure(failure_class=FailureClass.CRASH, sentence=reason or "failed to start")


def _crash(task: Task, container: Container | None) -> Failure:
    """An end by itself: the exit code, what was said about it, and how long the container had run."""
    if container is None:
        return Failure(failure_class=FailureClass.CRASH, sentence=task.stopped_reason or "ended")
    if container.reason is not None and container.reason.startswith(_CONFIGURATION):
        return _failed_start(container.reason)  # the kernel refused the program, which the engine tells by its end
    code = "an unknown exit code" if container.exit_code is None else f"exit {container.exit_code}"
    said = f" ({container.reason})" if container.reason else ""
    ran_s = _ran_s(task, container)
    if ran_s is None:
        return Failure(failure_class=FailureClass.CRASH, sentence=f"{code}{said}")
    is_at_once = ran_s < AT_ONCE_S and container.exit_code is not None
    return Failure(
        failure_class=FailureClass.CRASH,
        sentence=f"{code} after {_shown(ran_s)} s{said}",
        signature=f"{container.name}: {code} within {AT_ONCE_S:g} s{said}" if is_at_once else None,
    )


def _culprit(task: Task) -> Container | None:
    """The container that ended badly, and not because the others had: those were stopped by a signal."""
    bad = [one for one in task.containers if one.exit_code is not None and one.exit_code != 0]
    return min(bad, key=lambda container: container.exit_code in _SIGNALLED, default=None)


def _first_ended(task: Task) -> Container | None:
    return next((one for one in task.containers if one.exit_code is not None), None)


def _ran_s(task: Task, container: Container) -> float | None:
    began = container.started_at if container.started_at is not None else task.started_at
    ended = task.execution_stopped_at if task.execution_stopped_at is not None else task.stopped_at
    return None if began is None or ended is None else max(ended - began, 0.0)


def _shown(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < 10 and seconds != int(seconds) else f"{seconds:.0f}"

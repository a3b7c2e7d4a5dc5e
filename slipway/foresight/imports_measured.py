"""Times that the tasks of a service took, by DescribeTasks: to pull, to start, and to exit on SIGTERM."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import inf
from statistics import median
from typing import Any

from slipway.foresight.imports import Fact

Shape = Mapping[str, Any]
Measure = Callable[[Shape], float | None]

#: How close to its stop timeout a task may end and yet have been killed, seconds.
KILL_MARGIN_S = 1.0
#: What a container that was killed exits with: 128 + SIGKILL.
KILLED = 137


def instant(value: Any) -> float | None:
    """Epoch seconds of a timestamp as boto3, the AWS CLI or the API itself writes it; None: there is none."""
    match value:
        case datetime():
            return value.timestamp()
        case bool():
            return None
        case int() | float():
            return float(value)
        case str():
            return _parsed(value)
        case _:
            return None


def _parsed(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def measured_facts(tasks: Iterable[Shape], *, stop_timeout_s: int) -> Iterator[Fact]:
    """The facts of a program that only its tasks can tell; those that they do not tell are named."""
    known = tuple(tasks)
    pulled = tuple(task for task in known if _pull_s(task) is not None)
    yield _median(
        known,
        "pull_time",
        words="time to pull the image",
        path="pullStartedAt to pullStoppedAt",
        measure=_pull_s,
    )
    yield _median(
        pulled or known,
        "start_time",
        words="time from the image to RUNNING",
        path="createdAt to startedAt, without the pull",
        measure=_start_s,
    )
    lack = "time from RUNNING until checks pass"
    yield Fact(name="ready_time", value=0.0, source=lack, is_known=False)
    yield _exit(known, stop_timeout_s)


def _median(tasks: tuple[Shape, ...], name: str, *, words: str, path: str, measure: Measure) -> Fact:
    times = [seconds for task in tasks if (seconds := measure(task)) is not None]
    if not times:
        return Fact(name=name, value=0.0, source=words, is_known=False)
    return Fact(name=name, value=float(median(times)), source=f"{path}, median of {_count(times)}")


def _between(task: Shape, first: str, last: str) -> float | None:
    began, ended = instant(task.get(first)), instant(task.get(last))
    return None if began is None or ended is None or ended < began else ended - began


def _pull_s(task: Shape) -> float | None:
    return _between(task, "pullStartedAt", "pullStoppedAt")


def _start_s(task: Shape) -> float | None:
    whole = _between(task, "createdAt", "startedAt")
    return None if whole is None else max(whole - (_pull_s(task) or 0.0), 0.0)


def _exit(tasks: tuple[Shape, ...], stop_timeout_s: int) -> Fact:
    """From STOPPING to the end of its containers; those that were killed, or took all their stop timeout, ignore
    SIGTERM."""
    times = [
        (seconds, _was_killed(task) or seconds >= stop_timeout_s - KILL_MARGIN_S)
        for task in tasks
        if (seconds := _between(task, "stoppingAt", "executionStoppedAt")) is not None
    ]
    if not times:
        return Fact(name="exit", value=inf, source="time to exit on SIGTERM", is_known=False)
    killed = sum(is_killed for _, is_killed in times)
    if 2 * killed > len(times):
        return Fact(name="exit", value=inf, source=f"killed at the stop timeout: {killed} of {_count(times)}")
    seconds = median(seconds for seconds, is_killed in times if not is_killed)
    source = f"stoppingAt to executionStoppedAt, median of {_count(times)}"
    return Fact(name="exit", value=float(seconds), source=source)


def _was_killed(task: Shape) -> bool:
    return any(container.get("exitCode") == KILLED for container in task.get("containers") or ())


def _count(times: list[Any]) -> str:
    return f"{len(times)} task{'' if len(times) == 1 else 's'}"

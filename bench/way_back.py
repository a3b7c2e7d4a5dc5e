"""(h) How long a bad version lasts: from its update until the service is as it was, and how much of it was detection.

A service of four tasks behind a load balancer, under constant load, on each runtime that this machine has. The times
are those of DescribeServiceDeployments: an update begins at `createdAt`, is found out at `rollback.startedAt`, and is
taken back, its verdict told and the service steady, at `finishedAt`. Beside it, in turn: a version that crashes, found
out by the circuit breaker's count alone, as by default in ECS, and by certainty.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bench.engine import Engine
from bench.fleet import fresh_server
from bench.result import CannotRun, Row, interleaved
from tests.e2e.bad_version import ABSENT, CRASHES, STOPPED, TASKS, Attempt, BadVersion, errs, loaded, sickens
from tests.e2e.programs import staged
from tests.e2e.server_process import ServerProcess

POOL = "127.0.78.1-127.0.78.20"
BAKE_MINUTES = 5
SICK_AFTER_S = 60
ROUNDS = 3
TAG = "slipway:fail-on-certainty"

#: A version that runs for a second and then ends with 1: so long tasks take to be started one after the other.
_CRASHES_SOON = replace(CRASHES, program=staged, variables={"RUN_S": "1", "CODE": "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bad version by a name that tells what is wrong with it."""

    title: str
    bad: BadVersion
    is_slow: bool = False  # left out where a quick look is wanted


CASES = (
    Case(title="crash at start", bad=CRASHES),
    Case(title="image or program that is nowhere", bad=ABSENT),
    Case(title="stopped by its user half-way", bad=STOPPED),
    Case(
        title=f"unhealthy after {SICK_AFTER_S} s",
        bad=sickens(after_s=SICK_AFTER_S, bake_minutes=BAKE_MINUTES),
        is_slow=True,
    ),
    Case(title="alarm of 5xx while baking", bad=errs(bake_minutes=BAKE_MINUTES), is_slow=True),
)
COUNTINGS = (
    Case(title=f"crash, {TASKS} tasks at once", bad=replace(CRASHES, name="at-once")),
    Case(
        title=f"crash after 1 s, {TASKS} tasks one by one", bad=replace(_CRASHES_SOON, name="four", maximum_percent=125)
    ),
    Case(
        title="crash after 1 s, 20 tasks one by one",
        bad=replace(_CRASHES_SOON, name="twenty", tasks=20, maximum_percent=105),
        is_slow=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How long one way back took, seconds from the update."""

    detected_s: float
    restored_s: float


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: for each bad version how long it lasted, beside how much of that it took to find it out; for each crash the
    time with certainty beside the time without."""
    rows: list[Row] = []
    notes = ["of what was found out, the ratio is the share in the whole time"]
    for runtime in _runtimes():
        with fresh_server({"lb_address_pool": POOL}, runtime=runtime) as server:
            for case in CASES:
                if not (is_quick and case.is_slow):
                    rows += _one(server, runtime, case, notes)
            for case in COUNTINGS:
                if not (case.is_slow and (is_quick or runtime == "docker")):
                    rounds = 1 if is_quick or case.is_slow else ROUNDS
                    rows.append(_side_by_side(server, runtime, case, rounds=rounds))
    notes.append(
        f"beside counting alone: medians of {1 if is_quick else ROUNDS} rounds, in turn; of 20 tasks one round"
    )
    return tuple(rows), tuple(notes)


def _runtimes() -> Iterator[str]:
    yield "process"
    try:
        Engine()
    except CannotRun:
        return
    yield "docker"


def _one(server: ServerProcess, runtime: str, case: Case, notes: list[str]) -> Iterator[Row]:
    attempt = Attempt(server, runtime, case.bad)
    attempt.prepare()
    with loaded((attempt,)):
        attempt.begin()
        if case.bad.is_stopped:
            arn = attempt.await_half_way()
            attempt.service.ecs.stop_service_deployment(serviceDeploymentArn=arn)
        times = _restored(attempt)
    failed = len(attempt.failures())
    notes.append(f"{runtime}, {case.title}: {attempt.stream.count:,} requests answered, {failed} failed")
    name = f"{runtime}, {case.title}"
    yield Row(measure=f"{name}: restored", ours=times.restored_s, unit="s")
    yield Row(
        measure=f"{name}: found out",
        ours=times.detected_s,
        unit="s",
        reference=times.restored_s,
        against="restored",
    )
    _leave(attempt)


def _restored(attempt: Attempt) -> Taken:
    """Wait until the newest service deployment was taken back and the service is steady; its times."""
    verdict = attempt.service.await_verdict()
    attempt.service.await_steady()
    return taken(verdict)


def taken(verdict: Mapping[str, Any]) -> Taken:
    """The times of a service deployment that was taken back, as DescribeServiceDeployments shows it."""
    assert verdict["status"] == "ROLLBACK_SUCCESSFUL", verdict
    began: datetime = verdict["createdAt"]

    def since(at: datetime) -> float:
        return (at - began).total_seconds()

    return Taken(detected_s=since(verdict["rollback"]["startedAt"]), restored_s=since(verdict["finishedAt"]))


def _side_by_side(server: ServerProcess, runtime: str, case: Case, *, rounds: int) -> Row:
    attempt = Attempt(server, runtime, case.bad)
    attempt.prepare()
    certain, counted = interleaved(rounds, _timed(attempt, certainty=True), _timed(attempt, certainty=False))
    _leave(attempt)
    return Row(
        measure=f"{runtime}, {case.title}: restored",
        ours=certain,
        unit="s",
        reference=counted,
        against="counting alone",
    )


def _timed(attempt: Attempt, *, certainty: bool) -> Callable[[], float]:
    """A way back of the service by certainty, or by the circuit breaker's count alone; its whole time."""

    def way_back() -> float:
        tag = {"key": TAG, "value": str(certainty).lower()}
        attempt.service.ecs.tag_resource(resourceArn=attempt.service.describe()["serviceArn"], tags=[tag])
        attempt.begin()
        return _restored(attempt).restored_s

    return way_back


def _leave(attempt: Attempt) -> None:
    """Have the service's tasks gone, so that the next case has the machine to itself."""
    name = attempt.bad.name
    attempt.service.ecs.delete_service(cluster=name, service=name, force=True)
    attempt.service.await_stopped(len(attempt.service.tasks()))

"""What the picture tells of deployments that failed: counted failures, the verdict, the way back and its time."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.introspection_picture import service_picture
from slipway.core.answers.wait import Sight
from slipway.core.answers.way_back_time import way_back_s
from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.deployments import (
    DeploymentStatus,
    Detector,
    Rollback,
    RolloutState,
    ServiceDeploymentStatus,
)
from slipway.core.model.failures import CountedFailure, Failure, FailureClass
from slipway.core.plan import Put, Remove
from slipway.core.snapshot import Snapshot
from tests.api.half_rolled import ARNS, HEALTHY, NEW, NOW, OLD, SERVICE, TASKS, filled, task

CRASH = Failure(failure_class=FailureClass.CRASH, sentence="exit 1 after 4 s")


def put(snapshot: Snapshot, *records: Any) -> Snapshot:
    snapshot.apply([Put(record=one) for one in records])
    return snapshot


def failing(*, failures: int = 1, **changes: Any) -> Snapshot:
    """The service half-way, its new revision watched by a breaker, with counted failures."""
    snapshot = filled()
    new = snapshot.deployments[NEW]
    counted = tuple(
        CountedFailure(deployment_id=NEW, at=NOW - 30 + number, failure=CRASH, task_arn=ARNS.task("shop", f"{number}"))
        for number in range(failures)
    )
    roll_out = replace(snapshot.roll_out(new), status=ServiceDeploymentStatus.IN_PROGRESS, failures=counted, **changes)
    breaker = DeploymentCircuitBreaker(is_enabled=True, rolls_back=True)
    service = replace(snapshot.services[SERVICE], circuit_breaker=breaker)
    good = replace(snapshot.deployments[OLD], completed_at=NOW - 80)
    return put(snapshot, roll_out, service, good, replace(new, failure_count=failures, deadline_at=NOW + 60))


def going_back() -> Snapshot:
    """The same, on its way back for ten seconds."""
    rollback = Rollback(reason="because", started_at=NOW - 10, revision_arn=ARNS.service_revision("shop", "users", "1"))
    snapshot = failing(
        failures=3,
        rollback=rollback,
        detected_by=Detector.CIRCUIT_BREAKER,
        detected_at=NOW - 10,
        threshold=3,
        failure_count=3,
    )
    roll_out = replace(
        snapshot.roll_out(snapshot.deployments[NEW]), status=ServiceDeploymentStatus.ROLLBACK_IN_PROGRESS
    )
    failed = replace(snapshot.deployments[NEW], status=DeploymentStatus.ACTIVE, rollout_state=RolloutState.FAILED)
    back = replace(
        snapshot.deployments[OLD],
        status=DeploymentStatus.PRIMARY,
        rollout_state=RolloutState.IN_PROGRESS,
        rolls_back=roll_out.arn,
    )
    return put(snapshot, roll_out, failed, back)


def picture_of(snapshot: Snapshot) -> dict[str, Any]:
    return service_picture(snapshot, snapshot.services[SERVICE], Sight(now=NOW))


def test_a_deployment_in_progress_tells_its_failures_and_when_it_must_be_complete() -> None:
    picture = picture_of(failing())
    newest, before = picture["roll_outs"]
    assert (newest["deployment"], newest["task_definition"], newest["status"]) == (NEW, "users:2", "IN_PROGRESS")
    assert (newest["is_verdict"], newest["threshold"], newest["rollback"]) == (False, 3, None)
    assert newest["failures"] == [{"at": NOW - 30, "class": "crash", "sentence": "exit 1 after 4 s", "task": "0"}]
    assert (before["deployment"], before["finished_at"]) == (OLD, NOW - 80)
    (new, old) = picture["deployments"]
    assert (new["failure_count"], new["deadline_at"], new["rolls_back"]) == (1, NOW + 60, None)
    assert (old["failure_count"], old["bake_until"]) == (0, None)


def test_only_the_newest_failures_are_shown_the_newest_first() -> None:
    shown = picture_of(failing(failures=12))["roll_outs"][0]["failures"]
    assert [one["task"] for one in shown] == ["11", "10", "9", "8", "7", "6", "5", "4", "3", "2"]


def test_a_way_back_is_timed_from_its_own_start() -> None:
    picture = picture_of(going_back())
    by_id = {one["id"]: one for one in picture["deployments"]}
    assert (by_id[OLD]["elapsed_s"], by_id[OLD]["is_ended"], by_id[OLD]["rolls_back"]) == (10, False, NEW)
    assert (by_id[NEW]["elapsed_s"], by_id[NEW]["is_ended"], by_id[NEW]["rolls_back"]) == (40, True, None)
    newest = picture["roll_outs"][0]
    assert (newest["detected_by"], newest["detected_at"], newest["threshold"]) == ("CIRCUIT_BREAKER", NOW - 10, 3)
    assert newest["rollback"] == {
        "started_at": NOW - 10,
        "deployment": OLD,
        "task_definition": "users:1",
        "reason": "because",
    }


def lasting(seconds: float, *numbers: int) -> tuple[Any, ...]:
    """Healthy tasks of the old revision that took so long to become healthy."""
    return tuple(
        replace(task(number, OLD, **HEALTHY), created_at=NOW - 90, healthy_at=NOW - 90 + seconds) for number in numbers
    )


@pytest.mark.parametrize(
    ("desired", "percents", "seconds", "expected"),
    [
        pytest.param(1, (100, 200), 7.0, 0.0, id="nothing is missing"),
        pytest.param(2, (100, 200), 7.0, 7.0, id="one round"),
        pytest.param(5, (100, 120), 7.0, 28.0, id="four missing, one at a time"),
        pytest.param(5, (50, 100), 7.0, 14.0, id="four missing, two at a time"),
    ],
)
def test_the_way_back_takes_a_round_for_as_many_as_the_bounds_leave(
    desired: int, percents: tuple[int, int], seconds: float, expected: float
) -> None:
    snapshot = failing()
    service = replace(
        snapshot.services[SERVICE],
        desired_count=desired,
        minimum_healthy_percent=percents[0],
        maximum_percent=percents[1],
    )
    put(snapshot, service, *lasting(seconds, 1))
    assert way_back_s(snapshot, service) == expected
    assert picture_of(snapshot)["rollback_estimate_s"] == expected


def test_no_way_back_without_a_completed_deployment_or_a_measured_task() -> None:
    unmeasured = failing()
    unmeasured.apply([Remove(record=one) for one in TASKS])
    assert picture_of(unmeasured)["rollback_estimate_s"] is None
    steady = failing()
    put(steady, replace(steady.deployments[NEW], rollout_state=RolloutState.COMPLETED))
    assert picture_of(steady)["rollback_estimate_s"] is None

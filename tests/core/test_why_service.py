"""Why: what a service waits for, the most telling first, and which of its tasks hold it up."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from slipway.core.answers.wait import Sight, Wait
from slipway.core.answers.why_service import SLOWEST, why_service
from slipway.core.model.deployment_configuration import DeploymentAlarms
from slipway.core.model.deployments import RolloutState
from slipway.core.model.services import ServiceStatus
from slipway.core.model.tasks import TaskStatus
from slipway.core.plan import Put
from slipway.core.snapshot import Snapshot
from tests.api.half_rolled import GROUP, HOST_ID, NEW, NOW, SERVICE, TASKS, filled, task
from tests.api.test_introspection_roll_outs import going_back


def told(snapshot: Snapshot) -> list[Wait]:
    return list(why_service(snapshot, snapshot.services[SERVICE], Sight(now=NOW)))


def of_service(**changes: Any) -> Snapshot:
    return put(filled(), replace(filled().services[SERVICE], **changes))


def of_primary(**changes: Any) -> Snapshot:
    return put(filled(), replace(filled().deployments[NEW], **changes))


def put(snapshot: Snapshot, *records: Any) -> Snapshot:
    snapshot.apply([Put(record=one) for one in records])
    return snapshot


def failed() -> Snapshot:
    snapshot = of_primary(rollout_state=RolloutState.FAILED)
    reason = "Service deployment stopped because the deadline came."
    roll_out = replace(snapshot.roll_out(snapshot.deployments[NEW]), status_reason=reason, stopped_at=NOW - 5)
    return put(snapshot, roll_out)


def baking() -> Snapshot:
    alarms = DeploymentAlarms(names=("a", "b"), is_enabled=True)
    return put(of_primary(bake_until=NOW + 42), replace(filled().services[SERVICE], alarms=alarms))


@pytest.mark.parametrize(
    ("snapshot", "kind", "sentence"),
    [
        pytest.param(
            lambda: of_service(steady_at=NOW - 60), "nothing", "nothing: it has been steady for 60 s", id="steady"
        ),
        pytest.param(
            lambda: of_service(status=ServiceStatus.INACTIVE), "nothing", "nothing: it is deleted", id="deleted"
        ),
        pytest.param(
            lambda: of_service(status=ServiceStatus.DRAINING),
            "deletion",
            "it is being deleted: 4 tasks have not stopped yet",
            id="being deleted",
        ),
        pytest.param(
            lambda: of_service(blocked_by=f"RESOURCE:MEMORY {HOST_ID}"),
            "room",
            "no room: a task needs 128 MiB, the host has 7680 of 8192 free",
            id="memory",
        ),
        pytest.param(
            lambda: of_service(blocked_by=f"RESOURCE:CPU {HOST_ID}"),
            "room",
            "no room: a task needs 3500 CPU units, the host has 3072 of 4096 free",
            id="processor",
        ),
        pytest.param(lambda: of_service(blocked_by="EMPTY"), "room", "no room: there is no host", id="no host"),
        pytest.param(
            lambda: of_service(blocked_by=f"AGENT {HOST_ID}"), "room", "no room: the host is not connected", id="agent"
        ),
        pytest.param(
            lambda: of_service(blocked_by="DEPLOYMENT_CONFIGURATION"),
            "configuration",
            "minimumHealthyPercent 100 and maximumPercent 200 together let no task stop and none start: "
            "change one of them",
            id="percentages",
        ),
        pytest.param(
            lambda: of_service(blocked_by="PROTECTION 2"),
            "protection",
            "2 tasks that should stop are protected",
            id="protection",
        ),
        pytest.param(
            lambda: of_service(blocked_by=f"TARGET_GROUP {GROUP}"),
            "target",
            "no listener forwards to target group users, so nothing checks its targets",
            id="target group",
        ),
        pytest.param(
            lambda: of_primary(retry_at=NOW + 8, failed_tasks=5),
            "throttle",
            "next start of users:2 in 8 s after 5 failures in a row",
            id="throttle",
        ),
        pytest.param(
            lambda: of_primary(deadline_at=NOW + 60),
            "deadline",
            "the deployment fails unless it is complete in 60 s (deadline)",
            id="deadline",
        ),
        pytest.param(
            baking, "bake", "it is healthy and is watched for 42 s more (bake time); alarms a, b", id="bake time"
        ),
        pytest.param(
            failed,
            "failed",
            "the deployment failed: Service deployment stopped because the deadline came; it starts nothing any more: "
            "deploy a version that works",
            id="failed",
        ),
        pytest.param(
            going_back,
            "way back",
            "it has been going back to users:1 for 10 s, because because: "
            "1 of 2 tasks are healthy, 2 old ones are left, 1 stops",
            id="way back",
        ),
        pytest.param(
            filled,
            "roll",
            "it is rolled to users:2: 1 of 2 tasks are healthy, 1 old one is left, 1 stops",
            id="roll",
        ),
    ],
)
def test_what_a_service_waits_for(snapshot: Callable[[], Snapshot], kind: str, sentence: str) -> None:
    assert (kind, sentence) in [(wait.kind, wait.sentence) for wait in told(snapshot())]


def test_a_steady_service_waits_for_one_thing_nothing() -> None:
    (wait,) = told(of_service(steady_at=NOW - 60))
    assert (wait.subject, wait.since, wait.clears_at) == (SERVICE, NOW - 60, None)


def test_a_steady_service_whose_deployment_failed_says_so_first() -> None:
    snapshot = put(failed(), replace(filled().services[SERVICE], steady_at=NOW - 60))
    verdict, steady = told(snapshot)
    assert verdict.sentence.endswith("it starts nothing any more: deploy a version that works")
    assert steady.sentence == "nothing: it has been steady for 60 s"


def test_a_good_version_whose_way_back_failed_is_tried_on() -> None:
    snapshot = of_primary(rollout_state=RolloutState.FAILED, is_proven=True)
    assert "it is tried on, for there is nothing else" in told(snapshot)[0].sentence


def test_the_tasks_that_wait_longest_are_named_and_no_more() -> None:
    waiting = [task(number, NEW, last_status=TaskStatus.PENDING) for number in range(10, 20)]
    waits = told(put(filled(), *waiting))
    subjects = [wait.subject for wait in waits if wait.subject != SERVICE]
    oldest = [TASKS[1], TASKS[4], *waiting]  # one that stops, one that was starting already
    assert subjects == [one.arn for one in oldest][:SLOWEST]

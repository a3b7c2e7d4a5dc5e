"""The route of the post-mortem: which deployment is meant, and what it is told with."""

from dataclasses import replace

import pytest

from slipway.api.introspection_lookup import find_roll_out
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.model.failures import CountedFailure, Failure, FailureClass
from slipway.core.plan import Put, Remove
from slipway.core.snapshot import Snapshot
from tests.api.half_rolled import NEW, NOW, TASKS, filled
from tests.api.test_introspection import PICTURE, application, get

FAILURE = CountedFailure(
    deployment_id=NEW,
    at=NOW - 30,
    failure=Failure(failure_class=FailureClass.CRASH, sentence="exit 1"),
    task_arn=TASKS[3].arn,
)


def failed() -> Snapshot:
    """The service whose newer deployment was ended after a failure."""
    snapshot = filled()
    roll_out = snapshot.roll_out(snapshot.deployments[NEW])
    stopped = replace(roll_out, status=ServiceDeploymentStatus.STOPPED, stopped_at=NOW - 20, failures=(FAILURE,))
    snapshot.apply([Put(record=stopped)])
    return snapshot


@pytest.mark.parametrize(
    "deployment",
    [
        pytest.param("", id="the newest that failed"),
        pytest.param(NEW, id="id"),
        pytest.param("2", id="number"),
        pytest.param("arn:aws:ecs:us-east-1:000000000000:service-deployment/shop/users/2", id="ARN"),
    ],
)
def test_postmortem_is_told_with_story_and_last_words(deployment: str) -> None:
    url = PICTURE.replace("picture", f"postmortem?deployment={deployment}")
    told = get(application(snapshot=failed), url).json
    assert (told["deployment"], told["verdict"], told["service"]) == (NEW, "STOPPED", "users")
    assert [one["after_s"] for one in told["timeline"]] == [20.0]
    (task,) = told["tasks"]
    assert (task["id"], task["sentence"]) == (TASKS[3].id, "exit 1")
    assert task["containers"][0]["log"] == {"lines": ["no port"], "lack": None}


@pytest.mark.parametrize(
    ("deployment", "sentence"),
    [
        pytest.param(
            "", "No deployment of users failed: each succeeded or goes on; name one with deployment=.", id="none failed"
        ),
        pytest.param(
            "9",
            "There is no deployment 9 of users; those kept are, newest first, ecs-svc/2, ecs-svc/1.",
            id="no such deployment",
        ),
    ],
)
def test_postmortem_of_nothing_is_refused(deployment: str, sentence: str) -> None:
    reply = get(application(), PICTURE.replace("picture", f"postmortem?deployment={deployment}"))
    assert (reply.status, reply.json["__type"]) == (404, "ServiceDeploymentNotFoundException")
    assert reply.json["message"] == sentence


def test_a_deployment_is_named_by_the_end_of_its_arn() -> None:
    snapshot = failed()
    service = next(iter(snapshot.services.values()))
    known = snapshot.roll_out(snapshot.deployments[NEW])
    snapshot.apply(
        [Remove(record=known), Put(record=replace(known, arn=f"{known.arn.rpartition('/')[0]}/YmtYAUf5JEPpsz5R-dfG8"))]
    )
    found = find_roll_out(snapshot, service, "YmtYAUf5JEPpsz5R-dfG8")
    assert found.target_revision_arn == known.target_revision_arn

"""`slipway deploy`: the copied definition, its difference, and how a followed deployment ends."""

from typing import Any

import pytest

from slipway.cli.definition_change import changed_definition, difference, parse_changes
from slipway.cli.deploy import preflight_warnings
from slipway.cli.deploy_end import told_end
from slipway.cli.failure import CliError
from slipway.cli.follow import Outcome, outcome_of
from tests.cli import pictures

MEMBERS = ("family", "networkMode", "containerDefinitions", "tags")
DEFINITION: dict[str, Any] = {
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/users:3",
    "family": "users",
    "revision": 3,
    "status": "ACTIVE",
    "networkMode": "bridge",
    "containerDefinitions": [
        {"name": "app", "image": "users:v1", "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"name": "log", "image": "log:v1"},
    ],
}


def test_a_copy_has_the_changes_and_only_what_can_be_registered() -> None:
    changes = parse_changes(["app=users:v2"], ["app:B=3=4", "log:C="])
    copy = changed_definition(DEFINITION, changes, members=MEMBERS)
    assert copy == {
        "family": "users",
        "networkMode": "bridge",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "users:v2",
                "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "3=4"}],
            },
            {"name": "log", "image": "log:v1", "environment": [{"name": "C", "value": ""}]},
        ],
    }
    assert DEFINITION["containerDefinitions"][0]["image"] == "users:v1"


def test_a_variable_without_a_value_is_empty() -> None:
    definition = {**DEFINITION, "containerDefinitions": [{"name": "app", "environment": [{"name": "A"}]}]}
    copy = changed_definition(definition, parse_changes([], ["app:B=1"]), members=MEMBERS)
    (app,) = copy["containerDefinitions"]
    assert app == {"name": "app", "environment": [{"name": "A", "value": ""}, {"name": "B", "value": "1"}]}


def test_the_difference_is_of_the_lines_that_change() -> None:
    copy = changed_definition(DEFINITION, parse_changes(["log=log:v2"], []), members=MEMBERS)
    lines = difference(DEFINITION, copy, members=MEMBERS)
    assert lines[:2] == ("--- users:3", "+++ users (new)")
    assert [line.strip() for line in lines[2:] if line[0] in "+-"] == [
        '-      "image": "log:v1",',
        '+      "image": "log:v2",',
    ]
    assert difference(DEFINITION, DEFINITION, members=MEMBERS) == ()


def test_a_container_that_is_not_there_is_told() -> None:
    with pytest.raises(CliError, match=r"^users:3 has no container web; it has app, log\.$"):
        changed_definition(DEFINITION, parse_changes(["web=x"], []), members=MEMBERS)


WHY = "it was certain to fail"
REASON = f"Service deployment rolled back because {WHY}."


def ended(status: str, **changes: Any) -> dict[str, Any]:
    """A picture after users:2 ended so; users:1 serves."""
    roll_outs = [pictures.roll_out(2, status, status_reason=REASON, **changes), pictures.roll_out(1, "SUCCESSFUL")]
    good = pictures.deployment(1, {"healthy": 4}, rollout_state="COMPLETED")
    return pictures.picture([good], [], roll_outs=roll_outs)


@pytest.mark.parametrize(
    ("picture", "deployment", "outcome", "sentence"),
    [
        pytest.param(
            pictures.steady(),
            pictures.NEW,
            Outcome.SUCCESSFUL,
            "users is steady on users:2: 0 rounds, 0:51.",
            id="successful",
        ),
        pytest.param(
            ended("ROLLBACK_SUCCESSFUL", rollback=pictures.back_to(1)),
            pictures.NEW,
            Outcome.ROLLBACK_SUCCESSFUL,
            f"users is back on users:1 after 0:51, and not on users:2: {WHY}. `slipway postmortem users` tells more.",
            id="rolled back",
        ),
        pytest.param(
            ended("ROLLBACK_FAILED", rollback=pictures.back_to(1)),
            pictures.NEW,
            Outcome.ROLLBACK_FAILED,
            f"users:2 failed on users, and so did the way back: {WHY}.",
            id="not rolled back",
        ),
        pytest.param(
            ended("STOPPED"),
            pictures.NEW,
            Outcome.STOPPED,
            f"The deployment of users:2 to users was stopped: {WHY}.",
            id="stopped",
        ),
        pytest.param(
            pictures.steady(),
            "ecs-svc/9",
            Outcome.STOPPED,
            "The deployment of users:9 to users was stopped.",
            id="older than all that are listed",
        ),
        pytest.param(
            pictures.steady() | {"roll_outs": []},
            pictures.NEW,
            Outcome.SUCCESSFUL,
            "users is steady on users:2: 0 rounds",
            id="PRIMARY since long ago",
        ),
        pytest.param(
            pictures.deleted(),
            pictures.NEW,
            Outcome.DELETED,
            "The service users was deleted while users:2 was deployed.",
            id="deleted",
        ),
    ],
)
def test_how_a_deployment_ends(picture: dict[str, Any], deployment: str, outcome: Outcome, sentence: str) -> None:
    assert outcome_of(picture, deployment) is outcome
    revision = f"users:{deployment.rpartition('/')[2]}"
    end = told_end(picture, outcome, deployment_id=deployment, revision=revision)
    assert end.sentence.startswith(sentence)
    assert (end.value["outcome"], end.value["deployment"]) == (outcome, deployment)


def test_a_deployment_that_is_gone_back_to_goes_on_again() -> None:
    again = pictures.going_back()
    assert outcome_of(again, pictures.OLD) is None, "its own verdict is old, and it is on its way again"
    assert outcome_of(pictures.rolled_back(), pictures.OLD) is Outcome.SUCCESSFUL
    assert outcome_of(pictures.back_failed(), pictures.OLD) is Outcome.ROLLBACK_FAILED


def test_warnings_are_those_that_an_update_brought() -> None:
    messages = ("has started 2 tasks", "preflight: two.", "preflight: one.", "preflight: old.", "said preflight: no.")
    events = [{"id": str(number), "message": f"(service users) {told}"} for number, told in enumerate(messages)]
    assert preflight_warnings(events, {"3"}) == ("one.", "two.")


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"])
def test_a_deployment_under_way_goes_on(status: str) -> None:
    picture = pictures.rolling() | {"roll_outs": [pictures.roll_out(2, status)]}
    assert outcome_of(picture, pictures.NEW) is None
    end = told_end(picture, Outcome.TIMED_OUT, deployment_id=pictures.NEW, revision="users:2")
    assert "(2 healthy, 1 running, 1 starting); it goes on" in end.sentence

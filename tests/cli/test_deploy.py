"""`slipway deploy`: the copied definition, its difference, and how a followed deployment ends."""

from typing import Any

import pytest

from slipway.cli.definition_change import changed_definition, difference, parse_changes
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


def failed() -> dict[str, Any]:
    bad = pictures.deployment(2, {}, rollout_state="FAILED", rollout_state_reason="tasks failed to start.")
    return pictures.picture([bad], [])


@pytest.mark.parametrize(
    ("picture", "deployment", "outcome", "sentence"),
    [
        pytest.param(
            pictures.steady(), pictures.NEW, Outcome.COMPLETED, "users is steady on users:2: 0 rounds", id="completed"
        ),
        pytest.param(
            failed(),
            pictures.NEW,
            Outcome.FAILED,
            "The deployment of users:2 to users failed: tasks failed to start.",
            id="failed",
        ),
        pytest.param(
            pictures.rolling(),
            pictures.OLD,
            Outcome.SUPERSEDED,
            "The deployment of users:1 to users was superseded by a newer one, of users:2.",
            id="demoted",
        ),
        pytest.param(
            pictures.steady(),
            "ecs-svc/9",
            Outcome.SUPERSEDED,
            "The deployment of users:9 to users was superseded by a newer one, of users:2.",
            id="gone",
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
    number = deployment.rpartition("/")[2]
    end = told_end(
        picture, outcome, deployment_id=deployment, task_definition=f"arn:aws:ecs:r:1:task-definition/users:{number}"
    )
    assert end.sentence.startswith(sentence)
    assert (end.value["outcome"], end.value["deployment"]) == (outcome, deployment)


def test_a_deployment_under_way_goes_on() -> None:
    picture = pictures.rolling()
    assert outcome_of(picture, pictures.NEW) is None
    end = told_end(picture, Outcome.TIMED_OUT, deployment_id=pictures.NEW, task_definition="users:2")
    assert "(2 healthy, 1 running, 1 starting); it goes on" in end.sentence

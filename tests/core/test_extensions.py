"""Slipway's own settings of a service: tags whose keys begin with `slipway:`."""

import pytest

from slipway.core.deployments.extensions import DeadlineAction, Extensions, extensions_of, tag_error
from slipway.core.model.tags import Tag
from tests.core.records import a_service


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, Extensions(), id="none"),
        pytest.param({"target-health": "readiness"}, Extensions(is_readiness_only=True), id="readiness"),
        pytest.param({"target-health": "replace"}, Extensions(), id="replace, as ECS"),
        pytest.param({"deployment-deadline": "90s"}, Extensions(deadline_s=90.0), id="deadline in seconds"),
        pytest.param({"deployment-deadline": "600"}, Extensions(deadline_s=600.0), id="deadline without a unit"),
        pytest.param({"deployment-deadline": "10m"}, Extensions(deadline_s=600.0), id="deadline in minutes"),
        pytest.param({"deployment-deadline": "2h"}, Extensions(deadline_s=7200.0), id="deadline in hours"),
        pytest.param(
            {"deployment-deadline": "1h", "deployment-deadline-action": "stop"},
            Extensions(deadline_s=3600.0, deadline_action=DeadlineAction.STOP),
            id="deadline that stops",
        ),
        pytest.param(
            {"circuit-breaker-counts-placement": "true"}, Extensions(counts_placement=True), id="placement counts"
        ),
        pytest.param({"fail-on-certainty": "false"}, Extensions(fails_on_certainty=False), id="certainty off"),
        pytest.param(
            {"fail-on-certainty": "no", "deployment-deadline": "soon"}, Extensions(), id="wrong values mean the default"
        ),
    ],
)
def test_extensions(tags: dict[str, str], expected: Extensions) -> None:
    given = tuple(Tag(key=f"slipway:{key}", value=value) for key, value in tags.items())
    assert extensions_of(a_service(tags=given)) == expected


def test_tags_of_others_mean_nothing() -> None:
    assert extensions_of(a_service(tags=(Tag(key="target-health", value="readiness"),))) == Extensions()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("slipway:target-health", "readiness"),
        ("slipway:deployment-deadline", "10m"),
        ("slipway:deployment-deadline-action", "rollback"),
        ("slipway:circuit-breaker-counts-placement", "false"),
        ("slipway:fail-on-certainty", "true"),
        ("team", "slipway"),
        ("aws:cloudformation:stack-name", "x"),
    ],
)
def test_tag_that_may_be_set(key: str, value: str) -> None:
    assert tag_error(Tag(key=key, value=value)) is None


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        pytest.param("slipway:target-health", "liveness", "use replace or readiness", id="value"),
        pytest.param("slipway:fail-on-certainty", "True", "use true or false", id="case"),
        pytest.param("slipway:deployment-deadline-action", "", "use rollback or stop", id="empty"),
        pytest.param("slipway:deployment-deadline", "0s", "give seconds, minutes or hours as 90s", id="no time at all"),
        pytest.param("slipway:deployment-deadline", "10 m", "give seconds, minutes or hours as 90s", id="a space"),
        pytest.param("slipway:deployment-deadline", "-5", "give seconds, minutes or hours as 90s", id="in the past"),
        pytest.param("slipway:dead-line", "10m", "slipway:deployment-deadline", id="unknown: the known ones are named"),
    ],
)
def test_tag_error(key: str, value: str, says: str) -> None:
    error = tag_error(Tag(key=key, value=value))
    assert error is not None
    assert error.startswith(f"The tag {key} is ")
    assert says in error

"""Thresholds of target health: what so many checks in a row make of a target."""

import pytest

from slipway.core.model.load_balancing import HealthCheck, Target, TargetState
from slipway.core.observations import CheckOutcome, TargetCheck
from slipway.core.rules import Rules
from slipway.core.traffic.health import fold_check
from tests.core.records import a_target

CHECK = HealthCheck(healthy_threshold=3, unhealthy_threshold=2)
OUTCOMES = {
    "+": (CheckOutcome.PASSED, 200),
    "-": (CheckOutcome.RESPONSE_CODE_MISMATCH, 503),
    "t": (CheckOutcome.TIMEOUT, None),
    "x": (CheckOutcome.FAILED, None),
}


def after(checks: str, target: Target, rules: Rules = Rules()) -> Target:
    """The target after these checks: + passed, - answered 503, t timed out, x was refused."""
    for number, kind in enumerate(checks):
        outcome, code = OUTCOMES[kind]
        check = TargetCheck(target_key=target.key, outcome=outcome, at=float(number), response_code=code)
        target = fold_check(target, check, CHECK, rules)
    return target


NEW = a_target()
HEALTHY = a_target(state=TargetState.HEALTHY, reason=None, description=None)
SICK = a_target(state=TargetState.UNHEALTHY, reason="Target.Timeout", description="Request timed out")
DRAINING = a_target(state=TargetState.DRAINING, reason="Target.DeregistrationInProgress")


@pytest.mark.parametrize(
    ("target", "checks", "state", "reason"),
    [
        pytest.param(NEW, "", TargetState.INITIAL, "Elb.RegistrationInProgress", id="not checked yet"),
        pytest.param(NEW, "+", TargetState.INITIAL, "Elb.InitialHealthChecking", id="checks have begun"),
        pytest.param(NEW, "++", TargetState.INITIAL, "Elb.InitialHealthChecking", id="one short of healthy"),
        pytest.param(NEW, "+++", TargetState.HEALTHY, None, id="healthy"),
        pytest.param(
            NEW, "++-++", TargetState.INITIAL, "Elb.InitialHealthChecking", id="a failure begins the row anew"
        ),
        pytest.param(NEW, "-", TargetState.INITIAL, "Elb.InitialHealthChecking", id="one failure"),
        pytest.param(NEW, "--", TargetState.UNHEALTHY, "Target.ResponseCodeMismatch", id="unhealthy"),
        pytest.param(HEALTHY, "-", TargetState.HEALTHY, None, id="healthy and one failure"),
        pytest.param(HEALTHY, "-+-+", TargetState.HEALTHY, None, id="failures that are not in a row"),
        pytest.param(HEALTHY, "tt", TargetState.UNHEALTHY, "Target.Timeout", id="two timeouts"),
        pytest.param(
            HEALTHY, "-x", TargetState.UNHEALTHY, "Target.FailedHealthChecks", id="the last failure names the reason"
        ),
        pytest.param(
            SICK, "-", TargetState.UNHEALTHY, "Target.ResponseCodeMismatch", id="unhealthy for another reason"
        ),
        pytest.param(SICK, "++", TargetState.UNHEALTHY, "Target.Timeout", id="one short of recovered"),
        pytest.param(SICK, "+++", TargetState.HEALTHY, None, id="recovered"),
        pytest.param(
            DRAINING, "--+++", TargetState.DRAINING, "Target.DeregistrationInProgress", id="draining: no check counts"
        ),
    ],
)
def test_thresholds(target: Target, checks: str, state: TargetState, reason: str | None) -> None:
    folded = after(checks, target)
    assert (folded.state, folded.reason) == (state, reason)


def test_one_check_for_a_new_target() -> None:
    """With ELB's own rule for new targets; one that was unhealthy still needs the threshold."""
    rules = Rules(new_target_checks=1)
    assert after("+", NEW, rules).state is TargetState.HEALTHY
    assert after("++", SICK, rules).state is TargetState.UNHEALTHY


@pytest.mark.parametrize(
    ("checks", "description"),
    [
        ("--", "Health checks failed with these codes: [503]"),
        ("tt", "Request timed out"),
        ("xx", "Health checks failed"),
    ],
)
def test_description(checks: str, description: str) -> None:
    assert after(checks, NEW).description == description


def test_a_passed_check_of_a_healthy_target_changes_nothing() -> None:
    assert after("+", HEALTHY) is HEALTHY


@pytest.mark.parametrize(
    ("target", "checks", "since"),
    [
        pytest.param(NEW, "", None, id="not checked yet"),
        pytest.param(NEW, "--++", 2, id="the first that passed"),
        pytest.param(NEW, "+-+++", 2, id="a failure begins the row anew"),
        pytest.param(NEW, "++-", None, id="the last failed"),
        pytest.param(NEW, "+++++", 0, id="healthy: those after it change nothing"),
        pytest.param(NEW, "+++-+", 4, id="healthy again after one failure"),
        pytest.param(SICK, "-+++", 1, id="recovered"),
        pytest.param(SICK, "++-", None, id="not quite"),
    ],
)
def test_since_when_checks_pass(target: Target, checks: str, since: float | None) -> None:
    assert after(checks, target).passing_since == since

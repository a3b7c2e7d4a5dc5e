"""Bad versions under load on both runtimes: each is found out and taken back, everyone says so, no request fails.

All of them at once on one server: 50 s on the process runtime, 70 s on docker; the one that sickens late takes longest.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.aws_cli import Aws
from tests.e2e.bad_version import ABSENT, CRASHES, STOPPED, Attempt, BadVersion, errs, loaded, sickens
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained

COMMAND_S = 120  # a bound on a hung command

_CERTAIN, _THRESHOLD = "certain to fail", "threshold was exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is to become of a bad version. A busy machine may take a failure's certainty, never its verdict."""

    bad: BadVersion
    reasons: tuple[str, ...]  # words of the verdict's reason: one of them
    classes: tuple[str, ...] = ()  # of the counted failures, one of them; none: nothing failed


EXPECTATIONS = (
    Expectation(bad=CRASHES, reasons=(_CERTAIN, _THRESHOLD), classes=("crash",)),
    # An engine that reaches no registry does not know that the image is nowhere.
    Expectation(bad=ABSENT, reasons=(_CERTAIN, _THRESHOLD), classes=("image", "configuration")),
    Expectation(bad=sickens(after_s=15, bake_minutes=2), reasons=(_THRESHOLD,), classes=("health",)),
    Expectation(bad=STOPPED, reasons=("StopServiceDeployment",)),
    Expectation(bad=errs(bake_minutes=2), reasons=("an alarm was detected",)),
)


def test_bad_versions_are_taken_back_under_load(runtime: str, tmp_path: Path, pool: str) -> None:
    options: dict[str, str | int | bool] = {"lb_address_pool": pool, "new_target_checks": 1}
    with serving(tmp_path / "data", runtime=runtime, **options) as server, explained(server):
        attempts = {Attempt(server, runtime, one.bad): one for one in EXPECTATIONS}
        for attempt in attempts:
            attempt.prepare()
        aws = Aws(server)
        with loaded(tuple(attempts)):
            for attempt in attempts:
                _begin(attempt, aws)
            for attempt, expected in attempts.items():
                _check(attempt, expected, aws)
        for attempt in attempts:
            assert not attempt.failures(), attempt.failures()[:20]


def _begin(attempt: Attempt, aws: Aws) -> None:
    name = attempt.bad.name
    definition = attempt.register()
    aws("ecs", "update-service", "--cluster", name, "--service", name, "--task-definition", definition)
    if attempt.bad.is_stopped:
        arn = attempt.await_half_way()
        aws("ecs", "stop-service-deployment", "--service-deployment-arn", arn, "--stop-type", "ROLLBACK")


def _check(attempt: Attempt, expected: Expectation, aws: Aws) -> None:
    """The verdict as `aws`, the exit code of our own command and the post-mortem tell it; and what runs."""
    attempt.service.await_verdict()
    name = attempt.bad.name
    aws("ecs", "wait", "services-stable", "--cluster", name, "--services", name)
    _check_service_deployment(attempt, expected, aws)
    (deployment,) = attempt.service.describe()["deployments"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
    assert deployment["taskDefinition"].endswith(f":task-definition/{name}:1")
    _check_exit_code(attempt.server, expected)
    _check_post_mortem(attempt.server, expected)


def _check_service_deployment(attempt: Attempt, expected: Expectation, aws: Aws) -> None:
    arn = attempt.service.roll_out()["serviceDeploymentArn"]
    shown = aws("ecs", "describe-service-deployments", "--service-deployment-arns", arn)
    (verdict,) = shown["serviceDeployments"]
    assert verdict["status"] == "ROLLBACK_SUCCESSFUL", verdict
    assert _is_a_reason(verdict["statusReason"], expected), verdict
    assert verdict["rollback"]["serviceRevisionArn"] != verdict["targetServiceRevision"]["arn"]
    if attempt.bad.alarm is not None:
        assert verdict["alarms"]["triggeredAlarmNames"] == [attempt.bad.alarm], verdict


def _check_exit_code(server: ServerProcess, expected: Expectation) -> None:
    name = expected.bad.name
    waited = _slipway(server, "wait", name, "--json")
    assert waited.returncode == 1, waited
    told = json.loads(waited.stdout)
    assert (told["outcome"], told["rolled_back_to"]) == ("ROLLBACK_SUCCESSFUL", f"{name}:1")
    assert _is_a_reason(waited.stderr, expected), waited


def _check_post_mortem(server: ServerProcess, expected: Expectation) -> None:
    told = _slipway(server, "postmortem", expected.bad.name, "--json")
    assert told.returncode == 0, told
    found: dict[str, Any] = json.loads(told.stdout)
    assert found["verdict"] == "ROLLBACK_SUCCESSFUL", found
    classes = set(found["failures"]["classes"])
    assert len(classes) == bool(expected.classes), found["failures"]
    assert classes <= set(expected.classes), found["failures"]


def _is_a_reason(told: str, expected: Expectation) -> bool:
    return any(words in told for words in expected.reasons)


def _slipway(server: ServerProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "slipway", *arguments, "--data", str(server.data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)

"""Bad versions under load on both runtimes: each is found out and taken back, and no request fails but by itself."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.balanced_service import BalancedService, Shape
from tests.e2e.programs import Program, absent, users
from tests.e2e.request_stream import RequestStream
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained
from tests.waiting import wait_until

TASKS = 4
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
ALARM = "errs-5xx"
BOUND_S = 120  # on a hung command, no statement about speed
#: What the version of (d) answers by itself; nobody else may.
OWN_ERROR = "500 b'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bad version, and what finds it out."""

    name: str
    reasons: tuple[str, ...]  # words of the verdict's reason: one of them
    configuration: dict[str, Any] = field(default_factory=lambda: dict(BREAKER))
    maximum_percent: int = 200
    variables: dict[str, str] = field(default_factory=dict)
    program: Callable[[str], Program] = users
    failure_class: str | None = None  # of the counted failures; None: there are none
    is_stopped: bool = False  # by the user, half-way


_CERTAIN, _THRESHOLD = "certain to fail", "threshold was exceeded"
#: On a busy machine a program may take longer to crash than what counts as at once.
_CRASH = (_CERTAIN, _THRESHOLD)

CASES = (
    Case(name="crashes", reasons=_CRASH, variables={"CRASH": "yes"}, failure_class="crash"),
    Case(name="absent", reasons=(_CERTAIN,), program=absent, failure_class="image"),
    Case(
        name="sickens",
        reasons=(_THRESHOLD,),
        configuration={**BREAKER, "bakeTimeInMinutes": 2},
        variables={"HEALTH_UNTIL_S": "20"},
        failure_class="health",
    ),
    Case(
        name="errs",
        reasons=("an alarm was detected",),
        configuration={
            "alarms": {"alarmNames": [ALARM], "enable": True, "rollback": True},
            "bakeTimeInMinutes": 2,
        },
        variables={"ERRORS": "0.2"},
    ),
    Case(name="stopped", reasons=("StopServiceDeployment",), maximum_percent=150, is_stopped=True),
)


class Trial:
    """One case on a service of its own, under load from before the update to after the verdict."""

    def __init__(self, server: ServerProcess, runtime: str, case: Case) -> None:
        self.server = server
        self.case = case
        self.program = case.program(runtime)
        self.runtime = runtime
        shape = Shape(tasks=TASKS, maximum_percent=case.maximum_percent)
        self.service = BalancedService(server, case.name, users(runtime), shape)
        self.stream: RequestStream | None = None

    def _put_alarm(self) -> None:
        """An alarm on the errors that the targets of this balancer answer, judged every ten seconds."""
        (balancer,) = self.service.elb.describe_load_balancers(Names=[self.case.name])["LoadBalancers"]
        name = balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]
        self.server.client("cloudwatch").put_metric_alarm(
            AlarmName=ALARM,
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_Target_5XX_Count",
            Dimensions=[{"Name": "LoadBalancer", "Value": name}],
            Statistic="Sum",
            Period=10,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )

    def begin(self) -> None:
        """Update the service to the bad version."""
        if "alarms" in self.case.configuration:
            self._put_alarm()
        self.service.configure(**self.case.configuration)
        self.service.roll("v2", self.program, **self.case.variables)
        if self.case.is_stopped:
            self._stop_half_way()

    def _stop_half_way(self) -> None:
        def is_half_way() -> bool:
            counts = {one["status"]: one["runningCount"] for one in self.service.describe()["deployments"]}
            new, old = counts.get("PRIMARY", 0), counts.get("ACTIVE", TASKS)
            return bool(new > 0 and 0 < old < TASKS)

        wait_until(is_half_way, timeout_s=BOUND_S, what="half of the roll")
        arn = self.service.roll_out()["serviceDeploymentArn"]
        self.service.ecs.stop_service_deployment(serviceDeploymentArn=arn)

    def check(self) -> None:
        """The end: rolled back, and everyone says so."""
        verdict = self.service.await_verdict()
        self.service.await_steady()
        assert verdict["status"] == "ROLLBACK_SUCCESSFUL", verdict
        assert self._is_the_reason(verdict["statusReason"]), verdict
        assert verdict["rollback"]["serviceRevisionArn"] != verdict["targetServiceRevision"]["arn"]
        (deployment,) = self.service.describe()["deployments"]
        assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
        assert deployment["taskDefinition"].endswith(f":task-definition/{self.case.name}:1")
        self._check_command_line()
        # self._check_post_mortem()

    def _check_command_line(self) -> None:
        waited = self._slipway("wait", self.case.name, "--json")
        assert waited.returncode == 1, waited
        told = json.loads(waited.stdout)
        assert (told["outcome"], told["rolled_back_to"]) == ("ROLLBACK_SUCCESSFUL", f"{self.case.name}:1")
        assert self._is_the_reason(waited.stderr), waited

    def _is_the_reason(self, told: str) -> bool:
        return any(words in told for words in self.case.reasons)

    def _check_post_mortem(self) -> None:
        told = self._slipway("postmortem", self.case.name, "--json")
        assert told.returncode == 0, told
        found = json.loads(told.stdout)
        assert found["verdict"]["status"] == "ROLLBACK_SUCCESSFUL"
        classes = {one["class"] for one in found["failures"]}
        if self.runtime == "process" and self.case.name == "absent":
            assert classes == {"configuration"}, classes
        else:
            assert classes == ({self.case.failure_class} if self.case.failure_class else set()), classes

    def _slipway(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "slipway", *arguments, "--data", str(self.server.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=BOUND_S, check=False)

    def failures(self) -> list[str]:
        """The requests that failed by another cause than the bad version's own answers."""
        assert self.stream is not None
        own = OWN_ERROR if self.case.name == "errs" else "\0"
        return [f"{one.at} {one.request}: {one.error}" for one in self.stream.failures if own not in one.error]


@contextmanager
def loaded(trials: list[Trial]) -> Iterator[None]:
    """Constant load on every trial's service."""
    with ExitStack() as stack:
        for trial in trials:
            trial.stream = stack.enter_context(RequestStream(trial.service.address, trial.service.port, slow_s=1))
        for trial in trials:
            assert trial.stream is not None
            trial.stream.await_answers(version="v1")
        yield


def test_bad_versions_are_taken_back_under_load(runtime: str, tmp_path: Path, pool: str) -> None:
    with serving(tmp_path / "data", runtime=runtime, lb_address_pool=pool) as server, explained(server):
        trials = [Trial(server, runtime, case) for case in CASES]
        for trial in trials:
            trial.service.await_steady()
        with loaded(trials):
            for trial in trials:
                trial.begin()
            for trial in trials:
                trial.check()
            for trial in trials:
                assert trial.stream is not None
                trial.stream.await_answers(version="v1")
        for trial in trials:
            assert not trial.failures(), trial.failures()[:20]

"""Versions of a service that should never have been deployed, and what is tried with each of them.

Shared by the end-to-end tests and by `bench/way_back.py`, so that what is measured is what is tested.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.balanced_service import STEADY_S, BalancedService, Shape
from tests.e2e.programs import Program, absent, users
from tests.e2e.request_stream import RequestStream
from tests.e2e.server_process import ServerProcess
from tests.waiting import wait_until

TASKS = 4
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
#: What a version with ERRORS answers by itself; nobody else may.
OWN_ERROR = "500 b'"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadVersion:
    """A version, and the service it is deployed to: named `name`, with what finds the version out."""

    name: str
    tasks: int = TASKS
    maximum_percent: int = 200
    configuration: dict[str, Any] = field(default_factory=lambda: dict(BREAKER))
    variables: dict[str, str] = field(default_factory=dict)
    program: Callable[[str], Program] = users  # by runtime
    is_stopped: bool = False  # by the user, half-way

    @property
    def alarm(self) -> str | None:
        """The alarm that watches it; None: there is none."""
        names = self.configuration.get("alarms", {}).get("alarmNames", ())
        return str(names[0]) if names else None


#: Ends with 1 at its start.
CRASHES = BadVersion(name="crashes", variables={"CRASH": "yes"})
#: An image, or on the process runtime a program, that is nowhere.
ABSENT = BadVersion(name="absent", program=absent)
#: Nothing wrong with it, but StopServiceDeployment is called half-way.
STOPPED = BadVersion(name="stopped", maximum_percent=150, is_stopped=True)


def sickens(*, after_s: int, bake_minutes: int) -> BadVersion:
    """Passes its health checks until it is `after_s` seconds old, while it bakes."""
    configuration = {**BREAKER, "bakeTimeInMinutes": bake_minutes}
    return BadVersion(name="sickens", configuration=configuration, variables={"HEALTH_UNTIL_S": str(after_s)})


def errs(*, bake_minutes: int) -> BadVersion:
    """Answers a fifth of the requests for users with 500, which an alarm tells while it bakes."""
    alarms = {"alarmNames": ["errs-5xx"], "enable": True, "rollback": True}
    configuration = {"alarms": alarms, "bakeTimeInMinutes": bake_minutes}
    return BadVersion(name="errs", configuration=configuration, variables={"ERRORS": "0.2"})


class Attempt:
    """One bad version on a balanced service of its own, which runs the good one."""

    def __init__(self, server: ServerProcess, runtime: str, bad: BadVersion) -> None:
        self.server = server
        self.runtime = runtime
        self.bad = bad
        shape = Shape(tasks=bad.tasks, maximum_percent=bad.maximum_percent)
        self.service = BalancedService(server, bad.name, users(runtime), shape)
        self.stream = RequestStream(self.service.address, self.service.port, slow_s=1)

    def prepare(self) -> None:
        """Wait until the good version stands, and set what is to find the bad one out."""
        self.service.await_steady()
        if self.bad.alarm is not None:
            self._put_alarm(self.bad.alarm)
        self.service.configure(**self.bad.configuration)

    def _put_alarm(self, alarm: str) -> None:
        """An alarm on the errors that the targets of this balancer answer, judged every ten seconds."""
        (balancer,) = self.service.elb.describe_load_balancers(Names=[self.bad.name])["LoadBalancers"]
        dimension = balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]
        self.server.client("cloudwatch").put_metric_alarm(
            AlarmName=alarm,
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_Target_5XX_Count",
            Dimensions=[{"Name": "LoadBalancer", "Value": dimension}],
            Statistic="Sum",
            Period=10,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )

    def register(self) -> str:
        """The ARN of a new task definition that runs the bad version."""
        return self.service.register("v2", self.bad.program(self.runtime), **self.bad.variables)

    def begin(self) -> None:
        """Update the service to the bad version."""
        name = self.bad.name
        self.service.ecs.update_service(cluster=name, service=name, taskDefinition=self.register())

    def await_half_way(self) -> str:
        """Wait until some tasks are old and some are new; the ARN of the service deployment."""

        def is_half_way() -> bool:
            counts = {one["status"]: one["runningCount"] for one in self.service.describe()["deployments"]}
            new, old = counts.get("PRIMARY", 0), counts.get("ACTIVE", self.bad.tasks)
            return bool(new > 0 and 0 < old < self.bad.tasks)

        wait_until(is_half_way, timeout_s=STEADY_S, what="half of the roll")
        arn: str = self.service.roll_out()["serviceDeploymentArn"]
        return arn

    def failures(self) -> list[str]:
        """The requests that failed by another cause than the bad version's own answers."""
        own = OWN_ERROR if "ERRORS" in self.bad.variables else "\0"
        return [f"{one.at} {one.request}: {one.error}" for one in self.stream.failures if own not in one.error]


@contextmanager
def loaded(attempts: Sequence[Attempt]) -> Iterator[None]:
    """Constant load on the service of each, answered by the good version before and after."""
    with ExitStack() as stack:
        for attempt in attempts:
            stack.enter_context(attempt.stream)
        for attempt in attempts:
            attempt.stream.await_answers(version="v1")
        yield
        for attempt in attempts:
            attempt.stream.await_answers(version="v1")

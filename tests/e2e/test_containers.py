"""What containers can ask for, on both runtimes: health checks, an order, another start in the same task.

All tests share one server for each runtime: 70 s, for a container is started again after a minute at the earliest.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import no_docker
from tests.e2e.programs import Program, staged, users
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import ask, explained, story
from tests.waiting import wait_until

BOUND_S = 120  # on what hangs
RESTART_PERIOD_S = 60  # the least that ECS allows
RESTARTING = "restarting"  # the service that is there from the start
#: The file by which a task's health check fails; on the process runtime tasks differ by their ports.
FLAG = '"$FLAGS/$PORT"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """A server, and what is needed to put containers on it."""

    server: ServerProcess
    runtime: str
    flags: Path  # where a process looks for its file; a container has /tmp for itself

    @property
    def ecs(self) -> Any:
        """A client."""
        return self.server.client("ecs")

    def container(self, name: str, program: Program, variables: Mapping[str, str], **more: Any) -> dict[str, Any]:
        """A container definition."""
        environment = [{"name": name, "value": value} for name, value in variables.items()]
        definition = {"name": name, "image": program.image, "command": list(program.command), "memory": 64}
        return definition | {"environment": environment} | more

    def register(self, family: str, *containers: dict[str, Any]) -> None:
        """Register a task definition."""
        self.ecs.register_task_definition(family=family, networkMode="bridge", containerDefinitions=list(containers))

    def serve(self, name: str, *containers: dict[str, Any]) -> None:
        """Create a service of one task."""
        self.register(name, *containers)
        self.ecs.create_service(serviceName=name, taskDefinition=name, desiredCount=1)

    def tasks(self, service: str) -> dict[str, dict[str, Any]]:
        """All tasks of a service there is a record of, by ARN."""
        listed = (self.ecs.list_tasks(serviceName=service, desiredStatus=status) for status in ("RUNNING", "STOPPED"))
        arns = [arn for answer in listed for arn in answer["taskArns"]]
        return {arn: self.task(arn) for arn in arns}

    def task(self, arn: str) -> dict[str, Any]:
        """A task as DescribeTasks shows it."""
        (shown,) = self.ecs.describe_tasks(tasks=[arn])["tasks"]
        return dict(shown)

    def await_task(self, arn: str, **members: str) -> dict[str, Any]:
        """Wait until a task shows these members."""

        def shows() -> dict[str, Any] | None:
            shown = self.task(arn)
            return shown if all(shown[name] == value for name, value in members.items()) else None

        found = wait_until(shows, timeout_s=BOUND_S, what=f"{members} of {arn}")
        assert found is not None
        return found

    def await_other_task(self, service: str, *, than: str, **members: str) -> str:
        """Wait for a task of a service, not `than`, that shows these members; its ARN."""

        def other() -> str | None:
            shown = ((arn, task) for arn, task in self.tasks(service).items() if arn != than)
            fitting = (arn for arn, task in shown if all(task[name] == value for name, value in members.items()))
            return next(fitting, None)

        found = wait_until(other, timeout_s=BOUND_S, what=f"another task of {service} with {members}")
        assert found is not None
        return found

    def said(self, arn: str, container: str) -> list[tuple[str, float]]:
        """What a `staged` container of a task printed: words and instants, oldest first."""
        path = f"/slipway/v1/tasks/{arn.rpartition('/')[2]}/logs?container={container}"
        words = (line.split() for line in ask(self.server, path).decode().splitlines())
        return [(what, float(at)) for what, at in words]

    def sicken(self, task: Mapping[str, Any]) -> None:
        """Put the file there that the check of a task's container looks for."""
        (container,) = task["containers"]
        if self.runtime == "docker":
            command = ["docker", "exec", container["runtimeId"], "sh", "-c", f": >{FLAG}"]
            subprocess.run(command, check=True, timeout=BOUND_S)
        else:
            (binding,) = container["networkBindings"]
            (self.flags / str(binding["hostPort"])).touch()


@pytest.fixture(scope="module")
def yards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Yard]]:
    """A yard of each runtime that is there, with a container begun that takes a minute to end."""
    runtimes = ("process",) if no_docker() else ("process", "docker")
    with ExitStack() as stack:
        yield {runtime: stack.enter_context(_yard(runtime, tmp_path_factory.mktemp(runtime))) for runtime in runtimes}


@contextmanager
def _yard(runtime: str, folder: Path) -> Iterator[Yard]:
    with serving(folder / "data", runtime=runtime, healthy_after_running_s=1) as server:
        yard = Yard(server=server, runtime=runtime, flags=folder)
        policy = {"enabled": True, "restartAttemptPeriod": RESTART_PERIOD_S}
        ends = {"RUN_S": str(RESTART_PERIOD_S + 1), "CODE": "7"}
        yard.serve(RESTARTING, yard.container("app", staged(runtime), ends, restartPolicy=policy))
        yield yard


@pytest.fixture
def yard(runtime: str, yards: dict[str, Yard]) -> Yard:
    """The yard of the runtime."""
    return yards[runtime]


def test_a_task_whose_container_turns_unhealthy_is_replaced_first(yard: Yard) -> None:
    with explained(yard.server):
        flags = "/tmp" if yard.runtime == "docker" else str(yard.flags)
        check = {"command": ["CMD-SHELL", f"[ ! -e {FLAG} ]"], "interval": 5, "timeout": 4, "retries": 1}
        app = yard.container("app", users(yard.runtime), {"FLAGS": flags}, healthCheck=check)
        yard.serve("sickening", app | {"portMappings": [{"containerPort": 8080}]})
        old = yard.await_other_task("sickening", than="", healthStatus="HEALTHY")
        yard.sicken(yard.task(old))
        yard.await_task(old, healthStatus="UNHEALTHY")
        new = yard.await_other_task("sickening", than=old, healthStatus="HEALTHY")
        stopped = yard.await_task(old, lastStatus="STOPPED")
        assert stopped["stoppedReason"] == "Task failed container health checks", stopped
        assert yard.task(new)["lastStatus"] == "RUNNING"
        (healthy, *_) = [
            row["document"]["healthy_at"] for row in story(yard.server, new) if row["document"]["healthy_at"]
        ]
        (decided, *_) = [at for row in story(yard.server, old) if (at := row["document"]["stop_decided_at"])]
        assert healthy <= decided, "the sick task was stopped before its replacement was healthy"


def test_containers_start_after_what_they_depend_on_and_stop_before_it(yard: Yard) -> None:
    with explained(yard.server):
        arn = _run_dependent(yard)
        shown = yard.await_task(arn, lastStatus="RUNNING")
        by_name = {one["name"]: one for one in shown["containers"]}
        assert (by_name["init"]["lastStatus"], by_name["init"]["exitCode"]) == ("STOPPED", 0), shown
        assert by_name["sidecar"]["healthStatus"] == "HEALTHY", shown
        yard.ecs.stop_task(task=arn)
        stopped = yard.await_task(arn, lastStatus="STOPPED")
        assert [one["exitCode"] for one in stopped["containers"]] == [0, 0, 0], stopped
        init, sidecar, app = (dict(yard.said(arn, name)) for name in ("init", "sidecar", "app"))
        assert init["ended"] <= app["began"], "the app began before init had ended"
        assert sidecar["began"] <= app["began"]
        assert "signalled" not in init
        assert app["ended"] <= sidecar["signalled"], "the sidecar was stopped before the app had ended"


def _run_dependent(yard: Yard) -> str:
    """Run a task of three containers; its ARN."""
    program, long = staged(yard.runtime), {"RUN_S": "600"}
    check = {"command": ["CMD-SHELL", "true"], "interval": 5}
    depends = [
        {"containerName": "init", "condition": "SUCCESS"},
        {"containerName": "sidecar", "condition": "HEALTHY"},
    ]
    yard.register(
        "dependent",
        yard.container("app", program, long | {"STOP_S": "1"}, dependsOn=depends),
        yard.container("sidecar", program, long, healthCheck=check),
        yard.container("init", program, {"RUN_S": "1"}, essential=False),
    )
    (task,) = yard.ecs.run_task(taskDefinition="dependent")["tasks"]
    arn: str = task["taskArn"]
    return arn


def test_a_container_with_a_restart_policy_is_started_again_in_its_task(yard: Yard) -> None:
    with explained(yard.server):
        (arn,) = yard.tasks(RESTARTING)
        wait_until(
            lambda: [what for what, _ in yard.said(arn, "app")] == ["began", "ended", "began"],
            timeout_s=BOUND_S,
            what="the container to be started again",
        )
        assert yard.task(arn)["lastStatus"] == "RUNNING"
        assert yard.tasks(RESTARTING).keys() == {arn}

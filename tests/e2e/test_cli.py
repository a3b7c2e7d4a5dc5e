"""The command line against a real server: what it shows, and how a deploy ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import CTRL_C, terminal
from tests.e2e.programs import users
from tests.e2e.server_process import ServerProcess, serving
from tests.waiting import wait_until

NAME = "shop"
CRASH = ["/bin/sh", "-c", "echo cannot sell: no stock; exit 3"]
BOUND_S = 60  # on a hung command, no statement about speed


class Shop:
    """A service of two tasks without a balancer, on a server where such tasks are healthy after a second."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.ecs = server.client("ecs")
        self.ecs.create_cluster(clusterName=NAME)
        program = users("process")
        self.definition: dict[str, Any] = {
            "family": NAME,
            "networkMode": "bridge",
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": "users:v1",
                    "command": list(program.command),
                    "cpu": 16,
                    "memory": 64,
                    "portMappings": [{"containerPort": 8080}],
                }
            ],
        }
        self.ecs.register_task_definition(**self.definition)
        self.ecs.create_service(cluster=NAME, serviceName=NAME, taskDefinition=NAME, desiredCount=2)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command as a person does, outside a terminal."""
        command = [sys.executable, "-m", "slipway", *arguments, "--data", str(self.server.data)]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str, status: int = 0) -> tuple[str, str]:
        """What a command printed on stdout and stderr; its exit status must be `status`."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=BOUND_S)
        assert process.returncode == status, f"{arguments} ended with {process.returncode}: {out}{err}"
        return out, err

    def json(self, *arguments: str, status: int = 0) -> Any:
        """The one JSON value that a command printed."""
        return json.loads(self.run(*arguments, "--json", status=status)[0])

    def primary(self) -> dict[str, Any]:
        """The PRIMARY deployment as DescribeServices shows it."""
        (service,) = self.ecs.describe_services(cluster=NAME, services=[NAME])["services"]
        primary: dict[str, Any] = service["deployments"][0]
        return primary

    def await_steady(self) -> None:
        """Wait until the service is steady, as its overview says."""

        def is_steady() -> bool:
            (cluster,) = (one for one in self.json("status")["clusters"] if one["name"] == NAME)
            return bool(cluster["services"][0]["is_steady"])

        wait_until(is_steady, timeout_s=BOUND_S, what="the shop to be steady")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A steady shop that the tests of this module share."""
    with serving(tmp_path_factory.mktemp("cli"), healthy_after_running_s="1") as server:
        made = Shop(server)
        made.await_steady()
        yield made


def test_status_shows_the_service_its_tasks_and_the_host(shop: Shop) -> None:
    shop.await_steady()
    assert NAME in shop.run("status")[0]
    picture = shop.json("status", NAME)
    assert [task["phase"] for task in picture["tasks"] if task["phase"] != "stopped"] == ["healthy", "healthy"]
    assert "2 healthy" in shop.run("status", NAME)[0]


def test_watch_draws_one_picture(shop: Shop, tmp_path: Path) -> None:
    shop.await_steady()
    drawn, _ = shop.run("watch", NAME, "--once")
    assert "steady on" in drawn
    assert "▐H▌▐H▌" in drawn
    shop.run("watch", NAME, "--once", "--svg", str(tmp_path / "watch.svg"))
    assert (tmp_path / "watch.svg").read_text().startswith("<svg")


def test_events_tell_the_story_from_the_start(shop: Shop) -> None:
    lines = shop.run("events", NAME)[0].splitlines()
    assert "has started 2 tasks" in lines[0]
    assert [event["message"] for event in shop.json("events", NAME)] == [line[21:] for line in lines]


def test_logs_of_a_service_and_of_a_task(shop: Shop) -> None:
    tasks = [task["id"] for task in shop.json("status", NAME)["tasks"] if task["phase"] == "healthy"]
    lines = wait_until(lambda: shop.run("logs", NAME)[0].splitlines(), what="the shop's first lines")
    assert {line.split(" ")[0] for line in lines} >= {f"app/{task[:8]}" for task in tasks}
    (line,) = shop.run("logs", tasks[0][:12])[0].splitlines()
    assert line.startswith("users v1 listening")


def test_logs_are_followed_as_they_come(shop: Shop) -> None:
    task = shop.json("status", NAME)["tasks"][0]["id"]
    process = shop.start("logs", task, "--follow")
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("users v1 listening")
    finally:
        process.terminate()
        process.communicate(timeout=BOUND_S)


def test_deploy_shows_the_difference_and_ends_when_the_new_version_is_steady(shop: Shop) -> None:
    out, err = shop.run("deploy", NAME, "--image", "app=users:v2", "--env", "app:VERSION=v2", "--yes")
    assert '-      "image": "users:v1"' in out
    assert '+      "image": "users:v2"' in out
    assert "Registered shop:" in err
    assert "shop is steady on shop:" in out.splitlines()[-1]
    assert shop.primary()["rolloutState"] == "COMPLETED"


def test_deploy_of_what_runs_already_changes_nothing(shop: Shop) -> None:
    before = shop.primary()
    revision = before["taskDefinition"].rpartition("/")[2]
    out, err = shop.run("deploy", NAME, "--task-definition", revision)
    assert err == f"shop is on {revision} already.\n"
    assert f"shop is steady on {revision}" in out
    assert shop.primary()["id"] == before["id"]


def changed(shop: Shop, **changes: Any) -> str:
    """A revision whose container has these changes, by its ARN."""
    (container,) = shop.definition["containerDefinitions"]
    made = shop.definition | {"containerDefinitions": [container | changes]}
    return str(shop.ecs.register_task_definition(**made)["taskDefinition"]["taskDefinitionArn"])


def stuck(shop: Shop) -> str:
    """A revision that no host has room for: its deployment goes on until it is ended."""
    return changed(shop, memory=10**7)


def name_of(arn: str) -> str:
    """`family:revision`"""
    return arn.rpartition("/")[2]


def test_deploy_that_is_superseded_fails(shop: Shop) -> None:
    arn = stuck(shop)
    process = shop.start("deploy", NAME, "--task-definition", arn, "--yes", "--json")
    wait_until(lambda: shop.primary()["taskDefinition"] == arn, timeout_s=BOUND_S, what="the deploy to begin")
    shop.run("deploy", NAME, "--task-definition", f"{NAME}:1", "--yes", "--detach")
    out, err = process.communicate(timeout=BOUND_S)
    assert process.returncode == 1
    assert json.loads(out)["outcome"] == "STOPPED"
    assert f"The deployment of {name_of(arn)} to shop was stopped" in err
    assert "desiredCount is 2, and no task of" in err, "what the server warns of is said"
    shop.await_steady()


def test_ctrl_c_asks_and_takes_the_deployment_back(shop: Shop) -> None:
    before, arn = name_of(shop.primary()["taskDefinition"]), stuck(shop)
    with terminal(
        "deploy", NAME, "--task-definition", arn, "--yes", "--data", str(shop.server.data), environment=os.environ
    ) as screen:
        screen.await_text("no room: a task needs", times=2)  # the plan says it first
        screen.press(CTRL_C)
        screen.await_text("The way back takes about a second, for the old tasks still run.")
        screen.press("r\r")
        screen.await_text(f"Rolling back {NAME}.")
        assert screen.end() == 1
    assert f"slipway: shop is back on {before} after" in screen.shown
    assert shop.json("wait", NAME, status=1)["outcome"] == "ROLLBACK_SUCCESSFUL"
    assert "steady, rolled back" in shop.run("status")[0]
    shop.await_steady()


def test_ctrl_c_without_a_terminal_detaches(shop: Shop) -> None:
    arn = stuck(shop)
    process = shop.start("deploy", NAME, "--task-definition", arn, "--yes")
    assert process.stdout is not None
    lines = process.stdout
    wait_until(lambda: "waiting: no room" in lines.readline(), timeout_s=BOUND_S, what="the deploy to be followed")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=BOUND_S)
    assert process.returncode == 130
    assert err.endswith("slipway: The deployment goes on: `slipway wait shop`, `slipway watch shop`.\n")
    assert shop.primary()["taskDefinition"] == arn, "nobody asked for a way back"
    assert "no room: a task needs" in shop.run("why", NAME)[0]
    _, err = shop.run("wait", NAME, "--timeout", "0", status=1)
    assert f"{name_of(arn)} is not steady on shop yet" in err
    shop.run("deploy", NAME, "--task-definition", f"{NAME}:1", "--yes")


def test_a_version_that_crashes_is_taken_back_and_explained(shop: Shop, tmp_path: Path) -> None:
    before = name_of(shop.primary()["taskDefinition"])
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    shop.ecs.update_service(cluster=NAME, service=NAME, deploymentConfiguration=breaker)
    out, err = shop.run("deploy", NAME, "--task-definition", changed(shop, command=CRASH), "--yes", "--json", status=1)
    end = json.loads(out)
    assert (end["outcome"], end["rolled_back_to"]) == ("ROLLBACK_SUCCESSFUL", before)
    assert f"shop is back on {before}" in err
    told, _ = shop.run("postmortem", NAME)
    assert told.startswith(f"ROLLBACK_SUCCESSFUL  {end['task_definition']} ({end['deployment']}) of shop in shop\n")
    assert "    | cannot sell: no stock" in told
    report = shop.json("postmortem", NAME, end["deployment"])
    assert report["service_deployment"] == end["service_deployment"]
    assert report["tasks"][0]["containers"][0]["exit_code"] == 3
    shop.run("postmortem", NAME, "--html", str(tmp_path / "report.html"))
    assert "cannot sell: no stock" in (tmp_path / "report.html").read_text()
    assert f"{end['task_definition']} rolled back" in shop.run("status")[0]
    last = shop.json("status")["clusters"][1]["services"][0]["last_deployment"]
    assert (last["deployment"], last["status"]) == (end["deployment"], "ROLLBACK_SUCCESSFUL")


def test_one_that_succeeded_has_a_post_mortem_too_and_none_is_found_where_all_did(shop: Shop) -> None:
    shop.ecs.create_service(cluster=NAME, serviceName="calm", taskDefinition=f"{NAME}:1", desiredCount=0)
    assert shop.json("wait", "calm")["outcome"] == "SUCCESSFUL"
    _, err = shop.run("postmortem", "calm", status=1)
    assert err.startswith("slipway: No deployment of calm failed: each succeeded or goes on;")
    deployment = shop.json("wait", "calm")["deployment"]
    assert shop.json("postmortem", "calm", deployment)["verdict"] == "SUCCESSFUL"
    shop.ecs.delete_service(cluster=NAME, service="calm", force=True)


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        pytest.param(("status", "nope"), 1, "There is no service nope; there are shop (shop).", id="service"),
        pytest.param(
            ("events", NAME, "--cluster", "x"),
            1,
            "There is no cluster x; the clusters are default, shop.",
            id="cluster",
        ),
        pytest.param(("logs", "0123456789abcdef"), 1, "There is no task 0123456789abcdef;", id="task"),
        pytest.param(
            ("deploy", NAME, "--image", "db=x", "--yes"), 1, "has no container db; it has app.", id="container"
        ),
        pytest.param(
            ("deploy", NAME, "--task-definition", "x:1", "--yes"),
            1,
            "DescribeTaskDefinition was refused",
            id="definition",
        ),
        pytest.param(("deploy", NAME, "--env", "app:A=1"), 2, "give --yes to deploy without being asked", id="nobody"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    shop: Shop, arguments: tuple[str, ...], status: int, sentence: str
) -> None:
    _, err = shop.run(*arguments, status=status)
    assert sentence in err
    assert "Traceback" not in err


def test_a_second_server_on_the_same_data_is_refused(shop: Shop) -> None:
    _, err = shop.run("up", "--listen", "127.0.0.1:0", status=1)
    assert f"A server with pid {shop.server.pid} already runs on {shop.server.data};" in err

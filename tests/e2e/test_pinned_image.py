"""A deployment runs one image, whatever becomes of its tag, until a new deployment looks again. 20 s."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.balanced_service import STEADY_S
from tests.e2e.programs import users
from tests.e2e.server_process import ServerProcess, serving
from tests.e2e.story import explained
from tests.waiting import wait_until

pytestmark = pytest.mark.docker

NAME = "pinned"


def _docker(*arguments: str) -> str:
    """What a docker command prints; it must end well."""
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tag() -> Iterator[str]:
    """A tag on the image of the example service, of this test alone."""
    name = f"slipway-test-moved:{os.getpid()}"
    _docker("tag", users("docker").image, name)
    yield name
    _docker("image", "rm", "--force", name)


def _move(tag: str) -> str:
    """Move the tag to another image that does the same; its id."""
    made = _docker("create", tag, "true")
    moved = _docker("commit", "--change", "ENV MOVED=yes", made, tag)
    _docker("rm", made)
    return moved


def _id_of(tag: str) -> str:
    return _docker("image", "inspect", "--format", "{{.Id}}", tag)


class _Service:
    """A service whose image is a tag."""

    def __init__(self, server: ServerProcess, tag: str) -> None:
        self.ecs = server.client("ecs")
        container = {"name": "users", "image": tag, "command": list(users("docker").command), "memory": 64}
        self.ecs.register_task_definition(family=NAME, networkMode="bridge", containerDefinitions=[container])
        self.ecs.create_service(serviceName=NAME, taskDefinition=NAME, desiredCount=1)

    def await_steady(self, *, tasks: int) -> set[str]:
        """Wait until so many tasks run, all of one deployment; the images they were started with."""

        def is_steady() -> bool:
            (shown,) = self.ecs.describe_services(services=[NAME])["services"]
            return len(shown["deployments"]) == 1 and shown["runningCount"] == tasks

        wait_until(is_steady, timeout_s=STEADY_S, what=f"{tasks} tasks of one deployment")
        arns = self.ecs.list_tasks(serviceName=NAME)["taskArns"]
        shown = self.ecs.describe_tasks(tasks=arns)["tasks"]
        return {container["runtimeId"] for task in shown for container in task["containers"]}


def _images(containers: set[str]) -> set[str]:
    return set(_docker("inspect", "--format", "{{.Image}}", *containers).splitlines())


def test_a_moved_tag_is_taken_by_the_next_deployment_only(tag: str, tmp_path: Path) -> None:
    with serving(tmp_path / "data", runtime="docker", healthy_after_running_s="0.1") as server, explained(server):
        old = _id_of(tag)
        service = _Service(server, tag)
        service.await_steady(tasks=1)
        new = _move(tag)
        assert new != old
        service.ecs.update_service(service=NAME, desiredCount=2)
        assert _images(service.await_steady(tasks=2)) == {old}
        service.ecs.update_service(service=NAME, forceNewDeployment=True)
        assert _images(service.await_steady(tasks=2)) == {new}

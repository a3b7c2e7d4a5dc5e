"""The fork of a service as the server tells it, and what is read of it."""

from collections.abc import Collection, Mapping

import pytest

from slipway.api.introspection_fork import PIECE
from slipway.core.answers.wait import Sight
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task
from slipway.core.monitoring.longest_request import LongestRequest
from slipway.foresight.fork import OTHERS, Fork, ForkError, fork_of
from slipway.sim.operator import Operator
from slipway.sim.world import World
from tests.api.half_rolled import ARNS, GROUP, NOW, SERVICE, TASKS, filled
from tests.api.test_introspection import application, get

FORK = "/slipway/v1/clusters/shop/services/users/fork"


def test_what_is_told_is_read() -> None:
    reply = get(application(), FORK)
    assert reply.status == 200, reply.body
    fork, snapshot = fork_of(reply.body), filled()
    assert (fork.service_arn, fork.at, fork.seed, fork.sequence, fork.arns) == (SERVICE, NOW, snapshot.seed, 7, ARNS)
    assert fork.service == snapshot.services[SERVICE]
    tasks = {task.arn: task for task in fork.records if isinstance(task, Task)}
    assert tasks == {task.arn: task for task in TASKS if not task.is_stopped}


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        pytest.param(
            f"{FORK}?task_definition=users:9",
            400,
            "There is no task definition users:9; the newest is users:2.",
            id="revision",
        ),
        pytest.param(
            f"{FORK}?task_definition=shop",
            400,
            "There is no task definition shop; there is no family of that name.",
            id="family",
        ),
        pytest.param(
            FORK.replace("users", "carts"),
            404,
            "There is no service carts in cluster shop; its services are users.",
            id="service",
        ),
    ],
)
def test_what_is_not_there_is_told(path: str, status: int, sentence: str) -> None:
    reply = get(application(), path)
    assert (reply.status, reply.json["message"]) == (status, sentence)


def test_the_revision_that_is_asked_for_comes_with_it() -> None:
    fork = fork_of(get(application(), f"{FORK}?task_definition=users").body)
    assert [one.revision for one in fork.records if isinstance(one, TaskDefinition)][-1] == 2


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        pytest.param("", None, id="not asked for"),
        pytest.param("?image_lacks=true", {"users"}, id="what runs now"),
        pytest.param("?image_lacks=true&image=app=users:v9", {"users:v9"}, id="another image"),
        pytest.param("?image_lacks=true&image=other=users:v9", {"users"}, id="of no container"),
        pytest.param("?image_lacks=true&task_definition=users:1", {"users"}, id="a revision that is asked for"),
    ],
)
def test_images_that_cannot_be_had_are_told_where_that_is_asked(query: str, asked: set[str] | None) -> None:
    found: list[set[str]] = []

    async def lacks(images: Collection[str]) -> Mapping[str, str]:
        found.append(set(images))
        return {image: f"{image} is nowhere" for image in images}

    fork = fork_of(get(application(image_lacks=lacks), FORK + query).body)
    assert found == ([] if asked is None else [asked])
    assert fork.image_lacks == {image: f"{image} is nowhere" for image in asked or ()}


def test_requests_are_as_of_the_moment_they_are_asked_for() -> None:
    """What Envoy counted, and nobody has read yet, is read first."""
    seen: list[LongestRequest] = []

    async def measure() -> None:
        seen.append(LongestRequest(target_group_arn=GROUP, seconds=8.1, at=NOW, since=NOW, count=1))

    def sight() -> Sight:
        return Sight(now=NOW, longest_request=lambda arn: seen[-1] if seen else None)

    fork = fork_of(get(application(measure=measure, sight=sight), FORK).body)
    assert [one.seconds for one in fork.longest_requests.values()] == [8.1]


def crowded() -> tuple[World, Fork]:
    """A world with more records than are written at once, and with tasks of another service."""
    world = World()
    for _ in range(2):
        world.add_host(cpu=1024 * PIECE, memory=1024 * PIECE)
    user = Operator(world)
    user.create_service("web", user.register("web"), desired=PIECE + 1)
    user.create_service("other", user.register("other", cpu=128, memory=64, host_port=8080), desired=2)
    assert world.run()
    app = application(snapshot=lambda: world.snapshot)
    return world, fork_of(get(app, "/slipway/v1/clusters/default/services/web/fork").body)


def test_of_others_there_is_only_their_room() -> None:
    world, fork = crowded()
    forked = fork.snapshot()
    assert [one.name for one in fork.records if isinstance(one, Service)] == ["web"]
    assert [task.group for task in forked.tasks.values()].count(OTHERS) == 2
    for host in world.snapshot.hosts.values():
        room, real = forked.room(host.id), world.snapshot.room(host.id)
        assert (room.cpu_used, room.memory_used, room.task_count) == (real.cpu_used, real.memory_used, real.task_count)
        assert room.ports_of(host) == real.ports_of(host)


def test_an_answer_of_another_version_is_told() -> None:
    with pytest.raises(ForkError, match=r"^The server is of another version"):
        fork_of(b'{"facts":{}}')

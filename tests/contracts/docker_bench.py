"""A docker runtime on data of its own, for tests on a real engine; whatever it made is removed at the end."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from slipway.adapters.container_runtime import FoundContainer
from slipway.adapters.docker import DockerRuntime
from slipway.adapters.docker_engine import Engine, EngineError
from slipway.adapters.docker_images import PullBehavior
from slipway.adapters.docker_labels import DATA
from slipway.core.model.task_definitions import NetworkMode
from slipway.core.plan import ContainerPayload, TaskPayload
from tests.contracts.docker_image import busybox_image
from tests.waiting import wait_for

SERVE = ("sh", "-c", "echo pong >/tmp/index.html && exec httpd -f -p $PORT -h /tmp")
SLEEP = ("sleep", "600")
#: Ends with 3 on SIGTERM; prints a line once it would.
GRACEFUL = ("sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done")
#: Says so and stays: the first process of a container ignores a signal that it does not handle.
STUBBORN = ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.02; done")


class WallClock:
    def now(self) -> float:
        return time.time()


class Bench:
    """A runtime on data of its own, and the tasks that it is asked to run."""

    def __init__(self, data_id: str, address: str | None = None) -> None:
        self.data_id = data_id
        self.found: tuple[FoundContainer, ...] = ()  # by the first `open`
        self.runtime = DockerRuntime(data_id, PullBehavior.PREFER_CACHED, WallClock(), address)

    def container(self, name: str = "app", **fields: Any) -> ContainerPayload:
        return ContainerPayload(
            **{"name": name, "arn": "", "image": busybox_image(), "essential": True, "command": SLEEP, **fields}
        )

    def task(self, *containers: ContainerPayload, mode: NetworkMode = NetworkMode.BRIDGE) -> TaskPayload:
        return TaskPayload(
            task_arn=f"arn:aws:ecs:local:000000000000:task/default/test-{secrets.token_hex(8)}",
            cluster_name="default",
            family="users",
            revision=1,
            service_name=None,
            network_mode=mode,
            cpu=0,
            memory=0,
            containers=containers,
        )

    async def lines(self, task: TaskPayload, name: str = "app", **options: Any) -> list[bytes]:
        options = {"tail": None, "follow": False, **options}
        return [line async for line in self.runtime.logs(task.task_arn, name, **options)]

    async def until_ready(self, task: TaskPayload, name: str = "app") -> None:
        """Wait until the container has printed its first line."""
        async for _ in self.runtime.logs(task.task_arn, name, tail=None, follow=True):
            return
        raise AssertionError(f"{name} ended and printed nothing")


@asynccontextmanager
async def opened(address: str | None = None) -> AsyncIterator[Bench]:
    """A bench; whatever it made is removed at the end."""
    bench = Bench(f"test-{secrets.token_hex(6)}", address)
    bench.found = await bench.runtime.open()
    try:
        yield bench
    finally:
        await bench.runtime.close()
        await sweep(bench.data_id)


async def sweep(data_id: str) -> None:
    """Remove whatever the runtimes of a data id have made."""
    engine = Engine()
    await engine.open()
    try:
        of_ours = {"filters": msgspec.json.encode({"label": [f"{DATA}={data_id}"]}).decode()}
        for container in await engine.call("GET", "/containers/json", params={"all": "1", **of_ours}):
            await _remove(engine, f"/containers/{container['Id']}?force=1&v=1")
        for network in await engine.call("GET", "/networks", params=of_ours):
            await _remove(engine, f"/networks/{network['Id']}")
    finally:
        await engine.close()


async def _remove(engine: Engine, path: str) -> None:
    try:
        await engine.call("DELETE", path)
    except EngineError as refused:
        if refused.status not in (404, 409):  # gone, or going already
            raise


def play(scenario: Callable[[Bench], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(90), opened() as bench:
            await scenario(bench)

    asyncio.run(run())


async def get(url: str) -> str:
    """The body at `url`, once somebody listens there."""

    async def attempt() -> str:
        try:
            async with session.get(url) as response:
                return await response.text()
        except aiohttp.ClientConnectionError:
            return ""

    async with aiohttp.ClientSession() as session:
        return await wait_for(attempt, what=url)


async def inspected(container_id: str) -> dict[str, Any]:
    engine = Engine()
    await engine.open()
    try:
        document: dict[str, Any] = await engine.call("GET", f"/containers/{container_id}/json")
        return document
    finally:
        await engine.close()

"""A load balancer with a real Envoy on loopback, for tests."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from slipway.adapters.envoy import EnvoyLoadBalancer
from slipway.adapters.target_health import TargetHealthChecker
from slipway.core.model.load_balancing import HealthCheck, TargetState
from slipway.core.observations import Observation, TargetDrained, TargetDraining
from slipway.core.plan import Change
from tests.adapters.balanced import Balanced
from tests.adapters.tiny_target import TinyTarget
from tests.waiting import wait_for

ADDRESS = "127.0.0.9"


class Clock:
    def now(self) -> float:
        return 1000.0


class Site:
    """A running load balancer, its world, and what it reported."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.world = Balanced(address=ADDRESS)
        self.port = free_port()
        self.reports: list[Observation] = []
        self.balancer = self.new_balancer()
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    def new_balancer(self) -> EnvoyLoadBalancer:
        checker = TargetHealthChecker(self.reports.append, Clock())
        return EnvoyLoadBalancer(self.directory, self.reports.append, Clock(), checker=checker, concurrency=2)

    def configure(self, *changes: Change) -> None:
        self.balancer.configure(self.world.snapshot, changes)

    def group(self, name: str, *targets: TinyTarget) -> None:
        """A group of healthy targets, not checked in the time of a test."""
        self.configure(*self.world.group(name, check=HealthCheck(interval_s=300)))
        for target in targets:
            self.put(name, target, TargetState.HEALTHY)

    def put(self, group: str, target: TinyTarget, state: TargetState) -> None:
        self.configure(*self.world.target(group, target.port, state))

    async def get(self, path: str = "/") -> tuple[int, str]:
        async with self.session.get(f"http://{ADDRESS}:{self.port}{path}") as answer:
            return answer.status, await answer.text()

    async def answers(self, path: str = "/") -> tuple[int, str] | None:
        try:
            return await self.get(path)
        except aiohttp.ClientConnectionError:
            return None

    async def serves(self, text: str) -> None:
        """Wait until a request is answered so."""

        async def is_answered() -> bool:
            return await self.answers() == (200, text)

        await wait_for(is_answered, what=f"an answer by {text}")

    async def drained(self, target: TinyTarget) -> None:
        await wait_for(lambda: target.port in self.ports(TargetDrained), what=f"{target.name} drained")

    def ports(self, kind: type[TargetDraining] | type[TargetDrained]) -> list[int]:
        """The ports of the targets that a kind of report named, in order."""
        return [int(report.target_key.rpartition(":")[2]) for report in self.reports if isinstance(report, kind)]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind((ADDRESS, 0))
        port: int = trial.getsockname()[1]
        return port


@asynccontextmanager
async def a_site(directory: Path) -> AsyncIterator[Site]:
    site = Site(directory)
    site.world.balance()
    await site.balancer.open(site.world.snapshot)
    try:
        yield site
    finally:
        await site.session.close()
        await site.balancer.stop()


def with_site(directory: Path, story: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        async with a_site(directory) as site:
            await story(site)

    asyncio.run(run())

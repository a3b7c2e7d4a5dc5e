"""A local host on a scripted runtime, and what it reported: the stage of the tests of the task engine."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from slipway.adapters.container_runtime import FoundContainer
from slipway.adapters.local_host import LocalHost
from slipway.core.model.task_definitions import (
    ContainerDependency,
    ContainerHealthCheck,
    DependencyCondition,
    NetworkMode,
    RestartPolicy,
)
from slipway.core.model.tasks import TaskStatus
from slipway.core.observations import Observation, TaskReport
from slipway.core.plan import ContainerPayload, StartTask, StopTask, TaskPayload
from tests.contracts.scripted_runtime import ScriptedClock, ScriptedRuntime, started

HANG_S = 20
HOST = "0123456789abcdef0123456789abcdef"


def container(
    name: str,
    *,
    essential: bool = True,
    image: str = "image",
    stop_timeout_s: float = 30,
    start_timeout_s: float | None = None,
    depends_on: tuple[ContainerDependency, ...] = (),
    health_check: ContainerHealthCheck | None = None,
    restart_policy: RestartPolicy | None = None,
) -> ContainerPayload:
    return ContainerPayload(
        name=name,
        arn=f"arn:{name}",
        image=image,
        essential=essential,
        stop_timeout_s=stop_timeout_s,
        start_timeout_s=start_timeout_s,
        depends_on=depends_on,
        health_check=health_check,
        restart_policy=restart_policy,
    )


def on(container_name: str, condition: str) -> tuple[ContainerDependency, ...]:
    """A `dependsOn` of one entry."""
    return (ContainerDependency(container_name=container_name, condition=DependencyCondition(condition)),)


def task(*containers: ContainerPayload, number: int = 1) -> TaskPayload:
    return TaskPayload(
        task_arn=f"arn:aws:ecs:us-east-1:000000000000:task/default/{number:032x}",
        cluster_name="default",
        family="family",
        revision=1,
        service_name=None,
        network_mode=NetworkMode.AWSVPC,
        cpu=0,
        memory=0,
        containers=containers or (container("app"),),
    )


def start(payload: TaskPayload) -> StartTask:
    return StartTask(host_id=HOST, payload=payload)


@dataclass(kw_only=True)
class World:
    """A local host on a scripted runtime, and what it reported."""

    clock: ScriptedClock
    runtime: ScriptedRuntime
    host: LocalHost
    reports: list[TaskReport] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, payload: TaskPayload) -> None:
        self.host.perform(StopTask(host_id=HOST, task_arn=payload.task_arn, ordered_at=self.clock.now()))

    async def until(self, status: TaskStatus, count: int = 1) -> TaskReport:
        """Wait for so many reports of a status, and give the last."""
        while True:
            told = [report for report in self.reports if report.last_status is status]
            if len(told) >= count:
                return told[-1]
            self.news.clear()
            await self.news.wait()

    def statuses(self) -> list[str]:
        return [report.last_status.value for report in self.reports]

    def hear(self, observation: Observation) -> None:
        assert isinstance(observation, TaskReport)
        self.reports.append(observation)
        self.news.set()


def play(
    scene: Callable[[World], Awaitable[None]],
    *,
    found: tuple[FoundContainer, ...] = (),
    starts_at_once: int = 64,
    keep_stopped_s: float = 0,
    is_open: bool = True,
) -> None:
    """Run a scene in a world of its own."""

    async def run() -> None:
        clock = ScriptedClock()
        runtime = ScriptedRuntime(clock, found)
        heard: list[World] = []
        host = LocalHost(
            host_id=HOST,
            runtime=runtime,
            address="127.0.0.1",
            cpu=2048,
            memory=1024,
            report=lambda observation: heard[0].hear(observation),
            clock=clock,
            starts_at_once=starts_at_once,
            keep_stopped_s=keep_stopped_s,
            stop_retry_s=0,
            probe_retry_s=0,
        )
        heard.append(World(clock=clock, runtime=runtime, host=host))
        async with asyncio.timeout(HANG_S):
            if is_open:
                await host.open()
            await scene(heard[0])
            await host.close()
        assert host.background.failures == []

    asyncio.run(run())


def found(payload: TaskPayload, *names: str) -> tuple[FoundContainer, ...]:
    return tuple(
        FoundContainer(payload=payload, container_name=one.name, started=started(payload, one, at=900))
        for one in payload.containers
        if one.name in names
    )

"""A container runtime in memory that follows a script: it records what it is asked, the test says what happens."""

import asyncio
from collections.abc import AsyncIterator

from slipway.adapters.container_runtime import (
    ContainerExit,
    ContainerUsage,
    FoundContainer,
    RuntimeFault,
    StartedContainer,
)
from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthProbe
from slipway.core.plan import ContainerPayload, TaskPayload

_Key = tuple[str, str]  # task ARN, container name


class ScriptedClock:
    """A clock that the test sets, and that stands still but after `run`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.at = now
        self._ran_from: float | None = None  # the event loop's time; None: it stands still

    def now(self) -> float:
        if self._ran_from is None:
            return self.at
        return self.at + asyncio.get_running_loop().time() - self._ran_from

    def run(self) -> None:
        """Have it go on with the event loop's time."""
        self._ran_from = asyncio.get_running_loop().time()


class ScriptedRuntime:
    """Implements `ContainerRuntime`. A container runs until the test ends it or it is stopped, which ends it with 143;
    those in `deaf` have to be killed.

    `held` names images and containers whose pull, start, restart or stop waits until the test takes the name out and
    calls `release`; `faults` gives what they raise. `calls` are what was asked, in order. A health check runs when the
    test says so (`probe`); `used` is what containers use, by name.
    """

    name = "scripted"

    def __init__(self, clock: ScriptedClock, found: tuple[FoundContainer, ...] = ()) -> None:
        self.calls: list[str] = []
        self.held: set[str] = set()
        self.deaf: set[str] = set()
        self.faults: dict[str, list[Exception]] = {}
        self.starting = 0
        self.most_starting = 0
        self.used: dict[str, ContainerUsage] = {}
        self.asking = 0
        self.most_asking = 0
        self._clock = clock
        self._found = found
        self._changed = asyncio.Condition()
        self._ends: dict[_Key, ContainerExit | None] = {
            (one.payload.task_arn, one.container_name): None for one in found
        }
        self._tasks = {one.payload.task_arn: one.payload for one in found}
        self._probes: dict[_Key, asyncio.Queue[HealthProbe | RuntimeFault | None]] = {}

    async def open(self) -> tuple[FoundContainer, ...]:
        return self._found

    async def pull(self, container: ContainerPayload) -> None:
        await self._step("pull", container.image)

    async def start(self, task: TaskPayload, container: ContainerPayload) -> StartedContainer:
        self.starting += 1
        self.most_starting = max(self.most_starting, self.starting)
        try:
            await self._step("start", container.name)
        finally:
            self.starting -= 1
        self._tasks[task.task_arn] = task
        self._ends.setdefault((task.task_arn, container.name), None)
        return started(task, container, at=self._clock.now())

    async def wait(self, task_arn: str, container_name: str) -> ContainerExit:
        if (task_arn, container_name) not in self._ends:
            raise RuntimeFault("NoSuchContainerError", container_name)
        async with self._changed:
            await self._changed.wait_for(lambda: self._ends[task_arn, container_name] is not None)
        ended = self._ends[task_arn, container_name]
        assert ended is not None
        return ended

    async def stop(self, task_arn: str, container_name: str, *, timeout_s: float) -> None:
        await self._step("stop", container_name, detail=f" {timeout_s:g}")
        if self._ends[task_arn, container_name] is None:
            is_deaf = container_name in self.deaf
            await self.end(task_arn, container_name, 137 if is_deaf else 143, was_killed=is_deaf)

    async def restart(self, task_arn: str, container_name: str) -> StartedContainer:
        await self._step("restart", container_name)
        assert self._ends[task_arn, container_name] is not None, f"{container_name} runs"
        self._ends[task_arn, container_name] = None
        task = self._tasks[task_arn]
        (container,) = (one for one in task.containers if one.name == container_name)
        return started(task, container, at=self._clock.now())

    async def probes(
        self, task_arn: str, container_name: str, check: ContainerHealthCheck
    ) -> AsyncIterator[HealthProbe]:
        self.calls.append(f"probe {container_name}")
        await self._notify()
        told = self._probes.setdefault((task_arn, container_name), asyncio.Queue())
        try:
            while True:
                probe = await told.get()
                try:
                    if isinstance(probe, RuntimeFault):
                        raise probe
                    if probe is None:
                        return
                    yield probe
                finally:
                    told.task_done()
        finally:
            self.calls.append(f"probed {container_name}")

    async def usage(self, task_arn: str, container_name: str) -> ContainerUsage | None:
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        try:
            await asyncio.sleep(0)
            await self._step("usage", container_name)
        finally:
            self.asking -= 1
        return self.used.get(container_name)

    async def image_lack(self, image: str) -> str | None:
        return None

    async def remove(self, task_arn: str) -> None:
        self.calls.append("remove")
        self._ends = {key: ended for key, ended in self._ends.items() if key[0] != task_arn}

    async def logs(self, task_arn: str, container_name: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]:
        for line in list[bytes]():
            yield line

    async def close(self) -> None:
        self.calls.append("close")

    async def end(
        self,
        task_arn: str,
        container_name: str,
        exit_code: int,
        reason: str | None = None,
        *,
        was_killed: bool = False,
    ) -> None:
        """Have a container end, now."""
        self._ends[task_arn, container_name] = ContainerExit(
            exit_code=exit_code, at=self._clock.now(), reason=reason, was_killed=was_killed
        )
        await self._notify()

    async def probe(self, task_arn: str, container_name: str, *exit_codes: int | None) -> None:
        """Have the health check of a container run, ending with each of these; returns when all were taken notice of.

        Each ends a second after the one before, by the clock, which moves with it.
        """
        told = self._probes.setdefault((task_arn, container_name), asyncio.Queue())
        for exit_code in exit_codes:
            self._clock.at += 1
            told.put_nowait(HealthProbe(at=self._clock.now(), exit_code=exit_code, output=f"run {exit_code}"))
            await told.join()

    async def break_probes(self, task_arn: str, container_name: str, fault: RuntimeFault | None) -> None:
        """Have the health checks of a container break off with a fault, or end without one."""
        told = self._probes.setdefault((task_arn, container_name), asyncio.Queue())
        told.put_nowait(fault)
        await told.join()

    def has_ended(self, task_arn: str, container_name: str, exit_code: int) -> None:
        """Have it that a found container ended before the runtime was opened."""
        self._ends[task_arn, container_name] = ContainerExit(exit_code=exit_code, at=self._clock.now())

    async def release(self, name: str) -> None:
        """Let go what waits by this name."""
        self.held.discard(name)
        await self._notify()

    async def until(self, *calls: str) -> None:
        """Wait until all these calls were made."""
        async with self._changed:
            await self._changed.wait_for(lambda: set(calls) <= set(self.calls))

    async def _step(self, verb: str, name: str, *, detail: str = "") -> None:
        self.calls.append(f"{verb} {name}{detail}")
        await self._notify()
        async with self._changed:
            await self._changed.wait_for(lambda: name not in self.held)
        faults = self.faults.get(f"{verb} {name}")
        if faults:
            raise faults.pop(0)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def started(task: TaskPayload, container: ContainerPayload, *, at: float) -> StartedContainer:
    """What the scripted runtime says of a container it has started."""
    return StartedContainer(runtime_id=f"{task.task_id}/{container.name}", started_at=at, ip_address="10.0.0.1")

"""Health checks of docker containers: the engine runs and kills them, and this reads what it has noted of each run.

So checks go on while no control plane runs. The engine keeps the last five runs of a container, and of each the first
4,096 bytes of its output.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from slipway.adapters.container_runtime import ContainerExit, RuntimeFault
from slipway.adapters.docker_containers import DockerContainers
from slipway.adapters.docker_state import instant
from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthProbe

#: The longest output of a run that is told, characters: its end.
LONGEST_OUTPUT = 1024
#: Seconds after a run was due to have ended before it is looked for: first, growing by doubling, and at most.
FIRST_LOOK_S = 0.1
LONGEST_LOOK_S = 5.0
#: How the engine notes a run that it killed for its timeout, or could not begin at all.
NOT_ENDED = -1
TIMED_OUT = "Health check exceeded timeout"
#: The exit code of a check that could not be begun, as of a shell that cannot find its command.
NOT_BEGUN_CODE = 127


class DockerProbes:
    """Reads the runs of one container's health check, each once, until `exited` is done."""

    def __init__(
        self,
        containers: DockerContainers,
        container_id: str,
        *,
        exited: asyncio.Future[ContainerExit],
        now: Callable[[], float],
    ) -> None:
        self._containers = containers
        self._container_id = container_id
        self._exited = exited
        self._now = now

    async def read(self, check: ContainerHealthCheck, *, since: float) -> AsyncIterator[HealthProbe]:
        """The runs that ended after `since`, the start of the container; while the engine is away, none."""
        last_at, pause_s = since, self._until(since + check.interval_s, check)
        while not await self._ends_within(pause_s):
            probes = [probe for probe in await self._noted() if probe.at > last_at]
            for probe in probes:
                last_at = probe.at
                yield probe
            if probes:
                pause_s = self._until(last_at + check.interval_s, check)
            else:
                pause_s = min(2 * pause_s, LONGEST_LOOK_S, float(check.interval_s))

    def _until(self, due_at: float, check: ContainerHealthCheck) -> float:
        """Seconds until a run that begins at `due_at`, by the engine's clock, may have ended."""
        return FIRST_LOOK_S + min(max(0.0, due_at - self._now()), check.interval_s)

    async def _ends_within(self, seconds: float) -> bool:
        await asyncio.wait((self._exited,), timeout=seconds)
        return self._exited.done()

    async def _noted(self) -> tuple[HealthProbe, ...]:
        """The last five runs, oldest first."""
        try:
            document = await self._containers.document(self._container_id)
        except RuntimeFault:
            return ()  # the engine is away: what it notes is there when it is back
        health = document["State"].get("Health") or {}
        return tuple(map(_probe, health.get("Log") or ()))


def _probe(entry: Mapping[str, Any]) -> HealthProbe:
    output = str(entry["Output"])
    code: int | None = entry["ExitCode"]
    if code == NOT_ENDED:
        code = None if output.startswith(TIMED_OUT) else NOT_BEGUN_CODE
    return HealthProbe(at=instant(entry["End"]) or 0.0, exit_code=code, output=output.strip()[-LONGEST_OUTPUT:])

"""How containers end: one subscription to the engine's events for all of them, and a listing wherever it broke.

One stream costs the engine one goroutine and us one connection; a wait request per container would cost a thousand of
each. While the engine is away the waits just wait; after it is back, a listing tells what ended meanwhile.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import msgspec

from slipway.adapters.container_runtime import ContainerExit
from slipway.adapters.docker_engine import Engine, EngineError, EngineGone
from slipway.adapters.docker_labels import DATA
from slipway.adapters.docker_refusals import read_ended

#: Seconds before the engine is tried again after it went away: first, and at most.
FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 5.0

#: How the engine's events name SIGKILL.
SIGKILL = "9"

log = logging.getLogger(__name__)


class DockerExits:
    """The ends of containers, by the engine's container id. `on_return` runs after each reconnection."""

    def __init__(
        self,
        engine: Engine,
        *,
        data_id: str,
        now: Callable[[], float],
        on_return: Callable[[], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._data_id = data_id
        self._now = now
        self._on_return = on_return
        self._exits: dict[str, asyncio.Future[ContainerExit]] = {}
        self._earlier: dict[str, float] = {}  # of restarted containers, by the engine's clock: when the last run ended
        self._killed: set[str] = set()  # containers that the engine sent SIGKILL since they were expected
        self._connected = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Subscribe. Returns once every end from now on is seen. The engine must be connected."""
        self._watcher = asyncio.create_task(self._watch(), name="docker events")
        await self._connected.wait()

    async def close(self) -> None:
        """End the subscription; those who wait are cancelled."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        for exited in self._exits.values():
            exited.cancel()
        self._exits.clear()

    def expect(self, container_id: str, ended: ContainerExit | None = None) -> asyncio.Future[ContainerExit]:
        """Have the end of a container noticed from now on; `ended` is given where it is known already."""
        exited = self._exits.get(container_id)
        if exited is None:
            exited = self._exits[container_id] = asyncio.get_running_loop().create_future()
        if ended is not None and not exited.done() and ended.at > self._earlier.get(container_id, -math.inf):
            exited.set_result(replace(ended, was_killed=container_id in self._killed))
        return exited

    def expect_again(self, container_id: str, ended: ContainerExit) -> None:
        """Have the end of another run noticed; `ended` is that of the earlier one, whose event may still come."""
        self._earlier[container_id] = ended.at
        self._killed.discard(container_id)
        self._exits.pop(container_id, None)
        self.expect(container_id)

    def expect_no_more(self, container_id: str, ended: ContainerExit) -> None:
        """Undo `expect_again`: the container has ended as it had."""
        self.forget(container_id)
        self.expect(container_id, ended)

    def forget(self, container_id: str) -> None:
        """No longer care about a container."""
        self._killed.discard(container_id)
        self._earlier.pop(container_id, None)
        exited = self._exits.pop(container_id, None)
        if exited is not None:
            exited.cancel()

    async def connected(self) -> None:
        """Wait until the engine's events are flowing."""
        await self._connected.wait()

    async def _watch(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            try:
                async with aclosing(self._events()) as events:
                    async for event in events:
                        await self._note(event)
                log.warning("engine=%s ended its event stream", self._engine.address)
            except (EngineGone, EngineError) as lost:
                log.warning("engine=%s was lost: %s", self._engine.address, lost.message)
            except Exception:  # the loop top of this watcher: without it, ends would go unseen for ever
                log.exception("engine=%s sent events that could not be read", self._engine.address)
            retry_s = FIRST_RETRY_S if self._connected.is_set() else min(2 * retry_s, LONGEST_RETRY_S)
            self._connected.clear()
            await asyncio.sleep(retry_s)

    async def _events(self) -> AsyncGenerator[Mapping[str, Any]]:
        """The ends of our containers as the engine's events, from now on. Whatever ended before is resolved first."""
        filters = {"type": ["container"], "event": ["die", "destroy", "kill"], "label": [f"{DATA}={self._data_id}"]}
        # The engine answers before it has subscribed: from a second ago on, it replays what that gap would lose.
        since = await self._engine.now() - 1
        params = {"filters": msgspec.json.encode(filters).decode(), "since": f"{since:.0f}"}
        async with self._engine.answer("GET", "/events", params=params, patient=True) as stream:
            await self._resync()
            await self._on_return()
            self._connected.set()
            rest = b""
            async for chunk in stream.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield msgspec.json.decode(line)

    async def _resync(self) -> None:
        """Resolve the containers that ended, or vanished, while no events came."""
        awaited = {container_id for container_id, exited in self._exits.items() if not exited.done()}
        if not awaited:
            return
        filters = msgspec.json.encode(
            {"label": [f"{DATA}={self._data_id}"], "status": ["running", "paused", "created"]}
        )
        living = await self._engine.call("GET", "/containers/json", params={"all": "1", "filters": filters.decode()})
        for container_id in sorted(awaited - {each["Id"] for each in living}):
            self.expect(container_id, await self._end_of(container_id))

    async def _note(self, event: Mapping[str, Any]) -> None:
        container_id, attributes = event["Actor"]["ID"], event["Actor"]["Attributes"]
        exited = self._exits.get(container_id)
        if exited is None or exited.done():
            return
        if event["Action"] == "kill":  # told of every signal; SIGKILL is what ends a stop that took too long
            if attributes.get("signal") == SIGKILL:
                self._killed.add(container_id)
            return
        is_plain = event["Action"] == "die" and attributes.get("exitCode") == "0" and container_id not in self._earlier
        if is_plain:
            self.expect(container_id, ContainerExit(exit_code=0, at=event["timeNano"] / 1e9))
        else:  # only an inspection tells whether memory ran out, and of which run of a restarted container it is
            self.expect(container_id, await self._end_of(container_id))

    async def _end_of(self, container_id: str) -> ContainerExit | None:
        """How a container ended; None if it runs again or never did."""
        try:
            document = await self._engine.call("GET", f"/containers/{container_id}/json")
        except EngineError as missing:
            if missing.status == 404:
                return ContainerExit(
                    exit_code=None, at=self._now(), reason="The container was removed from the engine."
                )
            raise
        return (await read_ended(self._engine, document)).exit

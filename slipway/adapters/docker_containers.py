"""Single requests about containers, with the engine's refusals turned into the ECS agent's errors."""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker_engine import ENGINE_GONE, Engine, EngineError, EngineGone
from slipway.adapters.docker_labels import DATA
from slipway.adapters.docker_refusals import read_ended
from slipway.adapters.docker_state import EngineContainer

#: Inspections in flight while adopting.
INSPECT_CONCURRENCY = 16
#: How often, and how many seconds apart, a name is tried that the engine has reserved for nothing that it shows: the
#: request of a control plane that was killed meanwhile is still being carried out, or a removal is.
CREATE_ATTEMPTS = 50
CREATE_RETRY_S = 0.2
#: How the engine says that a host port is taken: by another container, or by any other program.
PORT_TAKEN = re.compile(
    r"(?:Bind for|listen (?:tcp|udp)[46]?) \S*?:(\d+)(?: failed: port is already|: bind: address alr)"
)

log = logging.getLogger(__name__)


class DockerContainers:
    """The containers of one data directory."""

    def __init__(self, engine: Engine, *, data_id: str) -> None:
        self._engine = engine
        self._data_id = data_id
        self._abandoned: set[str] = set()

    async def create(self, name: str, body: dict[str, Any]) -> EngineContainer | str:
        """Create a container: its id, or the one of ours that has the name already. Raises `RuntimeFault`."""
        for _ in range(CREATE_ATTEMPTS):
            made = await self._create_or_find(name, body)
            if made is not None:
                return made
            await asyncio.sleep(CREATE_RETRY_S)
        raise RuntimeFault("CannotCreateContainerError", f"the engine has reserved the name {name} for nothing.")

    async def start(self, container_id: str) -> None:
        """Start a container; one that cannot be started is removed. Raises `RuntimeFault`."""
        try:
            await self._engine.call("POST", f"/containers/{container_id}/start")
        except EngineError as refused:
            await self.discard(container_id)
            raise RuntimeFault("CannotStartContainerError", _start_sentence(refused.message)) from refused
        except EngineGone as gone:
            self._abandoned.add(container_id)
            raise RuntimeFault(ENGINE_GONE, gone.message) from gone

    async def start_again(self, container_id: str) -> EngineContainer:
        """Start a container that has ended, and tell how it runs. Raises `RuntimeFault`: it is as it was.

        Where the engine went away half-way, it is removed as soon as that is back: nobody would know that it runs.
        """
        try:
            await self._engine.call("POST", f"/containers/{container_id}/start")
            return await self.inspect(container_id)
        except EngineError as refused:
            raise RuntimeFault("CannotStartContainerError", _start_sentence(refused.message)) from refused
        except EngineGone as gone:
            self._abandoned.add(container_id)
            raise RuntimeFault(ENGINE_GONE, gone.message) from gone

    async def stop(self, container_id: str, *, timeout_s: int) -> None:
        """Have the engine stop a container; it goes on with that whatever becomes of us. Raises `EngineGone`.

        Returns when it has ended, or is no more. Raises `RuntimeFault("CannotStopContainerError", …)`.
        """
        try:
            await self._engine.call(
                "POST", f"/containers/{container_id}/stop", params={"t": str(timeout_s)}, patient=True
            )
        except EngineError as refused:
            if refused.status != 404:
                raise RuntimeFault("CannotStopContainerError", refused.message) from refused

    async def kill(self, container_id: str) -> None:
        """SIGKILL a container; one that does not run is left so, and where the engine is away it is removed later."""
        try:
            await self._engine.call("POST", f"/containers/{container_id}/kill")
        except EngineError as refused:
            log.warning("container=%s could not be killed: %s", container_id, refused.message)
        except EngineGone:
            self._abandoned.add(container_id)

    async def inspect(self, key: str) -> EngineContainer:
        """A container by id or name. Raises `RuntimeFault("CannotInspectContainerError", …)`."""
        return await self._read(await self.document(key))

    async def document(self, key: str) -> Mapping[str, Any]:
        """All that the engine tells of a container. Raises `RuntimeFault("CannotInspectContainerError", …)`."""
        document = await self._document(key)
        if document is None:
            raise RuntimeFault("CannotInspectContainerError", f"No such container: {key}")
        return document

    async def rename(self, container_id: str, name: str) -> None:
        """Give an ended container another name; one that is no more is left so. Raises `RuntimeFault`."""
        try:
            await self._engine.call("POST", f"/containers/{container_id}/rename", params={"name": name})
        except EngineError as refused:
            if refused.status == 409:
                await self.discard(container_id)
            elif refused.status != 404:
                raise RuntimeFault("CannotRemoveContainerError", refused.message) from refused
        except EngineGone as gone:
            raise RuntimeFault("CannotRemoveContainerError", gone.message) from gone

    async def discard(self, key: str) -> None:
        """Remove a container and its own volumes, running or not; where the engine is away, as soon as it is back."""
        try:
            await self._engine.call("DELETE", f"/containers/{key}", params={"force": "1", "v": "1"})
        except EngineGone:
            self._abandoned.add(key)
        except EngineError as refused:
            if refused.status not in (404, 409):  # 409: being removed already
                log.warning("container=%s could not be removed: %s", key, refused.message)

    async def discard_abandoned(self) -> None:
        """Remove the containers whose requests were cut short, now that the engine is back."""
        abandoned, self._abandoned = self._abandoned, set()
        for key in sorted(abandoned):
            await self.discard(key)

    async def list(self) -> tuple[EngineContainer, ...]:
        """All containers of this data directory, running or not. Raises `EngineError`, `EngineGone`, `RuntimeFault`."""
        filters = msgspec.json.encode({"label": [f"{DATA}={self._data_id}"]}).decode()
        listed = await self._engine.call("GET", "/containers/json", params={"all": "1", "filters": filters})
        turn = asyncio.Semaphore(INSPECT_CONCURRENCY)
        found = await asyncio.gather(*(self._inspect_listed(each["Id"], turn) for each in listed))
        return tuple(container for container in found if container is not None)

    async def _create_or_find(self, name: str, body: dict[str, Any]) -> EngineContainer | str | None:
        """As `create`; None while the name is reserved for a container that is being made, or removed, just now."""
        try:
            answer = await self._engine.call("POST", "/containers/create", params={"name": name}, body=body)
        except EngineError as refused:
            if refused.status == 409:
                return await self._ours(name)
            raise RuntimeFault("CannotCreateContainerError", refused.message) from refused
        except EngineGone as gone:
            self._abandoned.add(name)
            raise RuntimeFault(ENGINE_GONE, gone.message) from gone
        return str(answer["Id"])

    async def _inspect_listed(self, container_id: str, turn: asyncio.Semaphore) -> EngineContainer | None:
        async with turn:
            return await self._find(container_id)  # None: removed since it was listed

    async def _find(self, key: str) -> EngineContainer | None:
        """A container by id or name; None if there is none. Raises `RuntimeFault`."""
        found = await self._document(key)
        return None if found is None else await self._read(found)

    async def _read(self, document: Mapping[str, Any]) -> EngineContainer:
        try:
            return await read_ended(self._engine, document)
        except EngineGone as gone:
            raise RuntimeFault("CannotInspectContainerError", gone.message) from gone

    async def _document(self, key: str) -> Mapping[str, Any] | None:
        try:
            document: Mapping[str, Any] = await self._engine.call("GET", f"/containers/{key}/json")
            return document
        except EngineError as missing:
            if missing.status == 404:
                return None
            raise RuntimeFault("CannotInspectContainerError", missing.message) from missing
        except EngineGone as gone:
            raise RuntimeFault("CannotInspectContainerError", gone.message) from gone

    async def _ours(self, name: str) -> EngineContainer | None:
        found = await self._find(name)
        if found is not None and found.labels.get(DATA) != self._data_id:
            raise RuntimeFault(
                "CannotCreateContainerError",
                f"a container of somebody else is called {name}; `docker rm` or `docker rename` it.",
            )
        return found if found is not None and found.status not in ("removing", "dead") else None


def _start_sentence(message: str) -> str:
    if taken := PORT_TAKEN.search(message):
        return (
            f"host port {taken[1]} is already in use on this machine: free it, or set hostPort 0 to be given "
            f"any free one. ({message})"
        )
    return message

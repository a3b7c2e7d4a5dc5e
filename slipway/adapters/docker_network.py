"""Slipway's own bridge network, where a task in awsvpc mode has an address of its own."""

import asyncio

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.docker_engine import Engine, EngineError
from slipway.adapters.docker_labels import DATA


class DockerNetwork:
    """One network per data directory; the engine picks its subnet from its address pools."""

    def __init__(self, engine: Engine, *, data_id: str) -> None:
        self._engine = engine
        self._data_id = data_id
        self.name = f"slipway-{data_id}"
        self._making = asyncio.Lock()  # two networks of one name can be made at once, and are then of no use to anybody

    async def ensure(self) -> None:
        """Make the network present; somebody may have pruned it. Raises `RuntimeFault`, `EngineGone`."""
        async with self._making:
            try:
                await self._engine.call("GET", f"/networks/{self.name}")
            except EngineError as missing:
                if missing.status != 404:
                    raise RuntimeFault("ResourceInitializationError", missing.message) from missing
                await self._create()

    async def _create(self) -> None:
        body = {"Name": self.name, "Driver": "bridge", "CheckDuplicate": True, "Labels": {DATA: self._data_id}}
        try:
            await self._engine.call("POST", "/networks/create", body=body)
        except EngineError as refused:
            raise RuntimeFault(
                "ResourceInitializationError",
                f"network {self.name} for awsvpc tasks could not be created: {refused.message}. "
                "If the address pools are used up, `docker network prune` frees those of removed stacks.",
            ) from refused

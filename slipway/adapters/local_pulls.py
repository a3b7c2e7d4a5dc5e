"""Pulls of images in flight on the local host: the same pull asked for by many tasks at once is made once."""

import asyncio

from slipway.adapters.background import Background
from slipway.adapters.container_runtime import ContainerRuntime, RuntimeFault
from slipway.core.plan import ContainerPayload

_Key = tuple[str, str | None, tuple[str, ...], tuple[str, ...]]  # image, digest, entry point, command


class Pulls:
    """Folds pulls: a thousand tasks of one service started in one step ask the runtime once.

    Two pulls are the same if the image, its digest and the command line are: a runtime that only runs commands refuses
    a container without one when it is "pulled", so the image alone does not tell.
    """

    def __init__(self, runtime: ContainerRuntime, background: Background) -> None:
        self._runtime = runtime
        self._background = background
        self._flights: dict[_Key, asyncio.Task[RuntimeFault | None]] = {}

    def begin(self, container: ContainerPayload) -> asyncio.Task[RuntimeFault | None]:
        """The pull for `container`, joined or begun. Its result is the fault, None where there was none.

        The flight is shared: await it through `asyncio.shield`.
        """
        key = (container.image, container.image_digest, container.entry_point, container.command)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._background.start(self._pull(container), name=f"pull {container.image}")
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key))
        return flight

    async def _pull(self, container: ContainerPayload) -> RuntimeFault | None:
        try:
            await self._runtime.pull(container)
        except RuntimeFault as fault:
            return fault
        return None

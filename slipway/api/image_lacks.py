"""Images that cannot be had, asked for before a call that begins a deployment is carried out, or is planned.

The answer is for a warning only, so it is not waited for long, what is not known in time is left out, and what is known
to be there is not asked for again for a while.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

from slipway.api.call import Call
from slipway.api.errors import ApiError
from slipway.api.identifiers import find_active_service, find_cluster, find_task_definition
from slipway.core.model.task_definitions import TaskDefinition

#: Seconds that a call waits for the answers at most. Registries are given 3 s to answer.
WAIT_S = 3.5
#: Seconds in which an image that is there is not asked for again.
KEPT_S = 30.0

_BEGIN = ("CreateService", "UpdateService")


class ImageLacks:
    """Asks why images cannot be had: `ask` gives a sentence, None where an image can be or nobody knows. `clock` gives
    seconds that only grow."""

    def __init__(
        self, ask: Callable[[str], Awaitable[str | None]], clock: Callable[[], float], *, wait_s: float = WAIT_S
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._wait_s = wait_s
        self._good_until: dict[str, float] = {}

    async def of(self, service: str, operation: str, call: Call) -> Mapping[str, str]:
        """Why images cannot be had of the deployment that a call of `operation` is to begin, by image; nothing for
        calls that begin none, or that name what is not there."""
        definition = _definition(call, operation) if service == "ecs" and operation in _BEGIN else None
        if definition is None:
            return {}
        return await self.of_images({container.image for container in definition.containers})

    async def of_images(self, images: Collection[str]) -> Mapping[str, str]:
        """Why these images cannot be had, by image; those that can be, or are not known of in time, are left out."""
        now = self._clock()
        self._good_until = {image: until for image, until in self._good_until.items() if until > now}
        lacks: dict[str, str] = {}

        async def ask(image: str) -> None:
            lack = await self._ask(image)
            if lack is None:
                self._good_until[image] = self._clock() + KEPT_S
            else:
                lacks[image] = lack

        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s), asyncio.TaskGroup() as asked:
                for image in sorted(images):
                    if image not in self._good_until:
                        asked.create_task(ask(image))
        return lacks


def _definition(call: Call, operation: str) -> TaskDefinition | None:
    """The task definition of the deployment that is to begin; None: none does, or the call will be refused."""
    with suppress(ApiError):
        if call.params.get("taskDefinition"):
            return find_task_definition(call, call.params["taskDefinition"])
        if operation == "UpdateService" and call.params.get("forceNewDeployment"):
            service = find_active_service(call, find_cluster(call), call.params["service"])
            primary = call.snapshot.primary(service.arn)
            return None if primary is None else call.snapshot.task_definitions.get(primary.task_definition_arn)
    return None

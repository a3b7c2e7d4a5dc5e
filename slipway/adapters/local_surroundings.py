"""What all tasks of the local host share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from slipway.adapters.container_runtime import ContainerRuntime
from slipway.adapters.local_pulls import Pulls
from slipway.core.observations import TaskReport
from slipway.ports import Clock

#: The longest `reason` of a container or task, characters (public ECS agent).
MAX_REASON = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The host's own parts, as its tasks and their containers use them."""

    host_id: str
    runtime: ContainerRuntime
    pulls: Pulls
    starts: asyncio.Semaphore  # how many containers may be starting at once
    send: Callable[[TaskReport], None]
    clock: Clock
    stop_retry_s: float  # pause before a failed stop is tried again
    probe_retry_s: float  # pause before health checks that broke off are begun again

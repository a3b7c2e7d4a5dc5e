"""What a process container uses: by its memory group where it has one, and by what the kernel tells of processes."""

import os
import time

from slipway.adapters.container_runtime import ContainerUsage
from slipway.adapters.process_container import ProcessContainer
from slipway.adapters.process_identity import processor_ticks, resident_bytes
from slipway.adapters.process_memory import used_memory


def usage_of(container: ProcessContainer) -> ContainerUsage | None:
    """What the container uses now; None: it does not run.

    The processor time of a process whose parent ended before it is lost when it ends, so the sum may fall.
    """
    pids = container.pids()
    if not pids:
        return None
    group = container.record.memory_group
    memory = None if group is None else used_memory(group)
    return ContainerUsage(
        cpu_s=sum(map(processor_ticks, pids)) / os.sysconf("SC_CLK_TCK"),
        memory=sum(map(resident_bytes, pids)) if memory is None else memory,
        at=time.time(),
    )

"""What running tasks use of the machine: the sums over their containers, asked of the runtime."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slipway.adapters.container_runtime import ContainerRuntime, ContainerUsage, RuntimeFault
from slipway.core.plan import TaskPayload

log = logging.getLogger(__name__)

#: Containers that the runtime is asked about at once: enough to hide the engine's latency, few enough to leave it free.
ASKED_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUsage:
    """What a task has used and holds at one moment.

    `cpu_s` adds up over its running containers, so it falls when one of them ends or is started again.
    """

    cpu_s: float  # processor time since they were started, seconds of one core
    memory: int  # bytes
    at: float  # when the last of its containers was asked


async def measure_usage(runtime: ContainerRuntime, tasks: Iterable[TaskPayload]) -> Mapping[str, TaskUsage]:
    """The usage of each task by its ARN; those of which no container's is known are left out."""
    turns = asyncio.Semaphore(ASKED_AT_ONCE)
    known = tuple(tasks)
    usages = await asyncio.gather(*(_measure(runtime, task, turns) for task in known))
    return {task.task_arn: usage for task, usage in zip(known, usages, strict=True) if usage is not None}


async def _measure(runtime: ContainerRuntime, task: TaskPayload, turns: asyncio.Semaphore) -> TaskUsage | None:
    asked = await asyncio.gather(*(_ask(runtime, task, one.name, turns) for one in task.containers))
    told = [usage for usage in asked if usage is not None]
    if not told:
        return None
    return TaskUsage(
        cpu_s=sum(usage.cpu_s for usage in told),
        memory=sum(usage.memory for usage in told),
        at=max(usage.at for usage in told),
    )


async def _ask(
    runtime: ContainerRuntime, task: TaskPayload, container_name: str, turns: asyncio.Semaphore
) -> ContainerUsage | None:
    async with turns:
        try:
            return await runtime.usage(task.task_arn, container_name)
        except RuntimeFault as fault:
            log.debug("usage not known task=%s container=%s error=%s", task.task_id, container_name, fault)
            return None

"""CPU and memory of a task: the forms callers write them in, and the pairs Fargate offers."""

import re

from slipway.api.parameters import client_error

#: CPU units of one vCPU.
VCPU = 1024
GIB = 1024

#: Task CPU on EC2 capacity: 0.125 to 192 vCPUs (ECS API, `RegisterTaskDefinition.cpu`).
CPU_LOW, CPU_HIGH = 128, 192 * VCPU

#: The least memory Docker gives a container, in MiB (ECS API, `ContainerDefinition.memory`: 4 before Docker 20.10).
MEMORY_LOW = 4

_CPU = re.compile(r"(?P<number>[0-9]{1,9}|[0-9]{0,9}\.[0-9]{1,9})\s*(?P<unit>vcpu)?", re.IGNORECASE)
_MEMORY = re.compile(r"(?P<number>[0-9]{1,9}|[0-9]{0,9}\.[0-9]{1,9})\s*(?P<unit>gb|mb|mib)?", re.IGNORECASE)


def _range(low: int, high: int, step: int = 1) -> frozenset[int]:
    return frozenset(GIB * size for size in range(low, high + 1, step))


#: MiB by CPU units (ECS Developer Guide, "Task CPU and memory" of Fargate).
FARGATE_SIZES: dict[int, frozenset[int]] = {
    256: frozenset((512, 1 * GIB, 2 * GIB)),
    512: _range(1, 4),
    1 * VCPU: _range(2, 8),
    2 * VCPU: _range(4, 16),
    4 * VCPU: _range(8, 30),
    8 * VCPU: _range(16, 60, 4),
    16 * VCPU: _range(32, 120, 8),
    32 * VCPU: frozenset((60 * GIB, 120 * GIB, 244 * GIB)),
}


def read_task_cpu(text: str) -> int:
    """CPU units of `1024`, `1 vCPU` or `.5 vCPU`. Raises ClientException."""
    match = _CPU.fullmatch(text.strip())
    units = None if match is None else float(match["number"]) * (VCPU if match["unit"] else 1)
    if units is None or units != int(units) or not CPU_LOW <= units <= CPU_HIGH:
        raise client_error(
            f"Invalid 'cpu' setting for task: '{text}'. "
            f"Give CPU units from {CPU_LOW} to {CPU_HIGH}, or vCPUs, as in '1 vCPU'."
        )
    return int(units)


def read_task_memory(text: str) -> int:
    """MiB of `2048`, `2 GB` or `0.5GB`. Raises ClientException."""
    match = _MEMORY.fullmatch(text.strip())
    in_gib = match is not None and (match["unit"] or "").lower() == "gb"
    size = None if match is None else float(match["number"]) * (GIB if in_gib else 1)
    if size is None or size != int(size) or not MEMORY_LOW <= size < 2**31:
        raise client_error(f"Invalid 'memory' setting for task: '{text}'. Give whole MiB, or GB, as in '2 GB'.")
    return int(size)


def is_fargate_size(cpu: int | None, memory: int | None) -> bool:
    """Whether Fargate offers this pair of CPU units and MiB."""
    return memory in FARGATE_SIZES.get(cpu or 0, ())

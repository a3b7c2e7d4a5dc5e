"""What this machine offers to tasks: the defaults of `slipway up --cpu` and `--memory`."""

import os
from dataclasses import dataclass
from pathlib import Path

from slipway.adapters.cgroups import OwnGroup, own_group

#: CPU units of one processor (ECS).
UNITS_PER_CPU = 1024
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine has, less what the control groups around this process withhold."""

    cpu: int  # CPU units
    memory: int  # MiB


def this_machine(*, proc: Path = Path("/proc")) -> Machine:
    """What this machine offers: the processors this process may use, and the memory, as control groups bound them."""
    cpus = float(len(os.sched_getaffinity(0)))
    cpu_group = own_group("cpu", proc=proc)
    if cpu_group is not None:
        cpus = min([cpus, *_cpu_quotas(cpu_group)])
    memory = _total_memory(proc)
    memory_group = own_group("memory", proc=proc)
    if memory_group is not None:
        memory = min([memory, *_memory_limits(memory_group)])
    return Machine(cpu=max(1, int(cpus * UNITS_PER_CPU)), memory=max(1, memory // MIB))


def _total_memory(proc: Path) -> int:
    """Bytes of memory of the machine."""
    for line in (proc / "meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    raise AssertionError("/proc/meminfo names no MemTotal")


def _cpu_quotas(group: OwnGroup) -> list[float]:
    """Processors' worth of time that the groups around this process may use; only those that are bounded."""
    quotas = []
    for folder in group.upwards():
        if group.version == 2:
            words = _read(folder / "cpu.max").split()
        else:
            words = [_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")]
        if len(words) == 2 and words[0].isdigit() and words[1].isdigit():
            quotas.append(int(words[0]) / int(words[1]))
    return quotas


def _memory_limits(group: OwnGroup) -> list[int]:
    """Bytes that the groups around this process may use; only those that are bounded."""
    name = "memory.max" if group.version == 2 else "memory.limit_in_bytes"
    limits = (_read(folder / name) for folder in group.upwards())
    return [int(limit) for limit in limits if limit.isdigit()]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""

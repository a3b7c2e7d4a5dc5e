"""What a process of this machine uses, as the kernel counts it."""

import os
from pathlib import Path

KIB_PER_MIB = 1024


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its threads so far, in user and kernel mode; its children are left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Resident memory (VmRSS): every page it maps, those it shares with others too."""
    return _mib(Path(f"/proc/{pid}/status"), "VmRSS")


def peak_mib(pid: int) -> float:
    """The most that was ever resident (VmHWM)."""
    return _mib(Path(f"/proc/{pid}/status"), "VmHWM")


def proportional_mib(pid: int) -> float:
    """Proportional memory (Pss): a page shared by n processes counts an n-th."""
    return _mib(Path(f"/proc/{pid}/smaps_rollup"), "Pss")


def open_files(pid: int) -> int:
    """Descriptors it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def _mib(file: Path, name: str) -> float:
    for line in file.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / KIB_PER_MIB
    raise ValueError(f"{file} has no {name}")

"""Who a process is: its pid alone is not enough, for pids are used again."""

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STARTTIME = 19  # in the fields of /proc/PID/stat after the command: field 22 of proc_pid_stat(5)
_SESSION = 3  # field 6
_TIMES = slice(11, 15)  # fields 14 to 17: utime, stime, cutime, cstime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process, told from every other one this machine ever runs."""

    boot_id: str
    pid: int
    start_ticks: int  # clock ticks from boot to its start


def boot_id() -> str:
    """The id of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def parse_identity(line: str) -> Identity | None:
    """The identity in `<boot id> <line of /proc/PID/stat>\\n`; None where the line is not whole."""
    if not line.endswith("\n"):
        return None
    boot, _, stat = line.partition(" ")
    return Identity(boot_id=boot, pid=int(stat.partition(" ")[0]), start_ticks=int(_fields(stat)[_STARTTIME]))


def start_ticks(pid: int) -> int | None:
    """When `pid` was started, in clock ticks since boot; None: there is no such process."""
    stat = _stat(pid)
    return None if stat is None else int(_fields(stat)[_STARTTIME])


def session_members(session: int) -> tuple[int, ...]:
    """The processes of a session, found by looking at every process there is."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    stats = ((pid, _stat(pid)) for pid in pids)
    return tuple(pid for pid, stat in stats if stat is not None and int(_fields(stat)[_SESSION]) == session)


def descendants(pid: int) -> tuple[int, ...]:
    """`pid` and the processes below it. Only those are looked at; on a kernel that keeps no lists of children (no
    CONFIG_PROC_CHILDREN) it is `pid` alone."""
    found, pending = [], [pid]
    while pending:
        found.append(pending.pop())
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{found[-1]}/task"):
                pending += map(int, Path(f"/proc/{found[-1]}/task/{thread}/children").read_text().split())
    return tuple(found)


def processor_ticks(pid: int) -> int:
    """Clock ticks of processor time that `pid`, and its children that have ended, took; 0: there is no such process."""
    stat = _stat(pid)
    return 0 if stat is None else sum(map(int, _fields(stat)[_TIMES]))


def resident_bytes(pid: int) -> int:
    """Bytes of memory that `pid` holds and no file does; 0: there is no such process."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return (resident - shared) * resource.getpagesize()


def _stat(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None


def _fields(stat: str) -> list[str]:
    """The fields after the command, which may hold blanks and brackets itself; the first is the state."""
    return stat[stat.rindex(")") + 2 :].split()

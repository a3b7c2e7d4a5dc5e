"""Who a process is: its pid alone is not enough, for pids are used again."""

import os
from dataclasses import dataclass
from pathlib import Path

_STARTTIME = 19  # in the fields of /proc/PID/stat after the command: field 22 of proc_pid_stat(5)
_SESSION = 3  # field 6


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


def _stat(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None


def _fields(stat: str) -> list[str]:
    """The fields after the command, which may hold blanks and brackets itself; the first is the state."""
    return stat[stat.rindex(")") + 2 :].split()

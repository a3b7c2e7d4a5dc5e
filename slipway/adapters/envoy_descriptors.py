"""What another process has open, as /proc shows it."""

import os
from contextlib import suppress


def descriptors_of(pid: int) -> dict[int, str]:
    """What each open descriptor of a process is ("socket:[4711]", "anon_inode:inotify", a path). Empty for a process
    that is gone, or that this user may not look into."""
    found: dict[int, str] = {}
    with suppress(FileNotFoundError, PermissionError, ProcessLookupError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # closed since it was listed
                found[int(entry.name)] = os.readlink(entry.path)
    return found


def sockets_of(pid: int) -> dict[str, int]:
    """The descriptors of a process's sockets, by inode as /proc/net writes it."""
    return {
        target.removeprefix("socket:[").removesuffix("]"): descriptor
        for descriptor, target in descriptors_of(pid).items()
        if target.startswith("socket:[")
    }

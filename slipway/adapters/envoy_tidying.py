"""What is done a while after a change: unused clusters and files go, and Envoy is asked which listeners it refused."""

import asyncio
import logging
from collections.abc import Callable

from slipway.adapters.envoy_files import EnvoyFiles, Touched
from slipway.adapters.envoy_names import named_port
from slipway.adapters.envoy_ports import bind_error
from slipway.adapters.envoy_supervisor import EnvoySupervisor
from slipway.core.snapshot import Snapshot

logger = logging.getLogger(__name__)

#: Seconds after a change before what it made useless is taken away: Envoy follows its files within milliseconds.
TIDY_AFTER_S = 1.0

#: Seconds between looks at what no change announces: the log's length, a port that became free.
ROUTINE_S = 5.0


class EnvoyTidying:
    """The loop that follows behind changes."""

    def __init__(
        self, files: EnvoyFiles, supervisor: EnvoySupervisor, write: Callable[[Callable[[], None]], None]
    ) -> None:
        self._files = files
        self._envoy = supervisor
        self._write = write  # has its argument write files, and sees to what follows from that
        self._snapshot: Snapshot | None = None  # None: nothing was configured yet
        self._changed = asyncio.Event()
        self._refused: dict[str, str] = {}  # Envoy's sentence by listener, each logged once
        self._version: str | None = None  # of the listeners that Envoy accepted last; None: not known

    def follow(self, snapshot: Snapshot) -> None:
        """Tidy up behind a change."""
        self._snapshot = snapshot
        self._changed.set()

    async def run_one(self) -> None:
        """Wait for a change and tidy up behind it; do the routine where there is no change for a while."""
        try:
            async with asyncio.timeout(ROUTINE_S):
                await self._changed.wait()
        except TimeoutError:
            await self._routine()
            return
        self._changed.clear()
        unneeded = self._unneeded()
        await asyncio.sleep(TIDY_AFTER_S)
        if self._snapshot is not None and unneeded:
            self._files.prune(self._snapshot, unneeded)
        await self._read_refusals()

    def _unneeded(self) -> set[str]:
        return self._files.unneeded(self._snapshot) if self._snapshot is not None else set()

    async def _routine(self) -> None:
        snapshot = self._snapshot
        if snapshot is not None and self._files.refusal is not None:
            self._write(lambda: self._files.rewrite(snapshot))
        if snapshot is not None and self._files.names.look(snapshot):
            self._write(lambda: self._files.write(snapshot, Touched(has_listeners=True)))
        if any(self._is_bindable(arn) for arn in self._refused):
            self._files.announce_listeners()
        await self._read_refusals()
        if self._envoy.live.is_set() and self._envoy.bound_log():
            await self._envoy.admin.reopen_logs()

    async def _read_refusals(self) -> None:
        """Log once what Envoy says of each listener that it refuses; asks only while it has not accepted them all."""
        if not self._envoy.live.is_set() or (self._version == self._files.listeners_version() and not self._refused):
            return
        try:
            status = await self._envoy.admin.listener_status()
        except OSError:
            return  # it just ended; the next one is asked
        self._version = status.version
        self._refused, known = dict(status.errors), self._refused.keys()
        for name in sorted(self._refused.keys() - known):
            self._take_refusal(name, self._refused[name])

    def _take_refusal(self, name: str, reason: str) -> None:
        port, snapshot = named_port(name), self._snapshot
        if port is None:
            logger.error("envoy refused a listener arn=%s reason=%r", name, reason)
        elif snapshot is not None:
            self._files.names.leave_out(port, reason)
            self._write(lambda: self._files.write(snapshot, Touched(has_listeners=True)))

    def _is_bindable(self, listener_arn: str) -> bool:
        listener = self._snapshot.listeners.get(listener_arn) if self._snapshot is not None else None
        if self._snapshot is None or listener is None:
            return False
        balancer = self._snapshot.load_balancers.get(listener.load_balancer_arn)
        return balancer is not None and bind_error(balancer.address, listener.port, own_pid=None) is None

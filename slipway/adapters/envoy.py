"""The load balancer's data plane: Envoy, told by files and asked at its admin socket.

Envoy runs in a session of its own from the first load balancer on and goes on serving while the control plane is down.
A change of records is written at once, on the controller's thread; what takes time is done by loops, which `close`
ends: keeping Envoy running, asking which targets are drained, cutting what outlasts the deregistration delay, tidying
up behind changes, and health checks.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from slipway.adapters.envoy_admin import HostStatuses
from slipway.adapters.envoy_clusters import is_draining
from slipway.adapters.envoy_cut import Cuts
from slipway.adapters.envoy_draining import DrainWatch, rest_s
from slipway.adapters.envoy_files import EnvoyFiles, touched_by
from slipway.adapters.envoy_metrics import EnvoyStats
from slipway.adapters.envoy_ports import bind_error
from slipway.adapters.envoy_supervisor import EnvoySupervisor
from slipway.adapters.envoy_tidying import EnvoyTidying
from slipway.adapters.envoy_watches import missing_watches
from slipway.adapters.target_health import TargetHealthChecker
from slipway.core.model.load_balancing import Target
from slipway.core.plan import Change, Put
from slipway.core.snapshot import Snapshot
from slipway.ports import Clock, Report

logger = logging.getLogger(__name__)

#: Seconds that `open` waits for Envoy to serve; after that the control plane goes on without.
OPEN_TIMEOUT_S = 10.0

#: Seconds between two questions whether Envoy has new clusters; it mostly has them at the first.
CLUSTERS_POLL_S = 0.005
CLUSTERS_TIMEOUT_S = 5.0

#: Seconds to the next try after files could not be written, as on a full disk.
REWRITE_S = 1.0

#: Seconds a loop rests after a fault of ours.
FAULT_REST_S = 1.0


class EnvoyLoadBalancer:
    """`ports.LoadBalancer` over one Envoy, whose files are in `directory`. To be made on the event loop's thread."""

    def __init__(
        self,
        directory: Path,
        report: Report,
        clock: Clock,
        *,
        checker: TargetHealthChecker,
        concurrency: int | None = None,  # Envoy's worker threads; None: one a core
    ) -> None:
        self._report = report
        self._clock = clock
        self._checker = checker
        self._envoy = EnvoySupervisor(directory.resolve(), concurrency=concurrency or os.cpu_count() or 1)
        self._files = EnvoyFiles(directory.resolve(), envoy_pid=self._envoy.running_pid)
        self._is_refusal_told = False
        self._snapshot: Snapshot | None = None  # what Envoy is to do; None: not open
        self._unwritten = asyncio.Event()  # the files do not say what the snapshot says
        self._awaiting = asyncio.Event()  # routes wait for their clusters
        self._watch = DrainWatch()
        self._draining = asyncio.Event()
        self._tidying = EnvoyTidying(self._files, self._envoy, self._write)
        self._cuts = Cuts()
        self._loops: asyncio.Task[None] | None = None  # None: not open
        self._fault: Exception | None = None  # the first fault of a loop; None: there was none

    @property
    def envoy_pid(self) -> int | None:
        """The pid of the Envoy that runs; None if none does."""
        return self._envoy.pid

    async def open(self, snapshot: Snapshot) -> None:
        """Bring the files to what the snapshot says, adopt or start Envoy if there is a load balancer, and wait, for a
        bounded time, until it serves. Files that cannot be written are written later, as soon as they can be."""
        self._snapshot = snapshot
        self._write(lambda: self._files.rewrite(snapshot))
        for target in snapshot.targets.values():
            if is_draining(target):
                self._watch_draining(target)
        self._checker.open(snapshot)
        if snapshot.load_balancers:
            self._envoy.want()
        self._tidying.follow(snapshot)
        self._loops = asyncio.create_task(self._run(), name="load balancer")
        if self._envoy.is_wanted:
            await self._wait_until_serving()

    async def _wait_until_serving(self) -> None:
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._envoy.live.wait()
        except TimeoutError:
            logger.error("envoy does not serve yet waited_s=%.0f", OPEN_TIMEOUT_S)

    def configure(self, snapshot: Snapshot, changes: Iterable[Change]) -> None:
        """Write what `changes`, records just committed, make stale. Costs what they touch: any number of targets of one
        group is one file. Files that cannot be written are written later, as soon as they can be."""
        changes = tuple(changes)
        self._snapshot = snapshot
        self._write(lambda: self._files.write(snapshot, touched_by(changes)))
        for change in changes:
            if isinstance(change.record, Target):
                self._follow(snapshot, change, change.record)
        self._checker.update(snapshot, changes)
        if snapshot.load_balancers:
            self._envoy.want()
        self._tidying.follow(snapshot)

    def _follow(self, snapshot: Snapshot, change: Change, target: Target) -> None:
        if not isinstance(change, Put):
            self._watch.discard(target.key)
            if is_draining(target):
                self._cuts.add(target, snapshot)
        elif is_draining(target):
            self._watch_draining(target)
        else:
            self._watch.discard(target.key)

    def _watch_draining(self, target: Target) -> None:
        self._watch.add(target)
        self._draining.set()

    def _write(self, work: Callable[[], None]) -> None:
        """Have `work` write files. Where it cannot, Envoy serves on by the files it has, and all are written again."""
        try:
            work()
            self._after_write()
        except OSError as error:
            if not self._unwritten.is_set():
                logger.error("envoy's files could not be written reason=%r retry_s=%.0f", str(error), REWRITE_S)
            self._unwritten.set()

    def _after_write(self) -> None:
        if self._files.awaited and self._envoy.running_pid() is None and self._snapshot is not None:
            self._files.release(self._snapshot)  # the next Envoy reads clusters first
        elif self._files.awaited:
            self._awaiting.set()
        if self._files.refusal is not None and not self._is_refusal_told:
            logger.error("envoy was not told of new groups or listeners reason=%r", self._files.refusal)
        self._is_refusal_told = self._files.refusal is not None

    def bind_error(self, address: str, port: int) -> str | None:
        """Why a listener cannot be had at `address`:`port`, as a sentence; None if it can. A port that our own Envoy
        holds is no error here."""
        return bind_error(address, port, own_pid=self._envoy.running_pid()) or missing_watches(2)

    def next_check_at(self, target_key: str) -> float | None:
        """When the next health check of a target begins, epoch seconds; None: it is not checked."""
        return self._checker.next_check_at(target_key)

    def requests_in_flight(self, target_key: str) -> int | None:
        """Requests in flight to a draining target when Envoy was asked last; None: nobody knows."""
        return self._watch.requests(target_key)

    async def stats(self) -> EnvoyStats | None:
        """What Envoy counted of requests and connections since it began; None: it runs and does not serve yet.

        Raises OSError where it does not answer.
        """
        pid = self._envoy.running_pid()
        if pid is None:
            return EnvoyStats(pid=None)
        return await self._envoy.admin.stats(pid) if self._envoy.live.is_set() else None

    async def close(self) -> None:
        """End the loops and leave Envoy serving. Raises the first fault that a loop met, if any."""
        if self._loops is not None:
            self._loops.cancel()
            await asyncio.wait([self._loops])
            self._loops = None
        if self._fault is not None:
            raise self._fault

    async def stop(self) -> None:
        """`close`, and end Envoy: SIGTERM, then SIGKILL."""
        try:
            await self.close()
        finally:
            await self._envoy.stop()

    # The loops

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as loops:
            for name, step in (
                ("supervise", self._envoy.run_one),
                ("rewrite", self._write_again),
                ("release", self._release_routes),
                ("drain", self._ask_draining),
                ("cut", self._cut),
                ("tidy", self._tidying.run_one),
                ("check", self._checker.run),
            ):
                loops.create_task(self._repeat(name, step))

    async def _repeat(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except OSError as error:  # the world's fault: a full disk, a directory that is gone
                logger.error("load balancer loop failed name=%s reason=%r", name, str(error))
                await asyncio.sleep(FAULT_REST_S)
            except Exception as fault:  # loop top
                logger.exception("load balancer loop failed name=%s", name)
                self._fault = self._fault or fault
                await asyncio.sleep(FAULT_REST_S)

    async def _write_again(self) -> None:
        """Write all the files that could not be written, once they can be."""
        await self._unwritten.wait()
        await asyncio.sleep(REWRITE_S)
        assert self._snapshot is not None, "nothing was written before open"
        try:
            self._files.rewrite(self._snapshot)
        except OSError:
            return  # told already; it is tried until it can be done
        self._unwritten.clear()
        logger.info("envoy's files were written again")
        self._write(lambda: None)

    async def _release_routes(self) -> None:
        """Write the routes that were held back, once Envoy has the clusters that they name."""
        await self._awaiting.wait()
        try:
            async with asyncio.timeout(CLUSTERS_TIMEOUT_S):
                while not await self._has_clusters():
                    await asyncio.sleep(CLUSTERS_POLL_S)
        except TimeoutError:
            logger.error("envoy did not take up new groups waited_s=%.0f", CLUSTERS_TIMEOUT_S)
        self._awaiting.clear()
        if self._snapshot is not None:
            snapshot = self._snapshot
            self._write(lambda: self._files.release(snapshot))

    async def _has_clusters(self) -> bool:
        if self._envoy.running_pid() is None:
            return True
        try:
            names = await self._envoy.admin.cluster_names()
        except OSError:
            return False
        return self._files.awaited & self._files.groups <= names

    async def _ask_draining(self) -> None:
        """Ask once, report what is new, and rest: until the next question, or until something drains."""
        await self._draining.wait()
        began = time.monotonic()
        statuses = await self._statuses()
        if statuses is not None:
            for observation in self._watch.observe(statuses, monotonic=began, at=self._clock.now()):
                self._report(observation)
        if not self._watch:
            self._draining.clear()
            return
        await asyncio.sleep(rest_s(time.monotonic() - began))

    async def _statuses(self) -> HostStatuses | None:
        """Envoy's endpoints: none where no Envoy runs, for then nothing is in flight; None: it does not answer yet."""
        if self._envoy.running_pid() is None:
            return {}
        try:
            return await self._envoy.admin.host_statuses()
        except OSError:
            return None

    async def _cut(self) -> None:
        await self._cuts.perform(self._envoy.running_pid)

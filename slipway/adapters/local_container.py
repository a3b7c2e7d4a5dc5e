"""One container of a task on the local host, from its start to its last end.

One coroutine (`carry`) waits for the container to end, and has the runtime start it again where its restart policy says
so; beside it the runs of its health check are folded. Whatever changes is told to the task. It decides by the rules of
`core/tasks/lifecycle.py` and `core/tasks/container_health.py` alone. Source: Amazon ECS Developer Guide (container
restart policies, health checks, `stopTimeout`) and the public ECS agent.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from slipway.adapters.container_runtime import ContainerExit, RuntimeFault, StartedContainer
from slipway.adapters.local_surroundings import MAX_REASON, Surroundings
from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthStatus, TaskStatus
from slipway.core.observations import ContainerReport
from slipway.core.plan import ContainerPayload, TaskPayload
from slipway.core.tasks.container_health import ContainerHealth, fold_probe
from slipway.core.tasks.dependencies import Progress
from slipway.core.tasks.lifecycle import may_restart

log = logging.getLogger(__name__)

#: How often a stop that the runtime could not do is tried before the container counts as stopped (public ECS agent).
STOP_ATTEMPTS = 5
#: By how much the pause between two such tries grows (public ECS agent).
STOP_RETRY_GROWTH = 1.3


class LocalContainer:
    """A container of a task this host has. `carry()` is awaited once, when it was started or found."""

    def __init__(
        self,
        container: ContainerPayload,
        task: TaskPayload,
        here: Surroundings,
        *,
        on_change: Callable[["LocalContainer"], None],
    ) -> None:
        """`on_change` is called with it when it ended for good, was started again, or its health changed."""
        self.payload = container
        self.report = ContainerReport(name=container.name, last_status=TaskStatus.PENDING)
        self.ended_at: float | None = None  # None: it runs, never did, or nobody saw its end
        self._task = task
        self._here = here
        self._on_change = on_change
        self._watched_at = 0.0
        self._health = ContainerHealth()
        self._carrying: asyncio.Task[None] | None = None  # None: not begun
        self._probing: asyncio.Task[None] | None = None  # None: not begun, or it has no health check
        self._is_to_stop = False  # it is not started again, and not looked at any more
        self._restarts = asyncio.Lock()  # held during one: a stop waits for what is begun
        self._stopped = asyncio.Event()

    @property
    def has_started(self) -> bool:
        """Whether it has ever run, as far as is known."""
        return self.report.runtime_id is not None

    @property
    def is_alive(self) -> bool:
        """Whether it was started and has not ended, as far as is known."""
        return self.has_started and self.report.last_status is not TaskStatus.STOPPED

    @property
    def health(self) -> ContainerHealth:
        """Its health by the checks of its present run, those that changed nothing among them."""
        return self._health

    @property
    def progress(self) -> Progress:
        """How far it is, for those that depend on it. It has been started."""
        assert self.report.started_at is not None
        return Progress(
            started_at=self.report.started_at,
            watched_at=self._watched_at,
            has_ended=not self.is_alive,
            exit_code=self.report.exit_code,
            health_status=self._health.status,
        )

    def note_started(self, started: StartedContainer, *, watched_at: float) -> None:
        """The runtime has started it, or had it. Its health is looked at from `watched_at` on."""
        self._watched_at = watched_at
        self.report = replace(
            self.report,
            last_status=TaskStatus.RUNNING,
            runtime_id=started.runtime_id,
            image_digest=started.image_digest,
            started_at=started.started_at,
            network_bindings=started.network_bindings,
        )

    def note_fault(self, reason: str) -> None:
        """It could not be pulled, or started."""
        self.report = replace(self.report, reason=reason)

    def move(self, status: TaskStatus) -> None:
        """Its status, where it is the task that says so and no runtime."""
        self.report = replace(self.report, last_status=status)

    def watch(self, group: asyncio.TaskGroup) -> None:
        """Carry it to its last end in `group`."""
        self._carrying = group.create_task(self._carry())

    async def until_stopped(self) -> None:
        """Wait until it has ended, or a stop of it is done. It has been started."""
        await self._stopped.wait()

    async def stop(self, grace_s: Callable[[], float], *, turn_at: float) -> None:
        """Stop it, as it was its turn to at `turn_at`, `grace_s()` seconds after which it is killed; where the runtime
        cannot, try again, and in the end count it as stopped, saying so.

        One whose turn came before it was watched may have been told by an earlier control plane: when is not known.
        """
        self.let_end()
        if turn_at >= self._watched_at:
            self.report = replace(self.report, signalled_at=self._here.clock.now())
        pause_s = self._here.stop_retry_s
        reason = ""
        for attempt in range(1, STOP_ATTEMPTS + 1):
            try:
                async with self._restarts:
                    await self._here.runtime.stop(self._task.task_arn, self.payload.name, timeout_s=grace_s())
                self._stopped.set()
                return
            except RuntimeFault as fault:
                reason = str(fault)
                log.warning("container not stopped task=%s attempt=%d error=%s", self._task.task_id, attempt, fault)
            await asyncio.sleep(pause_s)
            pause_s *= STOP_RETRY_GROWTH
        if self.is_alive:
            if self._carrying is not None:
                self._carrying.cancel()
            self._note_ended(ContainerExit(exit_code=None, at=self._here.clock.now(), reason=reason))

    def let_end(self) -> None:
        """Its task is to stop: from now on it is not started again, and its health is not looked at."""
        self._is_to_stop = True
        if self._probing is not None:
            self._probing.cancel()

    async def _carry(self) -> None:
        while True:
            ended = await self._run_on()
            if not await self._restart(ended):
                break
            self._on_change(self)
        self._note_ended(ended)

    async def _run_on(self) -> ContainerExit:
        """One run of it, with its health check, from now to its end."""
        check = self.payload.health_check
        if check is None or self._is_to_stop:
            return await self._end()
        async with asyncio.TaskGroup() as group:
            self._probing = group.create_task(self._probe(check))
            ended = await self._end()
            self._probing.cancel()
        return ended

    async def _end(self) -> ContainerExit:
        try:
            return await self._here.runtime.wait(self._task.task_arn, self.payload.name)
        except RuntimeFault as fault:
            return ContainerExit(exit_code=None, at=self._here.clock.now(), reason=str(fault))

    async def _restart(self, ended: ContainerExit) -> bool:
        """Have it started again if its policy says so. Where that fails, it has ended."""
        assert self.report.started_at is not None
        may = may_restart(
            self.payload.restart_policy,
            exit_code=ended.exit_code,
            started_at=self.report.started_at,
            ended_at=ended.at,
        )
        if self._is_to_stop or not may:
            return False
        try:
            async with self._restarts:
                started = await self._here.runtime.restart(self._task.task_arn, self.payload.name)
        except RuntimeFault as fault:
            log.warning("container not restarted task=%s error=%s", self._task.task_id, fault)
            self.note_fault((ended.reason or str(fault))[:MAX_REASON])
            return False
        self.note_started(started, watched_at=started.started_at)
        self._health = ContainerHealth()
        self.report = replace(
            self.report,
            restart_count=self.report.restart_count + 1,
            health_status=HealthStatus.UNKNOWN,
            health_probes=(),
        )
        return True

    async def _probe(self, check: ContainerHealthCheck) -> None:
        """Fold the runs of its health check. A runtime that breaks off says nothing about health: it is asked again."""
        is_broken = False
        while True:
            try:
                async for probe in self._here.runtime.probes(self._task.task_arn, self.payload.name, check):
                    is_broken = False
                    assert self.report.started_at is not None
                    self._health = fold_probe(self._health, probe, check, started_at=self.report.started_at)
                    if self._health.status is not self.report.health_status:
                        self._tell_health()
                        self._on_change(self)
            except RuntimeFault as fault:
                if not is_broken:
                    log.warning("container not checked task=%s error=%s", self._task.task_id, fault)
                is_broken = True
            await asyncio.sleep(self._here.probe_retry_s)

    def _tell_health(self) -> None:
        self.report = replace(
            self.report,
            health_status=self._health.status,
            health_probes=self._health.probes,
        )

    def _note_ended(self, ended: ContainerExit) -> None:
        self.ended_at = ended.at
        self._tell_health()
        self.report = replace(
            self.report,
            last_status=TaskStatus.STOPPED,
            exit_code=ended.exit_code,
            stopped_at=None if ended.exit_code is None else ended.at,
            was_killed=ended.was_killed and self._is_to_stop,
            reason=self.report.reason or (ended.reason and ended.reason[:MAX_REASON]),
        )
        self._stopped.set()
        self._on_change(self)

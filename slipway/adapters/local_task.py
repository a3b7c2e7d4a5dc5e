"""One task on the local host, from its order to its end.

One coroutine (`run`) carries a task through pulling, starting its containers in their declared order, waiting for the
first essential one to end or for the order to stop, and stopping the rest in reverse. It decides nothing: what to run
and when to stop is ordered by the controller. Source of the rules: Amazon ECS Developer Guide ("Amazon ECS task
lifecycle", container `essential`, `stopTimeout`) and the public ECS agent.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from slipway.adapters.container_runtime import ContainerExit, ContainerRuntime, RuntimeFault, StartedContainer
from slipway.adapters.local_pulls import Pulls
from slipway.core.lifecycle import status_of, stop_grace_s, stop_order
from slipway.core.model.tasks import TaskStatus
from slipway.core.observations import ContainerReport, TaskReport
from slipway.core.plan import ContainerPayload, TaskPayload
from slipway.ports import Clock

log = logging.getLogger(__name__)

#: The longest `reason` of a container or task, characters (public ECS agent).
MAX_REASON = 1024
#: How often a stop that the runtime could not do is tried before the container counts as stopped (public ECS agent).
STOP_ATTEMPTS = 5
#: By how much the pause between two such tries grows (public ECS agent).
STOP_RETRY_GROWTH = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all tasks of a host share."""

    host_id: str
    runtime: ContainerRuntime
    pulls: Pulls
    starts: asyncio.Semaphore  # how many containers may be starting at once
    send: Callable[[TaskReport], None]
    clock: Clock
    stop_retry_s: float  # pause before a failed stop is tried again


class LocalTask:
    """A task this host has. `run()` is awaited once, by the host."""

    def __init__(self, payload: TaskPayload, here: Surroundings, found: Mapping[str, StartedContainer]) -> None:
        """`found` are the containers that were there already, by name; empty for a task just ordered."""
        self.payload = payload
        self.is_over = False  # whether STOPPED has been reported
        self._here = here
        self._containers = {
            container.name: ContainerReport(name=container.name, last_status=TaskStatus.PENDING)
            for container in payload.containers
        }
        self._ended_at: dict[str, float] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._over = asyncio.Event()  # nothing more is to be started; what runs is to be stopped
        self._patience: asyncio.Timeout | None = None  # the wait that an order to stop cuts short; None: no such wait
        self._stop_ordered_at: float | None = None
        self._pull_started_at: float | None = None
        self._pull_stopped_at: float | None = None
        self._started_at: float | None = None
        self._execution_stopped_at: float | None = None
        self._reason: str | None = None
        self._ip_address: str | None = None
        for name, started in found.items():
            self._note_started(name, started)
        if found:
            self._move_unstarted(TaskStatus.ACTIVATING)
            self._note_running()

    @property
    def status(self) -> TaskStatus:
        """The minimum over its containers."""
        return status_of(report.last_status for report in self._containers.values())

    def report(self) -> TaskReport:
        """The whole state of the task, now."""
        return TaskReport(
            task_arn=self.payload.task_arn,
            host_id=self._here.host_id,
            last_status=self.status,
            containers=tuple(self._containers.values()),
            at=self._here.clock.now(),
            ip_address=self._ip_address,
            pull_started_at=self._pull_started_at,
            pull_stopped_at=self._pull_stopped_at,
            started_at=self._started_at,
            execution_stopped_at=self._execution_stopped_at,
            reason=self._reason,
        )

    def order_stop(self, ordered_at: float) -> None:
        """Stop the task. The first order counts; its `ordered_at` is what the stop timeouts are measured from."""
        if self._stop_ordered_at is None:
            self._stop_ordered_at = ordered_at
            self._end()

    async def run(self) -> None:
        """Carry the task from where it is to STOPPED, reporting on the way."""
        async with asyncio.TaskGroup() as group:
            for container in self.payload.containers:
                if self._containers[container.name].runtime_id is not None:
                    self._watch(container, group)
            if await self._bring_up(group):
                await self._over.wait()
            await self._bring_down()
        self.is_over = True
        self._send()

    async def give_up(self, error: Exception) -> None:
        """After `run` failed by a fault of ours: stop what can be stopped and report the task STOPPED, saying why."""
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        self._reason = f"InternalError: {type(cause).__name__}: {cause}"[:MAX_REASON]
        for container in stop_order(self.payload.containers):
            if self._is_alive(container.name):
                await self._stop(container, timeout_s=container.stop_timeout_s)
        for name, report in self._containers.items():
            self._containers[name] = replace(report, last_status=TaskStatus.STOPPED)
        self.is_over = True
        self._send()

    async def _bring_up(self, group: asyncio.TaskGroup) -> bool:
        """Pull and start what has not been started. False: it was cut short, or something could not be started."""
        missing = [c for c in self.payload.containers if self._containers[c.name].runtime_id is None]
        if not missing:
            return True
        self._move_unstarted(TaskStatus.ACTIVATING)
        if not self._over.is_set():
            self._pull_started_at = self._here.clock.now()
            self._send()
        if not await self._pull(missing):
            return False
        self._pull_stopped_at = self._here.clock.now()
        for container in missing:
            if not await self._start(container, group):
                return False
        self._note_running()
        if not self._over.is_set():
            self._send()
        return True

    async def _pull(self, missing: list[ContainerPayload]) -> bool:
        flights = [(container, self._here.pulls.begin(container)) for container in missing if not self._over.is_set()]
        for container, flight in flights:
            async with self._unless_over():
                fault = await asyncio.shield(flight)
                if fault is not None:
                    self._note_fault(container.name, fault)
                    return False
        return not self._over.is_set()

    async def _start(self, container: ContainerPayload, group: asyncio.TaskGroup) -> bool:
        """Start one container when it is its turn. A start begun is never cut short: it would be of unknown outcome."""
        starts = self._here.starts
        is_turn = False
        async with self._unless_over():
            is_turn = await starts.acquire()
        if not is_turn:
            return False
        try:
            if self._over.is_set():
                return False
            started = await self._here.runtime.start(self.payload, container)
        except RuntimeFault as fault:
            self._note_fault(container.name, fault)
            return False
        finally:
            starts.release()
        self._note_started(container.name, started)
        self._watch(container, group)
        return True

    def _watch(self, container: ContainerPayload, group: asyncio.TaskGroup) -> None:
        self._watchers[container.name] = group.create_task(self._await_end(container))

    async def _await_end(self, container: ContainerPayload) -> None:
        try:
            ended = await self._here.runtime.wait(self.payload.task_arn, container.name)
        except RuntimeFault as fault:
            ended = ContainerExit(exit_code=None, at=self._here.clock.now(), reason=str(fault))
        was_running = self._started_at is not None and not self._over.is_set()
        self._note_ended(container, ended)
        if was_running and not self._over.is_set():
            self._send()

    def _note_ended(self, container: ContainerPayload, ended: ContainerExit) -> None:
        report = self._containers[container.name]
        self._ended_at[container.name] = ended.at
        self._containers[container.name] = replace(
            report,
            last_status=TaskStatus.STOPPED,
            exit_code=ended.exit_code,
            reason=report.reason or (ended.reason and ended.reason[:MAX_REASON]),
        )
        if container.essential and self._execution_stopped_at is None:
            self._execution_stopped_at = ended.at
        if container.essential or self.status is TaskStatus.STOPPED:
            self._end()

    def _end(self) -> None:
        self._over.set()
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def _unless_over(self) -> AsyncIterator[None]:
        """A wait that ends early, without error, when the task is to stop. What it waits for must bear cancellation."""
        try:
            async with asyncio.timeout(None) as self._patience:
                if self._over.is_set():
                    self._end()
                yield
        except TimeoutError:
            if not self._over.is_set():
                raise
        finally:
            self._patience = None

    async def _bring_down(self) -> None:
        """Stop what runs, the last started first, each with its own stop timeout from its turn on."""
        began = (self._stop_ordered_at, self._execution_stopped_at, self._here.clock.now())
        turn_at = next(at for at in began if at is not None)
        alive = [c.name for c in self.payload.containers if self._is_alive(c.name)]
        self._move_unstarted(TaskStatus.STOPPED)
        for name in alive:
            self._containers[name] = replace(self._containers[name], last_status=TaskStatus.STOPPING)
        if alive:
            self._send()
        for container in stop_order(self.payload.containers):
            if self._is_alive(container.name):
                grace_s = stop_grace_s(container, turn_at=turn_at, now=self._here.clock.now())
                await self._stop(container, timeout_s=grace_s)
                turn_at = max(turn_at, self._ended_at.get(container.name, self._here.clock.now()))
            else:
                turn_at = max(turn_at, self._ended_at.get(container.name, turn_at))

    async def _stop(self, container: ContainerPayload, *, timeout_s: float) -> None:
        """Stop one container; where the runtime cannot, try again, and in the end count it as stopped, saying so."""
        pause_s = self._here.stop_retry_s
        reason = ""
        for attempt in range(1, STOP_ATTEMPTS + 1):
            try:
                await self._here.runtime.stop(self.payload.task_arn, container.name, timeout_s=timeout_s)
                return
            except RuntimeFault as fault:
                reason = str(fault)
                log.warning("container not stopped task=%s attempt=%d error=%s", self.payload.task_id, attempt, fault)
            await asyncio.sleep(pause_s)
            pause_s *= STOP_RETRY_GROWTH
        if self._is_alive(container.name):
            self._watchers[container.name].cancel()
            self._note_ended(container, ContainerExit(exit_code=None, at=self._here.clock.now(), reason=reason))

    def _is_alive(self, name: str) -> bool:
        report = self._containers[name]
        return report.runtime_id is not None and report.last_status is not TaskStatus.STOPPED

    def _note_started(self, name: str, started: StartedContainer) -> None:
        self._containers[name] = replace(
            self._containers[name],
            last_status=TaskStatus.RUNNING,
            runtime_id=started.runtime_id,
            image_digest=started.image_digest,
            started_at=started.started_at,
            network_bindings=started.network_bindings,
        )
        self._ip_address = self._ip_address or started.ip_address

    def _note_running(self) -> None:
        """Where every container has started: the task has, when the last of them did."""
        starts = [report.started_at for report in self._containers.values()]
        known = [at for at in starts if at is not None]
        if len(known) == len(starts):
            self._started_at = max(known)

    def _note_fault(self, name: str, fault: RuntimeFault) -> None:
        self._reason = str(fault)[:MAX_REASON]
        self._containers[name] = replace(self._containers[name], reason=self._reason)

    def _move_unstarted(self, status: TaskStatus) -> None:
        for name, report in self._containers.items():
            if report.runtime_id is None:
                self._containers[name] = replace(report, last_status=status)

    def _send(self) -> None:
        self._here.send(self.report())

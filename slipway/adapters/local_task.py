"""One task on the local host, from its order to its end.

One coroutine (`run`) carries a task through pulling, starting its containers as what they depend on is there, waiting
for the first essential one to end or for the order to stop, and stopping the rest, each after those that depend on it.
It decides nothing: what to run and when to stop is ordered by the controller, the order of containers is planned by
`core/tasks/dependencies.py`. Source of the rules: Amazon ECS Developer Guide ("Amazon ECS task lifecycle", container
`essential`, `dependsOn`, `stopTimeout`) and the public ECS agent.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from slipway.adapters.container_runtime import RuntimeFault, StartedContainer
from slipway.adapters.local_container import LocalContainer
from slipway.adapters.local_surroundings import MAX_REASON, Surroundings
from slipway.core.model.tasks import TaskStatus
from slipway.core.observations import TaskReport
from slipway.core.plan import TaskPayload
from slipway.core.tasks.container_health import ContainerHealth
from slipway.core.tasks.dependencies import Awaiting, Ready, Unmeetable, dependents_of, plan_start
from slipway.core.tasks.lifecycle import status_of, stop_grace_s


class LocalTask:
    """A task this host has. `run()` is awaited once, by the host."""

    def __init__(self, payload: TaskPayload, here: Surroundings, found: Mapping[str, StartedContainer]) -> None:
        """`found` are the containers that were there already, by name; empty for a task just ordered."""
        self.payload = payload
        self.is_over = False  # whether STOPPED has been reported
        self._here = here
        self._containers = {
            container.name: LocalContainer(container, payload, here, on_change=self._on_change)
            for container in payload.containers
        }
        self._over = asyncio.Event()  # nothing more is to be started; what runs is to be stopped
        self._news = asyncio.Event()  # a container changed since this was cleared, or the task is over
        self._patience: asyncio.Timeout | None = None  # the wait that an order to stop cuts short; None: no such wait
        self._stop_ordered_at: float | None = None
        self._pull_started_at: float | None = None
        self._pull_stopped_at: float | None = None
        self._started_at: float | None = None
        self._execution_stopped_at: float | None = None
        self._reason: str | None = None
        self._ip_address: str | None = None
        for name, started in found.items():
            self._containers[name].note_started(started, watched_at=here.clock.now())
            self._ip_address = self._ip_address or started.ip_address
        if found:
            self._move_unstarted(TaskStatus.ACTIVATING)
            self._note_running()

    @property
    def status(self) -> TaskStatus:
        """The minimum over its containers."""
        return status_of(container.report.last_status for container in self._containers.values())

    def health(self, container_name: str) -> ContainerHealth | None:
        """The health of a container; None: the task has none of that name."""
        container = self._containers.get(container_name)
        return None if container is None else container.health

    def report(self) -> TaskReport:
        """The whole state of the task, now."""
        return TaskReport(
            task_arn=self.payload.task_arn,
            host_id=self._here.host_id,
            last_status=self.status,
            containers=tuple(container.report for container in self._containers.values()),
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
            for container in self._containers.values():
                if container.has_started:
                    container.watch(group)
            if await self._bring_up(group):
                await self._over.wait()
            await self._bring_down()
        self._finish()

    async def give_up(self, error: Exception) -> None:
        """After `run` failed by a fault of ours: stop what can be stopped and report the task STOPPED, saying why."""
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        self._reason = f"InternalError: {type(cause).__name__}: {cause}"[:MAX_REASON]
        self._end()
        await self._stop_all(began_at=self._here.clock.now())
        for container in self._containers.values():
            container.move(TaskStatus.STOPPED)
        self._finish()

    async def _bring_up(self, group: asyncio.TaskGroup) -> bool:
        """Pull and start what has not been started. False: it was cut short, or something could not be started."""
        missing = [container for container in self._containers.values() if not container.has_started]
        if not missing:
            return True
        self._move_unstarted(TaskStatus.ACTIVATING)
        if not self._over.is_set():
            self._pull_started_at = self._here.clock.now()
            self._send()
        if not await self._pull(missing):
            return False
        self._pull_stopped_at = self._here.clock.now()
        if not await self._start_all(group):
            return False
        self._note_running()
        if not self._over.is_set():
            self._send()
        return True

    async def _pull(self, missing: list[LocalContainer]) -> bool:
        flights = [
            (container, self._here.pulls.begin(container.payload)) for container in missing if not self._over.is_set()
        ]
        for container, flight in flights:
            async with self._unless_over():
                fault = await asyncio.shield(flight)
                if fault is not None:
                    self._note_fault(container, str(fault))
                    return False
        return not self._over.is_set()

    async def _start_all(self, group: asyncio.TaskGroup) -> bool:
        """Start each container when what it depends on is there."""
        is_told = True  # whether every start was reported
        while not all(container.has_started for container in self._containers.values()):
            self._news.clear()
            if self._over.is_set():
                return False
            progress = {name: each.progress for name, each in self._containers.items() if each.has_started}
            match plan_start(self.payload.containers, progress, self._here.clock.now()):
                case Ready(container=ready):
                    is_told = False
                    if not await self._start(self._containers[ready.name], group):
                        return False
                case Awaiting(until=until):
                    if not is_told:
                        is_told = True
                        self._send()
                    await self._until_news(until)
                case Unmeetable(container=never, reason=reason):
                    self._note_fault(self._containers[never.name], reason)
                    return False
        return True

    async def _until_news(self, until: float | None) -> None:
        """Wait for a container to change, or the task to be over, until `until` at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if until is None else max(0.0, until - self._here.clock.now())):
                await self._news.wait()

    async def _start(self, container: LocalContainer, group: asyncio.TaskGroup) -> bool:
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
            started = await self._here.runtime.start(self.payload, container.payload)
        except RuntimeFault as fault:
            self._note_fault(container, str(fault))
            return False
        finally:
            starts.release()
        container.note_started(started, watched_at=started.started_at)
        self._ip_address = self._ip_address or started.ip_address
        container.watch(group)
        return True

    def _on_change(self, container: LocalContainer) -> None:
        if not container.is_alive:
            is_essential = container.payload.essential
            if is_essential and self._execution_stopped_at is None:
                self._execution_stopped_at = container.ended_at
            if is_essential or self.status is TaskStatus.STOPPED:
                self._end()
        self._news.set()
        if not self._over.is_set():
            self._send()

    def _end(self) -> None:
        self._over.set()
        self._news.set()
        for container in self._containers.values():
            container.let_end()
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
        """Stop what runs, in the reverse order of dependencies."""
        self._end()
        began = (self._stop_ordered_at, self._execution_stopped_at, self._here.clock.now())
        self._move_unstarted(TaskStatus.STOPPED)
        alive = [container for container in self._containers.values() if container.is_alive]
        for container in alive:
            container.move(TaskStatus.STOPPING)
        if alive:
            self._send()
        await self._stop_all(began_at=next(at for at in began if at is not None))

    async def _stop_all(self, *, began_at: float) -> None:
        async with asyncio.TaskGroup() as group:
            for container in reversed(self._containers.values()):
                if container.is_alive:
                    group.create_task(self._stop(container, began_at=began_at))

    async def _stop(self, container: LocalContainer, *, began_at: float) -> None:
        """Stop one container when all that depend on it have ended, with its own stop timeout from then on."""
        names = dependents_of(container.payload.name, self.payload.containers)
        dependents = [self._containers[name] for name in sorted(names) if self._containers[name].has_started]
        for dependent in dependents:
            await dependent.until_stopped()
        if not container.is_alive:
            return
        now = self._here.clock.now()
        turn_at = max([began_at, *(now if each.ended_at is None else each.ended_at for each in dependents)])
        await container.stop(
            lambda: stop_grace_s(container.payload, turn_at=turn_at, now=self._here.clock.now()),
            turn_at=turn_at,
        )

    def _note_running(self) -> None:
        """Where every container has started: the task has, when the last of them did."""
        starts = [container.report.started_at for container in self._containers.values()]
        known = [at for at in starts if at is not None]
        if len(known) == len(starts):
            self._started_at = max(known)

    def _note_fault(self, container: LocalContainer, reason: str) -> None:
        self._reason = reason[:MAX_REASON]
        container.note_fault(self._reason)

    def _move_unstarted(self, status: TaskStatus) -> None:
        for container in self._containers.values():
            if not container.has_started:
                container.move(status)

    def _finish(self) -> None:
        self.is_over = True
        self._send()

    def _send(self) -> None:
        self._here.send(self.report())

"""The host that runs tasks in the server process's own machine, over a container runtime (docker or process)."""

import asyncio
import logging
from collections.abc import Mapping

from slipway.adapters.background import Background
from slipway.adapters.container_runtime import ContainerRuntime, FoundContainer, RuntimeFault, StartedContainer
from slipway.adapters.local_pulls import Pulls
from slipway.adapters.local_surroundings import Surroundings
from slipway.adapters.local_task import LocalTask
from slipway.adapters.task_usage import TaskUsage, measure_usage
from slipway.core.model.hosts import Host
from slipway.core.model.tasks import TaskStatus
from slipway.core.observations import HostReport, TaskReport
from slipway.core.plan import HostCommand, StartTask, StopTask, TaskPayload
from slipway.core.tasks.container_health import ContainerHealth
from slipway.ports import Clock, Report

log = logging.getLogger(__name__)

#: Containers that may be asked of the runtime at once. Runtimes keep to what they measured best for themselves, which
#: is less; tasks in this host's own queue are stopped without being started.
STARTS_AT_ONCE = 64
#: Seconds a stopped task is kept after its STOPPED report, so that a control plane killed before it committed that
#: report finds the task, with its exit codes, when it comes back.
KEEP_STOPPED_S = 5.0
#: Seconds before a stop that the runtime could not do is tried again (public ECS agent).
STOP_RETRY_S = 1.0
#: Seconds before the health checks of a container are begun again where the runtime broke them off.
PROBE_RETRY_S = 5.0


class LocalHost:
    """Implements `ports.Host`: one coroutine per task, on the event loop of the server.

    `cpu` (CPU units) and `memory` (MiB) are what the host offers, `address` is where published ports are reached.
    """

    def __init__(
        self,
        *,
        host_id: str,
        runtime: ContainerRuntime,
        address: str,
        cpu: int,
        memory: int,
        report: Report,
        clock: Clock,
        starts_at_once: int = STARTS_AT_ONCE,
        keep_stopped_s: float = KEEP_STOPPED_S,
        stop_retry_s: float = STOP_RETRY_S,
        probe_retry_s: float = PROBE_RETRY_S,
    ) -> None:
        self._runtime = runtime
        self._address = address
        self._cpu = cpu
        self._memory = memory
        self._report = report
        self._clock = clock
        self._keep_stopped_s = keep_stopped_s
        self._tasks: dict[str, LocalTask] = {}
        self._one_is_over = asyncio.Event()
        self._is_open = False
        self._is_closing = False
        self.background = Background()
        self._here = Surroundings(
            host_id=host_id,
            runtime=runtime,
            pulls=Pulls(runtime, self.background),
            starts=asyncio.Semaphore(starts_at_once),
            send=self._send,
            clock=clock,
            stop_retry_s=stop_retry_s,
            probe_retry_s=probe_retry_s,
        )

    @property
    def id(self) -> str:
        """The host's id, 32 hex digits."""
        return self._here.host_id

    async def open(self) -> HostReport:
        """Open the runtime, adopt the tasks it found, and tell what there is. Raises what the runtime's `open` does."""
        for payload, found in _by_task(await self._runtime.open()):
            self._take(LocalTask(payload, self._here, found))
        # A container that ended while nobody was attached is known without waiting: one turn for the tasks to begin
        # watching, one for the answers, one to act on them. What takes longer is reported when it is known.
        for _ in range(3):
            await asyncio.sleep(0)
        self._is_open = True
        now = self._clock.now()
        host = Host(
            id=self.id,
            cpu=self._cpu,
            memory=self._memory,
            address=self._address,
            runtime=self._runtime.name,
            registered_at=now,
        )
        return HostReport(host=host, tasks=tuple(task.report() for task in self._tasks.values()), at=now)

    def perform(self, command: HostCommand) -> None:
        """Begin to start or stop a task; what comes of it is reported."""
        match command:
            case StartTask(payload=payload):
                if payload.task_arn not in self._tasks:
                    self._take(LocalTask(payload, self._here, {}))
            case StopTask(task_arn=task_arn, ordered_at=ordered_at):
                task = self._tasks.get(task_arn)
                if task is None:
                    self._send(self._unknown(task_arn))
                elif task.is_over:
                    self._send(task.report())
                else:
                    task.order_stop(ordered_at)

    def container_health(self, task_arn: str, container_name: str) -> ContainerHealth | None:
        """The health of a container by the checks of its present run; None: this host has no such container."""
        task = self._tasks.get(task_arn)
        return None if task is None else task.health(container_name)

    async def usage(self) -> Mapping[str, TaskUsage]:
        """What the RUNNING tasks use now, by task ARN; a task of which the runtime knows nothing is left out."""
        running = [task.payload for task in self._tasks.values() if task.status is TaskStatus.RUNNING]
        return await measure_usage(self._runtime, running)

    def stop_all(self) -> None:
        """Begin to stop every task, each within its stop timeout, whether it has drained or not."""
        now = self._clock.now()
        for task in self._tasks.values():
            if not task.is_over:
                task.order_stop(now)

    async def wait_until_over(self) -> None:
        """Wait until every task has stopped."""
        while not all(task.is_over for task in self._tasks.values()):
            self._one_is_over.clear()
            await self._one_is_over.wait()

    async def close(self) -> None:
        """Let go of the tasks, leaving them running; those that have stopped are forgotten at once."""
        self._is_closing = True
        stopped = [arn for arn, task in self._tasks.items() if task.is_over]
        await self.background.close()
        for task_arn in stopped:
            await self._remove(task_arn)
        self._tasks.clear()
        await self._runtime.close()

    def _take(self, task: LocalTask) -> None:
        self._tasks[task.payload.task_arn] = task
        self.background.start(self._carry(task), name=f"task {task.payload.task_id}")

    async def _carry(self, task: LocalTask) -> None:
        """The life of one task on this host, with its aftermath."""
        try:
            await task.run()
        except Exception as error:  # loop top
            log.exception("task failed by a fault of ours task=%s", task.payload.task_id)
            await task.give_up(error)
            raise
        finally:
            self._one_is_over.set()
            if task.is_over and not self._is_closing:
                await self._forget(task.payload.task_arn)

    async def _forget(self, task_arn: str) -> None:
        await asyncio.sleep(self._keep_stopped_s)
        await self._remove(task_arn)
        del self._tasks[task_arn]

    async def _remove(self, task_arn: str) -> None:
        try:
            await self._runtime.remove(task_arn)
        except RuntimeFault as fault:
            log.warning("stopped task not removed task=%s error=%s", task_arn, fault)

    def _send(self, report: TaskReport) -> None:
        """Pass a report on. Before `open` has answered, its answer tells the whole state: nothing is sent beside it."""
        if self._is_open and not self._is_closing:
            self._report(report)

    def _unknown(self, task_arn: str) -> TaskReport:
        return TaskReport(
            task_arn=task_arn,
            host_id=self.id,
            last_status=TaskStatus.STOPPED,
            containers=(),
            at=self._clock.now(),
        )


def _by_task(found: tuple[FoundContainer, ...]) -> list[tuple[TaskPayload, dict[str, StartedContainer]]]:
    """Found containers by task, in the order of the containers found."""
    tasks: dict[str, tuple[TaskPayload, dict[str, StartedContainer]]] = {}
    for container in found:
        _, started = tasks.setdefault(container.payload.task_arn, (container.payload, {}))
        started[container.container_name] = container.started
    return list(tasks.values())

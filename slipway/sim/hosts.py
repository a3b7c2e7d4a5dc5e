"""A simulated host: it runs tasks as their behaviours say, and reports what a real one would."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import inf

from slipway.core.model.hosts import Host
from slipway.core.model.task_definitions import ContainerHealthCheck, NetworkMode
from slipway.core.model.tasks import HealthStatus, NetworkBinding, TaskStatus
from slipway.core.observations import ContainerReport, HostReport, TaskReport
from slipway.core.plan import HostCommand, StartTask, StopTask, TaskPayload
from slipway.ports import Report
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.connections import Connection
from slipway.sim.container_health import HealthChange, next_change

#: The first port given to a mapping that asks for any (the ephemeral range of Linux begins here).
FIRST_DYNAMIC_PORT = 32768

#: What a container killed by SIGKILL exits with, 128 + 9.
KILLED = 137


@dataclass(frozen=True, slots=True, kw_only=True)
class SimTask:
    """A task as its host knows it. `…_at` are epoch seconds of virtual time; None: not yet."""

    payload: TaskPayload
    behaviour: Behaviour
    run: int  # number of this start among all of its host
    status: TaskStatus = TaskStatus.ACTIVATING
    pull_started_at: float
    pull_stopped_at: float | None = None
    started_at: float | None = None
    signalled_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    was_killed: bool = False  # it got SIGKILL at its stop timeout
    reason: str | None = None
    ip_address: str | None = None
    health: HealthStatus = HealthStatus.UNKNOWN  # what the health checks of its containers say
    bindings: tuple[tuple[str, NetworkBinding], ...] = ()  # with the name of the container

    @property
    def arn(self) -> str:
        """The task's ARN."""
        return self.payload.task_arn

    @property
    def health_check(self) -> ContainerHealthCheck | None:
        """The health check of its containers, the first that has one; None: it has none."""
        checks = (container.health_check for container in self.payload.containers)
        return next((check for check in checks if check is not None), None)

    def is_same_run(self, other: "SimTask | None") -> bool:
        """Whether the other is this task, and was not started anew since."""
        return other is not None and other.arn == self.arn and other.run == self.run


class SimHost:
    """A `ports.Host` in virtual time. Commands are idempotent, and a task that ended stays known for its report."""

    def __init__(
        self,
        host: Host,
        *,
        seed: str,
        clock: VirtualClock,
        agenda: Agenda,
        report: Report,
        behaviour_of: Callable[[TaskPayload], Behaviour],
    ) -> None:
        self.host = host
        self.starts: Counter[str] = Counter()  # how often each task was started since the host came up, by ARN
        self.connection = Connection(clock=clock, agenda=agenda, deliver=report)
        self.start_error: str | None = None  # why its engine starts nothing; None: it works
        self.stop_delay_s = 0.0  # how much longer than it should its engine takes to end a task
        self.before_command: Callable[[], None] = lambda: None
        self.on_signal: Callable[[SimTask], None] = lambda task: None  # told of each task that gets SIGTERM
        self.is_on = True
        self._seed = seed
        self._clock = clock
        self._agenda = agenda
        self._report = self.connection.report
        self._behaviour_of = behaviour_of
        self._runs = 0
        self._ill: dict[str, bool] = {}  # what container health checks see, whatever the script says: well, or ill
        self._health_due: dict[str, HealthChange | None] = {}  # the next change of each task's containers
        self._tasks: dict[str, SimTask] = {}
        self._free_ports: list[int] = []
        self._next_port = FIRST_DYNAMIC_PORT
        self._addresses = 0

    @property
    def id(self) -> str:
        """The host's id."""
        return self.host.id

    async def open(self) -> HostReport:
        """What the host offers and has."""
        return self.state()

    def state(self) -> HostReport:
        """What the host offers and has, tasks that ended among them."""
        tasks = tuple(self._as_report(task) for task in self._tasks.values())
        return HostReport(host=self.host, tasks=tasks, at=self._clock.now())

    def perform(self, command: HostCommand) -> None:
        """Start or stop a task; what comes of it is reported in virtual time. A command may not get there."""
        self.before_command()
        if not self.connection.carries_commands():
            return
        match command:
            case StartTask(payload=payload):
                if payload.task_arn not in self._tasks:
                    self._start(payload)
            case StopTask():
                self._stop(command)

    async def close(self) -> None:
        """Nothing to let go of."""

    # What tests and faults do to it

    def task(self, task_arn: str) -> SimTask | None:
        """The task as it is now, if the host knows it and it has not ended."""
        task = self._tasks.get(task_arn)
        return task if task is not None and task.status is not TaskStatus.STOPPED else None

    def running(self) -> tuple[SimTask, ...]:
        """The tasks that have not ended, oldest first."""
        return tuple(task for task in self._tasks.values() if task.status is not TaskStatus.STOPPED)

    def kill(self, task_arn: str, *, exit_code: int = 1) -> None:
        """Have a task end by itself now."""
        task = self.task(task_arn)
        if task is not None:
            self._end(task, exit_code)

    def restart(self) -> None:
        """The host goes down and comes up again: what ran is gone, and it says what it has now, which is nothing."""
        self.power_off()
        self.power_on()

    def power_off(self) -> None:
        """The machine dies, and with it all that runs on it. Nobody tells the control plane."""
        for task in self.running():
            self._release(task)
        self._tasks.clear()
        self.starts.clear()
        self.is_on = False
        self.connection.lose_all()

    def power_on(self) -> None:
        """The machine comes up and says what it has, which is nothing."""
        self.is_on = True
        self.adopt()

    def disconnect(self) -> None:
        """The control plane is out of reach: tasks run on, reports and commands are lost."""
        self.connection.is_up = False

    def adopt(self) -> None:
        """The control plane is in reach again, and is told all that the host has."""
        if self.is_on:
            self.connection.is_up = True
            self._report(self.state())

    def set_health(self, task_arn: str, *, is_well: bool | None) -> None:
        """From now on container health checks of a task pass or fail, whatever its script says; None: by the script."""
        self._ill.pop(task_arn, None)
        if is_well is not None:
            self._ill[task_arn] = is_well
        task = self.task(task_arn)
        if task is not None and task.status is TaskStatus.RUNNING:
            self._expect_health(task)

    # The life of a task

    def _start(self, payload: TaskPayload) -> None:
        self.starts[payload.task_arn] += 1
        self._runs += 1
        now = self._clock.now()
        behaviour = self._behaviour_of(payload).drawn(self._seed, payload.task_id)
        error = self.start_error or behaviour.start_error
        task = SimTask(payload=payload, behaviour=behaviour, run=self._runs, pull_started_at=now)
        self._tasks[task.arn] = task
        ready_at = now + behaviour.pull_s + behaviour.launch_s
        if error is not None:
            self._agenda.put(now + behaviour.pull_s, lambda: self._fail_to_start(task, error))
        else:
            self._agenda.put(ready_at, lambda: self._run(task))
        if ready_at > now:
            self._report(self._as_report(task))

    def _fail_to_start(self, started: SimTask, error: str) -> None:
        if self._tasks.get(started.arn) is started:
            self._put(replace(started, status=TaskStatus.STOPPED, ended_at=self._clock.now(), reason=error))

    def _run(self, started: SimTask) -> None:
        if self._tasks.get(started.arn) is not started:
            return  # stopped, or lost, before it ran
        now = self._clock.now()
        is_awsvpc = started.payload.network_mode is NetworkMode.AWSVPC
        running = replace(
            started,
            status=TaskStatus.RUNNING,
            pull_stopped_at=started.pull_started_at + started.behaviour.pull_s,
            started_at=now,
            ip_address=self._next_address() if is_awsvpc else None,
            bindings=() if is_awsvpc else self._bindings(started.payload),
        )
        self._put(running)
        self._expect_health(running)
        if running.behaviour.runs_s is not None:
            code = running.behaviour.exit_code
            self._agenda.put(now + running.behaviour.runs_s, lambda: self._end(running, code))

    def _expect_health(self, task: SimTask) -> None:
        """Put the next change of the containers' health on the agenda, if one comes."""
        if task.health_check is None or task.started_at is None:
            return
        age_s = self._clock.now() - task.started_at
        change = next_change(task.health_check, self._script(task), task.health, age_s=age_s)
        self._health_due[task.arn] = change
        if change is not None:
            self._agenda.put(task.started_at + change.at_s, lambda: self._turn(task, change))

    def _script(self, task: SimTask) -> HealthScript:
        """What container health checks of the task see."""
        if task.arn in self._ill:
            return HealthScript() if self._ill[task.arn] else HealthScript(ready_s=inf)
        return task.behaviour.container_health or HealthScript()

    def _turn(self, expected: SimTask, change: HealthChange) -> None:
        """A change of health that was expected: it comes if the task still runs, and nothing else is expected since."""
        task = self.task(expected.arn)
        if task is None or not task.is_same_run(expected) or self._health_due.get(task.arn) is not change:
            return
        if task.status is not TaskStatus.RUNNING:
            return
        turned = replace(task, health=change.status)
        self._put(turned)
        self._expect_health(turned)

    def _stop(self, command: StopTask) -> None:
        task = self._tasks.get(command.task_arn)
        if task is None:
            unknown = TaskReport(
                task_arn=command.task_arn,
                host_id=self.id,
                last_status=TaskStatus.STOPPED,
                containers=(),
                at=self._clock.now(),
            )
            self._report(unknown)
        elif task.status is TaskStatus.ACTIVATING:
            self._end(task, None)
        elif task.status is TaskStatus.RUNNING:
            self._signal(task, command.ordered_at)
        elif task.status is TaskStatus.STOPPED:
            self._report(self._as_report(task))

    def _signal(self, task: SimTask, ordered_at: float) -> None:
        """SIGTERM now, and SIGKILL at the stop timeout from when the stop was ordered."""
        self.on_signal(task)
        now = self._clock.now()
        self._put(replace(task, status=TaskStatus.STOPPING, signalled_at=now))
        timeout_s = max((container.stop_timeout_s for container in task.payload.containers), default=0.0)
        killed_at = max(ordered_at + timeout_s, now)
        exits_in_s = task.behaviour.exits_in_s
        if exits_in_s is None or now + exits_in_s > killed_at:
            self._agenda.put(killed_at + self.stop_delay_s, lambda: self._end(task, KILLED, was_killed=True))
        else:
            self._agenda.put(now + exits_in_s + self.stop_delay_s, lambda: self._end(task, 0))

    def _end(self, run: SimTask, exit_code: int | None, *, was_killed: bool = False) -> None:
        task = self.task(run.arn)
        if task is None or not task.is_same_run(run):
            return
        self._release(task)
        ended_at = self._clock.now()
        stopped = TaskStatus.STOPPED
        self._put(replace(task, status=stopped, ended_at=ended_at, exit_code=exit_code, was_killed=was_killed))

    def _put(self, task: SimTask) -> None:
        self._tasks[task.arn] = task
        self._report(self._as_report(task))

    # Addresses and ports

    def _next_address(self) -> str:
        self._addresses += 1
        high, low = divmod(self._addresses, 250)
        return f"10.{self.host.address.rpartition('.')[2]}.{high % 250}.{low + 1}"

    def _bindings(self, payload: TaskPayload) -> tuple[tuple[str, NetworkBinding], ...]:
        is_host_mode = payload.network_mode is NetworkMode.HOST
        return tuple(
            (
                container.name,
                NetworkBinding(
                    bind_ip=self.host.address,
                    container_port=mapping.container_port,
                    host_port=mapping.container_port if is_host_mode else mapping.host_port or self._next_free_port(),
                    protocol=mapping.protocol,
                ),
            )
            for container in payload.containers
            for mapping in container.port_mappings
        )

    def _next_free_port(self) -> int:
        """The lowest free port: used again as soon as it can be, which is where mistakes show."""
        if self._free_ports:
            return heappop(self._free_ports)
        self._next_port += 1
        return self._next_port - 1

    def _release(self, task: SimTask) -> None:
        for _, binding in task.bindings:
            if binding.host_port >= FIRST_DYNAMIC_PORT:
                heappush(self._free_ports, binding.host_port)

    def _as_report(self, task: SimTask) -> TaskReport:
        return TaskReport(
            task_arn=task.arn,
            host_id=self.id,
            last_status=task.status,
            containers=tuple(
                ContainerReport(
                    name=container.name,
                    last_status=task.status,
                    runtime_id=f"sim-{task.payload.task_id}",
                    exit_code=task.exit_code,
                    reason=task.reason,
                    started_at=task.started_at,
                    signalled_at=task.signalled_at,
                    stopped_at=task.ended_at if task.started_at is not None else None,
                    was_killed=task.was_killed,
                    health_status=HealthStatus.UNKNOWN if container.health_check is None else task.health,
                    network_bindings=tuple(binding for name, binding in task.bindings if name == container.name),
                )
                for container in task.payload.containers
            ),
            at=self._clock.now() if task.ended_at is None else task.ended_at,
            ip_address=task.ip_address,
            pull_started_at=task.pull_started_at,
            pull_stopped_at=task.pull_stopped_at,
            started_at=task.started_at,
            execution_stopped_at=task.ended_at if task.started_at is not None else None,
            reason=task.reason,
        )

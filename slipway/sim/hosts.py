"""A simulated host: it runs tasks as their behaviours say, and reports what a real one would."""

from collections import Counter
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import inf

from slipway.core.model.hosts import Host
from slipway.core.model.task_definitions import NetworkMode
from slipway.core.model.tasks import NetworkBinding, TaskStatus
from slipway.core.observations import HostReport, TaskReport
from slipway.core.plan import HostCommand, StartTask, StopTask, TaskPayload
from slipway.core.records import replace
from slipway.ports import Report
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.connections import Connection
from slipway.sim.container_health import HealthChange, next_change
from slipway.sim.tasks import SimTask, task_report

#: The first port given to a mapping that asks for any (the ephemeral range of Linux begins here).
FIRST_DYNAMIC_PORT = 32768

#: What a container killed by SIGKILL exits with, 128 + 9.
KILLED = 137


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
        self._free_ports: list[int] = []  # a heap of those below the next one
        self._next_port = FIRST_DYNAMIC_PORT
        self._taken_ports: set[int] = set()  # of tasks that were taken over
        self._addresses = 0
        self._taken_addresses: set[str] = set()  # of tasks that were taken over

    @property
    def id(self) -> str:
        """The host's id."""
        return self.host.id

    async def open(self) -> HostReport:
        """What the host offers and has."""
        return self.state()

    def state(self) -> HostReport:
        """What the host offers and has, tasks that ended among them."""
        tasks = tuple(self._told(task) for task in self._tasks.values())
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

    def take_over(self, tasks: Iterable[SimTask]) -> None:
        """Have tasks that began elsewhere, each to go on from where it is, with the time that is left."""
        taken = [replace(task, run=number) for number, task in enumerate(tasks, self._runs + 1)]
        self._runs += len(taken)
        self._tasks |= {task.arn: task for task in taken}
        self._taken_addresses |= {task.ip_address for task in taken if task.ip_address is not None}
        self._taken_ports |= {binding.host_port for task in taken for _, binding in task.bindings}
        for task in taken:
            self._go_on(task)

    def _go_on(self, task: SimTask) -> None:
        match task.status:
            case TaskStatus.PENDING | TaskStatus.ACTIVATING:
                self._expect_start(task)
            case TaskStatus.RUNNING:
                self._expect_health(task)
                self._expect_end(task)
            case _:
                self._expect_exit(task)

    # The life of a task

    def _start(self, payload: TaskPayload) -> None:
        self.starts[payload.task_arn] += 1
        self._runs += 1
        now = self._clock.now()
        behaviour = self._behaviour_of(payload).drawn(self._seed, payload.task_id)
        task = SimTask(payload=payload, behaviour=behaviour, run=self._runs, pull_started_at=now)
        self._tasks[task.arn] = task
        if self._expect_start(task) > now:
            self._report(self._told(task))

    def _expect_start(self, task: SimTask) -> float:
        """Have a task run, or fail to, when its image is there; the instant at which it would run."""
        now, behaviour = self._clock.now(), task.behaviour
        error = self.start_error or behaviour.start_error
        pulled_at = task.pull_started_at + behaviour.pull_s if task.pull_stopped_at is None else task.pull_stopped_at
        ready_at = max(pulled_at + behaviour.launch_s, now)
        if error is not None:
            self._agenda.put(max(pulled_at, now), lambda: self._fail_to_start(task, error))
        else:
            self._agenda.put(ready_at, lambda: self._run(task))
        return ready_at

    def _fail_to_start(self, started: SimTask, error: str) -> None:
        if self._tasks.get(started.arn) is started:
            self._put(replace(started, status=TaskStatus.STOPPED, ended_at=self._clock.now(), reason=error))

    def _run(self, started: SimTask) -> None:
        if self._tasks.get(started.arn) is not started:
            return  # stopped, or lost, before it ran
        now = self._clock.now()
        is_awsvpc = started.payload.network_mode is NetworkMode.AWSVPC
        pulled_at = started.pull_stopped_at
        running = replace(
            started,
            status=TaskStatus.RUNNING,
            pull_stopped_at=started.pull_started_at + started.behaviour.pull_s if pulled_at is None else pulled_at,
            started_at=now,
            ip_address=self._next_address() if is_awsvpc else None,
            bindings=() if is_awsvpc else self._bindings(started.payload),
        )
        self._put(running)
        self._expect_health(running)
        self._expect_end(running)

    def _expect_end(self, task: SimTask) -> None:
        """Have a task end by itself if it does."""
        runs_s, code = task.behaviour.runs_s, task.behaviour.exit_code
        if runs_s is not None and task.started_at is not None:
            self._agenda.put(max(task.started_at + runs_s, self._clock.now()), lambda: self._end(task, code))

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
        elif task.status in (TaskStatus.PENDING, TaskStatus.ACTIVATING):
            self._end(task, None)
        elif task.status is TaskStatus.RUNNING:
            self._signal(task, command.ordered_at)
        elif task.status is TaskStatus.STOPPED:
            self._report(self._told(task))

    def _signal(self, task: SimTask, ordered_at: float) -> None:
        """SIGTERM now, and SIGKILL at the stop timeout from when the stop was ordered."""
        self.on_signal(task)
        signalled_at, stopping = self._clock.now(), TaskStatus.STOPPING
        signalled = replace(task, status=stopping, signalled_at=signalled_at, stop_ordered_at=ordered_at)
        self._put(signalled)
        self._expect_exit(signalled)

    def _expect_exit(self, task: SimTask) -> None:
        """Have a task that got SIGTERM exit, or be killed."""
        now = self._clock.now()
        signalled_at = now if task.signalled_at is None else task.signalled_at
        ordered_at = signalled_at if task.stop_ordered_at is None else task.stop_ordered_at
        timeout_s = max((container.stop_timeout_s for container in task.payload.containers), default=0.0)
        killed_at = max(ordered_at + timeout_s, signalled_at)
        exits_in_s = task.behaviour.exits_in_s
        if exits_in_s is None or signalled_at + exits_in_s > killed_at:
            ends_at = max(killed_at, now) + self.stop_delay_s
            self._agenda.put(ends_at, lambda: self._end(task, KILLED, was_killed=True))
        else:
            ends_at = max(signalled_at + exits_in_s, now) + self.stop_delay_s
            self._agenda.put(ends_at, lambda: self._end(task, 0))

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
        self._report(self._told(task))

    # Addresses and ports

    def _next_address(self) -> str:
        while True:
            self._addresses += 1
            high, low = divmod(self._addresses, 250)
            address = f"10.{self.host.address.rpartition('.')[2]}.{high % 250}.{low + 1}"
            if address not in self._taken_addresses:
                return address

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
        while self._next_port in self._taken_ports:
            self._next_port += 1
        self._next_port += 1
        return self._next_port - 1

    def _release(self, task: SimTask) -> None:
        for _, binding in task.bindings:
            if binding.host_port >= self._next_port:
                self._taken_ports.discard(binding.host_port)
            elif binding.host_port >= FIRST_DYNAMIC_PORT:
                heappush(self._free_ports, binding.host_port)

    def _told(self, task: SimTask) -> TaskReport:
        return task_report(task, host_id=self.id, now=self._clock.now())

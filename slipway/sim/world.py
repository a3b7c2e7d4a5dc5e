"""The virtual world: the controller of production, with simulated hosts and targets, in virtual time.

    world = World(seed="1")
    world.add_host(cpu=8192, memory=8192)
    user = Operator(world)
    user.create_service("web", user.register("web", cpu=1024, memory=1024), desired=6)
    world.run()  # until everything is settled
    user.deploy("web", user.register("web", cpu=1024, memory=1024, behaviour=Behaviour(launch_s=2)))
    world.run()
    world.elapsed_s, world.rounds("web")

Nothing sleeps and nothing is random: the same seed and the same calls give the same story. With `is_checked`, every
invariant is asserted after every step, which costs all records each time; leave it off to simulate thousands of tasks.
"""

from collections import defaultdict
from collections.abc import Callable

from slipway.controller import Controller
from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids, stable_hex
from slipway.core.invariants import check_decisions, check_moves, check_rest, check_state
from slipway.core.model.deployments import RolloutState, Round
from slipway.core.model.hosts import Host
from slipway.core.model.services import Service, ServiceStatus
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task
from slipway.core.observations import HostReport, Observation
from slipway.core.plan import Plan, Put, TaskPayload
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.payload import payload_of
from slipway.ports import Commit, Store
from slipway.sim.behaviours import Behaviour
from slipway.sim.clock import BEGINNING, Agenda, VirtualClock
from slipway.sim.hosts import SimHost
from slipway.sim.resumption import Cast, Resumption, held_task, is_held
from slipway.sim.store import ControlPlaneCrash, Faults, MemoryStore, WatchedStore
from slipway.sim.targets import SimLoadBalancer
from slipway.sim.tasks import SimTask
from slipway.sim.timeline import Timeline

#: The account and region of simulated worlds.
ARNS = Arns(account="000000000000", region="local")

#: Steps at one instant before it is our fault: two parts of the world that never come to rest.
STEPS_MOST = 1000


#: What is told of each commit, with the snapshot as of it.
Watch = Callable[[Snapshot, Commit], None]


class World:
    """A control plane, its hosts and its load balancer in virtual time."""

    def __init__(
        self,
        *,
        seed: str = "1",
        rules: Rules = Rules(),
        store: Store | None = None,
        faults: Faults = Faults(),
        is_checked: bool = False,
        watch: Watch | None = None,
        keeps_story: bool = True,
        arns: Arns = ARNS,
        resumption: Resumption | None = None,
    ) -> None:
        """With a `resumption`, the world goes on from where the records of `store` stand, at that instant. Without a
        story, neither its timeline nor past states of records are kept: half the memory of a large world."""
        self.seed = seed
        self.rules = rules
        self.arns = arns
        self.clock = VirtualClock(BEGINNING if resumption is None else resumption.at)
        self.agenda = Agenda()
        self.timeline = Timeline()
        self.hosts: dict[str, SimHost] = {}
        self.behaviours: dict[str, Behaviour] = {}  # by task definition, `family:revision`
        self.cast: Cast = (lambda payload: None) if resumption is None else resumption.cast
        self.on_rest: Callable[[], None] = lambda: None  # called after each instant, when all of it is done
        self._began_at = self.clock.now()
        self.restarts = 0
        self.dies_in: int | None = None  # the control plane dies after so many more commands; None: it does not
        self._is_checked = is_checked
        self._watch = watch
        self._keeps_story = keeps_story
        self._committed: dict[str, Task] = {}
        self._commit: Commit | None = None
        self._is_awake = False
        self.store = WatchedStore(
            store or MemoryStore(seed=seed, keeps_story=keeps_story), told=self._tell, faults=faults
        )
        self.balancer = SimLoadBalancer(
            clock=self.clock, agenda=self.agenda, report=self.report, task_of=self.running_task
        )
        self._controller: Controller | None = None
        self._wake_at: float | None = None
        self._boot(resumption)

    # The control plane

    @property
    def snapshot(self) -> Snapshot:
        """The control plane's snapshot. It is down only within `crash` and `restart`."""
        return self._up().snapshot

    @property
    def is_down(self) -> bool:
        """Whether the control plane is down."""
        return self._controller is None

    def _up(self) -> Controller:
        assert self._controller is not None, "the control plane is down: restart it"
        return self._controller

    def _boot(self, resumption: Resumption | None = None) -> None:
        if resumption is not None:
            self._resume_hosts(resumption)
        self._controller = Controller(
            store=self.store,
            hosts=[host for host in self.hosts.values() if host.connection.is_up],
            load_balancer=self.balancer,
            clock=self.clock,
            arns=self.arns,
            rules=self.rules,
        )
        if resumption is not None:
            self.balancer.resume(self._controller.snapshot, resumption.next_checks)
        self.balancer.attach(self._controller.snapshot)
        for host in self.hosts.values():
            host.connection.report(host.state())
        self._is_awake = True

    def _resume_hosts(self, resumption: Resumption) -> None:
        """The hosts of the store's records, each with the tasks that it has. One that was out of reach stays so."""
        self.behaviours.update(resumption.behaviours)
        records = tuple(self.store.load()[0])
        definitions = {record.arn: record for record in records if isinstance(record, TaskDefinition)}
        self._committed = {record.arn: record for record in records if isinstance(record, Task)}
        held: dict[str, list[SimTask]] = defaultdict(list)
        for task in self._committed.values():
            if is_held(task):
                held[task.host_id].append(self._held(definitions[task.task_definition_arn], task))
        for host in (record for record in records if isinstance(record, Host)):
            sim = self._new_host(host)
            sim.connection.is_up = host.is_connected
            sim.take_over(held[host.id])

    def _held(self, definition: TaskDefinition, task: Task) -> SimTask:
        payload = payload_of(task, definition)
        return held_task(task, payload, self._behaviour_of(payload).drawn(self.seed, payload.task_id))

    def crash(self) -> None:
        """Kill the control plane. Hosts and the data plane go on; what they report is lost until `restart`."""
        self._controller = None
        self._wake_at = None

    def restart(self) -> None:
        """Start the control plane from its store; hosts report all that they have."""
        self.restarts += 1
        self._boot()

    def close(self) -> None:
        """Let go of all that the world holds: nothing can be done with it any more. Its parts know one another, so that
        without this they stay until Python's collector looks."""
        self.agenda.clear()
        self.__dict__.clear()

    def apply(self, decide: Callable[[Snapshot, Context], Plan]) -> None:
        """Have the control plane take a plan, as an API call would; the next step commits it."""

        def transaction(snapshot: Snapshot, context: Context) -> tuple[Plan, None]:
            return decide(snapshot, context), None

        self._up().apply(transaction)
        self._is_awake = True

    def report(self, observation: Observation) -> None:
        """Have the control plane told of something now; it is lost while that is down."""
        if self._controller is not None:
            if isinstance(observation, HostReport):
                self._controller.attach(self.hosts[observation.host.id])
            self._controller.report(observation)
            self._is_awake = True

    def _tell(self, commit: Commit) -> None:
        if self._keeps_story:
            self.timeline.tell(commit)
        self._commit = commit
        if self._watch is not None:
            self._watch(self.snapshot, commit)

    def _before_command(self) -> None:
        """Die between two commands where that was asked for: those before were performed, the others were not."""
        if self.dies_in is None:
            return
        if self.dies_in == 0:
            self.dies_in = None
            raise ControlPlaneCrash
        self.dies_in -= 1

    # Time

    @property
    def elapsed_s(self) -> float:
        """Seconds of virtual time since the world began."""
        return self.clock.now() - self._began_at

    def step(self) -> None:
        """Let everything happen that happens at this instant."""
        self._come_to_rest()
        self.on_rest()

    def _come_to_rest(self) -> None:
        self.agenda.run_due(self.clock.now())
        for _ in range(STEPS_MOST):
            if self._controller is None:
                return
            self._is_awake = False
            self._step_once(self._controller)
            self.agenda.run_due(self.clock.now())
            is_due = self._wake_at is not None and self._wake_at <= self.clock.now()
            if not (self._is_awake or is_due):
                return
        raise AssertionError(f"the world does not come to rest at {self.elapsed_s} s")

    def _step_once(self, controller: Controller) -> None:
        self._commit = None
        try:
            self._wake_at = controller.step()
        except ControlPlaneCrash:
            self._remember(self._commit)
            self.crash()
            self.restart()
            return
        if controller.retry_at is None:
            self._check(controller.snapshot, self._commit)
        self._remember(self._commit)

    def _check(self, snapshot: Snapshot, commit: Commit | None) -> None:
        if not self._is_checked:
            return
        if commit is not None:
            check_moves(self._committed, commit.changes)
            check_decisions(snapshot, self._committed, commit.changes)
        check_state(snapshot)
        if self._wake_at is None or self._wake_at > self.clock.now():
            check_rest(snapshot, self.context())
        for host in self.hosts.values():
            twice = sorted(arn for arn, count in host.starts.items() if count > 1)
            assert not twice, f"{host.id} started {twice} more than once"

    @property
    def is_at_rest(self) -> bool:
        """Whether everything of this instant is decided and committed."""
        is_due = self._wake_at is not None and self._wake_at <= self.clock.now()
        return self._controller is not None and self._controller.retry_at is None and not is_due

    def context(self) -> Context:
        """What decisions are taken with, to ask what would be decided now; its ids are nobody's."""
        return Context(now=self.clock.now(), ids=Ids(seed="check"), arns=self.arns, rules=self.rules)

    def _remember(self, commit: Commit | None) -> None:
        if not self._is_checked or commit is None:
            return
        for change in commit.changes:
            if isinstance(change.record, Task):
                if isinstance(change, Put):
                    self._committed[change.record.arn] = change.record
                else:
                    self._committed.pop(change.record.arn, None)

    @property
    def next_at(self) -> float | None:
        """The next instant at which something happens; None: nothing will."""
        instants = [at for at in (self.agenda.next_at, self._wake_at) if at is not None]
        return min(instants, default=None)

    def run(self, until: Callable[[], bool] | None = None, *, limit_s: float = 86_400.0) -> bool:
        """Go on until `until()` is true (None: until everything `is_settled`), or `limit_s` seconds have passed, or
        nothing will happen any more. Whether the condition was met."""
        condition = self.is_settled if until is None else until
        end = self.clock.now() + limit_s
        self.step()
        while not condition():
            at = self.next_at
            if at is None or at > end:
                if at is not None:
                    self.clock.move_to(end)
                return False
            self.clock.move_to(max(at, self.clock.now()))
            self.step()
        return True

    def run_for(self, seconds: float) -> None:
        """Go on for so many seconds of virtual time, whatever happens in them."""
        end = self.clock.now() + seconds
        self.run(lambda: False, limit_s=seconds)
        self.clock.move_to(end)
        self.step()

    # What is there

    def add_host(self, *, cpu: int, memory: int) -> SimHost:
        """A host with so many CPU units and MiB; it is there when this returns."""
        number = len(self.hosts) + 1
        host = Host(
            id=stable_hex("host", self.seed, str(number)),
            cpu=cpu,
            memory=memory,
            address=f"127.1.0.{number}",
            runtime="sim",
            registered_at=self.clock.now(),
        )
        sim = self._new_host(host)
        self.report(sim.state())
        self.step()
        return sim

    def _new_host(self, host: Host) -> SimHost:
        sim = SimHost(
            host,
            seed=self.seed,
            clock=self.clock,
            agenda=self.agenda,
            report=self.report,
            behaviour_of=self._behaviour_of,
        )
        sim.before_command = self._before_command
        sim.on_signal = self.balancer.watch_signal
        self.hosts[host.id] = sim
        return sim

    def _behaviour_of(self, payload: TaskPayload) -> Behaviour:
        own = self.cast(payload)
        return self.behaviours.get(f"{payload.family}:{payload.revision}", Behaviour()) if own is None else own

    def running_task(self, task_arn: str) -> SimTask | None:
        """The task as its host knows it; None: it runs nowhere."""
        known = self.snapshot.tasks.get(task_arn) if self._controller is not None else None
        hosts = self.hosts.values() if known is None else (self.hosts[known.host_id],)
        found = (host.task(task_arn) for host in hosts)
        return next((task for task in found if task is not None), None)

    def service(self, name: str) -> Service:
        """The service of that name. Raises KeyError if there is none."""
        found = [service for service in self.snapshot.services.values() if service.name == name]
        if not found:
            raise KeyError(name)
        return found[-1]

    def tasks(self, service: str) -> tuple[Task, ...]:
        """The tasks of a service, stopped ones among them, oldest first."""
        arn = self.service(service).arn
        return tuple(task for task in self.snapshot.tasks.values() if task.service_arn == arn)

    def rounds(self, service: str) -> tuple[Round, ...]:
        """The rounds of the PRIMARY deployment, oldest first."""
        primary = self.snapshot.primary(self.service(service).arn)
        return () if primary is None else primary.rounds

    def is_settled(self) -> bool:
        """Whether every service has the tasks it is to have, or is gone."""
        return not self.is_down and all(self.is_service_settled(service) for service in self.snapshot.services.values())

    def is_service_settled(self, service: Service) -> bool:
        """Whether the service has the tasks it is to have, all of its newest deployment, or is gone."""
        if service.status is not ServiceStatus.ACTIVE:
            return service.status is ServiceStatus.INACTIVE
        primary = self.snapshot.primary(service.arn)
        is_alone = len(self.snapshot.service_deployments_of(service.arn)) == 1
        is_done = primary is not None and primary.rollout_state is RolloutState.COMPLETED
        return is_alone and is_done and service.steady_at is not None

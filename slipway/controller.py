"""The controller: one writer, one loop. Fold what happened, decide for each dirty service, commit, dispatch.

`step()` is synchronous and takes the time from its clock: the server calls it from `run()`, the simulator from a
virtual clock. Transactions (API calls) run on the same thread of control between steps, and are answered after the
commit that holds their changes. If a commit fails, nothing was done: the snapshot is loaded again as of the last
commit, callers are told, and what hosts and targets had reported is folded again at the next try.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import Ids
from slipway.core.model.load_balancing import Listener, LoadBalancer, Target, TargetGroup
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.observations import Observation
from slipway.core.observe import observe
from slipway.core.plan import Change, HostCommand, Plan, Put
from slipway.core.reconcile import reconcile, reconcile_task
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import plan_target
from slipway.journal.gathering import Gathering
from slipway.ports import Clock, Commit, Host, Loaded, Store, StoreError, Taken
from slipway.ports import LoadBalancer as LoadBalancerPort

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: What a transaction decides: a plan, and what to answer once it is committed.
Transaction = Callable[[Snapshot, Context], tuple[Plan, T]]

#: Passes over what is dirty in one step before it is our fault: a decision that never comes to rest.
PASSES_MOST = 100

#: Seconds to the next try after a commit that failed.
RETRY_S = 1.0

#: Seconds in which observations are gathered for one step: the events of one tick are folded before a service is looked
#: at, once. Tasks that turn healthy together are then one decision, one commit and one event. Calls do not wait for it.
TICK_S = 0.02

#: Thresholds for `gc.set_threshold` in a process that runs a controller. Records are trees without cycles: collections
#: find nothing, and the full ones look at all of them (10,000 tasks: 1.4 ms of CPU a task with Python's own, 1.0 so).
COLLECT_AFTER = (50_000, 20, 20)

#: What the balancer is told of: its own records, and definitions, whose static ports its names give way to.
_BALANCED = (LoadBalancer, Listener, TargetGroup, Target, TaskDefinition)


class Controller:
    """Owns the snapshot. Every method is called on one thread of control."""

    def __init__(
        self,
        *,
        store: Store,
        hosts: Iterable[Host] = (),
        load_balancer: LoadBalancerPort,
        clock: Clock,
        arns: Arns,
        rules: Rules,
        observers: Iterable[Callable[[Commit], None]] = (),
    ) -> None:
        """`observers` are told of each commit when it is written and dispatched. They must not wait, and not raise."""
        self._store = store
        self._observers = tuple(observers)
        self._hosts = {host.id: host for host in hosts}
        self._load_balancer = load_balancer
        self._clock = clock
        self._arns = arns
        self._rules = rules
        self._inbox: list[Observation] = []
        self._changes: list[Change] = []
        self._commands: list[HostCommand] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._retry_at: float | None = None
        self._wake = asyncio.Event()
        self._called = asyncio.Event()
        self._gathering = Gathering() if store.keeps_journal else None
        self._load(has_failed=False)

    def _load(self, *, has_failed: bool) -> None:
        """Take the records as of the last commit, which has all of them decided again.

        Hosts that are not there get no tasks until they report.
        """
        records, sequence = self._store.load()
        self.snapshot = Snapshot(seed=self._store.seed)
        self.snapshot.apply(Put(record=record) for record in records)
        self._ids = Ids(seed=self._store.seed, sequence=sequence)
        if self._gathering is not None:
            self._gathering.load(
                Loaded(host_ids=tuple(self._hosts), arns=self._arns, rules=self._rules, has_failed=has_failed)
            )
        absent = [host for host in self.snapshot.hosts.values() if host.id not in self._hosts and host.is_connected]
        gone = (Put(record=replace(host, is_connected=False), cause="not connected") for host in absent)
        self._take(Plan(changes=tuple(gone)))

    def attach(self, host: Host) -> None:
        """Take a host that joins later. It is given tasks once it has reported."""
        self._hosts[host.id] = host

    # What comes in

    def report(self, observation: Observation) -> None:
        """Take an observation; it is folded at the next step."""
        self._inbox.append(observation)
        self._wake.set()

    def apply(self, transaction: Transaction[T]) -> T:
        """Run a transaction now and return its answer; the next step commits what it changed.

        Raises what the transaction raises, having changed nothing.
        """
        context = self._context()
        plan, answer = transaction(self.snapshot, context)
        taken = self._take(plan)
        if self._gathering is not None and taken:
            self._gathering.take(Taken(at=context.now, changes=taken, sequence=self._ids.sequence))
        return answer

    async def transact(self, transaction: Transaction[T]) -> T:
        """Run a transaction now and return its answer once all it saw and changed is committed.

        Raises what the transaction raises, having changed nothing, and `StoreError` if the commit failed.
        """
        answer = self.apply(transaction)
        if self._changes:
            committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(committed)
            self._wake.set()
            self._called.set()
            await committed
        return answer

    @property
    def sequence(self) -> int:
        """The id sequence as it is now."""
        return self._ids.sequence

    @property
    def retry_at(self) -> float | None:
        """When a commit that failed is tried again, epoch seconds; None: the last one succeeded."""
        return self._retry_at

    # The step

    def step(self) -> float | None:
        """Fold, decide, commit, dispatch. Returns when to step again though nothing happens; None: never."""
        if self._retry_at is not None and self._clock.now() < self._retry_at:
            return self._retry_at
        folded, self._inbox = self._inbox, []
        context = self._context()
        began, given = self._ids.sequence, len(self._commands)
        is_stirred = self._is_stirred(context.now)
        try:
            for observation in folded:
                self._fold(observation, context)
            self.snapshot.wake(context.now)
            self._decide(context)
            commit = self._commit(context, began=began, given=given)
        except StoreError as error:
            self._undo(folded, error)
            return self._retry_at
        self._retry_at = None
        self._dispatch()
        if commit is None and self._gathering is not None:
            self._gathering.rest(context.now, is_stirred=is_stirred)
        if commit is not None:
            for observer in self._observers:
                observer(commit)
        return self.snapshot.wake_at

    def _context(self) -> Context:
        return Context(now=self._clock.now(), ids=self._ids, arns=self._arns, rules=self._rules)

    def _is_stirred(self, now: float) -> bool:
        """Whether there is something to be looked at, though nothing were reported."""
        snapshot = self.snapshot
        is_due = snapshot.wake_at is not None and snapshot.wake_at <= now
        return is_due or bool(snapshot.dirty_services or snapshot.dirty_tasks or snapshot.dirty_targets)

    def _fold(self, observation: Observation, context: Context) -> None:
        plan = observe(self.snapshot, observation, context)
        if plan.is_empty:
            return
        self._take(plan)
        if self._gathering is not None:
            self._gathering.observe(observation)

    def _take(self, plan: Plan) -> tuple[Change, ...]:
        """Take a plan for this step; its changes, the events among them."""
        if plan.is_empty:
            return ()
        changes = (*plan.changes, *(Put(record=event) for event in plan.events))
        if self._gathering is not None:
            self._gathering.keep(self.snapshot, changes)
        self.snapshot.apply(changes)
        self._changes += changes
        self._commands += plan.commands
        return changes

    def _decide(self, context: Context) -> None:
        """Decide for all that is dirty, until everything is at rest."""
        snapshot = self.snapshot
        for _ in range(PASSES_MOST):
            targets, snapshot.dirty_targets = snapshot.dirty_targets, set()
            for key in sorted(targets & snapshot.targets.keys()):
                self._take(Plan(changes=plan_target(snapshot.targets[key], now=context.now)))
            tasks, snapshot.dirty_tasks = snapshot.dirty_tasks, set()
            for arn in sorted(tasks):
                self._take(reconcile_task(snapshot, arn, context))
            services, snapshot.dirty_services = snapshot.dirty_services, set()
            if not services and not snapshot.dirty_targets and not snapshot.dirty_tasks:
                return
            for arn in sorted(services):
                counted = snapshot.service_tasks(arn)
                touched, counted.touched = counted.touched, set()
                self._take(reconcile(snapshot, arn, touched, context))
        raise AssertionError(f"decisions do not come to rest: {sorted(snapshot.dirty_services)}")

    def _commit(self, context: Context, *, began: int, given: int) -> Commit | None:
        """What was committed; None: there was nothing to commit. The ids `began` there; so many commands were given."""
        if not self._changes:
            return None
        commit = Commit(
            at=context.now,
            changes=tuple(self._changes),
            sequence=self._ids.sequence,
            commands=tuple(self._commands[given:]),
            inputs=None if self._gathering is None else self._gathering.inputs(sequence=began),
        )
        self._store.commit(commit)
        if self._gathering is not None:
            self._gathering.commit()
        return commit

    def _undo(self, folded: list[Observation], error: StoreError) -> None:
        """Nothing of this step was written: go back to the last commit and fold the same observations again later."""
        _log.error("commit failed error=%s retry_s=%s", error, RETRY_S)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_exception(error)
        self._changes, self._commands = [], []
        self._inbox = folded + self._inbox
        self._load(has_failed=True)
        self._load_balancer.configure(self.snapshot, ())  # it had read what was not committed
        self._retry_at = self._clock.now() + RETRY_S

    def _dispatch(self) -> None:
        """Perform what was committed: the balancer first, so that nothing is stopped while it still gets requests."""
        changes, self._changes = self._changes, []
        commands, self._commands = self._commands, []
        waiting, self._waiting = self._waiting, []
        balanced = [change for change in changes if isinstance(change.record, _BALANCED)]
        if balanced:
            self._load_balancer.configure(self.snapshot, balanced)
        for command in commands:
            host = self._hosts.get(command.host_id)
            if host is not None:  # a host that is not there is told when it reports
                host.perform(command)
        for future in waiting:
            if not future.done():
                future.set_result(None)

    # The loop

    async def open(self) -> None:
        """Open the balancer and the hosts, and fold what they have: tasks that run are adopted."""
        await self._load_balancer.open(self.snapshot)
        for host in self._hosts.values():
            self.report(await host.open())

    async def run(self) -> None:
        """Step whenever something happens or its time has come, until cancelled."""
        while True:
            self._wake.clear()
            self._called.clear()
            await self._wait(self._wake, until=self.step())
            if not self._called.is_set():
                await self._wait(self._called, until=self._clock.now() + TICK_S)

    async def _wait(self, event: asyncio.Event, *, until: float | None) -> None:
        """Wait for an event, at most until that instant; None: however long."""
        delay = None if until is None else max(until - self._clock.now(), 0.0)
        try:
            async with asyncio.timeout(delay):
                await event.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Let go of hosts and balancer, leaving tasks running and requests served, and close the store."""
        for host in self._hosts.values():
            await host.close()
        await self._load_balancer.close()
        self._store.close()

"""A simulated load balancer: it checks targets by their tasks' health scripts, and lets their connections end."""

from collections.abc import Callable, Iterable, Mapping
from math import ceil, floor, inf

from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.observations import CheckOutcome, TargetCheck, TargetDrained, TargetDraining
from slipway.core.plan import Change, Remove
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import targets_touched
from slipway.ports import Report
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.tasks import SimTask


class SimLoadBalancer:
    """A `ports.LoadBalancer` in virtual time.

    A target is checked every interval, the first time one interval after it was registered: it is healthy after
    interval × healthy threshold. One that is healthy and will stay so costs nothing until its script says otherwise.
    """

    def __init__(
        self, *, clock: VirtualClock, agenda: Agenda, report: Report, task_of: Callable[[str], SimTask | None]
    ) -> None:
        self._clock = clock
        self._agenda = agenda
        self._report = report
        self._task_of = task_of
        self._snapshot: Snapshot | None = None  # None: not opened yet
        self._due: dict[str, float] = {}  # when each target is checked next; inf: not before something happens to it
        self._checked_at: dict[str, float] = {}  # the beat of each target's checks
        self._ill: dict[str, int | None] = {}  # tasks made ill by hand, and what they answer
        self._told: set[str] = set()  # draining targets this control plane has been told of
        self._served: set[str] = set()  # targets that were in rotation: only they have connections
        self._drained_at: dict[str, float] = {}  # when the last connection to a draining target ends; inf: at the delay
        self._next_checks: dict[str, float] = {}  # of targets that another balancer checked before
        self.cut: list[str] = []  # what was taken away while it served, undrained: a sentence each

    async def open(self, snapshot: Snapshot) -> None:
        """Serve what the snapshot says."""
        self.attach(snapshot)

    def attach(self, snapshot: Snapshot) -> None:
        """Serve what the snapshot says, as when the control plane starts: connections went on, checks begin anew."""
        self._snapshot = snapshot
        self._due.clear()
        self._told.clear()
        for target in snapshot.targets.values():
            self._take(target)

    def resume(self, snapshot: Snapshot, next_checks: Mapping[str, float]) -> None:
        """Go on where another balancer is, from the next `attach` on: targets are checked at these instants next, and
        what is open to draining ones ends when it would have."""
        self._next_checks = dict(next_checks)
        for target in snapshot.targets.values():
            if target.state is TargetState.DRAINING:
                self._resume_drain(snapshot, target)

    def _resume_drain(self, snapshot: Snapshot, target: Target) -> None:
        task = None if target.task_arn is None else snapshot.tasks.get(target.task_arn)
        group = snapshot.target_groups.get(target.target_group_arn)
        if task is None or group is None or target.drain_until is None:
            return
        if target.passed_checks >= group.health_check.healthy_threshold or task.first_healthy_at is not None:
            self._served.add(target.key)
        delay_s = group.deregistration_delay_s
        began_at = target.drain_until - delay_s if task.stop_decided_at is None else task.stop_decided_at
        self._drained_at[target.key] = max(began_at + self._linger_s(target), self._clock.now())

    def next_check_at(self, target_key: str) -> float | None:
        """When a target is checked next, epoch seconds; None: it is not checked."""
        due_at = self._due.get(target_key)
        if due_at is None or self._snapshot is None or target_key not in self._snapshot.targets:
            return None
        if due_at < inf:
            return due_at
        group = self._snapshot.target_groups[self._snapshot.targets[target_key].target_group_arn]
        last_at, interval_s = self._checked_at[target_key], group.health_check.interval_s
        return last_at + interval_s * (floor((self._clock.now() - last_at) / interval_s) + 1)

    def configure(self, snapshot: Snapshot, changes: Iterable[Change]) -> None:
        """Check new targets, and let go of those that are deregistered."""
        self._snapshot = snapshot
        for change in changes:
            if isinstance(change, Remove) and isinstance(change.record, Target):
                self._watch_removal(change.record)
                self._forget(change.record.key)
            elif not isinstance(change, Remove):
                for target in targets_touched(snapshot, change):
                    self._take(target)

    def bind_error(self, address: str, port: int) -> str | None:
        """Every address can be bound."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""

    # What tests and faults do to it

    def make_ill(self, task_arn: str, *, code: int | None = 503) -> None:
        """From now on checks of a task are answered with `code`, or not at all (None), whatever its script says."""
        self._ill[task_arn] = code
        self._look_again(task_arn)

    def make_well(self, task_arn: str) -> None:
        """Checks of a task go by its script again."""
        self._ill.pop(task_arn, None)
        self._look_again(task_arn)

    # What it served

    def watch_signal(self, task: SimTask) -> None:
        """Note a task that is told to stop while it still is a target that got requests."""
        targets = () if self._snapshot is None else self._snapshot.task_targets(task.arn)
        self.cut += [f"{task.arn} got SIGTERM as the target {each.key}" for each in targets if each.key in self._served]

    def _watch_removal(self, target: Target) -> None:
        """Note a target that is removed while its task runs, before its last request or its deregistration delay."""
        task = None if target.task_arn is None else self._task_of(target.task_arn)
        if task is None or target.key not in self._served:
            return
        now = self._clock.now()
        is_over = target.drain_until is not None and target.drain_until <= now
        if not is_over and self._drained_at.get(target.key, inf) > now:
            self.cut.append(f"{target.key} of {task.arn} was removed while it had requests")

    def _look_again(self, task_arn: str) -> None:
        targets = () if self._snapshot is None else self._snapshot.task_targets(task_arn)
        for target in targets:
            if target.key in self._due:
                self._schedule(target.key, not_before=self._clock.now())

    def _take(self, target: Target) -> None:
        key = target.key
        if self._snapshot is None or key not in self._snapshot.targets:
            return  # registered and gone within one step
        if target.state is TargetState.DRAINING:
            self._drain(target)
            return
        self._told.discard(key)
        self._drained_at.pop(key, None)
        if target.state is TargetState.HEALTHY:
            self._served.add(key)
        if key not in self._due and self._is_checked(target):
            self._checked_at[key] = self._clock.now()
            if key in self._next_checks:
                self._check_at(key, max(self._next_checks.pop(key), self._clock.now()))
            else:
                self._schedule(key, not_before=self._clock.now())

    def _forget(self, key: str) -> None:
        self._due.pop(key, None)
        self._checked_at.pop(key, None)
        self._drained_at.pop(key, None)
        self._told.discard(key)
        self._served.discard(key)

    # Draining

    def _drain(self, target: Target) -> None:
        """Out of rotation at once; drained when its connections have ended."""
        key = target.key
        if key in self._told:
            return
        self._told.add(key)
        self._due.pop(key, None)
        now = self._clock.now()
        if key not in self._drained_at:
            self._drained_at[key] = now + self._linger_s(target)
        self._report(TargetDraining(target_key=key, at=now))
        if self._drained_at[key] < inf:
            self._agenda.put(max(self._drained_at[key], now), lambda: self._end_connections(key))

    def _linger_s(self, target: Target) -> float:
        """How long connections last; a target that never was in rotation has none. inf: to the deregistration delay."""
        task = None if target.task_arn is None else self._task_of(target.task_arn)
        if task is None or target.key not in self._served:
            return 0.0
        return inf if task.behaviour.linger_s is None else task.behaviour.linger_s

    def _end_connections(self, key: str) -> None:
        if self._drained_at.get(key, inf) <= self._clock.now():
            self._report(TargetDrained(target_key=key, at=self._clock.now()))

    # Checking

    def _is_checked(self, target: Target) -> bool:
        assert self._snapshot is not None, "targets come with a snapshot"
        group = self._snapshot.target_groups.get(target.target_group_arn)
        return group is not None and group.health_check.enabled and bool(self._snapshot.group_listeners(group.arn))

    def _schedule(self, key: str, *, not_before: float) -> None:
        """Have a target checked on the first beat that is not earlier; inf: not before it is looked at again."""
        if not_before == inf:
            self._due[key] = inf
            return
        assert self._snapshot is not None, "targets come with a snapshot"
        group = self._snapshot.target_groups[self._snapshot.targets[key].target_group_arn]
        interval_s = group.health_check.interval_s
        last_at = self._checked_at[key]
        due_at = last_at + interval_s * max(1, ceil((not_before - last_at) / interval_s))
        self._check_at(key, due_at)

    def _check_at(self, key: str, due_at: float) -> None:
        self._due[key] = due_at
        self._agenda.put(due_at, lambda: self._check(key, due_at))

    def _check(self, key: str, due_at: float) -> None:
        if self._due.get(key) != due_at or self._snapshot is None:
            return
        target = self._snapshot.targets.get(key)
        if target is None or target.state is TargetState.DRAINING or not self._is_checked(target):
            del self._due[key]
            return
        self._checked_at[key] = due_at
        check = self._outcome(target)
        is_steady = target.state is TargetState.HEALTHY and target.failed_checks == 0
        if is_steady and check.outcome is CheckOutcome.PASSED:
            self._schedule(key, not_before=self._next_ill_at(target))
        else:
            self._report(check)
            self._schedule(key, not_before=due_at)

    def _outcome(self, target: Target) -> TargetCheck:
        now = self._clock.now()
        outcome, code = CheckOutcome.PASSED, None
        if target.task_arn is not None:
            task = self._task_of(target.task_arn)
            if task is None or task.started_at is None:
                outcome = CheckOutcome.FAILED
            elif target.task_arn in self._ill or not task.behaviour.health.is_well(now - task.started_at):
                code = self._ill.get(target.task_arn, task.behaviour.health.code)
                outcome = CheckOutcome.TIMEOUT if code is None else CheckOutcome.RESPONSE_CODE_MISMATCH
        return TargetCheck(target_key=target.key, outcome=outcome, at=now, response_code=code)

    def _next_ill_at(self, target: Target) -> float:
        task = None if target.task_arn is None else self._task_of(target.task_arn)
        if task is None or task.started_at is None:
            return inf
        return task.started_at + task.behaviour.health.next_ill_s(self._clock.now() - task.started_at)

"""The tasks of one service, counted by deployment and phase, so that a decision costs what changed."""

from enum import IntEnum
from itertools import islice

from slipway.core.model.tasks import DesiredStatus, Task, TaskStatus
from slipway.core.ordered import OrderedKeys


class Phase(IntEnum):
    """Where a task stands for the scheduler. Sick ones are RUNNING tasks that are to be replaced."""

    STARTING = 0
    RUNNING = 1
    SICK = 2
    HEALTHY = 3
    STOPPING = 4
    STOPPED = 5


#: Tasks on their way to be healthy, and those that are to run and not to be replaced.
RISING = (Phase.STARTING, Phase.RUNNING)
FIT = (*RISING, Phase.HEALTHY)


def phase_of(task: Task) -> Phase:
    """The phase of a task: its desired status first, then what its host and its checks say."""
    if task.last_status is TaskStatus.STOPPED:
        return Phase.STOPPED
    if task.desired_status is DesiredStatus.STOPPED:
        return Phase.STOPPING
    if task.last_status is not TaskStatus.RUNNING:
        return Phase.STARTING
    if task.unhealthy_reason is not None:
        return Phase.SICK
    return Phase.HEALTHY if task.healthy_at is not None else Phase.RUNNING


class DeploymentTasks:
    """The tasks of one deployment by phase; within a phase the oldest first. Stopped tasks are not kept."""

    __slots__ = ("_phases", "_protected")

    def __init__(self) -> None:
        self._protected: dict[Phase, set[str]] = {}  # ARNs of those under scale-in protection
        self._phases = tuple(OrderedKeys() for phase in Phase if phase is not Phase.STOPPED)

    def add(self, task: Task, phase: Phase) -> None:
        """Count a task in the phase it is in, unless it is stopped."""
        if phase is not Phase.STOPPED:
            self._phases[phase].add((task.created_at, task.arn))
            if task.protected_until is not None:
                self._protected.setdefault(phase, set()).add(task.arn)

    def discard(self, task: Task, phase: Phase) -> None:
        """Count a task no more in the phase it was in."""
        if phase is not Phase.STOPPED:
            self._phases[phase].discard((task.created_at, task.arn))
            self._protected.get(phase, set()).discard(task.arn)

    def count(self, *phases: Phase) -> int:
        """How many tasks are in these phases."""
        total = 0
        for phase in phases:  # asked for ten times a decision: a sum over a generator costs twice as much
            total += len(self._phases[phase])
        return total

    def protected(self, *phases: Phase) -> frozenset[str]:
        """The ARNs of the tasks in these phases that are under scale-in protection."""
        return frozenset().union(*(self._protected.get(phase, ()) for phase in phases))

    def protected_count(self, *phases: Phase) -> int:
        """How many they are."""
        if not self._protected:
            return 0
        return sum(len(self._protected.get(phase, ())) for phase in phases)

    def first(self, phase: Phase, count: int) -> tuple[str, ...]:
        """The ARNs of at most `count` tasks of a phase, the oldest first."""
        return tuple(islice(self._phases[phase], max(count, 0)))

    def last(self, phase: Phase, count: int) -> tuple[str, ...]:
        """The ARNs of at most `count` tasks of a phase, the newest first."""
        return tuple(islice(self._phases[phase].newest_first(), max(count, 0)))

    @property
    def wanted(self) -> int:
        """Tasks that are to run, whatever they are doing now."""
        return self.count(Phase.STARTING, Phase.RUNNING, Phase.SICK, Phase.HEALTHY)

    @property
    def fit(self) -> int:
        """Tasks that are to run and are not to be replaced."""
        return self.count(*FIT)

    @property
    def running(self) -> int:
        """Tasks whose last status is RUNNING and that are to go on (`runningCount`)."""
        return self.count(Phase.RUNNING, Phase.SICK, Phase.HEALTHY)

    @property
    def alive(self) -> int:
        """Tasks that have not stopped."""
        return sum(map(len, self._phases))


class ServiceTasks:
    """The tasks of one service by deployment, and those that changed since the service was last decided."""

    __slots__ = ("_deployments", "touched")

    def __init__(self) -> None:
        self._deployments: dict[str, DeploymentTasks] = {}
        self.touched: set[str] = set()

    def of(self, deployment_id: str) -> DeploymentTasks:
        """The tasks of a deployment; an empty set for one that has none."""
        return self._deployments.get(deployment_id, _NO_TASKS)

    def replace(self, old: Task | None, new: Task | None) -> None:
        """Bring the counts from `old` (None: was not there) to `new` (None: is gone)."""
        before = Phase.STOPPED if old is None else phase_of(old)
        after = Phase.STOPPED if new is None else phase_of(new)
        if before is after and _is_protected(old) is _is_protected(new):
            return  # neither its deployment nor when it was created changes
        if old is not None and old.deployment_id in self._deployments:
            self._deployments[old.deployment_id].discard(old, before)
        if new is not None and new.deployment_id is not None and after is not Phase.STOPPED:
            tasks = self._deployments.get(new.deployment_id)
            if tasks is None:
                tasks = self._deployments[new.deployment_id] = DeploymentTasks()
            tasks.add(new, after)

    def touch_running(self) -> None:
        """Have every task that runs and is to go on judged again, as when what they are judged by has changed."""
        for tasks in self._deployments.values():
            for phase in (Phase.RUNNING, Phase.SICK, Phase.HEALTHY):
                self.touched.update(tasks.first(phase, tasks.count(phase)))

    def forget(self, deployment_id: str) -> None:
        """Drop a deployment that has no tasks left."""
        self._deployments.pop(deployment_id, None)

    def count(self, *phases: Phase) -> int:
        """How many tasks of the service are in these phases."""
        return sum(tasks.count(*phases) for tasks in self._deployments.values())

    @property
    def wanted(self) -> int:
        """Tasks of all deployments that are to run."""
        return sum(tasks.wanted for tasks in self._deployments.values())

    @property
    def running(self) -> int:
        """Tasks of all deployments that run and are to go on."""
        return sum(tasks.running for tasks in self._deployments.values())

    @property
    def alive(self) -> int:
        """Tasks of all deployments that have not stopped."""
        return sum(tasks.alive for tasks in self._deployments.values())


def _is_protected(task: Task | None) -> bool:
    return task is not None and task.protected_until is not None


_NO_TASKS = DeploymentTasks()

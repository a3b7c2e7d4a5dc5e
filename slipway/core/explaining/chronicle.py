"""The chronicle of one service: what its commits say of its tasks, targets, rounds and waits from an instant on.

It is fed with the records as they were, and then with the changes of each commit, whether they come from a recording or
from a simulated world: a forecast and an explanation are read off the same chronicle.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from slipway.core.explaining.absence import Absence
from slipway.core.explaining.life import Span, TargetLife, TaskLife
from slipway.core.explaining.moves import Move
from slipway.core.model.deployments import Deployment, RoundKind, ServiceDeployment, ServiceRevision
from slipway.core.model.hosts import Host
from slipway.core.model.load_balancing import Target, TargetGroup, TargetState
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import DesiredStatus, Task
from slipway.core.plan import Change, Put, Record
from slipway.core.records import replace
from slipway.core.tasks.service_tasks import Phase, phase_of

T = TypeVar("T")

_SERVING = (Phase.RUNNING, Phase.SICK, Phase.HEALTHY)
_ALIVE = tuple(phase for phase in Phase if phase is not Phase.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many tasks there are after one commit, by deployment id: those in no entry are none."""

    at: float
    healthy: dict[str, int]
    running: dict[str, int]  # RUNNING and to go on, healthy or not
    alive: dict[str, int]  # not STOPPED: they hold room

    @property
    def all_healthy(self) -> int:
        """Healthy tasks of all deployments."""
        return sum(self.healthy.values())

    @property
    def all_running(self) -> int:
        """Tasks of all deployments that run and are to go on."""
        return sum(self.running.values())

    @property
    def all_alive(self) -> int:
        """Tasks of all deployments that hold room."""
        return sum(self.alive.values())


class Turn(NamedTuple):
    """A task came into a phase. A plain tuple: there are several for each task, and a roll may have 100,000."""

    task_arn: str
    phase: Phase


class Chronicle:
    """What happened to the service `service_arn`. Records of other services are passed over."""

    def __init__(self, service_arn: str, records: Iterable[Record], *, at: float) -> None:
        """`records` are those there were at the instant `at` (epoch seconds)."""
        self.service_arn = service_arn
        self.began_at = at
        self.services: list[tuple[float, Service]] = []  # each state of the service, with since when
        self.deployments: dict[str, list[tuple[float, Deployment]]] = {}  # each state of each, by id
        self.service_deployments: dict[str, ServiceDeployment] = {}  # the last state, by ARN
        self.revisions: dict[str, ServiceRevision] = {}
        self.definitions: dict[str, TaskDefinition] = {}
        self.target_groups: dict[str, TargetGroup] = {}  # the last state, by ARN
        self.hosts: dict[str, Host] = {}
        self.moves: list[Move] = []
        self.samples: list[Sample] = []
        self.absences: list[Absence] = []  # of the control plane, oldest first
        self.turns: dict[float, list[Turn]] = {}  # by the instant of the commit, oldest first
        self._group_states: dict[str, list[tuple[float, TargetGroup]]] = {}  # each state of each, by ARN
        self._tasks: dict[str, Task] = {}
        self._there: set[str] = set()
        self._spans: dict[str, list[tuple[Phase, float]]] = {}
        self._targets: dict[str, dict[str, TargetLife]] = {}  # by task ARN and target key
        self._past_targets: dict[str, list[TargetLife]] = {}  # by task ARN: those whose key was used again
        self._counts: dict[Phase, Counter[str]] = {phase: Counter() for phase in Phase}
        there = [record for record in records if not (isinstance(record, Task) and record.is_stopped)]
        for record in sorted(there, key=lambda one: isinstance(one, Target)):  # a target's task comes before it
            self._put(record, at)
        self._there = set(self._tasks)
        self.turns.clear()  # what was there did not turn
        self._sample(at)

    def tell(self, at: float, changes: Iterable[Change]) -> None:
        """Take what was committed at `at`, in order."""
        started: dict[str, list[str]] = {}
        stopped: dict[str, list[str]] = {}
        for change in changes:
            record = change.record
            if isinstance(record, Task) and record.service_arn == self.service_arn and isinstance(change, Put):
                old = self._tasks.get(record.arn)
                deployment_id = record.deployment_id or ""
                if old is None and not record.is_stopped:
                    started.setdefault(deployment_id, []).append(record.arn)
                elif old is not None and _is_told_to_stop(old, record):
                    stopped.setdefault(deployment_id, []).append(record.arn)
            if isinstance(change, Put):
                self._put(record, at)
            else:
                self._remove(record, at)
        for kind, moved in ((RoundKind.STOP, stopped), (RoundKind.START, started)):
            for deployment_id, arns in moved.items():
                self.moves.append(Move(at=at, kind=kind, deployment_id=deployment_id, task_arns=tuple(arns)))
        self._sample(at)

    def miss(self, absence: Absence) -> None:
        """Take that the control plane was away. Asked for before what was committed after it is told."""
        self.absences.append(absence)

    # What is asked

    def service_before(self, at: float) -> Service | None:
        """The service as it was just before `at`, or as first known; None: nothing is known of it."""
        return _before(self.services, at)

    def deployment_before(self, deployment_id: str, at: float) -> Deployment | None:
        """A deployment as it was just before `at`; None: there was none of that id."""
        states = self.deployments.get(deployment_id, [])
        return _before(states, at) if states and states[0][0] < at else None

    def target_groups_in(self, arn: str, from_at: float, to_at: float) -> tuple[TargetGroup, ...]:
        """The states that a target group was in from `from_at` to just before `to_at`, oldest first: at least that of
        `from_at`. Empty: nothing is known of it."""
        states = self._group_states.get(arn, [])
        first = max(bisect_right(states, from_at, key=lambda state: state[0]) - 1, 0)
        return tuple(group for at, group in states[first:] if at < to_at or group is states[first][1])

    @property
    def service(self) -> Service:
        """The service as it was last. Raises IndexError where no record told of it."""
        return self.services[-1][1]

    @property
    def lives(self) -> tuple[TaskLife, ...]:
        """The lives of its tasks, in the order in which they were first seen."""
        return tuple(self.life(arn) for arn in self._tasks)

    @property
    def task_arns(self) -> tuple[str, ...]:
        """The ARNs of its tasks, in the order in which they were first seen."""
        return tuple(self._tasks)

    def spans(self, task_arn: str) -> tuple[tuple[Phase, float], ...]:
        """The phases of one task, each with since when, oldest first. Raises KeyError for an unknown task."""
        return tuple(self._spans[task_arn])

    def has_commit(self, from_at: float, to_at: float) -> bool:
        """Whether anything was committed at `from_at` or later, and before `to_at`."""
        index = bisect_left(self.samples, from_at, key=lambda sample: sample.at)
        return index < len(self.samples) and self.samples[index].at < to_at

    def task(self, task_arn: str) -> Task:
        """One task as it was last. Raises KeyError if the service had none of that ARN."""
        return self._tasks[task_arn]

    def life(self, task_arn: str) -> TaskLife:
        """The life of one task. Raises KeyError if the service had none of that ARN."""
        spans = self._spans[task_arn]
        ends: list[float | None] = [at for _, at in spans[1:]]
        targets = (*self._past_targets.get(task_arn, ()), *self._targets.get(task_arn, {}).values())
        return TaskLife(
            task=self._tasks[task_arn],
            was_there=task_arn in self._there,
            spans=tuple(
                Span(phase=phase, from_at=at, to_at=end) for (phase, at), end in zip(spans, (*ends, None), strict=True)
            ),
            targets=targets,
            absences=tuple(self.absences),
        )

    def first_in(self, task_arn: str, phases: Container[Phase]) -> float | None:
        """When a task was first in one of the phases; None: it was not. Raises KeyError for an unknown task."""
        return next((at for phase, at in self._spans[task_arn] if phase in phases), None)

    # What is told

    def _put(self, record: Record, at: float) -> None:
        match record:
            case Task():
                if record.service_arn == self.service_arn:
                    self._put_task(record, at)
            case Target():
                self._put_target(record, at)
            case Service():
                if record.arn == self.service_arn:
                    self.services.append((at, record))
            case Deployment():
                if record.service_arn == self.service_arn:
                    self.deployments.setdefault(record.id, []).append((at, record))
            case ServiceDeployment():
                if record.service_arn == self.service_arn:
                    self.service_deployments[record.arn] = record
            case ServiceRevision():
                if record.service_arn == self.service_arn:
                    self.revisions[record.arn] = record
            case TaskDefinition():
                self.definitions[record.arn] = record
            case TargetGroup():
                self.target_groups[record.arn] = record
                self._group_states.setdefault(record.arn, []).append((at, record))
            case Host():
                self.hosts[record.id] = record
            case _:
                pass

    def _remove(self, record: Record, at: float) -> None:
        """A task's record that goes was STOPPED before; a target's going is part of its task's life."""
        if isinstance(record, Target) and record.task_arn is not None:
            lives = self._targets.get(record.task_arn)
            life = None if lives is None else lives.get(record.key)
            if lives is not None and life is not None:
                lives[record.key] = replace(life, target=record, removed_at=at)

    def _put_task(self, task: Task, at: float) -> None:
        old = self._tasks.get(task.arn)
        self._tasks[task.arn] = task
        phase = phase_of(task)
        if old is not None:
            before = phase_of(old)
            if before is phase:
                return
            self._counts[before][old.deployment_id or ""] -= 1
        self._spans.setdefault(task.arn, []).append((phase, at))
        self.turns.setdefault(at, []).append(Turn(task.arn, phase))
        self._counts[phase][task.deployment_id or ""] += 1

    def _put_target(self, target: Target, at: float) -> None:
        if target.task_arn is None or target.task_arn not in self._tasks:
            return
        lives = self._targets.setdefault(target.task_arn, {})
        life = lives.get(target.key)
        if life is not None and life.removed_at is not None:
            self._past_targets.setdefault(target.task_arn, []).append(lives.pop(target.key))
            life = None
        if life is None:
            life = TargetLife(target=target, registered_at=target.registered_at)
        lives[target.key] = _lived(life, target, at)

    def _sample(self, at: float) -> None:
        sample = Sample(
            at=at,
            healthy=self._counted((Phase.HEALTHY,)),
            running=self._counted(_SERVING),
            alive=self._counted(_ALIVE),
        )
        if self.samples and self.samples[-1].at == at:
            self.samples[-1] = sample
        else:
            self.samples.append(sample)

    def _counted(self, phases: Iterable[Phase]) -> dict[str, int]:
        """The tasks in these phases by deployment, those that have none left out."""
        counted: dict[str, int] = {}
        for phase in phases:
            for deployment_id, count in self._counts[phase].items():
                if count:
                    counted[deployment_id] = counted.get(deployment_id, 0) + count
        return counted


def _before(states: Sequence[tuple[float, T]], at: float) -> T | None:
    """The last state of before `at`, else the first; None: there is none."""
    if not states:
        return None
    return states[max(bisect_left(states, at, key=lambda state: state[0]) - 1, 0)][1]


def _is_told_to_stop(old: Task, new: Task) -> bool:
    """Whether the task is to stop from now on, and has not ended by itself."""
    was_wanted = old.desired_status is DesiredStatus.RUNNING
    return was_wanted and new.desired_status is DesiredStatus.STOPPED and not new.is_stopped


def _lived(life: TargetLife, target: Target, at: float) -> TargetLife:
    """The life with the state the target has from `at` on."""
    grown = replace(life, target=target)
    if target.state is TargetState.DRAINING:
        return grown if life.draining_at is not None else replace(grown, draining_at=at)
    if target.failed_checks and life.failing_since is None:
        grown = replace(grown, failing_since=at)
    elif target.state is TargetState.HEALTHY and not target.failed_checks:
        grown = replace(grown, failing_since=None)
    if life.healthy_at is None:
        if target.failed_checks > life.target.failed_checks:
            grown = replace(grown, failed_checks=life.failed_checks + 1)
        if not target.passed_checks:
            grown = replace(grown, first_passed_at=None)
        elif life.first_passed_at is None:
            grown = replace(grown, first_passed_at=at if target.passing_since is None else target.passing_since)
        if target.state is TargetState.HEALTHY:
            passed_at = at if grown.first_passed_at is None else grown.first_passed_at
            grown = replace(grown, healthy_at=at, first_passed_at=passed_at, passed_checks=target.passed_checks)
    return grown

"""What a deployment of one service is forecast from: its records as they are now, and what no record holds.

The records are gathered at one instant and written piece by piece, so that the fork of a large service holds nobody up.
Of other services' tasks only the room that they hold is told. Stopped tasks are left out: nothing waits for them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType

import msgspec

from slipway.api.errors import ApiError
from slipway.core.answers.wait import Sight
from slipway.core.arns import Arns, resource_name
from slipway.core.model.deployments import Deployment
from slipway.core.model.load_balancing import TargetGroup
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition, TaskDefinitionStatus
from slipway.core.model.tasks import Task
from slipway.core.monitoring.longest_request import LongestRequest
from slipway.core.plan import Record
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

#: Records written at once: a few milliseconds' worth.
PIECE = 500

NO_LACKS: Mapping[str, str] = MappingProxyType({})

_ALIVE = tuple(phase for phase in Phase if phase is not Phase.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersRoom:
    """What tasks of others hold on one host."""

    host_id: str
    tasks: int
    cpu: int  # CPU units
    memory: int  # MiB
    host_ports: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkFacts:
    """All of a fork but its records. Instants are epoch seconds."""

    service_arn: str
    at: float
    seed: str
    sequence: int  # of the ids
    arns: Arns
    rules: Rules
    others: tuple[OthersRoom, ...]
    next_checks: dict[str, float]  # when targets are checked next, by their keys
    requests_in_flight: dict[str, int]  # of draining targets, by their keys, as far as they are known
    longest_requests: dict[str, LongestRequest] = field(default_factory=dict)  # by target group ARN, where one ended
    image_lacks: dict[str, str] = field(default_factory=dict)  # why images cannot be had, as far as was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkTold:
    """A fork as it is told."""

    facts: ForkFacts
    records: tuple[Record, ...]

    def pieces(self) -> Iterator[bytes]:
        """Its JSON, piece by piece: the facts, and `records` as pairs of a kind and a record."""
        yield b'{"facts":' + msgspec.json.encode(self.facts) + b',"records":['
        for first in range(0, len(self.records), PIECE):
            some = self.records[first : first + PIECE]
            told = msgspec.json.encode([(type(one).__name__, one) for one in some])
            yield (b"," if first else b"") + told[1:-1]
        yield b"]}"


def gather_fork(
    snapshot: Snapshot,
    service: Service,
    sight: Sight,
    *,
    arns: Arns,
    sequence: int,
    definition: TaskDefinition | None,
    image_lacks: Mapping[str, str] = NO_LACKS,
) -> ForkTold:
    """The fork of a service. `definition` is one more that it may be rolled to; None: none is asked for. `image_lacks`
    says of images why they cannot be had."""
    tasks = _tasks(snapshot, service)
    records = tuple(_records(snapshot, service, tasks, definition))
    keys = [target.key for task in tasks for target in snapshot.task_targets(task.arn)]
    checks = {key: sight.next_check_at(key) for key in keys}
    requests = {key: sight.requests_in_flight(key) for key in keys}
    groups = [one.arn for one in records if isinstance(one, TargetGroup)]
    longest = {arn: sight.longest_request(arn) for arn in groups}
    facts = ForkFacts(
        service_arn=service.arn,
        at=sight.now,
        seed=snapshot.seed,
        sequence=sequence,
        arns=arns,
        rules=sight.rules,
        others=tuple(_others(snapshot, tasks)),
        next_checks={key: at for key, at in checks.items() if at is not None},
        requests_in_flight={key: count for key, count in requests.items() if count is not None},
        longest_requests={arn: request for arn, request in longest.items() if request is not None},
        image_lacks=dict(image_lacks),
    )
    return ForkTold(facts=facts, records=records)


def asked_definition(snapshot: Snapshot, name: str) -> TaskDefinition | None:
    """The revision meant by a family (its newest ACTIVE one), `family:revision` or an ARN; None: the name is empty.

    Raises `ApiError` where there is none.
    """
    if not name:
        return None
    family, _, number = resource_name(name).partition(":")
    revisions = snapshot.revisions(family)
    for one in reversed(revisions):
        if str(one.revision) == number or (not number and one.status is TaskDefinitionStatus.ACTIVE):
            return one
    there = f"the newest is {family}:{revisions[-1].revision}" if revisions else "there is no family of that name"
    raise ApiError("ClientException", f"There is no task definition {name}; {there}.")


def asked_images(
    snapshot: Snapshot, service: Service, definition: TaskDefinition | None, others: Mapping[str, str]
) -> set[str]:
    """The images of a deployment of `definition`, None: of what the service runs now. `others` has the images of
    containers, by their names, that would run another than the definition says."""
    if definition is None:
        primary = snapshot.primary(service.arn)
        definition = None if primary is None else snapshot.task_definitions[primary.task_definition_arn]
    containers = () if definition is None else definition.containers
    return {others.get(one.name, one.image) for one in containers}


def _tasks(snapshot: Snapshot, service: Service) -> tuple[Task, ...]:
    """The service's tasks that hold room, oldest first."""
    counted = snapshot.service_tasks(service.arn)
    found = [
        snapshot.tasks[arn]
        for deployment in snapshot.service_deployments_of(service.arn)
        for phase in _ALIVE
        for arn in counted.of(deployment.id).first(phase, counted.of(deployment.id).count(phase))
    ]
    return tuple(sorted(found, key=lambda task: (task.created_at, task.arn)))


def _records(
    snapshot: Snapshot, service: Service, tasks: tuple[Task, ...], definition: TaskDefinition | None
) -> Iterator[Record]:
    """Kind by kind, as snapshots have them."""
    history = snapshot.service_history(service.arn)[::-1]
    deployments = _deployments(snapshot, service)
    revisions = [snapshot.service_revisions[one] for one in _revision_arns(snapshot, service, deployments)]
    groups = dict.fromkeys(one.target_group_arn for revision in revisions for one in revision.load_balancers)
    listeners = {one.arn: one for group in groups for one in snapshot.group_listeners(group)}
    used = dict.fromkeys(
        chain(*((one.task_definition_arn for one in kind) for kind in (revisions, deployments, tasks)))
    )
    yield snapshot.clusters[service.cluster_arn]
    yield from _definitions(snapshot, used, definition)
    yield service
    yield from deployments
    yield from revisions
    yield from history
    yield from tasks
    yield from snapshot.hosts.values()
    balancers = dict.fromkeys(one.load_balancer_arn for one in listeners.values())
    yield from (snapshot.load_balancers[arn] for arn in balancers)
    yield from listeners.values()
    yield from (snapshot.target_groups[arn] for arn in groups if arn in snapshot.target_groups)
    own = {task.arn for task in tasks}
    for group in groups:
        yield from (one for one in snapshot.group_targets(group) if one.task_arn is None or one.task_arn in own)
    named = set(service.alarms.names)
    yield from (one for one in snapshot.alarms.values() if one.name in named)
    if service.arn in snapshot.measured_times:
        yield snapshot.measured_times[service.arn]


def _deployments(snapshot: Snapshot, service: Service) -> list[Deployment]:
    """Those that go on, and those that the history tells of, oldest first."""
    past = (snapshot.deployment_of(roll_out) for roll_out in snapshot.service_history(service.arn))
    found = {one.id: one for one in (*snapshot.service_deployments_of(service.arn), *past) if one is not None}
    return sorted(found.values(), key=lambda one: (one.created_at, one.id))


def _revision_arns(snapshot: Snapshot, service: Service, deployments: list[Deployment]) -> dict[str, None]:
    history = snapshot.service_history(service.arn)
    named = [one.revision_arn for one in deployments]
    named += [arn for one in history for arn in (one.target_revision_arn, *one.source_revision_arns)]
    return dict.fromkeys(arn for arn in named if arn in snapshot.service_revisions)


def _definitions(snapshot: Snapshot, used: Iterable[str], more: TaskDefinition | None) -> Iterator[TaskDefinition]:
    """Those in use, the one that is asked for, and the newest of each of their families, which numbers the next one."""
    known = [snapshot.task_definitions[arn] for arn in used]
    known += [] if more is None else [more]
    newest = [snapshot.revisions(family)[-1] for family in dict.fromkeys(one.family for one in known)]
    found = {one.arn: one for one in (*known, *newest)}
    yield from sorted(found.values(), key=lambda one: (one.family, one.revision))


def _others(snapshot: Snapshot, tasks: tuple[Task, ...]) -> Iterator[OthersRoom]:
    """What is held on each host beside these tasks."""
    held = {host_id: snapshot.room(host_id).copy() for host_id in snapshot.hosts}
    for task in tasks:
        if task.host_id in held:
            held[task.host_id].hold(cpu=task.cpu, memory=task.memory, host_ports=task.host_ports, sign=-1)
    for host_id, room in held.items():
        if room.task_count:
            yield OthersRoom(
                host_id=host_id,
                tasks=room.task_count,
                cpu=room.cpu_used,
                memory=room.memory_used,
                host_ports=tuple(sorted(room.ports_used)),
            )

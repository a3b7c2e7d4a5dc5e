"""A fork: a virtual world that goes on from where a service and its hosts stand now, and disturbs neither.

fork = fork_of(answer)  # what GET …/services/{service}/fork answered
world = forked_world(fork, behaviours)
world.run()

What is under way in it, a roll in progress among it, goes on. Tasks of other services hold their room and do nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from slipway.api.introspection_fork import ForkFacts, OthersRoom, gather_fork
from slipway.core.answers.wait import Sight
from slipway.core.arns import Arns
from slipway.core.ids import stable_hex
from slipway.core.model.hosts import Host
from slipway.core.model.services import Service
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.model.tasks import Task, TaskStatus
from slipway.core.monitoring.longest_request import LongestRequest
from slipway.core.plan import Put, Record
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.journal.kinds import RECORD_KINDS
from slipway.sim.behaviours import Behaviour
from slipway.sim.resumption import Resumption
from slipway.sim.store import MemoryStore
from slipway.sim.world import Watch, World

#: The family of the tasks that stand for those of other services.
OTHERS = "others"


class ForkError(ValueError):
    """What was answered is no fork; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Where a service and its hosts stand at the instant `at` (epoch seconds)."""

    service_arn: str
    at: float
    seed: str
    sequence: int  # of the ids: the next ones are those that the live world would give
    arns: Arns
    rules: Rules
    records: tuple[Record, ...]  # tasks of others reduced to the room they hold
    next_checks: Mapping[str, float] = field(default_factory=dict)  # when targets are checked next, by their keys
    requests_in_flight: Mapping[str, int] = field(default_factory=dict)  # of draining targets, as far as is known
    longest_requests: Mapping[str, LongestRequest] = field(default_factory=dict)  # by target group, where one ended
    image_lacks: Mapping[str, str] = field(default_factory=dict)  # why images cannot be had, as far as was asked

    def snapshot(self) -> Snapshot:
        """The records with their indexes. Each call makes them anew."""
        made = Snapshot(seed=self.seed)
        made.apply(Put(record=record) for record in self.records)
        return made

    @property
    def service(self) -> Service:
        """The service's record."""
        return next(one for one in self.records if isinstance(one, Service) and one.arn == self.service_arn)

    def changed(self, records: Iterable[Record]) -> "Fork":
        """The fork in which these records are as given; those that it does not have are added."""
        given = {(type(one), one.key): one for one in records}
        kept = [given.pop((type(one), one.key), one) for one in self.records]
        return replace(self, records=(*kept, *given.values()))


class _Told(msgspec.Struct):
    facts: ForkFacts
    records: list[tuple[str, msgspec.Raw]]


def fork_of(answer: bytes) -> Fork:
    """The fork that the server's route answered with. Raises `ForkError` for anything else."""
    try:
        told = msgspec.json.decode(answer, type=_Told)
        decoders = {name: msgspec.json.Decoder(kind) for name, kind in RECORD_KINDS.items()}
        records: list[Record] = [decoders[kind].decode(raw) for kind, raw in told.records]
    except (msgspec.MsgspecError, KeyError) as error:
        raise ForkError(f"The server is of another version: its records cannot be read ({error}).") from error
    facts = told.facts
    return Fork(
        service_arn=facts.service_arn,
        at=facts.at,
        seed=facts.seed,
        sequence=facts.sequence,
        arns=facts.arns,
        rules=facts.rules,
        records=(*records, *_others(facts, records)),
        next_checks=facts.next_checks,
        requests_in_flight=facts.requests_in_flight,
        longest_requests=facts.longest_requests,
        image_lacks=facts.image_lacks,
    )


def fork_of_world(world: World, service_arn: str) -> Fork:
    """The fork of a service of a virtual world, as if that were a server. Raises KeyError for an unknown service."""
    snapshot = world.snapshot
    sight = Sight(now=world.clock.now(), rules=world.rules, next_check_at=world.balancer.next_check_at)
    service, sequence = snapshot.services[service_arn], world.store.load()[1]
    told = gather_fork(snapshot, service, sight, arns=world.arns, sequence=sequence, definition=None)
    return fork_of(b"".join(told.pieces()))


def forked_world(
    fork: Fork,
    behaviours: Mapping[str, Behaviour],
    *,
    watch: Watch | None = None,
    is_checked: bool = False,
) -> World:
    """A world that goes on from the fork. `behaviours` are by task definition, `family:revision`, of tasks that are
    there and of those to come; `watch` is told of each commit."""
    store = MemoryStore(seed=fork.seed, records=fork.records, sequence=fork.sequence, keeps_story=False)
    return World(
        seed=fork.seed,
        rules=fork.rules,
        store=store,
        is_checked=is_checked,
        watch=watch,
        keeps_story=False,
        arns=fork.arns,
        resumption=Resumption(at=fork.at, behaviours=behaviours, next_checks=fork.next_checks),
    )


def _others(facts: ForkFacts, records: list[Record]) -> Iterator[Record]:
    """Tasks that hold the room of others, the first of each host all of it. Where every host has some, each has as many
    fewer as the least needs not: hosts are tried in the order of their numbers of tasks, which that does not change."""
    if not facts.others:
        return
    service = next(one for one in records if isinstance(one, Service))
    definition = TaskDefinition(
        arn=facts.arns.task_definition(OTHERS, 0),
        family=OTHERS,
        revision=0,
        registered_at=0.0,
        containers=(),
        document={},
    )
    yield definition
    counts = {room.host_id: room.tasks for room in facts.others}
    open_hosts = [one.id for one in records if isinstance(one, Host) and one.is_connected and not one.is_draining]
    spare = max(min((counts.get(host_id, 0) for host_id in open_hosts), default=1) - 1, 0)
    for room in facts.others:
        for number in range(max(room.tasks - spare, 1)):
            yield _holder(facts, service, definition, room, number=number)


def _holder(facts: ForkFacts, service: Service, definition: TaskDefinition, room: OthersRoom, *, number: int) -> Task:
    cluster = service.cluster_arn.rpartition("/")[2]
    is_first = number == 0
    return Task(
        arn=facts.arns.task(cluster, stable_hex(OTHERS, room.host_id, str(number))),
        cluster_arn=service.cluster_arn,
        task_definition_arn=definition.arn,
        host_id=room.host_id,
        containers=(),
        cpu=room.cpu if is_first else 0,
        memory=room.memory if is_first else 0,
        host_ports=room.host_ports if is_first else (),
        created_at=0.0,
        group=OTHERS,
        last_status=TaskStatus.RUNNING,
        started_at=0.0,
    )

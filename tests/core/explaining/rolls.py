"""Rolls of small simulated services, watched: what the tests of chronicles and ledgers are read off."""

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.ledger import ledger_of
from slipway.core.explaining.segment import Ledger, SegmentKind
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.ports import Commit
from slipway.sim.operator import Operator
from slipway.sim.world import World

#: CPU units and MiB of a task.
TASK = 256

#: A ledger as it is worked out by hand: the kinds and seconds of its segments, oldest first.
Account = list[tuple[SegmentKind, float]]


class Watched:
    """A world of one host with room for so many tasks, and the chronicle of one of its services from `watch` on."""

    def __init__(self, *, room: int, rules: Rules = Rules()) -> None:
        self._chronicles: list[Chronicle] = []
        self.world = World(rules=rules, watch=self._tell)
        self.world.add_host(cpu=room * TASK, memory=room * TASK)
        self.user = Operator(self.world)

    def _tell(self, snapshot: Snapshot, commit: Commit) -> None:
        for chronicle in self._chronicles:
            chronicle.tell(commit.at, commit.changes)

    def watch(self, service: str) -> None:
        """Begin the chronicle of a service here."""
        arn = self.world.service(service).arn
        self._chronicles = [Chronicle(arn, self.world.store.load()[0], at=self.world.clock.now())]

    def roll(self, service: str, definition: TaskDefinition) -> None:
        """Watch a service from here on, and roll it to another definition."""
        self.watch(service)
        self.user.deploy(service, definition)
        self.world.step()

    @property
    def chronicle(self) -> Chronicle:
        """What was watched."""
        return self._chronicles[0]

    @property
    def roll_out(self) -> ServiceDeployment:
        """The newest service deployment of what was watched."""
        return max(self.chronicle.service_deployments.values(), key=lambda one: one.created_at)

    def ledger(self) -> Ledger:
        """The ledger of that, up to now where it goes on."""
        return ledger_of(self.chronicle, self.roll_out.arn, now=self.world.clock.now())

    def account(self) -> Account:
        """The ledger's kinds and seconds, to the millisecond."""
        return [(one.kind, round(one.seconds, 3)) for one in self.ledger().segments]

"""Worlds that keep a journal, and recordings cut out of it."""

from dataclasses import replace
from typing import Any

from slipway.core.model.deployment_configuration import DeploymentCircuitBreaker
from slipway.core.model.deployments import ServiceDeployment
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Plan, Put
from slipway.core.rules import Rules
from slipway.foresight.recording import Recording
from slipway.foresight.recording_cut import cut_recording
from slipway.ports import Commit
from slipway.sim.behaviours import Behaviour
from slipway.sim.journal import MemoryJournal
from slipway.sim.operator import Operator
from slipway.sim.store import Faults, MemoryStore
from slipway.sim.world import World

SEED = "1"
SOUND = Behaviour(pull_s=3, launch_s=2, exits_in_s=2, linger_s=4, jitter=0.4)
BROKEN = Behaviour(launch_s=1, runs_s=25, jitter=0.4)


class RecordedWorld:
    """A service `web` of three tasks behind a balancer, in a world that keeps a journal."""

    def __init__(
        self, *, rules: Rules = Rules(), faults: Faults = Faults(), journal: MemoryJournal | None = None
    ) -> None:
        self.journal = journal or MemoryJournal(seed=SEED)
        self.commits: list[Commit] = []
        self.world = World(
            seed=SEED,
            rules=rules,
            faults=faults,
            store=MemoryStore(seed=SEED, journal=self.journal),
            watch=lambda snapshot, commit: self.commits.append(commit),
        )
        self.world.add_host(cpu=2048, memory=2048)
        self.user = Operator(self.world)
        self.user.create_service(
            "web",
            self.register(SOUND),
            desired=3,
            minimum_healthy_percent=50,
            maximum_percent=150,
            target_group=self.user.create_target_group("web"),
            circuit_breaker=DeploymentCircuitBreaker(is_enabled=True, rolls_back=True),
        )
        assert self.world.run(), self.world.timeline.story()

    def register(self, behaviour: Behaviour) -> TaskDefinition:
        """A new revision of the task definition, which behaves so."""
        return self.user.register("web", cpu=256, memory=256, behaviour=behaviour)

    def document(self, definition: TaskDefinition, document: dict[str, Any]) -> TaskDefinition:
        """The definition as registered with this document."""
        documented = replace(definition, document=document)
        self.world.apply(lambda snapshot, context: Plan(changes=(Put(record=documented),)))
        return documented

    def roll(self, behaviour: Behaviour = SOUND) -> None:
        """Roll the service to a new revision, until everything is settled."""
        self.user.deploy("web", self.register(behaviour))
        assert self.world.run(), self.world.timeline.story()

    @property
    def newest(self) -> ServiceDeployment:
        """The newest service deployment."""
        return self.world.snapshot.service_history(self.world.service("web").arn)[0]

    def recording(self, roll_out: ServiceDeployment | None = None) -> Recording:
        """The recording of a service deployment, the newest where none is named."""
        return cut_recording(self.journal, (roll_out or self.newest).arn)

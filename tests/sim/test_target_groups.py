"""What a service says while its tasks wait for the health of targets that nobody checks."""

from slipway.core.model.load_balancing import HealthCheck, Target
from slipway.core.model.services import TARGET_GROUP
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Change, Plan, Put, Remove
from slipway.sim.behaviours import Behaviour
from slipway.sim.hosts import FIRST_DYNAMIC_PORT
from slipway.sim.operator import Operator
from slipway.sim.world import World


class Balanced:
    """A steady service of two tasks behind a target group."""

    def __init__(self) -> None:
        self.world = World(is_checked=True)
        self.world.add_host(cpu=1024, memory=1024)
        self.user = Operator(self.world)
        self.group = self.user.create_target_group("web", health_check=HealthCheck(interval_s=5))
        self.user.create_service("web", self.register(), desired=2, target_group=self.group)
        self.settle()
        (self.listener,) = self.world.snapshot.listeners.values()

    def register(self) -> TaskDefinition:
        return self.user.register("web", cpu=64, memory=64, behaviour=Behaviour())

    def change(self, *changes: Change) -> None:
        self.world.apply(lambda snapshot, context: Plan(changes=changes))

    def settle(self) -> None:
        assert self.world.run(), self.world.timeline.story()

    def said(self, words: str) -> int:
        """How many events have these words."""
        return sum(words in line.text for line in self.world.timeline.events(self.world.service("web").arn))


def test_a_roll_behind_a_group_no_listener_uses_says_so_once_and_goes_on_when_one_does() -> None:
    balanced = Balanced()
    balanced.user.deploy("web", balanced.register())
    balanced.change(Remove(record=balanced.listener))
    balanced.world.run_for(600)
    assert balanced.said("no listener forwards to it") == 1, balanced.world.timeline.story()
    assert balanced.world.service("web").blocked_by == f"{TARGET_GROUP} {balanced.group.arn}"
    balanced.change(Put(record=balanced.listener))
    balanced.settle()
    assert balanced.world.service("web").blocked_by is None
    assert balanced.said("has reached a steady state") == 2


def test_a_task_is_registered_when_its_address_is_nobodys_target_any_more() -> None:
    world = World(is_checked=True)
    host = world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    group = user.create_target_group("web", health_check=HealthCheck(interval_s=5))
    by_hand = Target(
        target_group_arn=group.arn,
        id=host.host.address,
        port=FIRST_DYNAMIC_PORT,
        address=host.host.address,
        registered_at=0.0,
    )
    world.apply(lambda snapshot, context: Plan(changes=(Put(record=by_hand),)))
    user.create_service("web", user.register("web", cpu=64, memory=64), target_group=group)
    world.run_for(60)
    assert world.service("web").steady_at is None
    world.apply(lambda snapshot, context: Plan(changes=(Remove(record=by_hand),)))
    assert world.run(), world.timeline.story()


def test_a_service_deleted_after_its_listener_waits_for_nothing_more() -> None:
    balanced = Balanced()
    balanced.user.deploy("web", balanced.register())
    balanced.change(Remove(record=balanced.listener))
    balanced.world.run_for(600)
    balanced.user.delete("web")
    balanced.settle()
    assert balanced.said("no listener forwards to it") == 1, balanced.world.timeline.story()


def test_a_roll_behind_a_group_that_is_gone_says_so() -> None:
    balanced = Balanced()
    balanced.user.deploy("web", balanced.register())
    balanced.change(Remove(record=balanced.listener), Remove(record=balanced.group))
    balanced.world.run_for(600)
    assert balanced.said("it does not exist any more") == 1, balanced.world.timeline.story()

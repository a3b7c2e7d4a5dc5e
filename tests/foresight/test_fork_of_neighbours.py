"""Forks of a service that shares its target group with another: what is the other's stays out."""

from slipway.core.model.load_balancing import HealthCheck, Target
from slipway.foresight.fork import fork_of_world, forked_world
from slipway.sim.behaviours import Behaviour
from slipway.sim.operator import Operator
from slipway.sim.world import World

TASK = 256  # CPU units and MiB

#: Its connections stay to the deregistration delay.
HELD = Behaviour(linger_s=None)


def shared() -> World:
    """`web` and `other`, two tasks each, all of them targets of one group and healthy."""
    world = World(is_checked=True)
    world.add_host(cpu=16 * TASK, memory=16 * TASK)
    user = Operator(world)
    check = HealthCheck(interval_s=5, timeout_s=2, healthy_threshold=2)
    group = user.create_target_group("shared", health_check=check, deregistration_delay_s=20)
    for name in ("web", "other"):
        definition = user.register(name, cpu=TASK, memory=TASK, behaviour=HELD)
        user.create_service(name, definition, desired=2, target_group=group)
    assert world.run(), world.timeline.story()
    return world


def test_targets_of_another_service_stay_out() -> None:
    world = shared()
    fork = fork_of_world(world, world.service("web").arn)
    targets = sorted(str(one.task_arn) for one in fork.records if isinstance(one, Target))
    assert targets == sorted(task.arn for task in world.tasks("web"))


def test_it_goes_on_without_them() -> None:
    """The targets of the other's tasks would be checked with nobody behind them, and changed."""
    world = shared()
    commits: list[object] = []
    fork = fork_of_world(world, world.service("web").arn)
    twin = forked_world(fork, world.behaviours, watch=lambda snapshot, commit: commits.append(commit), is_checked=True)
    twin.run_for(600)
    assert commits == []

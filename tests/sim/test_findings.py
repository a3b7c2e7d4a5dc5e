"""What random trials found in the scheduler, each as the few steps that show it."""

from slipway.core.rules import Rules
from slipway.sim.operator import Operator
from slipway.sim.world import World


def test_tasks_that_ended_long_ago() -> None:
    """A host tells of ends so old that the tasks' records go at once: the service starts others all the same."""
    world = World(rules=Rules(stopped_task_kept_s=60), is_checked=True)
    host = world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    user.create_service("web", user.register("web"), desired=2)
    assert world.run()
    world.crash()
    for task in host.running():
        host.kill(task.arn)
    world.run_for(300)
    world.restart()
    assert world.run(), world.timeline.story()
    assert len(host.running()) == 2

"""What random trials found in the scheduler, each as the few steps that show it."""

from slipway.core.answers.wait import Sight, WaitKind
from slipway.core.answers.why_service import why_service
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.rules import Rules
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from slipway.sim.store import Faults
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


def test_checks_go_on_after_a_commit_that_failed() -> None:
    """The balancer had seen a target drain that the failed commit never drained: it is checked as before."""
    world = World(is_checked=True)
    world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    group = user.create_target_group("web", health_check=HealthCheck(interval_s=5))
    user.create_service("web", user.register("web"), minimum_healthy_percent=0, target_group=group)
    assert world.run()
    (task,) = world.tasks("web")
    world.store.faults = Faults(fails=frozenset({world.store.commits + 1}))
    user.stop_task(task.arn)
    world.step()
    world.balancer.make_ill(task.arn)
    world.run_for(60)
    assert world.snapshot.tasks[task.arn].unhealthy_reason is not None, world.timeline.story()


def test_a_sequential_roll_waits_for_nobody_who_is_to_go() -> None:
    """Tasks of a revision that never gets healthy nor unhealthy hold up no newer deployment."""
    world = World(is_checked=True, rules=Rules(is_sequential=True))
    world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    check = HealthCheck(interval_s=20, healthy_threshold=5, unhealthy_threshold=3)
    group = user.create_target_group("web", health_check=check)
    flapping = Behaviour(health=HealthScript(up_s=70, down_s=50))
    user.create_service("web", user.register("web", behaviour=flapping), target_group=group)
    world.run_for(600)
    user.deploy("web", user.register("web"))
    assert world.run(), world.timeline.story()


def test_a_bake_time_that_is_over() -> None:
    """A task lost while the deployment baked: it is not said to be watched any more, but what it lacks."""
    world = World(is_checked=True)
    host = world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    user.create_service("web", user.register("web", behaviour=Behaviour(launch_s=100)), bake_time_s=45)
    world.run_for(150)
    (task,) = host.running()
    host.kill(task.arn)
    world.run_for(60)
    service = world.service("web")
    waits = why_service(world.snapshot, service, Sight(now=world.clock.now()))
    assert [wait.kind for wait in waits] == [WaitKind.ROLL, WaitKind.IMAGE]

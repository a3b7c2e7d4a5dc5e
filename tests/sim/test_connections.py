"""Hosts out of reach: what is lost, what comes late or twice, and what is made good when they are back."""

from slipway.sim.behaviours import Behaviour
from slipway.sim.hosts import SimHost
from slipway.sim.operator import Operator
from slipway.sim.world import World


def a_service(*, behaviour: Behaviour = Behaviour(launch_s=5)) -> tuple[World, Operator, SimHost]:
    world = World(is_checked=True)
    host = world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    user.create_service("web", user.register("web", behaviour=behaviour), desired=2)
    return world, user, host


def test_tasks_run_on_without_a_connection() -> None:
    world, _, host = a_service()
    assert world.run()
    before = host.running()
    host.disconnect()
    world.run_for(600)
    host.adopt()
    assert world.run(), world.timeline.story()
    assert host.running() == before


def test_a_lost_start_is_commanded_again() -> None:
    world, user, host = a_service()
    assert world.run()
    host.disconnect()
    user.update("web", desired_count=3)
    world.run_for(60)
    assert len(host.running()) == 2
    host.adopt()
    assert world.run(), world.timeline.story()
    assert len(host.running()) == 3


def test_a_lost_stop_is_commanded_again() -> None:
    world, user, host = a_service()
    assert world.run()
    host.disconnect()
    user.update("web", desired_count=1)
    world.run_for(60)
    assert len(host.running()) == 2
    host.adopt()
    assert world.run(), world.timeline.story()
    assert len(host.running()) == 1


def test_a_machine_that_died() -> None:
    """What ran on it is gone when it comes back, and started again."""
    world, _, host = a_service()
    assert world.run()
    first = {task.arn for task in host.running()}
    host.power_off()
    world.run_for(60)
    host.power_on()
    assert world.run(), world.timeline.story()
    assert len(host.running()) == 2
    assert not first & {task.arn for task in host.running()}


def test_reports_that_come_late_and_twice() -> None:
    """A report from before overtakes nothing: statuses only go forward, and each task starts once."""
    world, _, host = a_service(behaviour=Behaviour(pull_s=2, launch_s=3))
    host.connection.delay_s, host.connection.echo_s = 7.0, 30.0
    world.run_for(20)
    host.connection.mend()
    for task in host.running():
        host.kill(task.arn)
    assert world.run(), world.timeline.story()
    assert set(host.starts.values()) == {1}
    assert set(world.timeline.runs.values()) <= {0, 1}


def test_an_engine_that_starts_nothing() -> None:
    world, _, host = a_service()
    host.start_error = "CannotStartContainerError: no space left on device"
    world.run_for(5)
    assert not host.running()
    host.start_error = None
    assert world.run(), world.timeline.story()


def test_an_engine_that_hangs_on_a_stop() -> None:
    """A task holds its room until its host says that it ended, however long that takes."""
    world, user, host = a_service(behaviour=Behaviour(exits_in_s=1))
    assert world.run()
    host.stop_delay_s = 100.0
    user.update("web", desired_count=1)
    world.run_for(60)
    assert world.snapshot.room(host.id).task_count == 2
    assert world.run(), world.timeline.story()
    assert world.snapshot.room(host.id).task_count == 1


def test_dies_between_two_commands() -> None:
    """Two starts are decided, one is given: the other is given after the restart, and none twice."""
    world, _, host = a_service()
    world.dies_in = 1
    world.step()
    assert world.restarts == 1
    assert world.run(), world.timeline.story()
    assert set(host.starts.values()) == {1}

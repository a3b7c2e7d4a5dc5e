"""The parts of the virtual world by themselves: clock, agenda, scripts, chance, hosts."""

from math import inf

import pytest

from slipway.core.model.task_definitions import NetworkMode
from slipway.core.model.tasks import TaskStatus
from slipway.core.tasks.service_tasks import Phase
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.clock import BEGINNING, Agenda, VirtualClock
from slipway.sim.operator import Operator
from slipway.sim.world import World


def test_time_goes_on_only() -> None:
    clock = VirtualClock()
    clock.move_to(BEGINNING + 5)
    assert clock.now() == BEGINNING + 5
    with pytest.raises(AssertionError, match="go back by 1"):
        clock.move_to(BEGINNING + 4)


def test_the_agenda_keeps_order() -> None:
    agenda = Agenda()
    done: list[str] = []

    def first() -> None:
        done.append("first")
        agenda.put(1, lambda: done.append("put down for now"))

    agenda.put(2, lambda: done.append("second"))
    agenda.put(1, first)
    agenda.put(2, lambda: done.append("third"))
    assert agenda.next_at == 1
    assert agenda.run_due(1)
    assert not agenda.run_due(1.5)
    assert agenda.run_due(9)
    assert done == ["first", "put down for now", "second", "third"]
    assert agenda.next_at is None


@pytest.mark.parametrize(
    ("script", "age_s", "is_well", "next_ill_s"),
    [
        pytest.param(HealthScript(), 0, True, inf, id="well for ever"),
        pytest.param(HealthScript(ready_s=10), 9.9, False, 9.9, id="not ready yet"),
        pytest.param(HealthScript(ready_s=10), 10, True, inf, id="ready"),
        pytest.param(HealthScript(ready_s=inf), 1e9, False, 1e9, id="never"),
        pytest.param(HealthScript(sick_s=50), 20, True, 50, id="well until it is sick"),
        pytest.param(HealthScript(sick_s=50), 50, False, 50, id="sick"),
        pytest.param(HealthScript(up_s=10, down_s=5), 9, True, 10, id="flaps: up"),
        pytest.param(HealthScript(up_s=10, down_s=5), 12, False, 12, id="flaps: down"),
        pytest.param(HealthScript(up_s=10, down_s=5, ready_s=2), 18, True, 27, id="flaps: up again"),
    ],
)
def test_health_script(script: HealthScript, age_s: float, is_well: bool, next_ill_s: float) -> None:
    assert script.is_well(age_s) is is_well
    assert script.next_ill_s(age_s) == next_ill_s


def test_chance_depends_on_the_seed_and_the_task_alone() -> None:
    behaviour = Behaviour(pull_s=10, launch_s=10, exits_in_s=None, jitter=0.5)
    drawn = behaviour.drawn("1", "a")
    assert drawn == behaviour.drawn("1", "a")
    assert drawn != behaviour.drawn("1", "b") != behaviour.drawn("2", "b")
    assert 5 <= drawn.pull_s <= 15
    assert drawn.pull_s != drawn.launch_s
    assert drawn.exits_in_s is None
    assert Behaviour(pull_s=10).drawn("1", "a") == Behaviour(pull_s=10)


def test_a_port_is_used_again() -> None:
    """The lowest free port comes first, and a new task on a dead one's port is registered and healthy."""
    world = World(is_checked=True)
    world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    user.create_service("web", user.register("web"), target_group=user.create_target_group("web"))
    assert world.run()
    (first,) = world.tasks("web")
    world.hosts[first.host_id].kill(first.arn)
    assert not world.run(limit_s=100)
    second = world.tasks("web")[-1]
    assert second.arn != first.arn
    assert second.containers[0].network_bindings == first.containers[0].network_bindings
    assert world.run(), world.timeline.story()


def test_awsvpc_gives_an_address() -> None:
    world = World(is_checked=True)
    world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    group = user.create_target_group("web")
    user.create_service("web", user.register("web", network_mode=NetworkMode.AWSVPC), target_group=group)
    assert world.run(), world.timeline.story()
    (target,) = world.snapshot.group_targets(group.arn)
    assert (target.id, target.port) == ("10.1.0.2", 8080)


def test_thousands_of_steady_tasks_cost_nothing() -> None:
    """A day of a thousand healthy tasks is a handful of steps: steady targets put nothing on the agenda."""
    world = World()
    world.add_host(cpu=4000, memory=4000)
    user = Operator(world)
    group = user.create_target_group("web")
    user.create_service("web", user.register("web", cpu=4, memory=4), desired=1000, target_group=group)
    assert world.run()
    commits = world.store.commits
    world.run_for(86_400)
    assert world.store.commits == commits
    tasks = world.snapshot.service_tasks(world.service("web").arn)
    assert tasks.count(Phase.HEALTHY) == 1000


def test_a_stopped_task_is_kept_an_hour() -> None:
    world = World(is_checked=True)
    world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    (arn,) = user.run_task(user.register("job", behaviour=Behaviour(runs_s=10, exit_code=3)))
    world.run_for(10)
    task = world.snapshot.tasks[arn]
    assert (task.last_status, task.containers[0].exit_code) == (TaskStatus.STOPPED, 3)
    world.run_for(3599)
    assert arn in world.snapshot.tasks
    world.run_for(1)
    assert arn not in world.snapshot.tasks

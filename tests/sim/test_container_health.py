"""Container health in the virtual world: when it changes, and what the host reports of it."""

from math import inf

import pytest

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthStatus
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.container_health import HealthChange, next_change
from slipway.sim.operator import Operator
from slipway.sim.world import World

CHECK = ContainerHealthCheck(command=("CMD", "true"), interval_s=10, retries=2, start_period_s=25)
HEALTHY, UNHEALTHY, UNKNOWN = HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNKNOWN


@pytest.mark.parametrize(
    ("script", "status", "age_s", "expected"),
    [
        pytest.param(HealthScript(), UNKNOWN, 0, (10, HEALTHY), id="the first check passes"),
        pytest.param(HealthScript(ready_s=15), UNKNOWN, 0, (20, HEALTHY), id="the second"),
        pytest.param(HealthScript(), HEALTHY, 10, None, id="and stays so"),
        pytest.param(
            HealthScript(ready_s=inf), UNKNOWN, 0, (40, UNHEALTHY), id="failures count after the start period"
        ),
        pytest.param(HealthScript(ready_s=inf), UNHEALTHY, 40, None, id="never well again"),
        pytest.param(HealthScript(ready_s=95), UNHEALTHY, 40, (100, HEALTHY), id="well late"),
        pytest.param(HealthScript(sick_s=55), HEALTHY, 10, (70, UNHEALTHY), id="falls ill, seen twice"),
        pytest.param(HealthScript(up_s=50, down_s=10), HEALTHY, 10, None, id="never ill long enough"),
        pytest.param(HealthScript(up_s=50, down_s=25), HEALTHY, 10, (60, UNHEALTHY), id="ill long enough"),
    ],
)
def test_next_change(
    script: HealthScript, status: HealthStatus, age_s: float, expected: tuple[float, HealthStatus] | None
) -> None:
    change = next_change(CHECK, script, status, age_s=age_s)
    assert change == (None if expected is None else HealthChange(at_s=expected[0], status=expected[1]))


def test_the_host_reports_it() -> None:
    """By its script, by hand, and by its script again."""
    world = World(is_checked=True)
    host = world.add_host(cpu=1024, memory=1024)
    user = Operator(world)
    well = Behaviour(container_health=HealthScript(ready_s=35))
    user.create_service("web", user.register("web", health_check=CHECK, behaviour=well), minimum_healthy_percent=0)
    world.run_for(45)
    (task,) = world.tasks("web")
    assert task.health_status is HEALTHY
    host.set_health(task.arn, is_well=False)
    world.run_for(20)
    assert world.snapshot.tasks[task.arn].health_status is UNHEALTHY
    host.set_health(task.arn, is_well=None)
    world.run_for(10)
    assert world.snapshot.tasks[task.arn].health_status is HEALTHY

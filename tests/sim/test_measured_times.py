"""What a service's tasks took is measured as it was: a virtual world in which every time is known beforehand."""

from typing import Any

import pytest

from slipway.core.answers.measured_times import Quantiles, ServiceTimes, measured
from slipway.core.answers.preflight import preflight
from slipway.core.answers.wait import Sight
from slipway.core.answers.why_service import why_service
from slipway.core.deployments.deploy import Workload
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.model.measured import SAMPLES_KEPT
from slipway.core.model.task_definitions import ContainerHealthCheck, TaskDefinition
from slipway.core.model.tasks import LaunchType
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from slipway.sim.world import World

TASK = 256
CHECK = HealthCheck(interval_s=5, healthy_threshold=3, unhealthy_threshold=10)
KNOWN = Behaviour(pull_s=6, launch_s=3, exits_in_s=2, linger_s=11, health=HealthScript(ready_s=12))
DEAF = Behaviour(exits_in_s=None, linger_s=None)


class Service:
    """The service `web` of two tasks behind a load balancer, in a world with room for four."""

    def __init__(self, behaviour: Behaviour, *, is_balanced: bool = True, **definition: Any) -> None:
        self.world = World(is_checked=True)
        self.world.add_host(cpu=4 * TASK, memory=4 * TASK)
        self.user = Operator(self.world)
        group = self.user.create_target_group("web", health_check=CHECK, deregistration_delay_s=40)
        self._definition = definition
        self.user.create_service("web", self.version(behaviour), desired=2, target_group=group if is_balanced else None)
        self.settle()

    def version(self, behaviour: Behaviour) -> TaskDefinition:
        return self.user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour, **self._definition)

    def deploy(self, behaviour: Behaviour) -> None:
        self.user.deploy("web", self.version(behaviour))
        self.settle()

    def settle(self) -> None:
        assert self.world.run(), self.world.timeline.story()

    def times(self) -> ServiceTimes:
        return measured(self.world.snapshot, self.world.service("web"))

    def warnings(self) -> tuple[str, ...]:
        """What preflight says of deploying again what runs."""
        snapshot, service = self.world.snapshot, self.world.service("web")
        primary = snapshot.primary(service.arn)
        assert primary is not None
        workload = Workload(task_definition_arn=primary.task_definition_arn, launch_type=LaunchType.EC2)
        return preflight(snapshot, service, workload, self.world.context(), image_lacks={})


def always(seconds: float, count: int = 2) -> Quantiles:
    return Quantiles(p50=seconds, p90=seconds, count=count)


def test_starts_are_measured_while_the_tasks_are_alive() -> None:
    times = Service(KNOWN).times()
    assert (times.pull_s, times.launch_s) == (always(6), always(3))
    assert times.ready_s == always(15)  # the first check at which it was ready, 12 s after it was RUNNING
    assert times.likely_ready_s == always(12.5)  # it failed the one 10 s after
    assert times.healthy_s == always(25)
    assert (times.exit_s, times.drain_s, times.stop_count) == (None, None, 0)


def test_one_that_passed_its_first_check_was_likely_ready_at_once() -> None:
    times = Service(Behaviour()).times()
    assert (times.ready_s, times.likely_ready_s) == (always(5), always(0))


def test_what_has_stopped_stays_measured_when_its_record_is_gone() -> None:
    service = Service(KNOWN)
    service.deploy(KNOWN)
    service.user.update("web", desired_count=0)
    service.settle()
    service.world.run_for(2 * 3600)
    assert service.world.tasks("web") == ()
    times = service.times()
    assert (times.pull_s, times.launch_s, times.ready_s) == (always(6, 4), always(3, 4), always(15, 4))
    assert (times.drain_s, times.drain_count, times.drains_held) == (always(11, 4), 4, 0)
    assert (times.exit_s, times.stop_count, times.stops_killed) == (always(2, 4), 4, 0)


def test_it_outlives_the_control_plane_and_goes_with_the_service() -> None:
    service = Service(KNOWN)
    service.deploy(KNOWN)
    service.world.crash()
    service.world.restart()
    service.settle()
    assert service.times().exit_s == always(2)
    service.user.delete("web")
    service.settle()
    assert not service.world.snapshot.measured_times


def test_drains_that_are_held_open_and_stops_that_end_by_sigkill_are_told_apart() -> None:
    service = Service(DEAF, stop_timeout_s=20)
    service.deploy(KNOWN)
    times = service.times()
    assert (times.drain_s, times.drain_count, times.drains_held) == (None, 2, 2)
    assert (times.exit_s, times.stop_count, times.stops_killed) == (None, 2, 2)
    assert times.is_usually_held
    assert times.ignores_sigterm


@pytest.mark.parametrize(
    ("is_balanced", "check", "ready_s"),
    [
        pytest.param(False, None, 0, id="no check: when it is RUNNING"),
        pytest.param(False, ContainerHealthCheck(command=("CMD", "true"), interval_s=4), 8, id="container check"),
        pytest.param(True, ContainerHealthCheck(command=("CMD", "true"), interval_s=4), 8, id="the later of two"),
    ],
)
def test_what_a_task_waits_for_makes_it_ready(
    is_balanced: bool, check: ContainerHealthCheck | None, ready_s: float
) -> None:
    behaviour = Behaviour(container_health=HealthScript(ready_s=6))
    service = Service(behaviour, is_balanced=is_balanced, health_check=check)
    assert service.times().ready_s == always(ready_s)


def test_a_task_that_was_ill_meanwhile_is_measured_by_its_first_health() -> None:
    service = Service(KNOWN)
    (first, _) = service.world.tasks("web")
    service.user.update("web", health_check_grace_period_s=10_000)
    service.world.balancer.make_ill(first.arn)
    service.world.run_for(60)
    service.world.balancer.make_well(first.arn)
    service.world.run_for(600)
    again = service.world.snapshot.tasks[first.arn]
    assert (again.healthy_at or 0) > (again.first_healthy_at or 0) > 0
    assert (service.times().healthy_s, service.times().ready_s) == (always(25), always(15))


def test_the_newest_samples_are_kept() -> None:
    service = Service(Behaviour(exits_in_s=3), is_balanced=False)
    for _ in range(SAMPLES_KEPT // 2):
        service.user.force("web")
        service.settle()
    assert service.times().exit_s == always(3, SAMPLES_KEPT)
    service.deploy(Behaviour(exits_in_s=1))
    service.deploy(Behaviour(exits_in_s=1))
    samples = service.world.snapshot.measured_times[service.world.service("web").arn].stops
    assert [stop.exit_s for stop in samples] == [3] * (SAMPLES_KEPT - 2) + [1] * 2


def test_a_service_that_ignores_sigterm_is_told_and_one_that_ends_is_not() -> None:
    deaf, good = Service(DEAF, stop_timeout_s=20), Service(Behaviour(exits_in_s=1), stop_timeout_s=20)
    assert (deaf.warnings(), good.warnings()) == ((), ())  # nothing has stopped yet
    for service in (deaf, good):
        service.deploy(DEAF if service is deaf else Behaviour(exits_in_s=1))
    assert good.warnings() == ()
    (warning,) = deaf.warnings()
    assert warning == (
        "app ignores SIGTERM (killed at its stop timeout in 2 of its last 2 stops, image web:1): 20 s per stop; use "
        "the exec form of its command, for a shell (sh -c) keeps the signal to itself, have the program handle "
        "SIGTERM, or use initProcessEnabled, or a shorter stopTimeout."
    )


def test_a_deployment_of_several_rounds_has_a_cost_of_its_own() -> None:
    service = Service(DEAF)
    service.user.update("web", maximum_percent=150)
    service.deploy(DEAF)
    (warning,) = service.warnings()
    assert ": 30 s per stop, 1 m per deployment; " in warning


def test_one_that_was_mended_is_not_told_any_more() -> None:
    service = Service(DEAF)
    service.deploy(Behaviour(exits_in_s=1))
    assert len(service.warnings()) == 1
    service.deploy(Behaviour(exits_in_s=1))
    assert service.warnings() == ()


@pytest.mark.parametrize(
    ("behaviour", "known"),
    [
        pytest.param(Behaviour(exits_in_s=4), "app usually ends within 4 s (median of 2 stops)", id="ends by SIGTERM"),
        pytest.param(
            DEAF, "app ignores SIGTERM (killed at its stop timeout in 2 of its last 2 stops, image web:1)", id="ignores"
        ),
    ],
)
def test_who_waits_for_an_exit_is_told_how_it_went_before(behaviour: Behaviour, known: str) -> None:
    service = Service(behaviour, is_balanced=False)
    service.deploy(behaviour)
    service.user.update("web", desired_count=1)
    service.world.run_for(1)
    told = [
        wait.sentence
        for wait in why_service(
            service.world.snapshot, service.world.service("web"), Sight(now=service.world.clock.now())
        )
    ]
    assert f"SIGTERM sent 1 s ago, SIGKILL in 29 s; {known}" in told

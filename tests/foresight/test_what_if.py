"""Recorded deployments run again: as they were to the second, and with a setting changed as the arithmetic has it."""

from dataclasses import replace

import pytest

from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Plan, Put
from slipway.foresight.advise_levers import drain_floor_s
from slipway.foresight.advise_subject import RequestSeen
from slipway.foresight.knob import KnobError
from slipway.foresight.knobs import parse_assignments
from slipway.foresight.recording import Recording, RecordingError
from slipway.foresight.recording_cut import cut_recording
from slipway.foresight.what_if import Past, WhatIf, replay_set
from slipway.foresight.what_if_savings import RecordedSubject, savings
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.cast import CAST
from slipway.sim.journal import MemoryJournal
from slipway.sim.operator import Operator
from slipway.sim.store import MemoryStore
from slipway.sim.world import World
from tests.foresight.recorded import DEAF, recording_of_a_roll
from tests.foresight.recorded_worlds import BROKEN, SOUND, RecordedWorld


def run_again(recording: Recording, *texts: str) -> WhatIf:
    return replay_set(recording, parse_assignments(texts))


@pytest.fixture(scope="module")
def worked_example() -> Recording:
    return recording_of_a_roll()


@pytest.mark.parametrize(
    ("text", "seconds", "lowest"),
    [
        pytest.param("deregistration_delay.timeout_seconds=5", 555, 6, id="drain"),
        pytest.param("HealthCheckIntervalSeconds=10", 1140, 6, id="interval"),
        pytest.param("HealthyThresholdCount=2", 1170, 6, id="threshold"),
        pytest.param("stopTimeout=2", 1356, 6, id="stop, of the tasks that ran too"),
        pytest.param("minimumHealthyPercent=50", 810, 3, id="minimum"),
        pytest.param("bakeTimeInMinutes=5", 1740, 6, id="bake"),
        pytest.param("UnhealthyThresholdCount=5", 1440, 6, id="nothing that mattered"),
    ],
)
def test_the_worked_example(worked_example: Recording, text: str, seconds: float, lowest: int) -> None:
    found = run_again(worked_example, text)
    assert found.real.duration_s == 1440
    assert found.again == found.real
    assert (found.changed.duration_s, found.changed.lowest_healthy) == (seconds, lowest)
    assert found.saved_s == 1440 - seconds


def test_several_at_once(worked_example: Recording) -> None:
    texts = ("health-interval=5", "health-timeout=2", "healthy-threshold=2", "deregistration-delay=5", "stopTimeout=2")
    assert run_again(worked_example, *texts).changed.duration_s == 51


@pytest.mark.parametrize("behaviour", [SOUND, BROKEN], ids=["sound", "broken"])
def test_every_task_behaves_as_it_did(behaviour: Behaviour) -> None:
    """Each has times of its own, drawn by chance; those of a broken version crash, and are taken back."""
    world = RecordedWorld()
    world.roll(behaviour)
    found = run_again(world.recording(), "stopTimeout=29")
    assert found.again.duration_s == pytest.approx(found.real.duration_s, abs=0.002)
    assert found.again.verdict is found.real.verdict
    assert found.changed == found.again


@pytest.mark.parametrize("name", [name for name in CAST if name != "flaps"])
def test_versions_of_every_kind(name: str) -> None:
    """Good ones, and those that fail in a way of their own; a target that flaps is not played again as it flapped."""
    world = RecordedWorld()
    world.roll(CAST[name])
    found = run_again(world.recording(), "maximumPercent=151")
    assert found.again.verdict is found.real.verdict
    assert found.again.duration_s == pytest.approx(found.real.duration_s, rel=0.05, abs=1)


def test_a_verdict_may_be_another() -> None:
    """A version that crashes 25 s after its start is found out by checks of 150 s, and passes those of 10 s."""
    world = RecordedWorld()
    world.roll(replace(BROKEN, jitter=0.0, runs_s=60))
    assert world.newest.status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    quick = ("health-interval=5", "health-timeout=2", "healthy-threshold=2")
    assert run_again(world.recording(), *quick).changed.verdict is ServiceDeploymentStatus.SUCCESSFUL
    assert not [one for one in savings(world.recording()) if one.after.startswith("5, 2")], "and it is not advised"


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(health=HealthScript(ready_s=45)), id="ready after a failed check"),
        pytest.param(Behaviour(pull_s=20, launch_s=7), id="slow to pull and to start"),
    ],
)
def test_what_a_program_takes_is_read_off(behaviour: Behaviour) -> None:
    found = run_again(recording_of_a_roll(behaviour=behaviour), "maximumPercent=199")
    assert found.again.duration_s == pytest.approx(found.real.duration_s, abs=0.002)


def test_callers_do_what_they_did() -> None:
    """The way back was asked for 100 s into it; with checks that need 20 s it is half done by then."""
    journal = MemoryJournal(seed="1")
    world = World(seed="1", store=MemoryStore(seed="1", journal=journal))
    world.add_host(cpu=2048, memory=2048)
    user = Operator(world)
    group = user.create_target_group("web", deregistration_delay_s=30)

    def definition() -> TaskDefinition:
        return user.register("web", cpu=256, memory=256, behaviour=DEAF)

    user.create_service("web", definition(), desired=6, target_group=group)
    assert world.run()
    user.deploy("web", definition())
    world.run_for(100)
    user.stop_deployment("web")
    assert world.run()
    primary = world.snapshot.primary(world.service("web").arn)
    assert primary is not None
    recording = cut_recording(journal, world.snapshot.service_history(world.service("web").arn)[0].arn)
    found = run_again(recording, "health-interval=10", "healthy-threshold=2")
    assert found.real.verdict is found.changed.verdict is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    assert found.again == found.real
    assert found.changed.duration_s > 100
    assert found.changed.duration_s != found.real.duration_s


def test_a_service_that_is_scaled_and_a_task_that_is_protected_meanwhile() -> None:
    world = RecordedWorld()
    world.user.deploy("web", world.register(SOUND))
    world.world.run_for(60)
    world.user.update("web", desired_count=5)
    world.world.run_for(20)
    world.user.protect(next(task.arn for task in world.world.tasks("web") if not task.is_stopped), minutes=20)
    assert world.world.run()
    found = run_again(world.recording(), "health-interval=10")
    assert found.again == found.real
    assert found.changed.desired == 5


def test_a_host_that_went_down_meanwhile() -> None:
    """All that ran is gone, and none of it counts as a failure of the new version."""
    world = RecordedWorld()
    world.user.deploy("web", world.register(SOUND))
    world.world.run_for(60)
    next(iter(world.world.hosts.values())).restart()
    assert world.world.run()
    found = run_again(world.recording(), "stopTimeout=29")
    assert found.real.lowest_healthy == 0
    assert found.again == found.real


def test_a_deployment_that_was_superseded() -> None:
    world = RecordedWorld()
    world.user.deploy("web", world.register(SOUND))
    world.world.run_for(60)
    first = world.newest
    world.user.deploy("web", world.register(SOUND))
    assert world.world.run()
    found = run_again(world.recording(first), "stopTimeout=29")
    assert found.again == found.real
    assert found.real.verdict is ServiceDeploymentStatus.STOPPED


def test_the_first_deployment_of_a_service() -> None:
    """There was nothing before it: the service comes with the call that made it."""
    found = run_again(RecordedWorld().recording(), "health-interval=10")
    assert found.again == found.real
    assert found.saved_s == pytest.approx(5 * 20)


# What cannot be


def test_one_that_goes_on() -> None:
    with pytest.raises(RecordingError, match="The deployment goes on"):
        run_again(recording_of_a_roll(run_s=200), "desired=3")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("stopTimeout.db=3", "names no container of the service; its containers are app", id="container"),
        pytest.param("health-interval=5", "the interval must be greater", id="the timeout is 5 s"),
        pytest.param("colour=3", "is no setting that can be changed", id="unknown"),
    ],
)
def test_refused(worked_example: Recording, text: str, sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        run_again(worked_example, text)


# What would have saved most


def test_savings(worked_example: Recording) -> None:
    """The three largest, each tried alone."""
    found = savings(worked_example)
    assert [(one.name.partition(",")[0], one.of, one.saved_s) for one in found] == [
        ("deregistration_delay.timeout_seconds", "target group web", 885),
        ("minimumHealthyPercent", "service web", 630),
        ("HealthCheckIntervalSeconds", "target group web", 420),
    ]
    assert (found[0].before, found[0].after) == ("300", "5")
    assert found[1].risk == "only 3 of 6 tasks serve during a roll: 50 % of capacity"


def test_no_drain_shorter_than_the_longest_request(worked_example: Recording) -> None:
    """Its drains were held to their end: what held them is not recorded, but the balancer measured a request of 8 s."""
    found = {
        one.name.partition(",")[0]: one for one in savings(worked_example, longest_request=RequestSeen(seconds=8.1))
    }
    assert found["deregistration_delay.timeout_seconds"].after == "9"


def test_a_setting_that_was_another_on_the_way_excludes_a_change() -> None:
    """The timeout is lowered while the roll goes on: an interval below the first one cannot have been set."""
    journal = MemoryJournal(seed="1")
    world = World(seed="1", store=MemoryStore(seed="1", journal=journal))
    world.add_host(cpu=4096, memory=4096)
    user = Operator(world)
    steady = Behaviour(exits_in_s=1, linger_s=1)
    group = user.create_target_group("web", health_check=HealthCheck(interval_s=30, timeout_s=20))
    user.create_service(
        "web",
        user.register("web", behaviour=steady),
        desired=4,
        minimum_healthy_percent=50,
        maximum_percent=100,
        target_group=group,
    )
    assert world.run()
    user.deploy("web", user.register("web", behaviour=steady))
    world.run_for(60)
    shorter = replace(group, health_check=replace(group.health_check, timeout_s=4))
    world.apply(lambda snapshot, context: Plan(changes=(Put(record=shorter),)))
    assert world.run()
    recording = cut_recording(journal, world.snapshot.service_history(world.service("web").arn)[0].arn)
    assert not [one for one in savings(recording) if one.after.startswith("5,")]


def test_a_drain_that_ended_by_itself_is_not_cut_off() -> None:
    """Connections were open for up to 4 s and 40 % more: what was open longest is the least a drain is made."""
    world = RecordedWorld()
    world.roll()
    facts = RecordedSubject(Past(world.recording())).facts
    assert facts.longest_request is not None
    assert 4.0 < facts.longest_request.seconds <= 5.6
    assert drain_floor_s(facts) >= facts.longest_request.seconds


def test_none_of_one_that_goes_on() -> None:
    assert savings(recording_of_a_roll(run_s=200)) == ()

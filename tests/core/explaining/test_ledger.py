"""The ledger of small rolls, worked out by hand: what each second was waited for."""

import pytest

from slipway.core.deployments.extensions import DEADLINE
from slipway.core.explaining.ledger import check_sum, check_touching, ledger_of
from slipway.core.explaining.segment import Ledger, Segment, SegmentKind, Setting
from slipway.core.model.alarms import AlarmState
from slipway.core.model.deployment_configuration import DeploymentAlarms, DeploymentCircuitBreaker, ThresholdType
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.model.tags import Tag
from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.rules import Rules
from slipway.sim.behaviours import Behaviour, HealthScript
from tests.core.explaining.rolls import TASK, Account, Watched

HEALTH = SegmentKind.HEALTH_WAIT
DRAIN = SegmentKind.DRAIN
KILL = SegmentKind.KILL_WAIT
EXIT = SegmentKind.SIGTERM_TO_EXIT
FAILURE = SegmentKind.FAILURE
FAILED = SegmentKind.FAILED_CHECKS
PULL = SegmentKind.PULL
START = SegmentKind.CONTAINER_START
BACK_OFF = SegmentKind.BACK_OFF
CAPACITY = SegmentKind.CAPACITY_WAIT
PAUSE = SegmentKind.PAUSE
BAKE = SegmentKind.BAKE

#: It ends two seconds after SIGTERM, and its connections end as it drains.
POLITE = Behaviour(exits_in_s=2)
#: Its connections stay to the deregistration delay, and it does not hear SIGTERM.
DEAF = Behaviour(exits_in_s=None, linger_s=None)

#: One failure ends a deployment, and takes it back.
FUSE = DeploymentCircuitBreaker(is_enabled=True, rolls_back=True, threshold_type=ThresholdType.COUNT, threshold_value=1)


@pytest.mark.parametrize(
    ("room", "minimum", "is_sequential", "account"),
    [
        pytest.param(8, 100, False, 3 * [(HEALTH, 150), (DRAIN, 300), (KILL, 30)], id="1,440 s: three times all three"),
        pytest.param(8, 100, True, 3 * [(HEALTH, 150), (DRAIN, 300), (KILL, 30)], id="1,440 s, one after another"),
        pytest.param(
            8,
            50,
            True,
            [(DRAIN, 300), (KILL, 30), (HEALTH, 150), (DRAIN, 300), (KILL, 30), (HEALTH, 150)],
            id="960 s, one after another",
        ),
        pytest.param(
            8, 50, False, [(DRAIN, 300), (KILL, 30), (HEALTH, 150), (DRAIN, 300), (KILL, 30)], id="810 s, overlapping"
        ),
        pytest.param(10, 50, False, [(HEALTH, 150), (DRAIN, 300), (KILL, 30)], id="480 s: all at once"),
    ],
)
def test_worked_example(room: int, minimum: int, is_sequential: bool, account: Account) -> None:
    watched = Watched(room=room, rules=Rules(is_sequential=is_sequential))
    group = watched.user.create_target_group("web", deregistration_delay_s=300)
    first = watched.user.register("web", cpu=TASK, memory=TASK, behaviour=DEAF)
    watched.user.create_service("web", first, desired=6, minimum_healthy_percent=minimum, target_group=group)
    watched.world.run()
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=DEAF))
    watched.world.run()
    assert watched.account() == account


def test_settings_of_the_worked_example() -> None:
    watched = Watched(room=8)
    group = watched.user.create_target_group("web", deregistration_delay_s=300)
    definition = watched.user.register("web", cpu=TASK, memory=TASK, behaviour=DEAF)
    watched.user.create_service("web", definition, desired=6, target_group=group)
    watched.world.run()
    watched.roll("web", definition)
    watched.world.run()
    health, drain, kill = watched.ledger().segments[:3]
    assert health.settings == (
        Setting(name="HealthCheckIntervalSeconds", value="30", of="target group web"),
        Setting(name="HealthyThresholdCount", value="5", of="target group web"),
    )
    room = Setting(
        name="RESOURCE:CPU", value="2048", of=f"host {watched.chronicle.task(drain.task_arn or '').host_id[:8]}"
    )
    bounds = (
        Setting(name="minimumHealthyPercent", value="100", of="service web"),
        Setting(name="maximumPercent", value="200", of="service web"),
    )
    delay = Setting(name="deregistration_delay.timeout_seconds", value="300", of="target group web")
    assert drain.settings == (delay, room, *bounds)
    assert kill.settings == (Setting(name="stopTimeout", value="30", of="container app of web:1"), room, *bounds)


def test_pull_start_and_checks_that_fail_before_it_is_ready() -> None:
    """It is pulled for 20 s, starts in 5 and is ready 45 s later: the checks after 10, 20, 30 and 40 s fail, and three
    more pass. Then the old one's last request ends after 7 s, and it exits 2 s after SIGTERM."""
    watched = Watched(room=8)
    check = HealthCheck(interval_s=10, healthy_threshold=3, unhealthy_threshold=10)
    group = watched.user.create_target_group("web", health_check=check)
    old = watched.user.register("web", cpu=TASK, memory=TASK, behaviour=Behaviour(exits_in_s=2, linger_s=7))
    watched.user.create_service("web", old, target_group=group)
    watched.world.run()
    slow = Behaviour(pull_s=20, launch_s=5, health=HealthScript(ready_s=45))
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=slow))
    watched.world.run()
    assert watched.account() == [(PULL, 20), (START, 5), (FAILED, 40), (HEALTH, 30), (DRAIN, 7), (EXIT, 2)]
    assert watched.ledger().segments[0].settings == (Setting(name="image", value="web:2", of="container app of web:2"),)


def test_container_health_checks() -> None:
    """The checks after 10 and 20 s fail, the one after 30 s passes."""
    watched = Watched(room=8)
    check = ContainerHealthCheck(command=("CMD-SHELL", "true"), interval_s=10, retries=5)
    slow = Behaviour(exits_in_s=2, container_health=HealthScript(ready_s=25))
    definition = watched.user.register("web", cpu=TASK, memory=TASK, health_check=check, behaviour=slow)
    watched.user.create_service("web", definition)
    watched.world.run()
    watched.roll("web", definition)
    watched.world.run()
    assert watched.account() == [(FAILED, 20), (HEALTH, 10), (EXIT, 2)]
    assert watched.ledger().segments[0].settings == (
        Setting(name="healthCheck.interval", value="10", of="container app of web:1"),
        Setting(name="healthCheck.retries", value="5", of="container app of web:1"),
        Setting(name="healthCheck.startPeriod", value="0", of="container app of web:1"),
    )


def test_no_health_check_at_all() -> None:
    watched = _polite_service(Watched(room=8), desired=2)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run()
    assert watched.account() == [(HEALTH, 40), (EXIT, 2)]
    assert watched.ledger().segments[0].settings == (Setting(name="healthy_after_running_s", value="40", of="server"),)


def test_back_off_after_failures() -> None:
    """It crashes 4 s after its start, each time. Three times the next start comes at once, then it waits 1 s."""
    breaker = DeploymentCircuitBreaker(is_enabled=True, threshold_type=ThresholdType.COUNT, threshold_value=5)
    watched = _polite_service(Watched(room=8, rules=Rules(fails_on_certainty=False)), circuit_breaker=breaker)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=Behaviour(runs_s=4)))
    watched.world.run(lambda: watched.roll_out.status.is_verdict)
    assert watched.account() == [*4 * [(FAILURE, 4)], (BACK_OFF, 1), (FAILURE, 4)]
    assert watched.roll_out.status is ServiceDeploymentStatus.STOPPED


def test_room_that_another_service_takes_up() -> None:
    """The room is the other service's for 100 s, and it takes 5 s to leave it."""
    watched = Watched(room=2)
    other = watched.user.register("other", cpu=TASK, memory=TASK, behaviour=Behaviour(exits_in_s=5))
    watched.user.create_service("other", other)
    _polite_service(watched)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run_for(100)
    watched.user.update("other", desired_count=0)
    watched.world.run()
    assert watched.account() == [(CAPACITY, 105), (HEALTH, 40), (EXIT, 2)]
    assert watched.ledger().segments[0].settings[0].name == "RESOURCE:CPU"


def test_bake_time() -> None:
    watched = _polite_service(Watched(room=8), bake_time_s=60.0)
    watched.world.run()
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run()
    assert watched.account() == [(HEALTH, 40), (EXIT, 2), (BAKE, 60)]
    assert watched.ledger().segments[-1].settings == (Setting(name="bakeTimeInMinutes", value="1", of="service web"),)


def test_way_back_by_the_circuit_breaker() -> None:
    """Two checks of 30 s fail, which is one failure too many; the way back only has to stop what failed."""
    watched = Watched(room=8)
    group = watched.user.create_target_group("web")
    old = watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE)
    watched.user.create_service("web", old, target_group=group, circuit_breaker=FUSE)
    watched.world.run()
    ill = Behaviour(exits_in_s=3, health=HealthScript(ready_s=1e9))
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=ill))
    watched.world.run()
    assert watched.account() == [(FAILED, 60), (EXIT, 3)]
    failed = watched.ledger().segments[0]
    assert failed.sentence == "checks of its target failed; that was failure 1 of 1"
    assert failed.settings[-1] == Setting(
        name="deploymentCircuitBreaker.thresholdConfiguration", value="COUNT 1", of="service web"
    )
    assert watched.roll_out.status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL


def test_way_back_by_an_alarm_cuts_off_what_went_on() -> None:
    alarms = DeploymentAlarms(names=("errors",), is_enabled=True, rolls_back=True)
    watched = Watched(room=8)
    watched.user.set_alarm("errors", AlarmState.OK)
    _polite_service(watched, alarms=alarms, bake_time_s=0.0)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run_for(25)
    watched.user.set_alarm("errors", AlarmState.ALARM)
    watched.world.run()
    assert watched.account() == [(HEALTH, 25), (EXIT, 2)]
    cut_off = watched.ledger().segments[0]
    assert cut_off.sentence.endswith("; then an alarm ended it")
    assert cut_off.settings[-1] == Setting(name="alarms.alarmNames", value="errors", of="service web")
    assert watched.roll_out.status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL


def test_way_back_that_starts_tasks_again() -> None:
    """The new version runs for 50 s: healthy, and with the old one gone. A person asks for the way back while it
    bakes, so the old version is started again."""
    watched = _polite_service(Watched(room=8), bake_time_s=600.0)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run_for(50)
    watched.user.stop_deployment("web")
    watched.world.run()
    assert watched.account() == [(HEALTH, 40), (EXIT, 2), (BAKE, 8), (HEALTH, 40), (EXIT, 2)]
    assert watched.ledger().segments[2].sentence.endswith("; then StopServiceDeployment ended it")


def test_a_deadline_ends_it() -> None:
    watched = _polite_service(Watched(room=8))
    watched.user.update("web", tags=(Tag(key=DEADLINE, value="30s"),))
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run()
    assert watched.account() == [(HEALTH, 30), (EXIT, 2)]
    assert watched.ledger().segments[0].settings[-1] == Setting(name=DEADLINE, value="30s", of="service web")


def test_protection_holds_a_roll_up() -> None:
    watched = _polite_service(Watched(room=8))
    (old,) = watched.world.tasks("web")
    watched.user.protect(old.arn, minutes=5)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run()
    assert watched.account() == [(HEALTH, 40), (PAUSE, 260), (EXIT, 2)]


def test_percentages_that_let_nothing_move_until_somebody_changes_them() -> None:
    watched = _polite_service(Watched(room=8), maximum_percent=100)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run_for(70)
    watched.user.update("web", maximum_percent=200)
    watched.world.run()
    assert watched.account() == [(PAUSE, 70), (HEALTH, 40), (EXIT, 2)]
    assert [one.value for one in watched.ledger().segments[0].settings] == ["100", "100"]


def test_scale_in_during_a_roll() -> None:
    """Four tasks, one at a time; ten seconds in, two are enough, and the two old ones too many leave at once."""
    watched = _polite_service(Watched(room=5), desired=4)
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run_for(10)
    watched.user.update("web", desired_count=2)
    watched.world.run()
    # At 12 s the room of two is free and the second new task starts; it is healthy at 52 s.
    assert watched.account() == [(HEALTH, 10), (EXIT, 2), (HEALTH, 40), (EXIT, 2)]


def test_a_running_deployment_is_told_up_to_now() -> None:
    watched = _polite_service(Watched(room=8))
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=Behaviour(pull_s=30)))
    watched.world.run_for(12)
    assert watched.account() == [(PULL, 12)]
    watched.world.run_for(28)
    assert watched.account() == [(PULL, 30), (HEALTH, 10)]


def test_a_superseded_deployment_ends_where_the_next_begins() -> None:
    watched = _polite_service(Watched(room=8))
    watched.roll("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    first = watched.roll_out
    watched.world.run_for(15)
    watched.user.deploy("web", watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE))
    watched.world.run()
    assert first.arn != watched.roll_out.arn
    assert _account_of(watched, first.arn) == [(HEALTH, 15)]
    assert watched.account() == [(HEALTH, 40), (EXIT, 2)]


def test_a_deployment_that_changes_nothing_takes_no_time() -> None:
    watched = Watched(room=8)
    definition = watched.user.register("web", cpu=TASK, memory=TASK)
    watched.user.create_service("web", definition, desired=0)
    watched.world.run()
    watched.roll("web", definition)
    watched.world.run()
    assert watched.ledger().seconds == 0
    assert watched.account() == []


def _polite_service(watched: Watched, **members: object) -> Watched:
    """With a service `web` of polite tasks, without health checks, settled."""
    definition = watched.user.register("web", cpu=TASK, memory=TASK, behaviour=POLITE)
    watched.user.create_service("web", definition, **members)  # type: ignore[arg-type]
    watched.world.run()
    return watched


def _account_of(watched: Watched, arn: str) -> Account:
    segments = ledger_of(watched.chronicle, arn, now=watched.world.clock.now()).segments
    return [(one.kind, round(one.seconds, 3)) for one in segments]


def _segment(from_at: float, to_at: float) -> Segment:
    return Segment(kind=PULL, from_at=from_at, to_at=to_at, sentence="pulled")


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        pytest.param([(0, 4), (5, 10)], "the one before ended at 4", id="a gap"),
        pytest.param([(0, 6), (5, 10)], "the one before ended at 6", id="an overlap"),
        pytest.param([(0, 4), (4, 4), (4, 10)], "ends at 4 and began at 4", id="no time"),
        pytest.param([(0, 4), (4, 9)], "the segments end at 9", id="too short"),
        pytest.param([(1, 10)], "began|ended at 0", id="too late"),
    ],
)
def test_what_does_not_touch_is_found(spans: list[tuple[float, float]], said: str) -> None:
    ledger = Ledger(began_at=0, ended_at=10, segments=tuple(_segment(*span) for span in spans))
    with pytest.raises(AssertionError, match=said):
        check_touching(ledger)


def test_what_does_not_add_up_is_found() -> None:
    with pytest.raises(AssertionError, match=r"add up to 9 s, the deployment took 10 s"):
        check_sum(Ledger(began_at=0, ended_at=10, segments=(_segment(0, 4), _segment(5, 10))))

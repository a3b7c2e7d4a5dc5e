"""Plans: what a change of a live service will do is what it then does."""

import json
from dataclasses import replace
from math import inf

import pytest

from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.model.task_definitions import TaskDefinition
from slipway.foresight.advise import advise
from slipway.foresight.advise_service import ServiceSubject
from slipway.foresight.assumption import NEVER_MEASURED, Failure, Pace, Part
from slipway.foresight.fork_roll import PlanError, PlannedChange
from slipway.foresight.knobs import parse_assignments
from slipway.foresight.plan import Plan, plan_change
from slipway.foresight.plan_view import plan_view, summary
from slipway.foresight.time_left import time_left
from slipway.sim.behaviours import Behaviour, HealthScript
from slipway.sim.operator import Operator
from tests.foresight.live_service import DELAY_S, STEADY, STOP_TIMEOUT_S, LiveService

SUCCESSFUL = ServiceDeploymentStatus.SUCCESSFUL
NEW_IMAGE = PlannedChange(images={"app": "web:v2"})

#: A plan's times are of clocks that count from different instants.
EXACT_S = 1e-3


@pytest.mark.parametrize(
    ("room", "behaviour"),
    [
        pytest.param(10, STEADY, id="room for all"),
        pytest.param(5, STEADY, id="room for one more"),
        pytest.param(6, replace(STEADY, exits_in_s=None), id="ignores SIGTERM"),
        pytest.param(6, replace(STEADY, linger_s=None), id="drains to the delay"),
    ],
)
def test_a_plan_is_what_happens(room: int, behaviour: Behaviour) -> None:
    """Where tasks always take what they took before."""
    live = LiveService(room=room, behaviour=behaviour)
    plan = plan_change(live.fork(), NEW_IMAGE)
    live.update(taskDefinition=live.register("web:v2"))
    live.settle()
    rounds = [(one.kind, one.count) for one in live.world.rounds("web")]
    for forecast in (plan.forecast_p50, plan.forecast_p90):
        assert forecast.verdict is SUCCESSFUL
        assert forecast.duration_s == pytest.approx(live.duration_s, abs=EXACT_S)
        assert [(row.kind, row.count) for row in forecast.rounds] == rounds
    assert (plan.revision_now, plan.revision, plan.is_new) == ("web:1", "web:2", True)


def test_what_is_assumed_was_measured() -> None:
    plan = plan_change(LiveService().fork(), NEW_IMAGE, ways_back=False)
    new = {one.part: one for one in plan.assumptions if one.revision == "web:2"}
    assert {part: one.seconds(Pace.P90) for part, one in new.items()} == {
        Part.PULL: 3,
        Part.START: 1,
        Part.READY: 7.5,  # it is ready after 6 s, and the checks say: between 5 and 10
        Part.DRAIN: 4,
        Part.EXIT: 2,
    }
    assert new[Part.EXIT].source == "measured on 8 tasks"


def test_what_was_never_measured_is_told_and_at_worst_takes_its_limit() -> None:
    plan = plan_change(LiveService(rolls=0).fork(), NEW_IMAGE, ways_back=False)
    new = {one.part: one for one in plan.assumptions if one.revision == "web:2"}
    assert (new[Part.DRAIN].p50_s, new[Part.DRAIN].p90_s, new[Part.DRAIN].source) == (0, inf, NEVER_MEASURED)
    longer_s = plan.forecast_p90.duration_s - plan.forecast_p50.duration_s
    assert longer_s == pytest.approx(DELAY_S + STOP_TIMEOUT_S, abs=EXACT_S)


def test_what_is_in_progress_is_part_of_it() -> None:
    live = LiveService(room=5)
    live.update(taskDefinition=live.register("web:v2"))
    live.world.run_for(31)
    plan, left, at = plan_change(live.fork()), time_left(live.fork()), live.world.clock.now()
    live.settle()
    ended_at = live.world.snapshot.service_history(live.arn)[0].finished_at
    assert ended_at is not None
    assert plan.is_new is False
    assert plan.forecast_p50.duration_s == pytest.approx(ended_at - at, abs=EXACT_S)
    assert left is not None
    assert left.verdict is SUCCESSFUL
    assert left.p50_at == pytest.approx(ended_at, abs=EXACT_S)


def test_the_way_back_from_here() -> None:
    live = LiveService(room=5)
    live.update(taskDefinition=live.register("web:v2"))
    live.world.run_for(31)
    left, at = time_left(live.fork()), live.world.clock.now()
    live.go_back()
    live.settle()
    newest = live.world.snapshot.service_history(live.arn)[0]
    assert newest.status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    assert left is not None
    assert newest.finished_at is not None
    assert left.way_back_s == pytest.approx(newest.finished_at - at, abs=EXACT_S)


def test_tasks_that_are_overdue_take_as_long_again_or_never_become_healthy() -> None:
    """Not as long as those of the version before, which would be over: nobody would be told that it hangs."""
    live = LiveService()
    stuck = replace(STEADY, health=HealthScript(ready_s=inf))
    live.update(taskDefinition=live.register("web:v2", behaviour=stuck))
    live.world.run_for(100)
    plan, left = plan_change(live.fork()), time_left(live.fork())
    [ready] = [one for one in plan.assumptions if (one.revision, one.part) == ("web:2", Part.READY)]
    age_s = 100 - STEADY.pull_s - STEADY.launch_s
    assert ready.p50_s == pytest.approx(2 * age_s)
    assert (ready.p90_s, ready.source) == (inf, "not ready after 96 s")
    live.settle()
    ended_at = live.world.snapshot.service_history(live.arn)[0].finished_at
    assert plan.forecast_p90.verdict is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    assert left is not None
    assert left.p90_at == pytest.approx(ended_at, abs=EXACT_S), "it is as bad as that"


def test_nothing_is_left_of_what_is_complete() -> None:
    assert time_left(LiveService(rolls=0).fork()) is None


def test_a_setting_is_as_if_it_had_always_been() -> None:
    """Half of the tasks stop at once, and new ones take their room: two rounds of each kind, and no more room."""
    fork = LiveService(room=4, rolls=0).fork()
    settings = parse_assignments(
        ["minimumHealthyPercent=50", "deregistration_delay.timeout_seconds=1", "stopTimeout=3"]
    )
    plan = plan_change(fork, PlannedChange(settings=settings))
    assert [row.signed for row in plan.forecast_p50.rounds] == [-2, 2, -2, 2]
    assert plan.lowest_healthy == 2
    assert plan.settings == tuple(str(one) for one in settings)
    [definition] = [one for one in fork.records if isinstance(one, TaskDefinition)]
    assert definition.containers[0].stop_timeout_s == STOP_TIMEOUT_S, "the fork itself stays as it is"


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        pytest.param(Failure.CRASHES, ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL, id="crashes"),
        pytest.param(Failure.NEVER_HEALTHY, ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL, id="never healthy"),
    ],
)
def test_assumed_failures(failure: Failure, verdict: ServiceDeploymentStatus) -> None:
    """Only the new version's tasks fail, also where it is the old one once more."""
    plan = plan_change(LiveService().fork(), PlannedChange(assume=failure))
    assert plan.forecast_p50.verdict is verdict
    assert plan.lowest_healthy == 4


def test_slow_tasks_take_longer() -> None:
    fork = LiveService().fork()
    usual = plan_change(fork, PlannedChange(is_forced=True)).forecast_p50
    slow = plan_change(fork, PlannedChange(assume=Failure.SLOW)).forecast_p50
    assert slow.duration_s - usual.duration_s == pytest.approx(60, abs=EXACT_S)


@pytest.mark.parametrize(
    ("image", "warnings"),
    [
        pytest.param("web:v9", 1, id="of the new version"),
        pytest.param("web:v1", 0, id="of what runs now"),
    ],
)
def test_an_image_that_cannot_be_had_is_a_warning(image: str, warnings: int) -> None:
    fork = replace(LiveService().fork(), image_lacks={image: f"{image} is not on this machine."})
    plan = plan_change(fork, PlannedChange(images={"app": "web:v9"}), ways_back=False)
    sentence = "web:v9 is not on this machine; push or build that image, or name another one in the task definition."
    assert [one for one in plan.warnings if one == sentence] == [sentence] * warnings


def refused(change: PlannedChange) -> str:
    with pytest.raises(PlanError) as refusal:
        plan_change(LiveService(rolls=0).fork(), change)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(PlannedChange(images={"web": "x"}), "web:1 has no container web; it has app.", id="container"),
        pytest.param(PlannedChange(task_definition="other:1"), "There is no task definition other:1.", id="definition"),
    ],
)
def test_what_cannot_be_is_told(change: PlannedChange, sentence: str) -> None:
    assert refused(change) == sentence


# What is told


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_change(LiveService(room=5).fork(), NEW_IMAGE)


def test_the_summary(plan: Plan) -> None:
    assert list(summary(plan)) == [
        "web:1 to web:2: about 1 m 40 s (P90 1 m 40 s), in 8 rounds.",
        "Never fewer than 4 of 4 healthy; 1 more task at once, for there is room for 1 more only and the percentages "
        "would allow 4.",
        "The way back takes 1 m 46 s at most.",
        "Warning: maximumPercent 200 allows 4 more than desired, and only 1 of 256 CPU units and 256 MiB fit beside "
        "the 4 tasks of the service; the roll takes more rounds.",
    ]


def test_it_is_json(plan: Plan) -> None:
    view = json.loads(json.dumps(plan_view(plan), allow_nan=False))
    assert view["duration_s"]["p50"] == view["p50"]["duration_s"]
    assert view["room"] == {"now": 4, "peak": 5, "wanted": 8, "free": 1}
    assert {"revision": "web:2", "part": "pull", "p50_s": 3.0, "p90_s": 3.0, "source": "measured on 12 tasks"} in view[
        "assumptions"
    ]


def test_protected_tasks_that_a_deployment_waits_for_are_named() -> None:
    """A plan and advice both say why a roll takes an hour."""
    live = LiveService()
    user = Operator(live.world)
    for task in live.world.tasks("web")[-2:]:
        user.protect(task.arn, minutes=60)
    live.world.step()
    told = "2 tasks have scale-in protection, until "
    assert any(warning.startswith(told) for warning in plan_change(live.fork()).warnings)
    assert any(note.startswith(told) for note in advise(ServiceSubject(live.fork())).notes)

"""Advice: the levers with what each saves, the floors that are kept, and that what is promised is what comes."""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import pytest

from slipway.cli.advise_text import advise_text
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.monitoring.longest_request import LongestRequest
from slipway.foresight.advise import Advice, Suggestion, advise
from slipway.foresight.advise_service import ServiceSubject
from slipway.foresight.advise_subject import RolloutSubject
from slipway.foresight.fork import Fork, fork_of_world
from slipway.foresight.fork_roll import PlannedChange
from slipway.foresight.knobs import assigned_rollout, parse_assignments
from slipway.foresight.pages.clock import duration_text
from slipway.foresight.plan import plan_change
from slipway.foresight.rollout import Rollout
from slipway.foresight.trade import TradePoint, with_front
from slipway.sim.behaviours import Behaviour, HealthScript
from tests.foresight.default_service import DefaultService, is_command

#: Six tasks, room for eight, all else at its default: 24 minutes.
DEFAULTS = Rollout(room=8)

#: The same with the three levers pulled.
TUNED = Rollout(
    room=12, health_interval=5, health_timeout=2, healthy_threshold=2, deregistration_delay=5, stop_timeout=2, exit=0.2
)


def of(rollout: Rollout, *, longest_request_s: float | None = None) -> Advice:
    return advise(RolloutSubject(rollout, longest_request_s=longest_request_s))


def fork_of(live: DefaultService, *, longest_request_s: float | None = None, requests: int = 900) -> Fork:
    """The fork of a service, as if that request had been the longest that Envoy saw."""
    fork = fork_of_world(live.world, live.arn)
    if longest_request_s is None:
        return fork
    seconds, count = longest_request_s, requests
    seen = LongestRequest(target_group_arn=live.group_arn, seconds=seconds, at=60.0, since=0.0, count=count)
    return replace(fork, longest_requests={live.group_arn: seen})


def shifts(suggestion: Suggestion | None) -> dict[str, str]:
    assert suggestion is not None
    return {one.name: one.then for one in suggestion.shifts}


def named(advice: Advice, name: str) -> Suggestion:
    [found] = [one for one in advice.singles if one.name == name]
    return found


# The worked example


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: of(DEFAULTS), id="a rollout"),
        pytest.param(lambda: advise(ServiceSubject(fork_of(DefaultService()))), id="a service that never rolled"),
        pytest.param(lambda: advise(ServiceSubject(fork_of(rolled()))), id="a service whose roll was measured"),
    ],
)
def test_the_three_levers(make: Callable[[], Advice]) -> None:
    """Three rounds of 150 s of checks, 300 s of drain and 30 s of deafness: 1,440 s, and what each is shorter by."""
    advice = make()
    assert advice.today.duration_s == 1440
    assert {one.name: one.saved_s for one in advice.singles if one.is_harmless} == {
        "drain": 3 * (300 - 5),
        "health checks": 3 * (150 - 10),
        "stop": 3 * (30 - 2),
    }
    assert advice.together is not None
    assert advice.together.outcome.duration_s == 3 * (10 + 5 + 2)
    assert advice.pair is not None
    assert (advice.pair.name, advice.pair.outcome.duration_s) == ("drain and health checks", 3 * (10 + 5 + 30))
    worst = "" if advice.prompt_s is None else " at worst"
    assert advice.verdict == (
        "Drain, health checks and stop: a deployment takes 51 s instead of 24 m"
        f"{worst}; no capacity is given up for it."
    )


def rolled() -> DefaultService:
    live = DefaultService()
    live.deploy_s()
    return live


def test_what_capacity_buys() -> None:
    advice = of(DEFAULTS)
    assert named(advice, "minimum healthy").outcome.duration_s == 810
    assert named(advice, "minimum healthy").risks == ("only 3 of 6 tasks serve during a roll: 50 % of capacity",)
    assert named(advice, "room").outcome.duration_s == 480
    assert named(advice, "room").cost == "room for 4 more tasks of 256 CPU units and 256 MiB"
    assert not named(advice, "room").is_harmless


def test_a_timeout_as_long_as_the_interval_is_shortened_with_it() -> None:
    assert shifts(named(of(DEFAULTS), "health checks")) == {
        "HealthCheckIntervalSeconds": "5",
        "HealthyThresholdCount": "2",
        "HealthCheckTimeoutSeconds": "4",
    }
    assert "HealthCheckTimeoutSeconds" not in shifts(named(of(replace(DEFAULTS, health_timeout=2)), "health checks"))


def test_a_slow_program_gets_a_grace_period() -> None:
    """Ready after 40 s, it would be taken as sick after 10 s of checks every 5 s."""
    lever = named(of(replace(DEFAULTS, ready_time=40)), "health checks")
    assert shifts(lever)["healthCheckGracePeriodSeconds"] == "80"
    assert lever.outcome.is_success


# The floors


@pytest.mark.parametrize(
    ("longest_s", "drain", "stop"),
    [
        pytest.param(0.3, "5", "2", id="short requests: the floors that always hold"),
        pytest.param(8.0, "8", "16", id="eight seconds"),
        pytest.param(8.2, "9", "17", id="rounded up"),
        pytest.param(14.0, "14", "28", id="fourteen"),
    ],
)
def test_no_request_that_was_seen_is_cut_off(longest_s: float, drain: str, stop: str) -> None:
    for advice in (
        of(DEFAULTS, longest_request_s=longest_s),
        advise(ServiceSubject(fork_of(DefaultService(), longest_request_s=longest_s))),
    ):
        assert shifts(named(advice, "drain")) == {"deregistration_delay.timeout_seconds": drain}
        assert shifts(named(advice, "stop")) == {"stopTimeout": stop}
        assert f"{longest_s:g} s: the drain stays at or above {drain} s, the stop timeout" in advice.notes[0]


def test_it_says_which_request_held_them() -> None:
    advice = advise(ServiceSubject(fork_of(DefaultService(), longest_request_s=8.2)))
    assert advice.notes[0].startswith("Longest request seen, at 1970-01-01 00:01 UTC: 8.2 s: the drain stays at")


def test_it_says_that_few_requests_are_little_to_go_by() -> None:
    few, many = (
        advise(ServiceSubject(fork_of(DefaultService(), longest_request_s=8.2, requests=count))) for count in (2, 100)
    )
    assert few.notes[1] == "Only 2 requests were seen, since 1970-01-01 00:00 UTC: too few to go by."
    assert not any("too few" in note for note in many.notes)


def test_requests_longer_than_the_limits() -> None:
    """Neither is made shorter, and it is said that they are too short as they are."""
    advice = of(DEFAULTS, longest_request_s=400)
    assert not {"drain", "stop"} & {one.name for one in advice.singles}
    assert "The drain is 300 s now, and cuts such a request off" in advice.notes[1]
    assert "deregistration_delay.timeout_seconds=400 would let it end" in advice.notes[1]
    assert "The stop timeout is 30 s now, less than is advised: stopTimeout=800." in advice.notes


def test_without_any_request_the_floor_is_told() -> None:
    assert (
        of(DEFAULTS).notes[0].startswith("No request was measured: the drain stays at or above 5 s, the stop timeout")
    )


def test_a_program_is_not_killed_while_it_ends() -> None:
    """It exits 12.5 s after SIGTERM: a timeout below that would save time by killing it."""
    assert "stop" not in {one.name for one in of(replace(DEFAULTS, exit=12.5)).singles}


def test_when_a_shorter_stop_timeout_counts() -> None:
    """`test_stop_timeout_takes_effect` shows it."""
    assert named(of(DEFAULTS), "stop").risks[1] == (
        "tasks that run now keep the timeout they were started with: this is saved from the second deployment on"
    )


def test_a_bake_time_is_told_and_left_as_it_is() -> None:
    assert (
        "5 m of it are the bake time (bakeTimeInMinutes), which no advice shortens."
        in of(replace(DEFAULTS, bake_time=300)).notes
    )


def test_what_was_never_measured_is_told() -> None:
    assert (
        "Never measured: drain and exit. Each is taken to last to its limit."
        in advise(ServiceSubject(fork_of(DefaultService()))).notes
    )
    assert not any("Never measured" in note for note in advise(ServiceSubject(fork_of(rolled()))).notes)


def test_a_saving_that_rests_on_what_was_never_measured_says_so_where_it_stands() -> None:
    """`plan` takes such a program to be prompt: both times are told, and which savings may come to less."""
    fork = fork_of(DefaultService())
    advice = advise(ServiceSubject(fork))
    assert advice.prompt_s == plan_change(fork, PlannedChange(is_forced=True)).forecast_p50.duration_s
    assert advice.prompt_s < advice.today.duration_s
    assert {one.name: one.rests_on for one in advice.singles if one.is_harmless} == {
        "drain": ("drain",),
        "health checks": (),
        "stop": ("exit",),
    }
    shown = "\n".join(line.plain for line in advise_text(advice, width=80, encoding="utf-8"))
    assert f"takes {duration_text(advice.prompt_s)}, and 24 m at worst" in shown
    assert "stop  may save up to 1 m 24 s" in shown
    assert "exit was never measured, and it is taken to last to the limit: make one deployment first" in shown


def test_what_was_measured_is_no_guess() -> None:
    advice = advise(ServiceSubject(fork_of(rolled())))
    assert (advice.prompt_s, {one.rests_on for one in advice.singles}) == (None, {()})


# Nothing to advise


@pytest.mark.parametrize(
    "rollout",
    [
        pytest.param(TUNED, id="tuned"),
        pytest.param(replace(TUNED, exit=inf, stop_timeout=3, start_time=200.0), id="one second of two hundred"),
    ],
)
def test_nothing_worth_changing(rollout: Rollout) -> None:
    advice = of(rollout)
    assert advice.verdict.startswith("Nothing is worth changing: a deployment takes")
    assert (advice.singles, advice.pair, advice.together) == ((), None, None)


def test_a_roll_that_fails() -> None:
    advice = of(replace(DEFAULTS, never_healthy=True, circuit_breaker=True))
    assert advice.today.verdict is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    assert "does not succeed as it is set: Service deployment rolled back" in advice.verdict
    assert advice.singles == ()


# What is promised comes


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(exits_in_s=None, linger_s=None), id="deaf, connections stay"),
        pytest.param(
            Behaviour(pull_s=4, launch_s=2, exits_in_s=1, linger_s=40, health=HealthScript(ready_s=3)), id="prompt"
        ),
        pytest.param(Behaviour(exits_in_s=None, linger_s=None, health=HealthScript(ready_s=45)), id="slow to be ready"),
    ],
)
@pytest.mark.parametrize("room", [7, 9])
def test_advice_that_is_followed_gives_what_was_promised(room: int, behaviour: Behaviour) -> None:
    """Each piece of advice for a service, typed in as it is told, and rolled by the API's own handlers."""
    advice = advise(ServiceSubject(fork_of(measured(room, behaviour))))
    told = [*advice.singles, *(one for one in (advice.pair, advice.together) if one is not None)]
    assert told, "there is something to advise"
    for one in (one for one in told if not one.cost):
        live = measured(room, behaviour)
        for line in one.aws:
            if is_command(line) and "--task-definition" not in line:
                live.type_in(line)
        live.settle()
        if "stopTimeout" in shifts(one):
            live.register(stopTimeout=int(shifts(one)["stopTimeout"]))
            live.deploy_s()  # from the second deployment on, as it is said
        assert live.deploy_s() == pytest.approx(one.outcome.duration_s, abs=0.001), one.name


def measured(room: int, behaviour: Behaviour) -> DefaultService:
    """A service that rolled once, so that all of what its tasks take is known."""
    live = DefaultService(room=room, behaviour=behaviour)
    live.deploy_s()
    return live


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["minimumHealthyPercent=50"], id="half"),
        pytest.param(["desired=10", "maximumPercent=150"], id="ten"),
        pytest.param(["deregistration_delay=0"], id="no drain"),
    ],
)
def test_every_point_of_the_trade_is_that_of_a_roll(texts: list[str]) -> None:
    advice = of(assigned_rollout(replace(DEFAULTS, room=12), parse_assignments(texts)))
    [today] = [point for point in advice.trade if point.is_today]
    assert today.duration_s == advice.today.duration_s
    durations = [point.duration_s for point in advice.trade]
    assert durations == sorted(durations)
    assert all(one.outcome.duration_s in durations for one in advice.singles)


# The trade


def point(name: str, seconds: float, share: float, room: int) -> TradePoint:
    return TradePoint(label=name, duration_s=seconds, lowest_healthy_percent=share, extra_room=room)


def test_the_front() -> None:
    found = with_front(
        (
            point("slow", 100, 100, 2),
            point("fast", 50, 100, 2),
            point("fast and thin", 20, 50, 2),
            point("fast and thin, with more room", 20, 50, 4),
            point("roomy", 10, 100, 6),
            point("the same as fast", 50, 100, 2),
        )
    )
    assert [(one.label, one.is_front) for one in found] == [
        ("roomy", True),
        ("fast and thin", True),
        ("fast and thin, with more room", False),
        ("fast", True),
        ("slow", False),
    ]

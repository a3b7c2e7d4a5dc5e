"""A rollout is simulated: the numbers of the worked example, what never ends, and what cannot be."""

from dataclasses import fields
from math import inf
from pathlib import Path
from typing import Any

import pytest

from slipway.core.explaining.segment import SegmentKind
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.comparison import differences_of
from slipway.foresight.forecast import Forecast
from slipway.foresight.forecast_view import forecast_view, rollout_view, seconds
from slipway.foresight.rollout import Rollout, RolloutError
from slipway.foresight.rollout_file import load_rollout, parse_duration
from slipway.foresight.simulate import simulate

TUNED: dict[str, Any] = {"health_interval": 5, "healthy_threshold": 2, "deregistration_delay": 5, "exit": 2}


def quick(**settings: Any) -> Forecast:
    """The forecast of a rollout of six tasks with room for eight, without its ways back."""
    return simulate(Rollout(**{"desired": 6, "room": 8, **settings}), ways_back=False)


@pytest.mark.parametrize(
    ("settings", "duration_s", "rounds"),
    [
        pytest.param({}, 1440, [2, -2, 2, -2, 2, -2], id="defaults"),
        pytest.param({"minimum_healthy_percent": 50}, 960, [-3, 5, -3, 1], id="half may be missing"),
        pytest.param({"minimum_healthy_percent": 50, "room": 10}, 810, [-3, 6, -3], id="with more room"),
        pytest.param(TUNED, 51, [2, -2, 2, -2, 2, -2], id="tuned"),
    ],
)
def test_the_worked_example(settings: dict[str, Any], duration_s: float, rounds: list[int]) -> None:
    forecast = quick(**settings, sequential=True)
    assert seconds(forecast.duration_s) == duration_s
    assert [row.signed for row in forecast.rounds] == rounds


def test_a_forecast_says_what_there_was_at_worst() -> None:
    forecast = simulate(Rollout(room=8, minimum_healthy_percent=50))
    assert (forecast.lowest_healthy, forecast.lowest_healthy_percent, forecast.peak_tasks) == (3, 50.0, 8)
    assert [way.round for way in forecast.ways_back] == [1, 2, 3, 4, 5, 6, None]
    assert seconds(forecast.rollback_s) == 810


def test_time_adds_up_by_kind() -> None:
    totals: dict[SegmentKind, float] = {}
    for one in quick().ledger.segments:
        totals[one.kind] = totals.get(one.kind, 0.0) + one.seconds
    assert totals == {SegmentKind.HEALTH_WAIT: 450.0, SegmentKind.DRAIN: 900.0, SegmentKind.KILL_WAIT: 90.0}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param(
            {"never_healthy": True, **TUNED},
            "has not ended: 100 tasks in a row failed before they were healthy, and nothing ends it without "
            "--circuit-breaker",
            id="fails for ever",
        ),
        pytest.param(
            {"maximum_percent": 100},
            "has not ended: --minimum-healthy-percent 100 and --maximum-percent 100 let nothing move: neither may a "
            "task stop nor one more start",
            id="percentages",
        ),
        pytest.param(
            {"room": 6},
            "has not ended: there is no room for another task, and by --minimum-healthy-percent 100 and "
            "--maximum-percent 200 no old one may stop before it",
            id="no room",
        ),
        pytest.param(
            {"crash_percent": 100, "crash_after": 12, "jitter_percent": 50, "minimum_healthy_percent": 50, **TUNED},
            "has not ended: it went on for 1,001 starts and stops, for tasks that are healthy do not stay so",
            id="goes in circles",
        ),
        pytest.param({"bake_time": 86_000, "ready_time": 0}, "has not ended within 86400 s", id="too long"),
    ],
)
def test_a_roll_that_has_no_end_says_why(settings: dict[str, Any], reason: str) -> None:
    forecast = quick(**settings)
    assert forecast.verdict is ServiceDeploymentStatus.IN_PROGRESS
    assert forecast.reason == reason


def test_a_roll_that_has_no_end_takes_no_time_that_could_be_mistaken() -> None:
    forecast = quick(room=6)
    view = forecast_view(forecast)
    assert (view["has_ended"], view["duration_s"], view["looked_ahead_s"]) == (False, None, 30)
    assert forecast.total_s == inf
    assert (quick().total_s, forecast_view(quick())["has_ended"]) == (1440.0, True)


def test_it_says_why_there_is_no_way_back() -> None:
    assert forecast_view(simulate(Rollout(room=6)))["no_way_back"] == "none: the roll does not end"
    assert forecast_view(simulate(Rollout(room=8)))["no_way_back"] is None
    assert simulate(Rollout(room=6)).no_way_back == "none: the roll does not end"
    assert (quick().no_way_back, simulate(Rollout(room=8)).no_way_back) == ("not asked for", "")


def test_two_ways_without_an_end_are_not_compared_by_how_far_was_looked_ahead() -> None:
    told = differences_of(quick(never_healthy=True), quick(never_healthy=True, sequential=True))
    assert not any("instead of" in sentence or "both ways" in sentence for sentence in told)


def test_a_breaker_takes_a_bad_version_back() -> None:
    forecast = quick(never_healthy=True, circuit_breaker=True, **TUNED)
    assert forecast.verdict is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    assert "circuit breaker" in forecast.reason


def test_differences_are_told_in_words() -> None:
    half = {"minimum_healthy_percent": 50}
    assert differences_of(quick(**half), quick(**half, sequential=True)) == (
        "At 0:00 round 2 starts 2 tasks while 3 of round 1 still stop: the room that there is, is used at once.",
        "At 2:30 round 3 stops 2 tasks while 3 of round 1 still stop: enough others are healthy to do without them.",
        "At 5:30 round 4 starts 3 tasks while 2 of round 3 still stop: room that stops left is used at once.",
        "At 8:00 round 6 starts 1 task while 1 of round 5 still stops: room that stops left is used at once.",
        "It takes 13 m 30 s instead of 16 m: 2 m 30 s less.",
    )
    assert differences_of(quick(), quick(sequential=True)) == (
        "Both are the same: each round waits for room or health that only the round before it gives.",
    )


# What cannot be


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"desired": 0}, "--desired is 0; it must be from 1 to 100000."),
        ({"desired": 4, "room": 3}, "--room gives room for 3 tasks, and --desired is 4: the service would not fit"),
        ({"room": 8, "hosts": 2}, "--room and --hosts both say what fits in the cluster: give one of them."),
        ({"hosts": 1}, None),
        ({"hosts": 1, "host_cpu": 128}, "A task of 256 CPU units and 256 MiB does not fit on a host of 128 and 8192"),
        ({"hosts": 1, "cpu": 1024}, "--hosts gives room for 4 tasks, and --desired is 6"),
        ({"minimum_healthy_percent": 101}, "--minimum-healthy-percent is 101; it must be from 0 to 100."),
        ({"minimum_healthy_percent": 60, "maximum_percent": 50}, "the maximum cannot be below the minimum."),
        ({"health_interval": 1}, "--health-interval is 1; it must be from 5 to 300."),
        ({"health_timeout": 121}, "--health-timeout is 121; it must be from 2 to 120."),
        ({"health_timeout": 40}, "--health-timeout is 40 and --health-interval 30; the interval must be greater."),
        ({"healthy_threshold": 11}, "--healthy-threshold is 11; it must be from 2 to 10."),
        ({"unhealthy_threshold": 1}, "--unhealthy-threshold is 1; it must be from 2 to 10."),
        ({"health_check_grace_period": -1}, "--health-check-grace-period is -1; it must be from 0 to"),
        ({"deregistration_delay": 3601}, "--deregistration-delay is 3601; it must be from 0 to 3600."),
        ({"stop_timeout": -1}, "--stop-timeout is -1; it must be from 0 to 86400."),
        ({"exit": -1.0}, "--exit is -1; it must be 0 or more."),
        ({"pull_time": inf}, "--pull-time is inf; it must be from 0 to 86400."),
        ({"ready_time": float("nan")}, "--ready-time is nan; it must be from 0 to 86400."),
        ({"crash_percent": 101.0}, "--crash-percent is 101; it must be from 0 to 100."),
        ({"jitter_percent": -1.0}, "--jitter-percent is -1; it must be from 0 to 100."),
        ({"strategy": "BLUE_GREEN"}, "--strategy is BLUE_GREEN; only ROLLING can be simulated."),
    ],
)
def test_what_cannot_be_is_told_by_its_flag(settings: dict[str, Any], sentence: str | None) -> None:
    if sentence is None:
        assert Rollout(**settings).tasks_a_host == 16
        return
    with pytest.raises(RolloutError) as refused:
        Rollout(**settings)
    assert sentence in str(refused.value)


def test_an_old_version_that_would_not_come_up_is_refused() -> None:
    with pytest.raises(RolloutError, match="--health-check-grace-period longer than --ready-time"):
        quick(ready_time=120)
    assert quick(ready_time=120, health_check_grace_period=300).has_ended


# Files and words


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90.0), ("1.5", 1.5), ("90s", 90.0), ("1m30s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("500ms", 0.5)],
)
def test_durations(text: str, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "s", "1x", "-1", "1s1m", "1 m", "inf", "1e3"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


def test_a_file_is_read_and_flags_win(tmp_path: Path) -> None:
    file = tmp_path / "roll.toml"
    file.write_text(
        'desired = 10\nhealth-interval = "1m"\nexit = "ignores"\nsequential = true\nmaximum_percent = "150%"'
    )
    rollout = load_rollout({"desired": "12", "sequential": False, "room": None, "exit": "2s"}, file)
    assert (rollout.desired, rollout.health_interval, rollout.exit) == (12, 60, 2.0)
    assert (rollout.sequential, rollout.maximum_percent, rollout.room) == (False, 150, None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("desird = 6", "desird is no setting of a rollout; did you mean desired?"),
        ("zzz = 6", "zzz is no setting of a rollout; the settings are desired, room,"),
        ('desired = "many"', "desired is 'many'; it takes a whole number."),
        ("desired = true", "desired is true; it takes a whole number."),
        ("desired = 1.5", "desired is '1.5'; it takes a whole number."),
        ('health-interval = "soon"', "health_interval is 'soon'; it takes whole seconds, as 90, 90s or 1m30s."),
        ('exit = "never"', "exit is 'never'; it takes seconds, as 90, 90s or 1m30s, or ignores."),
        ("pull-time = inf", "pull_time is 'inf'; it takes seconds, as 90, 90s or 1m30s."),
        ("circuit-breaker = 1", "circuit_breaker is '1'; it takes true or false."),
        ("strategy = [1]", "strategy is '[1]'; it takes text."),
        ("exit = 1\nexit_ = 2", "exit_ is no setting of a rollout; did you mean exit?"),
        ("stop-timeout = 1\nstop_timeout = 2", "says stop_timeout twice, with a hyphen and with an underscore"),
        ("desired = ", "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "roll.toml"
    file.write_text(text)
    with pytest.raises(RolloutError) as refused:
        load_rollout({}, file)
    assert sentence in str(refused.value)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(RolloutError, match=r"nowhere\.toml cannot be read: No such file or directory"):
        load_rollout({}, Path("nowhere.toml"))


# JSON


def test_json_says_every_setting_and_no_infinity() -> None:
    view = rollout_view(Rollout())
    assert set(view) == {item.name for item in fields(Rollout)}
    assert (view["exit"], view["connection_age"], view["room"]) == ("ignores", "stay", None)


def test_json_of_a_forecast() -> None:
    view = forecast_view(simulate(Rollout(room=8)))
    assert (view["duration_s"], view["lowest_healthy"], view["peak_tasks"]) == (1440, 6, 8)
    assert [row["rollback_s"] for row in view["rounds"]] == [way["seconds"] for way in view["ways_back"][:-1]]
    assert view["rounds"][1] | {"waits_for": "", "settings": [], "rollback_s": 0} == {
        "number": 2,
        "kind": "STOP",
        "count": 2,
        "start_s": 150,
        "end_s": 480,
        "healthy": 6,
        "running": 8,
        "cause": "DRAIN",
        "waits_for": "",
        "settings": [],
        "rollback_s": 0,
    }
    assert sum(segment["seconds"] for segment in view["ledger"]) == 1440

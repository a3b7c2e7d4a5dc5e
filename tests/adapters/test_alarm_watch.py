"""The alarm watch: when it looks, what it reports, and what it leaves alone."""

import asyncio
from dataclasses import replace

import pytest

from slipway.adapters.alarm_watch import SETTLE_S, AlarmWatch, rest_s
from slipway.adapters.metric_store import MetricStore
from slipway.core.model.alarms import Alarm, AlarmState, MissingData
from slipway.core.monitoring.metrics import MetricDatum
from slipway.core.observations import AlarmEvaluated, Observation
from slipway.ports import Clock
from tests.waiting import wait_for

MINUTE = 1_700_000_040.0
ERRORS = Alarm(arn="arn:errors", name="errors", namespace="shop", metric_name="Errors", statistic="Sum", threshold=1.0)


class SetClock:
    """A clock that is set by hand, back too."""

    def __init__(self, now: float) -> None:
        self.at = now

    def now(self) -> float:
        """The instant it was set to."""
        return self.at


class Watched:
    """A watch over alarms in a dictionary, on a store in memory; what it reports is collected."""

    def __init__(self, *alarms: Alarm, clock: Clock | None = None) -> None:
        self.clock = SetClock(MINUTE + 61)
        self.metrics = MetricStore(None, self.clock)
        self.alarms = {alarm.arn: alarm for alarm in alarms}
        self.reported: list[Observation] = []
        self.watch = AlarmWatch(lambda: self.alarms, self.metrics, self.reported.append, clock or self.clock)

    def put(self, value: float, at: float, *, resolution_s: int = 60, unit: str = "None") -> None:
        """A value of the metric of ERRORS."""
        self.metrics.put(
            MetricDatum(
                namespace="shop",
                metric_name="Errors",
                at=at,
                value=value,
                unit=unit,
                storage_resolution_s=resolution_s,
            )
        )

    def look(self) -> list[AlarmState]:
        """The states reported by one look."""
        self.reported.clear()
        asyncio.run(self.watch.look())
        states = []
        for observation in self.reported:
            assert isinstance(observation, AlarmEvaluated)
            states.append(observation.state)
        return states


def test_another_state_is_reported_with_its_reason() -> None:
    watched = Watched(ERRORS)
    watched.put(5.0, MINUTE)
    watched.put(5.0, MINUTE + 30)
    watched.put(5.0, MINUTE + 60)  # of the minute that is not over
    assert watched.look() == [AlarmState.ALARM]
    (told,) = watched.reported
    assert isinstance(told, AlarmEvaluated)
    assert (told.alarm_arn, told.at) == ("arn:errors", MINUTE + 61)
    assert told.reason.startswith("Threshold Crossed: 1 out of the last 1 datapoints [10.0 (")
    assert '"evaluatedDatapoints"' in told.reason_data


@pytest.mark.parametrize(
    ("state", "reported"),
    [
        pytest.param(AlarmState.ALARM, [], id="as it was"),
        pytest.param(AlarmState.OK, [AlarmState.ALARM], id="set otherwise"),
    ],
)
def test_a_state_is_reported_only_where_it_differs(state: AlarmState, reported: list[AlarmState]) -> None:
    watched = Watched(replace(ERRORS, state=state))
    watched.put(5.0, MINUTE)
    assert watched.look() == reported


def test_a_drill_without_data_lasts_where_missing_data_are_ignored() -> None:
    ignoring = replace(ERRORS, treat_missing_data=MissingData.IGNORE, state=AlarmState.ALARM)
    assert Watched(ignoring).look() == []
    assert Watched(replace(ERRORS, state=AlarmState.ALARM)).look() == [AlarmState.INSUFFICIENT_DATA]


def test_periods_below_a_minute_are_judged_as_they_end() -> None:
    watched = Watched(replace(ERRORS, period_s=10))
    watched.put(5.0, MINUTE + 42, resolution_s=1)
    watched.clock.at = MINUTE + 49.9
    assert watched.look() == []
    watched.clock.at = MINUTE + 50
    assert watched.look() == [AlarmState.ALARM]


def test_an_alarm_with_a_unit_sees_only_data_in_it() -> None:
    watched = Watched(replace(ERRORS, unit="Count"))
    watched.put(5.0, MINUTE, unit="Seconds")
    assert watched.look() == []
    watched.put(5.0, MINUTE, unit="Count")
    assert watched.look() == [AlarmState.ALARM]


def test_an_alarm_over_hours_is_judged_once_a_minute() -> None:
    watched = Watched(replace(ERRORS, evaluation_periods=120, datapoints_to_alarm=1))
    watched.put(5.0, MINUTE)
    watched.clock.at = MINUTE + 71
    assert watched.look() == []
    watched.clock.at = MINUTE + 121
    assert watched.look() == [AlarmState.ALARM]


def test_a_clock_that_was_put_back_hides_nothing() -> None:
    later = MINUTE + 3_600
    watched = Watched(replace(ERRORS, state_updated_at=later, state=AlarmState.OK))
    watched.put(5.0, MINUTE)
    watched.look()
    (told,) = watched.reported
    assert told.at == later


@pytest.mark.parametrize(
    ("now", "rest"),
    [
        pytest.param(MINUTE, SETTLE_S, id="at the end of a minute"),
        pytest.param(MINUTE + SETTLE_S, 10, id="at a look"),
        pytest.param(MINUTE + 9, 2, id="before a look"),
        pytest.param(MINUTE + 0.5 + SETTLE_S, 9.5, id="after a look"),
    ],
)
def test_looks_follow_the_ends_of_periods(now: float, rest: float) -> None:
    assert rest_s(now) == pytest.approx(rest)


class _Broken:
    """A clock that is always shortly before the next look, and fails the first time it is asked within one."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self) -> float:
        """An instant, or a fault."""
        self.asked += 1
        if self.asked == 2:
            raise ValueError("a fault of ours")
        return MINUTE + 60.99


def test_a_fault_in_one_look_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(ERRORS, clock=_Broken())
    watched.put(5.0, MINUTE)

    async def watch() -> None:
        watched.watch.open()
        await wait_for(lambda: watched.reported, what="the alarm to be reported")
        await watched.watch.close()

    asyncio.run(watch())
    assert "alarms could not be evaluated" in caplog.text

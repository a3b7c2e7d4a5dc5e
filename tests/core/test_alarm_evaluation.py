"""Alarms are judged as CloudWatch documents it."""

import json
from datetime import UTC, datetime

import pytest

from slipway.core.model.alarms import Alarm, AlarmState, ComparisonOperator, MissingData
from slipway.core.monitoring.alarm_evaluation import (
    EXTRA_PERIODS,
    Evaluation,
    Window,
    evaluate,
    is_breaching,
    window_of,
)
from slipway.core.monitoring.metrics import DataPoint

NOW = 1_700_000_101.0  # one second into a minute and into ten seconds
END = 1_700_000_100.0
OK, ALARM, INSUFFICIENT_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
RETAINED = None


def alarm(
    state: AlarmState = OK,
    *,
    needed: int = 3,
    of: int = 3,
    missing: MissingData = MissingData.MISSING,
    period_s: int = 60,
    statistic: str = "Average",
    low_samples: str | None = None,
) -> Alarm:
    """An alarm on values above 1.0 in `needed` out of `of` periods."""
    return Alarm(
        arn="arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors",
        name="errors",
        namespace="shop",
        metric_name="Errors",
        statistic=statistic,
        period_s=period_s,
        evaluation_periods=of,
        datapoints_to_alarm=needed,
        threshold=1.0,
        treat_missing_data=missing,
        evaluate_low_sample_count_percentile=low_samples,
        state=state,
    )


def points(data: str, period_s: int = 60) -> dict[float, DataPoint]:
    """Data points as AWS's tables write them, the newest at the right: 0 is within the threshold, X breaches it."""
    periods = data.split()
    begin = END - period_s * len(periods)
    values = {"0": 0.0, "X": 5.0}
    return {
        begin + index * period_s: DataPoint(at=begin + index * period_s, value=values[each], sample_count=1)
        for index, each in enumerate(periods)
        if each != "-"
    }


def judged(subject: Alarm, data: str) -> AlarmState:
    """The state after the evaluation."""
    evaluation = evaluate(subject, points(data, subject.period_s), NOW)
    return subject.state if evaluation is None else evaluation.state


def told(subject: Alarm, data: str) -> Evaluation:
    """The evaluation of data that give another state."""
    evaluation = evaluate(subject, points(data, subject.period_s), NOW)
    assert evaluation is not None
    return evaluation


# The tables of "How alarm state is evaluated when data is missing": missing, ignore, breaching, notBreaching.
TABLE = [
    pytest.param(3, "0 - X - X", (OK, OK, OK, OK), id="3 of 3: one breaching of enough"),
    pytest.param(3, "0 - - - -", (OK, OK, OK, OK), id="3 of 3: one old good"),
    pytest.param(3, "- - - - -", (INSUFFICIENT_DATA, RETAINED, ALARM, OK), id="3 of 3: none"),
    pytest.param(3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM), id="3 of 3: enough breaching"),
    pytest.param(3, "- - X - -", (ALARM, RETAINED, ALARM, OK), id="3 of 3: one old breaching"),
    pytest.param(2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM), id="2 of 3: two breaching of enough"),
    pytest.param(2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM), id="2 of 3: two breaching of all"),
    pytest.param(2, "0 - X - -", (OK, OK, ALARM, OK), id="2 of 3: one breaching, one good"),
    pytest.param(2, "- - - - 0", (OK, OK, ALARM, OK), id="2 of 3: one new good"),
    pytest.param(2, "- - - X -", (ALARM, RETAINED, ALARM, OK), id="2 of 3: one breaching, old enough"),
    # "Avoiding premature transitions to alarm state"
    pytest.param(3, "- - - - X", (RETAINED, RETAINED, ALARM, OK), id="3 of 3: one new breaching"),
    pytest.param(3, "- - - X -", (RETAINED, RETAINED, ALARM, OK), id="3 of 3: one breaching, not old enough"),
    pytest.param(3, "- - - X 0", (OK, OK, OK, OK), id="3 of 3: a good one after it"),
    pytest.param(3, "- - X - 0", (OK, OK, OK, OK), id="3 of 3: a good one later"),
]


@pytest.mark.parametrize("before", list(AlarmState))
@pytest.mark.parametrize(("needed", "data", "states"), TABLE)
def test_states_are_those_of_awss_tables(
    needed: int, data: str, states: tuple[AlarmState | None, ...], before: AlarmState
) -> None:
    treatments = (MissingData.MISSING, MissingData.IGNORE, MissingData.BREACHING, MissingData.NOT_BREACHING)
    found = [judged(alarm(before, needed=needed, missing=missing), data) for missing in treatments]
    assert found == [before if state is RETAINED else state for state in states]


@pytest.mark.parametrize(
    ("operator", "breaching"),
    [
        pytest.param(ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD, [1.0, 1.5], id=">="),
        pytest.param(ComparisonOperator.GREATER_THAN_THRESHOLD, [1.5], id=">"),
        pytest.param(ComparisonOperator.LESS_THAN_THRESHOLD, [0.5], id="<"),
        pytest.param(ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD, [0.5, 1.0], id="<="),
    ],
)
def test_values_are_compared_with_the_threshold(operator: ComparisonOperator, breaching: list[float]) -> None:
    subject = Alarm(arn="a", name="a", namespace="n", metric_name="m", threshold=1.0, comparison_operator=operator)
    assert [value for value in (0.5, 1.0, 1.5) if is_breaching(subject, value)] == breaching


@pytest.mark.parametrize(
    ("period_s", "end"),
    [
        pytest.param(10, 1_700_000_150, id="ten seconds"),
        pytest.param(30, 1_700_000_150, id="half a minute slides by ten seconds"),
        pytest.param(60, 1_700_000_100, id="a minute"),
        pytest.param(300, 1_700_000_100, id="five minutes slide by a minute"),
    ],
)
def test_only_whole_periods_are_judged(period_s: int, end: float) -> None:
    subject = alarm(period_s=period_s)
    assert window_of(subject, 1_700_000_159.9) == Window(begin=end - period_s * (3 + EXTRA_PERIODS), end=end)


@pytest.mark.parametrize(
    ("samples", "low_samples", "state"),
    [
        pytest.param(1_000, "ignore", ALARM, id="enough"),
        pytest.param(999, "ignore", OK, id="few, ignored"),
        pytest.param(999, "evaluate", ALARM, id="few, evaluated"),
        pytest.param(999, None, ALARM, id="few, by default"),
    ],
)
def test_a_percentile_of_few_samples_may_be_ignored(samples: int, low_samples: str | None, state: AlarmState) -> None:
    subject = alarm(needed=1, of=1, statistic="p99", low_samples=low_samples)
    data = {END - 60: DataPoint(at=END - 60, value=5.0, sample_count=samples)}
    evaluation = evaluate(subject, data, NOW)
    assert (subject.state if evaluation is None else evaluation.state) is state


@pytest.mark.parametrize(
    ("subject", "data", "reason"),
    [
        pytest.param(
            alarm(needed=1, of=1),
            "X",
            "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (14/11/23 22:14:00)] was greater than the "
            "threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
            id="one breaching",
        ),
        pytest.param(
            alarm(),
            "X X X",
            "Threshold Crossed: 3 out of the last 3 datapoints [5.0 (14/11/23 22:14:00), 5.0 (14/11/23 22:13:00), "
            "5.0 (14/11/23 22:12:00)] were greater than the threshold (1.0) "
            "(minimum 3 datapoints for OK -> ALARM transition).",
            id="all breaching",
        ),
        pytest.param(
            alarm(ALARM, needed=2),
            "X 0 0",
            "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (14/11/23 22:14:00), 0.0 (14/11/23 22:13:00)] "
            "were not greater than the threshold (1.0) (minimum 2 datapoints for ALARM -> OK transition).",
            id="well again",
        ),
        pytest.param(
            alarm(missing=MissingData.BREACHING, needed=2),
            "X - -",
            "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (14/11/23 22:12:00)] was greater than the "
            "threshold (1.0) and 2 missing datapoints were treated as [Breaching] "
            "(minimum 2 datapoints for OK -> ALARM transition).",
            id="some missing",
        ),
        pytest.param(
            alarm(ALARM, needed=1, of=1, missing=MissingData.NOT_BREACHING),
            "-",
            "Threshold Crossed: no datapoints were received for 1 period and "
            "1 missing datapoint was treated as [NonBreaching].",
            id="all missing",
        ),
        pytest.param(alarm(), "- - -", "Insufficient Data: 3 datapoints were unknown.", id="unknown"),
    ],
)
def test_reasons_are_in_cloudwatchs_words(subject: Alarm, data: str, reason: str) -> None:
    assert told(subject, data).reason == reason


def test_reasons_stay_within_the_models_bounds() -> None:
    evaluation = told(alarm(needed=500, of=500, period_s=10), " ".join("X" * 502))
    assert evaluation.reason.count("(") == 7
    assert ", ...]" in evaluation.reason
    assert len(evaluation.reason) <= 1023
    assert len(evaluation.reason_data) <= 4000


def test_reason_data_are_cloudwatchs() -> None:
    begin = datetime.fromtimestamp(END - 120, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    last = datetime.fromtimestamp(END - 60, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    assert json.loads(told(alarm(needed=2, of=2), "X X").reason_data) == {
        "version": "1.0",
        "queryDate": datetime.fromtimestamp(NOW, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "startDate": begin,
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [5.0, 5.0],
        "threshold": 1.0,
        "evaluatedDatapoints": [
            {"timestamp": last, "sampleCount": 1, "value": 5.0},
            {"timestamp": begin, "sampleCount": 1, "value": 5.0},
        ],
    }


@pytest.mark.parametrize("day", range(0, 3 * 366, 37))
def test_dates_are_the_calendars(day: int) -> None:
    now = 951_782_400.0 + day * 86_400 + 61.25  # from 2000-02-29 on
    subject = alarm(needed=1, of=1)
    begin = window_of(subject, now).end - 60
    evaluation = evaluate(subject, {begin: DataPoint(at=begin, value=5.0, sample_count=1)}, now)
    assert evaluation is not None
    assert datetime.fromtimestamp(begin, UTC).strftime("%d/%m/%y %H:%M:%S") in evaluation.reason
    assert json.loads(evaluation.reason_data)["queryDate"].startswith(datetime.fromtimestamp(now, UTC).isoformat()[:19])

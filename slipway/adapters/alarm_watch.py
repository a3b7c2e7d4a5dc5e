"""Looks at the metrics of all alarms, again and again, and reports those whose state is another than it was.

Windows end at whole minutes, or at multiples of 10 s; so that is when there is something new to judge, and a moment
later, when what was measured until then has come. It goes by the clock each time: when that jumps, the next look is at
most ten seconds away.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from slipway.adapters.background import Background
from slipway.adapters.metric_store import MetricStore
from slipway.core.model.alarms import Alarm
from slipway.core.monitoring.alarm_evaluation import evaluate, window_of
from slipway.core.monitoring.metrics import HIGH_RESOLUTION_S, STANDARD_RESOLUTION_S, DataPoint, Metric, is_percentile
from slipway.core.observations import AlarmEvaluated, Observation
from slipway.ports import Clock

_log = logging.getLogger(__name__)

#: Seconds after the end of a period at which it is judged first.
SETTLE_S = 1.0

#: The evaluation range in seconds from which an alarm is looked at once a minute: it costs more, and tells less soon.
_LONG_S = 3600


def rest_s(now: float) -> float:
    """Seconds from `now` to the next look, more than 0 and at most 10."""
    return HIGH_RESOLUTION_S - (now - SETTLE_S) % HIGH_RESOLUTION_S


class AlarmWatch:
    """Evaluates the alarms that `alarms` gives by ARN, on the data of `metrics`."""

    def __init__(
        self,
        alarms: Callable[[], Mapping[str, Alarm]],
        metrics: MetricStore,
        report: Callable[[Observation], None],
        clock: Clock,
    ) -> None:
        self._alarms = alarms
        self._metrics = metrics
        self._report = report
        self._clock = clock
        self._background = Background()

    def open(self) -> None:
        """Begin to look."""
        self._background.start(self._watch(), name="alarms")

    async def close(self) -> None:
        """Look no more."""
        await self._background.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(rest_s(self._clock.now()))
            try:
                await self.look()
            except Exception:  # loop top
                _log.exception("alarms could not be evaluated")

    async def look(self) -> None:
        """Evaluate every alarm once, and report each that has another state."""
        is_new_minute = self._clock.now() % STANDARD_RESOLUTION_S < HIGH_RESOLUTION_S
        for arn in list(self._alarms()):
            alarm = self._alarms().get(arn)
            if alarm is not None and (is_new_minute or not _is_long(alarm)):
                self._evaluate(alarm)
            await asyncio.sleep(0)  # others have their turn: there may be thousands

    def _evaluate(self, alarm: Alarm) -> None:
        now = self._clock.now()
        evaluation = evaluate(alarm, self._points(alarm, now), now)
        if evaluation is not None:
            self._report(
                AlarmEvaluated(
                    alarm_arn=alarm.arn,
                    state=evaluation.state,
                    reason=evaluation.reason,
                    at=max(now, alarm.state_updated_at),  # a clock that was put back must not hide what is found
                    reason_data=evaluation.reason_data,
                )
            )

    def _points(self, alarm: Alarm, now: float) -> dict[float, DataPoint]:
        """The alarm's statistic of each period of its evaluation range that has data."""
        window = window_of(alarm, now)
        buckets = self._metrics.read(
            Metric(namespace=alarm.namespace, metric_name=alarm.metric_name, dimensions=alarm.dimensions),
            begin=window.begin,
            end=window.end,
            period_s=alarm.period_s,
            unit=alarm.unit,
            singly=is_percentile(alarm.statistic),
        )
        values = ((at, bucket.statistic(alarm.statistic), bucket.sample_count) for at, bucket in buckets.items())
        return {
            at: DataPoint(at=at, value=value, sample_count=count) for at, value, count in values if value is not None
        }


def _is_long(alarm: Alarm) -> bool:
    return alarm.period_s * alarm.evaluation_periods > _LONG_S

"""What an explanation says in words: settings with their values, tasks, seconds."""

from collections.abc import Iterable
from itertools import groupby

from slipway.core.explaining.segment import Setting

#: Seconds of a whole deployment up to which milliseconds tell something, and those from which on tenths are enough.
SHORT_S, LONG_S = 60.0, 600.0


def seconds_text(seconds: float, *, of: float) -> str:
    """`1,440.0`, and to the hundredth or to the thousandth where all of it (`of`) is short."""
    return f"{seconds:,.1f}" if of >= LONG_S else f"{seconds:.2f}" if of >= SHORT_S else f"{seconds:.3f}"


def share_text(share: float) -> str:
    """`62.5%` of a share from 0 to 1."""
    return f"{share:.1%}"


def settings_text(settings: Iterable[Setting]) -> str:
    """`HealthCheckIntervalSeconds = 30, HealthyThresholdCount = 5 (target group web)`; those of one thing together."""
    groups = groupby(settings, key=lambda setting: setting.of)
    return "; ".join(f"{', '.join(map(_setting, group))} ({of})" for of, group in groups)


def task_text(task_arn: str | None) -> str:
    """The first eight digits of a task's id; empty: no task's."""
    return "" if task_arn is None else task_arn.rpartition("/")[2][:8]


def _setting(setting: Setting) -> str:
    return f"{setting.name} = {setting.value}" if setting.value else setting.name

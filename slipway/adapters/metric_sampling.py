"""The loop that samples something at intervals and publishes it as metric data."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from slipway.adapters.background import Background
from slipway.ports import Clock

log = logging.getLogger(__name__)


class Sampling:
    """Calls `sample` from `open()` to `close()`: at once, and then in the middle of each `interval_s` of the clock, so
    that each stretch of time in which data are gathered gets its share.

    What cannot be read (OSError) is logged once, until it can be read again, and left out.
    """

    def __init__(self, name: str, sample: Callable[[], Awaitable[None]], *, interval_s: float, clock: Clock) -> None:
        self._name = name
        self._sample = sample
        self._clock = clock
        self._interval_s = interval_s
        self._is_failing = False
        self._fault: Exception | None = None  # the first fault of ours; None: there was none
        self._background = Background()

    def open(self) -> None:
        """Sample from now on."""
        self._background.start(self._run(), name=self._name)

    async def close(self) -> None:
        """End the loop. Raises the first fault of ours that it met, if any."""
        await self._background.close()
        if self._fault is not None:
            raise self._fault

    async def _run(self) -> None:
        while True:
            try:
                await self._sample()
                self._is_failing = False
            except OSError as error:
                if not self._is_failing:
                    log.warning("metrics were not read name=%s reason=%r", self._name, str(error))
                self._is_failing = True
            except Exception as fault:  # loop top
                if self._fault is None:
                    log.exception("metrics failed by a fault of ours name=%s", self._name)
                self._fault = self._fault or fault
            await asyncio.sleep(rest_s(self._clock.now(), self._interval_s))


def rest_s(now: float, interval_s: float) -> float:
    """Seconds to the middle of an interval of the clock that is at least half an interval away."""
    to_middle = interval_s - (now - interval_s / 2) % interval_s
    return to_middle if to_middle >= interval_s / 2 else to_middle + interval_s

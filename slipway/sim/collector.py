"""Python's cyclic collector while a large world is simulated."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from slipway.controller import COLLECT_AFTER


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Have the collector look as rarely as a server has it, and as before afterwards.

    A roll of 10,000 tasks on 1,000 hosts took 9.5 s with Python's own thresholds and 6 s so.
    """
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)

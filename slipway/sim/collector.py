"""Python's cyclic collector while a large world is simulated."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collections() -> Iterator[None]:
    """Have the collector not look meanwhile, and afterwards as before.

    Records are trees without cycles: collections find nothing, and the full ones look at all of a world. A roll of
    10,000 tasks on 1,000 hosts took 9.5 s with Python's own thresholds, 6.0 s with a server's, and 5.3 s without, and
    the larger the world, the more of its time they take. The worlds themselves are cycles: `World.close` lets
    go of one.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

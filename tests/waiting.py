"""Waiting on conditions. The one file of the tests that may call `asyncio.sleep`; `test_tidy.py` sees to that."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def wait_for(condition: Callable[[], T | Awaitable[T]], *, timeout_s: float = 10, what: str = "") -> T:
    """Polls `condition`, plain or async, until it gives something true, and returns that.

    Fails with an AssertionError that says `what` was awaited and what the condition gave last, after `timeout_s`
    seconds: a bound on a hung test, never a statement about speed. Wait on a fact that will be true (a status, a line
    printed, a process gone); a fact that must *stay* true wants an event to wait for, or virtual time. What the
    condition raises is raised here at once: a refused connection expected for a while belongs inside the condition.
    """
    last: T | None = None
    try:
        async with asyncio.timeout(timeout_s) as bound:
            while True:
                value = condition()
                last = await value if inspect.isawaitable(value) else value
                if last:
                    return last
                await asyncio.sleep(0.01)
    except TimeoutError:
        if not bound.expired():
            raise  # the condition's own
        awaited = what or getattr(condition, "__name__", repr(condition))
        raise AssertionError(f"waited {timeout_s:g} s in vain for {awaited}; the last value was {last!r}") from None


def wait_until(condition: Callable[[], T], *, timeout_s: float = 10, what: str = "") -> T:
    """`wait_for` for tests without an event loop: processes, files, blocking clients."""
    return asyncio.run(wait_for(condition, timeout_s=timeout_s, what=what))

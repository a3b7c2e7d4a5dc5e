"""The owner of coroutines that run beside the caller: none is lost, none fails in silence."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Background:
    """Runs coroutines until they end or `close()` cancels them.

    Unlike `asyncio.TaskGroup`, one failure does not cancel the others: a task engine outlives a task that fails. A
    failure is logged with its traceback and kept in `failures`, which tests assert empty.
    """

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` from the next turn of the event loop on; `name` is what the log calls it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def rest(self) -> None:
        """Wait until all that was started has ended, and what that started too."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.failures.append(error)
            log.error("background work failed name=%s", task.get_name(), exc_info=error)

"""Answers that go on and on, as a log that is followed."""

import asyncio
from collections.abc import AsyncIterator


async def until(ending: asyncio.Event, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """`chunks`, to their end or until `ending` is set: who follows a log keeps no server from ending."""
    ended = asyncio.ensure_future(ending.wait())
    step: asyncio.Future[bytes | None] | None = None  # None: not begun
    try:
        while not ended.done():
            step = asyncio.ensure_future(anext(chunks, None))
            await asyncio.wait((step, ended), return_when=asyncio.FIRST_COMPLETED)
            chunk = step.result() if step.done() else None
            if chunk is None:
                return
            yield chunk
    finally:
        waited = [future for future in (ended, step) if future is not None and not future.done()]
        for future in waited:
            future.cancel()
        if waited:
            await asyncio.wait(waited)

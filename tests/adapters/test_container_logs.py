"""Logs that cannot be read to their end say so in their last line."""

import asyncio
from collections.abc import AsyncIterator

from slipway.adapters.container_logs import told
from slipway.adapters.container_runtime import RuntimeFault


async def lines(*, fails: bool) -> AsyncIterator[bytes]:
    yield b"ready\n"
    if fails:
        raise RuntimeFault("NoSuchContainerError", "container app is gone")


async def read(source: AsyncIterator[bytes]) -> list[bytes]:
    return [line async for line in source]


def test_lines_pass_through() -> None:
    assert asyncio.run(read(told(lines(fails=False)))) == [b"ready\n"]


def test_a_fault_is_the_last_line() -> None:
    last = b"slipway: no more can be read: NoSuchContainerError: container app is gone\n"
    assert asyncio.run(read(told(lines(fails=True)))) == [b"ready\n", last]

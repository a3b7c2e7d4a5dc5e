"""An answer that goes on until its source, or the server, ends."""

import asyncio
from collections.abc import AsyncIterator

from slipway.api.streams import until


class Source:
    """Gives `first` and, unless it has an end, waits for more that never comes."""

    def __init__(self, *first: bytes, has_end: bool) -> None:
        self._first = first
        self._has_end = has_end
        self.is_closed = False

    async def lines(self) -> AsyncIterator[bytes]:
        try:
            for line in self._first:
                yield line
            if not self._has_end:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True


def test_it_ends_with_its_source() -> None:
    async def read() -> list[bytes]:
        return [line async for line in until(asyncio.Event(), Source(b"a", b"b", has_end=True).lines())]

    assert asyncio.run(read()) == [b"a", b"b"]


def test_it_ends_when_the_server_does_and_lets_go_of_its_source() -> None:
    async def read() -> list[bytes]:
        ending, source, lines = asyncio.Event(), Source(b"a", has_end=False), []
        async for line in until(ending, source.lines()):
            lines.append(line)
            asyncio.get_running_loop().call_soon(ending.set)
        assert source.is_closed
        return lines

    assert asyncio.run(read()) == [b"a"]

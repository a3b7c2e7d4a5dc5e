"""The output of a container, from the engine's log reader, line by line."""

from collections.abc import AsyncIterator

from slipway.adapters.container_logs import LONGEST_LINE
from slipway.adapters.docker_engine import Engine

#: Each piece of output is preceded by its stream (1 byte), 3 zero bytes and its size (4 bytes, big-endian).
HEADER_SIZE = 8


class LineBuffer:
    """Cuts one stream into lines; a line keeps its end."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that `piece` completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        whole = [line + b"\n" for line in lines]
        if len(self._rest) >= LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        return whole

    def end(self) -> list[bytes]:
        """What is left once the stream has ended: a line without an end, or nothing."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


async def demultiplex(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines of both streams, each stream cut for itself, in the order in which they were completed."""
    streams: dict[int, LineBuffer] = {}
    pending = b""
    async for chunk in chunks:
        pending += chunk
        while len(pending) >= HEADER_SIZE:
            size = int.from_bytes(pending[4:HEADER_SIZE], "big")
            if len(pending) < HEADER_SIZE + size:
                break
            buffer = streams.setdefault(pending[0], LineBuffer())
            piece, pending = pending[HEADER_SIZE : HEADER_SIZE + size], pending[HEADER_SIZE + size :]
            for line in buffer.feed(piece):
                yield line
    for stream in sorted(streams):
        for line in streams[stream].end():
            yield line


async def read_lines(
    engine: Engine, container_id: str, *, terminal: bool, tail: int | None, follow: bool
) -> AsyncIterator[bytes]:
    """Output of a container, both streams; `terminal`: it has one, and so one raw stream.

    With `follow` it goes on until the container ends. Raises `EngineError`, `EngineGone`.
    """
    params = {
        "stdout": "1",
        "stderr": "1",
        "follow": "1" if follow else "0",
        "tail": "all" if tail is None else str(tail),
    }
    async with engine.answer("GET", f"/containers/{container_id}/logs", params=params, patient=True) as output:
        lines = _raw_lines if terminal else demultiplex
        async for line in lines(output.content.iter_any()):
            yield line


async def _raw_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    buffer = LineBuffer()
    async for chunk in chunks:
        for line in buffer.feed(chunk):
            yield line
    for line in buffer.end():
        yield line

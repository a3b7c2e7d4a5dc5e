"""Cutting the engine's log stream into lines."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from slipway.adapters.container_logs import LONGEST_LINE
from slipway.adapters.docker_logs import LineBuffer, demultiplex


def frame(stream: int, output: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(output).to_bytes(4, "big") + output


def lines_of(*chunks: bytes) -> list[bytes]:
    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def read() -> list[bytes]:
        return [line async for line in demultiplex(arriving())]

    return asyncio.run(read())


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_lines_of_both_streams_whatever_the_chunks(size: int) -> None:
    output = frame(1, b"one\ntw") + frame(2, b"err\n") + frame(1, b"o\nlast")
    chunks = [output[start : start + size] for start in range(0, len(output), size)]
    assert lines_of(*chunks) == [b"one\n", b"err\n", b"two\n", b"last"]


def test_nothing_printed_is_no_line() -> None:
    assert lines_of() == []


def test_bytes_that_are_not_text_pass() -> None:
    assert lines_of(frame(1, b"\xff\xfe\n")) == [b"\xff\xfe\n"]


def test_an_endless_line_comes_in_pieces() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b"x" * LONGEST_LINE) == [b"x" * LONGEST_LINE]
    assert buffer.feed(b"y\n") == [b"y\n"]
    assert buffer.end() == []

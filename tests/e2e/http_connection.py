"""One HTTP/1.1 connection that does exactly what it is told: no retry, no pool, so that no failure is hidden."""

import asyncio
from dataclasses import dataclass

#: A bound on a hung request, never a statement about speed.
ANSWER_S = 90


class Refused(Exception):
    """A request that was not answered as HTTP asks; the sentence says what came instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `keeps` tells whether the connection may be used again."""

    status: int
    headers: dict[str, str]  # by lower-case name
    body: bytes
    keeps: bool


class Connection:
    """A connection to one address."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    @classmethod
    async def open(cls, address: str, port: int) -> "Connection":
        """Connect. Raises OSError."""
        return cls(*await asyncio.open_connection(address, port), f"{address}:{port}")

    async def ask(self, method: str, path: str, body: bytes = b"") -> Answer:
        """Send one request and read its answer. Raises OSError, TimeoutError and `Refused`."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        async with asyncio.timeout(ANSWER_S):
            await self._writer.drain()
            return await self._answer()

    async def _answer(self) -> Answer:
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self._reader.readexactly(int(headers["content-length"]))
        except asyncio.IncompleteReadError as error:
            raise Refused(f"the connection ended after {error.partial!r}") from error
        keeps = headers.get("connection", "").lower() != "close"
        return Answer(status=int(first.split()[1]), headers=headers, body=body, keeps=keeps)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

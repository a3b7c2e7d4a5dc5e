"""The demo's users: a steady stream of requests, on kept and on fresh connections, some of them slow.

The client is written out so that nothing is retried behind the count: a request that gets no whole answer has failed.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

RATE = 80  # requests a second
FRESH_EVERY = 5  # every fifth request opens a connection of its own
ADD_EVERY = 10
SLOW_EVERY = 50
SLOW_S = 2
KEPT_MOST = 32  # idle connections kept
TIMEOUT_S = 20
FAULTS_KEPT = 5


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the requests."""

    sent: int = 0
    answered: int = 0
    failed: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)  # of those that are not slow on purpose
    faults: list[str] = field(default_factory=list)  # the first few failures, each a sentence

    def percentile_ms(self, share: float) -> float:
        """The latency that `share` (0 to 1) of the requests stayed below, in ms; 0 before the first."""
        if not self.latencies_s:
            return 0.0
        ordered = sorted(self.latencies_s)
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 1)


class Fault(Exception):
    """A request that failed, as a sentence."""


class Connection:
    """One HTTP/1.1 connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> tuple[str, bool]:
        """Send a request; the version that answered, and whether the connection is kept. Raises `Fault`, `OSError`."""
        self._writer.write(request)
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            await self._reader.readexactly(int(headers.get("content-length", "0")))
        except asyncio.IncompleteReadError:
            raise Fault("the connection was closed before the answer was whole") from None
        code = status.split(" ")[1]
        if not code.startswith("2"):
            raise Fault(f"the answer was {status}")
        return headers.get("x-version", "?"), headers.get("connection", "keep-alive").lower() != "close"

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class Traffic:
    """Sends requests to one address until stopped, and counts."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._idle: deque[Connection] = deque()
        self._stopping = asyncio.Event()
        self.tally = Tally()

    async def run(self) -> None:
        """Send until `stop`, then wait for the answers that are still to come."""
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        async with asyncio.TaskGroup() as group:
            while not self._stopping.is_set():
                group.create_task(self._send(self.tally.sent))
                self.tally.sent += 1
                next_at = max(next_at + 1 / RATE, loop.time())
                await self._pause(next_at - loop.time())
        for connection in self._idle:
            connection.close()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _send(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        is_slow = number % SLOW_EVERY == 0
        try:
            async with asyncio.timeout(TIMEOUT_S):
                version = await self._ask(number, is_slow=is_slow)
        except (Fault, OSError, TimeoutError) as error:
            self.tally.failed += 1
            if len(self.tally.faults) < FAULTS_KEPT:
                self.tally.faults.append(f"request {number}: {error or type(error).__name__}")
            return
        self.tally.answered += 1
        self.tally.versions[version] += 1
        if not is_slow:
            self.tally.latencies_s.append(loop.time() - began)

    async def _ask(self, number: int, *, is_slow: bool) -> str:
        is_fresh = number % FRESH_EVERY == 0
        connection = self._idle.pop() if self._idle and not is_fresh else await self._connect()
        is_kept = False
        try:
            version, is_kept = await connection.ask(self._request(number, is_slow=is_slow, is_fresh=is_fresh))
        finally:
            if is_kept and not is_fresh and len(self._idle) < KEPT_MOST:
                self._idle.append(connection)
            else:
                connection.close()
        return version

    async def _connect(self) -> Connection:
        return Connection(*await asyncio.open_connection(self._host, self._port))

    def _request(self, number: int, *, is_slow: bool, is_fresh: bool) -> bytes:
        body = b'{"name": "Ada"}' if number % ADD_EVERY == 1 else b""
        line = f"GET /slow?seconds={SLOW_S}" if is_slow else "POST /user/add" if body else f"GET /user/{number % 3 + 1}"
        head = f"{line} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Connection: {'close' if is_fresh else 'keep-alive'}\r\n\r\n".encode() + body

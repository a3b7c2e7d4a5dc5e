"""One health check of one target: a fresh connection, one request, the status line of the answer."""

import asyncio
import re
import ssl
from dataclasses import dataclass
from functools import cache
from typing import cast

from slipway.core.observations import CheckOutcome

USER_AGENT = "ELB-HealthChecker/2.0"

#: Seconds in which a target may write the rest of its answer.
LINGER_S = 2.0

#: A status line that has not ended by then is no HTTP.
_MAX_STATUS_LINE_BYTES = 4096
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: |$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What is asked of which address, and how the answer counts."""

    address: str
    port: int
    protocol: str  # HTTP, HTTPS or TCP
    path: str
    timeout_s: float
    interval_s: float
    matcher: str  # "200", "200,202", "200-299"


#: The outcome, and the status code where there was one.
Checked = tuple[CheckOutcome, int | None]


async def check_tcp(probe: Probe) -> Checked:
    """Passed if the target accepts a connection in time."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(probe.timeout_s):
            transport, _ = await loop.create_connection(asyncio.Protocol, probe.address, probe.port)
    except TimeoutError:
        return CheckOutcome.TIMEOUT, None
    except OSError:
        return CheckOutcome.FAILED, None
    transport.abort()
    return CheckOutcome.PASSED, None


async def check_http(probe: Probe) -> Checked:
    """Passed if the target answers in time with a status that the matcher names. Certificates are not verified (ELB
    guide, target-group-health-checks, HTTPS)."""
    loop = asyncio.get_running_loop()
    exchange = _Exchange(loop, _request(probe))
    tls = _unverified() if probe.protocol == "HTTPS" else None
    try:
        async with asyncio.timeout(probe.timeout_s):
            await loop.create_connection(lambda: exchange, probe.address, probe.port, ssl=tls)
            code = await exchange.code
    except TimeoutError:
        exchange.abort()
        return CheckOutcome.TIMEOUT, None
    except OSError:
        return CheckOutcome.FAILED, None  # refused, reset, unreachable, no TLS
    if code is None:
        return CheckOutcome.FAILED, None
    return (CheckOutcome.PASSED if matches(probe.matcher, code) else CheckOutcome.RESPONSE_CODE_MISMATCH), code


class _Exchange(asyncio.Protocol):
    """Sends a request; `code` is the status of the answer, None if the target closed first or speaks no HTTP.

    What follows the status line is read and dropped, so that the target's writing does not fail.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, request: bytes) -> None:
        self.code: asyncio.Future[int | None] = loop.create_future()
        self._loop = loop
        self._request = request
        self._line = b""
        self._transport: asyncio.Transport | None = None  # None: not connected
        self._end: asyncio.TimerHandle | None = None  # None: the status line is awaited

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self.code.done():
            return
        self._line += data
        line, newline, _ = self._line.partition(b"\r\n")
        if newline or len(line) > _MAX_STATUS_LINE_BYTES:
            found = _STATUS_LINE.match(line)
            self.code.set_result(int(found[1]) if found else None)
            self._end = self._loop.call_later(LINGER_S, self.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        if not self.code.done():
            self.code.set_result(None)

    def abort(self) -> None:
        """Close the connection now."""
        if self._transport is not None:
            self._transport.abort()


def _request(probe: Probe) -> bytes:
    address = f"[{probe.address}]" if ":" in probe.address else probe.address
    default = 443 if probe.protocol == "HTTPS" else 80
    host = address if probe.port == default else f"{address}:{probe.port}"
    head = f"GET {probe.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nUser-Agent: {USER_AGENT}\r\n"
    return f"{head}Accept-Encoding: gzip, compressed\r\n\r\n".encode()


def matches(matcher: str, code: int) -> bool:
    """Whether a matcher ("200", "200,202", "200-299") names a status code."""
    return any(first <= code <= last for first, last in _ranges(matcher))


@cache
def _ranges(matcher: str) -> tuple[tuple[int, int], ...]:
    parts = (part.partition("-") for part in matcher.split(","))
    return tuple((int(first), int(last or first)) for first, _, last in parts)


@cache
def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

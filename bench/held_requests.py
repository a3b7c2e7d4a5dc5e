"""Requests that stay open, one to each task of a service at least: what has a drain last to its delay."""

import socket
import time
from contextlib import ExitStack
from types import TracebackType

#: Requests tried for each task before it is given up: a balancer may send several in a row to one.
TRIES_A_TASK = 20
TIMEOUT_S = 10.0


class HeldRequests:
    """Opens requests through the balancer at `address`:`port` until `tasks` different tasks hold one each."""

    def __init__(self, address: str, port: int, *, tasks: int) -> None:
        self._where = (address, port)
        self._tasks = tasks
        self._open = ExitStack()

    def __enter__(self) -> "HeldRequests":
        held: set[bytes] = set()
        for _ in range(TRIES_A_TASK * self._tasks):
            if len(held) == self._tasks:
                return self
            held.add(self._hold())
        raise TimeoutError(f"only {len(held)} of {self._tasks} tasks hold a request")

    def _hold(self) -> bytes:
        """The name of the task that answers one more request, which stays open."""
        connection = self._open.enter_context(socket.create_connection(self._where, timeout=TIMEOUT_S))
        connection.sendall(b"GET /hold HTTP/1.1\r\nHost: rolled\r\n\r\n")
        received = b""
        deadline = time.monotonic() + TIMEOUT_S
        while not (body := received.partition(b"\r\n\r\n")[2]).endswith(b"\n"):
            more = connection.recv(4096)
            if not more or time.monotonic() > deadline:
                raise TimeoutError(f"a request was not held: {received!r}")
            received += more
        return body.strip()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

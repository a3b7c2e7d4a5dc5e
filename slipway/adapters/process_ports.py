"""Free TCP and UDP ports for processes: no two are given the same one, and none that another program has."""

import errno
import os
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from slipway.adapters.container_runtime import RuntimeFault

#: Ports below the kernel's ephemeral range that are given out. Inside that range an outgoing connection of any program
#: could take a port between its choice and its use.
RANGE_SIZE = 12_000
#: The lowest port ever given out: below it, privileges are needed.
LOWEST_PORT = 1024

#: How far apart servers begin that were started one after the other, ports. A port is free until its program listens:
#: two servers that look at the same ones at one instant would both give it out.
APART = 1021

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


class Ports:
    """Gives out ports and keeps them until they are released.

    Ports are taken in turn, so that one just released is not given to the next task while a client may still use it.
    """

    def __init__(self, last_port: int | None = None) -> None:
        """`last_port` ends the range; None: it ends below the kernel's ephemeral range."""
        self._last = last_port if last_port is not None else _ephemeral_start() - 1
        self._first = max(LOWEST_PORT, self._last + 1 - RANGE_SIZE)
        self._next = self._first + os.getpid() * APART % (self._last + 1 - self._first)
        self._taken: set[int] = set()

    def take(self, protocol: str) -> int:
        """A free port. Raises `RuntimeFault` when there is none."""
        for _ in range(self._last + 1 - self._first):
            port = self._next
            self._next = self._first if port == self._last else port + 1
            if port not in self._taken and _refusal("", port, protocol, is_exact=False) is None:
                self._taken.add(port)
                return port
        raise RuntimeFault(
            "CannotStartContainerError",
            f"no port from {self._first} to {self._last} is free: stop tasks, or free ports",
        )

    def take_exactly(self, port: int, protocol: str) -> int:
        """The port asked for by a static `hostPort`. Raises `RuntimeFault` naming it when it is not free."""
        refusal = "a task has it" if port in self._taken else _refusal("127.0.0.1", port, protocol, is_exact=True)
        if refusal is not None:
            raise RuntimeFault(
                "CannotStartContainerError",
                f"hostPort {port} cannot be used on 127.0.0.1: {refusal}. Free it, or leave hostPort out for any port",
            )
        self._taken.add(port)
        return port

    def keep(self, ports: Iterable[int]) -> None:
        """Count ports of containers found again as taken."""
        self._taken.update(ports)

    def release(self, ports: Iterable[int]) -> None:
        """Give ports back."""
        self._taken.difference_update(ports)


def _ephemeral_start() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def _refusal(address: str, port: int, protocol: str, *, is_exact: bool) -> str | None:
    """Why `port` cannot be bound, in words; None if it can.

    A port of our own choice must be free on every address and of old connections too; one that was asked for must be
    free where the program will listen.
    """
    with closing(socket.socket(socket.AF_INET, _KINDS[protocol])) as probe:
        if is_exact:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return "another program has it" if error.errno == errno.EADDRINUSE else "ports below 1024 need root"
            raise
    return None

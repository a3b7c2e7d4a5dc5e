"""Ends the connections from Envoy to a target whose deregistration delay is over.

ALB closes them (ELB guide, edit-target-group-attributes). Envoy has no word for it: an endpoint that is taken away
keeps its requests in flight. The kernel has: the descriptor of the connection is borrowed (pidfd_getfd(2), which needs
the right to trace Envoy) and shut down, as if the target had closed it. The client gets 502, or the end of a begun
answer.
"""

import asyncio
import ctypes
import errno
import logging
import os
import socket
from collections.abc import Callable, Iterable

from slipway.adapters.envoy_descriptors import sockets_of
from slipway.adapters.envoy_ports import kernel_place, tcp_rows
from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.snapshot import Snapshot

logger = logging.getLogger(__name__)

_PIDFD_GETFD = 438  # the same number on every architecture that has it (Linux 5.6)
_ESTABLISHED = "01"  # TCP_ESTABLISHED in /proc/net/tcp

_IN_USE = (TargetState.HEALTHY, TargetState.UNHEALTHY, TargetState.DRAINING)


class Cuts:
    """The targets that were taken away while they had requests in flight."""

    def __init__(self) -> None:
        self._targets: list[Target] = []
        self._snapshot: Snapshot | None = None  # None: nothing was ever to be cut
        self._waiting = asyncio.Event()

    def add(self, target: Target, snapshot: Snapshot) -> None:
        """Have the connections to a removed target ended."""
        self._targets.append(target)
        self._snapshot = snapshot
        self._waiting.set()

    async def perform(self, pid_of: Callable[[], int | None]) -> None:
        """Wait for targets, and end Envoy's connections to those whose address is not in use again."""
        await self._waiting.wait()
        self._waiting.clear()
        targets, self._targets = self._targets, []
        pid = pid_of()
        if pid is None or self._snapshot is None:
            return
        in_use = {(item.address, item.port) for item in self._snapshot.targets.values() if item.state in _IN_USE}
        places = {(target.address, target.port) for target in targets} - in_use
        try:
            count = await asyncio.to_thread(cut_connections, pid, sorted(places))
        except OSError as error:
            logger.warning("connections were left to their targets targets=%d reason=%r", len(places), str(error))
            return
        if count:
            logger.info("connections were cut, the deregistration delay was over connections=%d", count)


def cut_connections(pid: int, places: Iterable[tuple[str, int]]) -> int:
    """Shut down every connection of process `pid` to these addresses and ports; gives how many there were.

    Raises PermissionError where this process may not trace `pid`, ProcessLookupError where it is gone.
    """
    wanted = {kernel_place(address, port) for address, port in places}
    inodes = {
        fields[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for fields in tcp_rows(table)
        if fields[3] == _ESTABLISHED and fields[2] in wanted
    }
    held = sockets_of(pid)
    connections = {inode: held[inode] for inode in inodes & held.keys()}
    if not connections:
        return 0
    pidfd = os.pidfd_open(pid)
    try:
        return sum(_shut_down(pidfd, int(inode), descriptor) for inode, descriptor in sorted(connections.items()))
    finally:
        os.close(pidfd)


def _shut_down(pidfd: int, inode: int, descriptor: int) -> bool:
    borrowed = _borrow(pidfd, descriptor)
    if borrowed is None:
        return False
    with socket.socket(fileno=borrowed) as connection:
        if os.fstat(borrowed).st_ino != inode:
            return False  # the number was given to another connection since it was listed
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return False  # the other side was first
    return True


def _borrow(pidfd: int, descriptor: int) -> int | None:
    libc = ctypes.CDLL(None, use_errno=True)
    borrowed = int(libc.syscall(_PIDFD_GETFD, pidfd, descriptor, 0))
    if borrowed >= 0:
        return borrowed
    error = ctypes.get_errno()
    if error == errno.EBADF:
        return None  # closed since it was listed
    raise OSError(error, os.strerror(error))

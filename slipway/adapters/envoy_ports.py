"""Why an address and port cannot be bound, and who holds them."""

import errno
import socket
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from slipway.adapters.envoy_descriptors import sockets_of

_UNPRIVILEGED_FILE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
_LISTENING = "0A"  # TCP_LISTEN in /proc/net/tcp


def bind_error(address: str, port: int, *, own_pid: int | None) -> str | None:
    """Why `address`:`port` cannot be bound, as a sentence; None if it can, or if the process `own_pid` holds it."""
    error = _trial(address, port)
    return _sentence(address, port, error, own_pid=own_pid) if error is not None else None


def is_free(address: str, port: int) -> bool:
    """Whether `address`:`port` can be bound: `bind_error` without asking who holds it, which costs a look at /proc."""
    return _trial(address, port) is None


def _trial(address: str, port: int) -> OSError | None:
    family = socket.AF_INET6 if isinstance(ip_address(address), IPv6Address) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # Without SO_REUSEPORT, which Envoy sets: another Envoy on the port would share it silently.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
            trial.listen()
        except OSError as error:
            return error
    return None


def _sentence(address: str, port: int, error: OSError, *, own_pid: int | None) -> str | None:
    place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            holder = holder_of(port, address)
            if holder is not None and holder == own_pid:
                return None
            by = f"by process {holder} ({_name_of(holder)})" if holder is not None else "by another process"
            return f"{place} cannot be bound: it is in use {by}."
        case errno.EACCES:
            first = _UNPRIVILEGED_FILE.read_text().strip()
            return (
                f"{place} cannot be bound: ports below {first} need a right this process lacks. Use a port from "
                f"{first} up, or allow it with `sysctl -w net.ipv4.ip_unprivileged_port_start={port}`."
            )
        case errno.EADDRNOTAVAIL:
            return f"{place} cannot be bound: {address} is no address of this machine. Add it to an interface first."
        case _:
            return f"{place} cannot be bound: {error.strerror}."


def holder_of(port: int, address: str) -> int | None:
    """The pid that listens on the port at `address` or at every address; None if this user may not see it."""
    wanted = {_kernel_form(address), "0" * 8, "0" * 32}
    inodes = {
        fields[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for fields in tcp_rows(table)
        if fields[3] == _LISTENING and int(fields[1].split(":")[1], 16) == port and fields[1].split(":")[0] in wanted
    }
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and inodes & sockets_of(int(process.name)).keys():
            return int(process.name)
    return None


def tcp_rows(table: str) -> list[list[str]]:
    """The rows of /proc/net/tcp or tcp6, split: local and remote address are 1 and 2, state 3, inode 9."""
    try:
        return [line.split() for line in Path(table).read_text().splitlines()[1:]]
    except FileNotFoundError:
        return []  # a kernel without IPv6


def _kernel_form(address: str) -> str:
    """An address as /proc/net/tcp writes it: 32-bit words, each in the machine's byte order."""
    packed = ip_address(address).packed
    return "".join(packed[at : at + 4][::-1].hex() for at in range(0, len(packed), 4)).upper()


def kernel_place(address: str, port: int) -> str:
    """`address`:`port` as /proc/net/tcp writes it, on a little-endian machine."""
    return f"{_kernel_form(address)}:{port:04X}"


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "gone since"

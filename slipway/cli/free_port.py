"""A port to listen on later: one that no client's connection takes meanwhile."""

import random
import socket

#: Below the ports that Linux gives to clients (from 32768 on) and those the process runtime gives to tasks.
PORTS = range(10_000, 20_000)


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port of `address` that nothing uses, of `PORTS`. Raises `OSError` where all are in use.

    The kernel's own choice, port 0, comes from those it gives to the next client, too: what is told to listen there
    sometimes finds it taken.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise OSError(f"no port from {PORTS.start} to {PORTS.stop - 1} is free at {address}")

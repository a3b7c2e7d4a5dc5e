"""A free port is one that nothing uses and that no client is given."""

import socket

from slipway.cli.free_port import PORTS, free_port


def test_a_free_port_can_be_bound_and_is_of_no_client() -> None:
    port = free_port()
    assert port in PORTS
    with socket.create_server(("127.0.0.1", port)):
        assert free_port() != port

"""Why a port cannot be bound, in words."""

import os
import socket

import pytest

from slipway.adapters.envoy_ports import bind_error


def listening(*, shared: bool = False) -> socket.socket:
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.9", 0))
    held.listen()
    return held


@pytest.mark.parametrize("shared", [pytest.param(False, id="alone"), pytest.param(True, id="SO_REUSEPORT")])
def test_a_port_in_use_is_named_with_the_process_that_holds_it(shared: bool) -> None:
    with listening(shared=shared) as held:
        port = held.getsockname()[1]
        sentence = bind_error("127.0.0.9", port, own_pid=None)
        assert sentence is not None
        assert sentence.startswith(f"127.0.0.9:{port} cannot be bound: it is in use by process {os.getpid()} (")
        assert bind_error("127.0.0.9", port, own_pid=os.getpid()) is None
        assert bind_error("127.0.0.8", port, own_pid=None) is None


def test_a_free_port_has_no_error_and_stays_free() -> None:
    with listening() as held:
        port = held.getsockname()[1]
    assert bind_error("127.0.0.9", port, own_pid=None) is None
    assert bind_error("127.0.0.9", port, own_pid=None) is None


def test_an_address_of_another_machine_is_named() -> None:
    sentence = bind_error("192.0.2.77", 8080, own_pid=None)
    assert sentence is not None
    assert "192.0.2.77 is no address of this machine" in sentence

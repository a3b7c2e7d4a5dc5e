"""A server that is to stop its tasks drains them first: SIGINT under load cuts no request, a second one hurries.

13 s each on the process runtime, 8 s of them until the service is steady.
"""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.e2e.balanced_service import BalancedService, Shape
from tests.e2e.programs import users
from tests.e2e.request_stream import RequestStream, hold
from tests.e2e.server_process import STOP_S, ServerProcess, serving
from tests.e2e.story import explained
from tests.waiting import wait_until

TASKS = 2
#: What a client may be told once no target takes requests any more: by the balancer, and by nobody when that is gone.
#: Requests that a target was given never end so; a cut one would be a 502, or half an answer.
NO_TARGET = (
    "503 b'no healthy upstream'",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "connection ended after b''",
)


@contextmanager
def _leaving(runtime: str, folder: Path, pool: str) -> Iterator[BalancedService]:
    """A steady service on a server that stops its tasks when it ends. After SIGTERM they wait a second for requests."""
    options: dict[str, str | int | bool] = {"lb_address_pool": pool, "stop_tasks": True, "new_target_checks": 1}
    with serving(folder / "data", runtime=runtime, **options) as server, explained(server):
        service = BalancedService(server, "leaves", users(runtime), Shape(tasks=TASKS, environment=(("GRACE_S", "1"),)))
        service.await_steady()
        yield service


def _interrupt(server: ServerProcess, *, until: str) -> None:
    """Send SIGINT, and wait until the server says so."""
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    wait_until(lambda: until in server.log, timeout_s=STOP_S, what=f"the server to say {until!r}")


def test_requests_in_flight_are_answered_before_tasks_stop(runtime: str, tmp_path: Path, pool: str) -> None:
    with _leaving(runtime, tmp_path, pool) as service:
        server = service.server
        held = [hold(service.address, service.port, "/slow?seconds=6") for _ in range(4)]
        with RequestStream(service.address, service.port, slow_s=2) as stream:
            stream.await_answers(version="v1")  # and the held requests have long been at their targets
            assert not stream.failures, stream.report()
            _interrupt(server, until=f"Draining and stopping {TASKS} tasks")
            assert server.process is not None
            assert server.process.wait(STOP_S) == 0
        assert [one.result(timeout=60).status for one in held] == [200] * len(held)
        cut = [one for one in stream.failures if not any(words in one.error for words in NO_TARGET)]
        assert not cut, cut[:20]
        assert f"Stopped {TASKS} tasks and the load balancer." in server.log
        assert _recorded_ends(server) == TASKS


def _recorded_ends(server: ServerProcess) -> int:
    """How many tasks' ends are in the store of a server that has ended."""
    with closing(sqlite3.connect(server.data / "slipway.db")) as store:
        ((count,),) = store.execute("SELECT count(*) FROM story WHERE cause = 'STOPPING to STOPPED'")
    return int(count)


def test_a_second_interrupt_does_not_wait_for_requests(runtime: str, tmp_path: Path, pool: str) -> None:
    with _leaving(runtime, tmp_path, pool) as service:
        server = service.server
        held = hold(service.address, service.port, "/slow?seconds=55")  # longer than tasks wait for it after SIGTERM
        with RequestStream(service.address, service.port, slow_s=1) as stream:
            stream.await_answers(version="v1")
        _interrupt(server, until=f"Draining and stopping {TASKS} tasks")
        assert not held.done()
        _interrupt(server, until=f"Stopped {TASKS} tasks and the load balancer.")
        assert server.process is not None
        assert server.process.wait(STOP_S) == 0
        assert held.result(timeout=60).status != 200

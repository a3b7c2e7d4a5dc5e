"""Serving: run a server until it is told to end, and end it in order: API, tasks if so set, controller, adapters."""

import asyncio
import contextlib
import gc
import shlex
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn

from slipway.adapters.docker_engine import engine_answers
from slipway.config import Settings
from slipway.controller import COLLECT_AFTER
from slipway.data_directory import DataError
from slipway.ports import StoreError
from slipway.server import Say, Server


class ServerError(Exception):
    """The server cannot start; the sentence says why and what to do."""


async def serve(settings: Settings, *, say: Say = print) -> None:
    """Run a server until SIGINT or SIGTERM. `say` prints what a person is to read.

    Raises `ServerError` where it cannot start: data in use, address taken, no engine, a full disk.
    """
    listener = _listen(settings)
    try:
        server = Server(settings, runtime=await _choose_runtime(settings))
    except _NO_START as error:
        listener.close()
        raise _no_start(error) from error
    try:
        await _run(server, listener, say)
    except (*_NO_START, ExceptionGroup) as error:
        cause = _cause(error)
        if server.is_ready or not isinstance(cause, _NO_START):
            raise
        raise _no_start(cause) from error
    tasks = sum(not task.is_stopped for task in server.controller.snapshot.tasks.values())
    await server.close()
    if not settings.stop_tasks:
        again = f"slipway up --data {shlex.quote(str(settings.data))}"
        say(f"Left {tasks} tasks and the load balancer running; `{again}` adopts them.")


#: What keeps a server from starting and is no fault of ours.
_NO_START = (DataError, StoreError, OSError)


def _no_start(error: Exception) -> ServerError:
    if isinstance(error, StoreError):
        return ServerError(
            f"The server cannot start: {error}. Tasks that run go on; free some disk space and try again."
        )
    return ServerError(str(error) if isinstance(error, DataError) else f"The server cannot start: {error}.")


def _cause(error: Exception) -> Exception:
    """The first of the errors that a group is about."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


async def _run(server: Server, listener: socket.socket, say: Say) -> None:
    """Serve until told to end. Requests in flight are finished while the controller still runs: they wait for it."""
    with _signals(server):
        async with _loop(server):
            async with _api(server, listener) as endpoint:
                await server.make_default_cluster()
                server.announce(endpoint)
                spare_collector()
                server.is_ready = True
                server.greet(endpoint, say)
                await server.ending.wait()
                say("\nStopping: no new requests are taken.")
            await server.leave(say)


def spare_collector() -> None:
    """Have Python's cyclic collector leave alone what is there already, and look at the rest less often."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.host_and_port
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ServerError(
            f"{settings.listen} cannot be listened on: {error.strerror}; stop what uses it, or give another --listen."
        ) from error
    # Inherited by every connection. Head and body of an answer are two writes: with Nagle's algorithm the second waits
    # for the client's delayed acknowledgement of the first, 40 ms, on every request of a kept-alive connection.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _choose_runtime(settings: Settings) -> str:
    if settings.runtime == "process":
        return "process"
    answers = await engine_answers()
    if settings.runtime == "docker" and not answers:
        raise ServerError(
            "--runtime docker: no Docker Engine answers; start it, set DOCKER_HOST, or use --runtime process."
        )
    return "docker" if answers else "process"


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers: the server ends its parts in its own order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


@contextlib.asynccontextmanager
async def _api(server: Server, listener: socket.socket) -> AsyncIterator[str]:
    """Serve the API while inside; gives its address. Leaving stops accepting and finishes what is in flight."""
    config = uvicorn.Config(
        server.app(), lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=5
    )
    api = _Uvicorn(config)
    host, port = listener.getsockname()[:2]
    async with asyncio.TaskGroup() as group:
        group.create_task(api.serve(sockets=[listener]))
        try:
            yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
        finally:
            api.should_exit = True


@contextlib.asynccontextmanager
async def _loop(server: Server) -> AsyncIterator[None]:
    """Run the controller while inside. A fault of ours ends the server: the store is whole, a restart repairs."""
    await server.open()

    async def run() -> None:
        try:
            await server.controller.run()
        finally:
            server.ending.set()

    async with asyncio.TaskGroup() as group:
        loop = group.create_task(run())
        try:
            yield
        finally:
            loop.cancel()


@contextlib.contextmanager
def _signals(server: Server) -> Iterator[None]:
    """The first SIGINT or SIGTERM ends the server; the next one has tasks that still drain stopped at once."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        if server.ending.is_set():
            server.hurry()
        server.ending.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

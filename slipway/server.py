"""The server: the composition root. Builds the parts, opens them, serves until told to end, and lets go in order."""

import asyncio
import contextlib
import gc
import logging
import os
import shlex
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from slipway.adapters.container_logs import told
from slipway.adapters.container_runtime import ContainerRuntime
from slipway.adapters.docker import DockerRuntime
from slipway.adapters.docker_engine import engine_answers
from slipway.adapters.docker_images import PullBehavior
from slipway.adapters.envoy import EnvoyLoadBalancer
from slipway.adapters.local_host import STARTS_AT_ONCE, LocalHost
from slipway.adapters.machine import this_machine
from slipway.adapters.process import ProcessRuntime
from slipway.adapters.sql import SqliteStore
from slipway.adapters.target_health import TargetHealthChecker
from slipway.api import introspection
from slipway.api.call import Site
from slipway.api.identifiers import DEFAULT_CLUSTER
from slipway.api.invocation import invoker
from slipway.api.operations import SERVICES
from slipway.api.streams import until
from slipway.config import Settings
from slipway.controller import COLLECT_AFTER, Controller
from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import stable_hex
from slipway.core.model.clusters import Cluster
from slipway.core.observations import Observation
from slipway.core.plan import Plan, Put
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.data_directory import DataDirectory, DataError, ServerAddress
from slipway.ports import StoreError
from slipway.wire.app import create_app
from slipway.wire.auth import Authenticator, Credentials

_log = logging.getLogger(__name__)

Say = Callable[[str], None]


class ServerError(Exception):
    """The server cannot start; the sentence says why and what to do."""


class WallClock:
    """The machine's clock."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        return time.time()


class Server:
    """One control plane with its local host and load balancer, all state in one data directory."""

    def __init__(self, settings: Settings, *, runtime: str) -> None:
        self._settings = settings
        self._clock = WallClock()
        self._directory = DataDirectory(settings.data)
        self._directory.lock()
        self._store = SqliteStore(self._directory.store)
        self.runtime = runtime
        self._arns = Arns(account=settings.account, region=settings.region)
        self._rules = _rules(settings)
        self._containers = self._runtime()
        self.host = self._host()
        self.balancer = self._balancer()
        self.controller = Controller(
            store=self._store,
            hosts=(self.host,),
            load_balancer=self.balancer,
            clock=self._clock,
            arns=self._arns,
            rules=self._rules,
        )
        self.is_ready = False
        self.ending = asyncio.Event()

    def _take(self, observation: Observation) -> None:
        """Adapters report from their `open` on, when the controller is there."""
        self.controller.report(observation)

    def _host(self) -> LocalHost:
        machine = this_machine()
        return LocalHost(
            host_id=stable_hex(self._store.seed, "local-host"),
            runtime=self._containers,
            address="127.0.0.1",
            cpu=self._settings.cpu or machine.cpu,
            memory=self._settings.memory or machine.memory,
            report=self._take,
            clock=self._clock,
            starts_at_once=DockerRuntime.START_CONCURRENCY if self.runtime == "docker" else STARTS_AT_ONCE,
        )

    def _runtime(self) -> ContainerRuntime:
        if self.runtime == "docker":
            data_id = stable_hex(self._store.seed, "docker", length=12)
            return DockerRuntime(data_id, PullBehavior(self._settings.image_pull_behavior), self._clock)
        return ProcessRuntime(self._directory.path)

    def _balancer(self) -> EnvoyLoadBalancer:
        return EnvoyLoadBalancer(
            self._directory.envoy,
            self._take,
            self._clock,
            checker=TargetHealthChecker(self._take, self._clock),
            concurrency=self._settings.envoy_concurrency or None,
        )

    def app(self) -> ASGIApp:
        """The application that serves the AWS wire, Slipway's own routes and the probes."""
        authenticator = self._authenticator()
        own = introspection.routes(
            snapshot=lambda: self.controller.snapshot,
            story=self._store.story,
            logs=self._logs,
            authenticator=authenticator,
            clock=self._clock.now,
        )
        site = Site(
            arns=self._arns,
            rules=self._rules,
            balancer=self.balancer,
            address_pool=self._settings.address_pool,
        )
        return create_app(
            services=tuple(SERVICES),
            invoke=invoker(self.controller, site),
            authenticator=authenticator,
            clock=self._clock.now,
            routes=[*self._probes(), *own],
            region=self._settings.region,
        )

    def _logs(self, task_arn: str, container: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]:
        lines = told(self._containers.logs(task_arn, container, tail=tail, follow=follow))
        return until(self.ending, lines) if follow else lines

    def _authenticator(self) -> Authenticator | None:
        key = self._directory.root_key()
        if self._settings.no_auth:
            return None
        return Authenticator((Credentials(key.access_key_id, key.secret_access_key),))

    def _probes(self) -> list[BaseRoute]:
        async def healthz(_: Request) -> JSONResponse:
            return JSONResponse({"status": "ok", "pid": os.getpid()})

        async def readyz(_: Request) -> JSONResponse:
            is_ready = self.is_ready and self.controller.retry_at is None  # else no change can be committed
            return JSONResponse({"ready": is_ready}, status_code=200 if is_ready else 503)

        return [Route("/healthz", healthz), Route("/readyz", readyz)]

    async def open(self) -> None:
        """Open balancer and host, adopting what runs, and make the default cluster at first start."""
        await self.controller.open()
        self.controller.step()

    async def make_default_cluster(self) -> None:
        """The cluster `default`, if there is none."""
        arn = self._arns.cluster(DEFAULT_CLUSTER)

        def transaction(snapshot: Snapshot, context: Context) -> tuple[Plan, None]:
            if arn in snapshot.clusters:
                return Plan(), None
            cluster = Cluster(arn=arn, name=DEFAULT_CLUSTER, created_at=context.now)
            return Plan(changes=(Put(record=cluster, cause="made at first start"),)), None

        await self.controller.transact(transaction)

    def announce(self, endpoint: str) -> None:
        """Write where this server is reached into the data directory."""
        self._directory.announce(
            ServerAddress(
                pid=os.getpid(),
                endpoint=endpoint,
                region=self._settings.region,
                account=self._settings.account,
                no_auth=self._settings.no_auth,
            )
        )

    def greet(self, endpoint: str, say: Say) -> None:
        """Tell a person where the server is and what it has."""
        host = next(iter(self.controller.snapshot.hosts.values()))
        running = sum(not task.is_stopped for task in self.controller.snapshot.tasks.values())
        settings = self._settings
        data = "" if "SLIPWAY_DATA" in os.environ else f" --data {shlex.quote(str(settings.data))}"
        say(f"Slipway serves {endpoint}  (account {settings.account}, region {settings.region})")
        say(f"  host     {host.cpu} CPU units, {host.memory} MiB, runtime {self.runtime}")
        say(f"  data     {settings.data}")
        if running:
            say(f"  adopted  {running} tasks")
        say(f'  next     eval "$(slipway env{data})" && aws ecs list-clusters')
        say("Ctrl-C ends the server and " + ("stops all tasks." if settings.stop_tasks else "leaves tasks running."))

    async def close(self) -> None:
        """Let go of everything; tasks and balancer run on, unless the settings say to stop them."""
        if self._settings.stop_tasks:
            await self.host.stop_all()
            await self.balancer.stop()
        await self.controller.close()
        self._directory.unlock()


def _rules(settings: Settings) -> Rules:
    return Rules(
        healthy_after_running_s=settings.healthy_after_running_s,
        new_target_checks=settings.new_target_checks or None,
        stopped_task_kept_s=settings.stopped_task_kept_s,
    )


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
    if settings.stop_tasks:
        say(f"Stopped {tasks} tasks and the load balancer.")
    else:
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
    with _signals(server.ending):
        async with _loop(server), _api(server, listener) as endpoint:
            await server.make_default_cluster()
            server.announce(endpoint)
            spare_collector()
            server.is_ready = True
            server.greet(endpoint, say)
            await server.ending.wait()
            say("\nStopping: no new requests are taken.")


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
def _signals(ending: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

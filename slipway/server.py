"""The server: the composition root. Builds the parts, opens them, serves until told to end, and lets go in order."""

import asyncio
import logging
import os
import shlex
import time
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from slipway.adapters.alarm_watch import AlarmWatch
from slipway.adapters.balancer_metrics import BalancerMetrics, longest_request
from slipway.adapters.container_logs import told
from slipway.adapters.container_runtime import ContainerRuntime
from slipway.adapters.docker import DockerRuntime
from slipway.adapters.docker_images import PullBehavior
from slipway.adapters.envoy import EnvoyLoadBalancer
from slipway.adapters.last_words import LastWords
from slipway.adapters.local_host import STARTS_AT_ONCE, LocalHost
from slipway.adapters.machine import this_machine
from slipway.adapters.metric_store import MetricStore
from slipway.adapters.process import ProcessRuntime
from slipway.adapters.service_metrics import ServiceMetrics
from slipway.adapters.sql import SqliteStore
from slipway.adapters.sql_journal import sqlite_journal
from slipway.adapters.target_health import TargetHealthChecker
from slipway.api import introspection
from slipway.api.call import Site
from slipway.api.identifiers import DEFAULT_CLUSTER
from slipway.api.image_lacks import ImageLacks
from slipway.api.invocation import invoker
from slipway.api.operations import SERVICES
from slipway.api.streams import until
from slipway.config import Settings
from slipway.controller import Controller
from slipway.core.answers.wait import Sight
from slipway.core.arns import Arns
from slipway.core.decision import Context
from slipway.core.ids import stable_hex
from slipway.core.model.clusters import Cluster
from slipway.core.observations import Observation
from slipway.core.plan import Plan, Put
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.leaving import decide_leave
from slipway.data_directory import DataDirectory, ServerAddress
from slipway.foresight.recording_cut import cut_recording
from slipway.foresight.recording_file import encode_recording
from slipway.ports import StoreError
from slipway.wire.app import create_app
from slipway.wire.auth import Authenticator, Credentials

_log = logging.getLogger(__name__)

Say = Callable[[str], None]


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
        self.metrics = MetricStore(self._directory.metrics, self._clock)
        self.runtime = runtime
        self._arns = Arns(account=settings.account, region=settings.region)
        self._rules = _rules(settings)
        self._containers = self._runtime()
        self._last_words = LastWords(
            self._directory.last_words, self._containers.logs, lambda: self.controller.snapshot
        )
        self.host = self._host()
        self.balancer = self._balancer()
        self.controller = Controller(
            store=self._store,
            hosts=(self.host,),
            load_balancer=self.balancer,
            clock=self._clock,
            arns=self._arns,
            rules=self._rules,
            observers=(self._last_words.observe,),
        )
        self._alarms = AlarmWatch(lambda: self.controller.snapshot.alarms, self.metrics, self._take, self._clock)
        self._balancer_metrics, self._service_metrics = self._publishers()
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

    def _publishers(self) -> tuple[BalancerMetrics, ServiceMetrics]:
        """What publishes metrics of our own: of load balancers, and of services and clusters."""

        def snapshot() -> Snapshot:
            return self.controller.snapshot

        return (
            BalancerMetrics(self.balancer.stats, snapshot, self.metrics.put, clock=self._clock),
            ServiceMetrics(self.host.usage, snapshot, self.metrics.put, clock=self._clock),
        )

    def app(self) -> ASGIApp:
        """The application that serves the AWS wire, Slipway's own routes and the probes."""
        authenticator = self._authenticator()
        image_lacks = ImageLacks(self._containers.image_lack, time.monotonic)
        own = introspection.routes(
            snapshot=lambda: self.controller.snapshot,
            story=self._store.story,
            logs=self._logs,
            last_words=self._last_words.tails,
            recorded=self._recorded,
            authenticator=authenticator,
            clock=self._clock.now,
            sight=self._sight,
            arns=self._arns,
            sequence=lambda: self.controller.sequence,
            measure=self._balancer_metrics.publish_request_times,
            image_lacks=image_lacks.of_images,
        )
        site = Site(
            arns=self._arns,
            rules=self._rules,
            balancer=self.balancer,
            metrics=self.metrics,
            address_pool=self._settings.address_pool,
        )
        return create_app(
            services=tuple(SERVICES),
            invoke=invoker(self.controller, site, image_lacks),
            authenticator=authenticator,
            clock=self._clock.now,
            routes=[*self._probes(), *own],
            region=self._settings.region,
        )

    def _sight(self) -> Sight:
        return Sight(
            now=self._clock.now(),
            rules=self._rules,
            next_check_at=self.balancer.next_check_at,
            requests_in_flight=self.balancer.requests_in_flight,
            longest_request=lambda arn: longest_request(self.metrics, arn),
            container_health=self.host.container_health,
        )

    async def _recorded(self, service_deployment_arn: str) -> bytes:
        """The file of a recording, made beside the event loop: it may be long, and the store goes on being written."""
        path = self._directory.store

        def made() -> bytes:
            with sqlite_journal(path) as journal:
                return encode_recording(cut_recording(journal, service_deployment_arn))

        return await asyncio.to_thread(made)

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
        self._last_words.open()
        self.controller.step()
        self.metrics.open()
        self._alarms.open()
        self._balancer_metrics.open()
        self._service_metrics.open()

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

    async def leave(self, say: Say) -> None:
        """Where the settings say so, stop every task, drained first. The controller must still run."""
        if not self._settings.stop_tasks:
            return
        count = len(self.controller.snapshot.room(self.host.id).tasks)
        if count:
            say(f"Draining and stopping {count} tasks; Ctrl-C again stops them at once.")
        try:
            await self.controller.transact(
                lambda snapshot, context: (decide_leave(snapshot, self.host.id, context), None)
            )
        except StoreError as error:  # nothing can be recorded any more, so nothing drains
            say(f"Tasks are stopped without being drained: {error}.")
            self.hurry()
        await self.host.wait_until_over()
        self.controller.step()  # records what the host reported last: the loop ends with this
        say(f"Stopped {count} tasks and the load balancer.")

    def hurry(self) -> None:
        """Stop tasks that still drain at once."""
        if self._settings.stop_tasks:
            self.host.stop_all()

    async def close(self) -> None:
        """Let go of everything; tasks and balancer run on, unless the settings say to stop them."""
        if self._settings.stop_tasks:
            await self.balancer.stop()
        await self._balancer_metrics.close()
        await self._service_metrics.close()
        await self._alarms.close()
        await self._last_words.close()
        await self.controller.close()
        await self.metrics.close()
        self._directory.unlock()


def _rules(settings: Settings) -> Rules:
    return Rules(
        healthy_after_running_s=settings.healthy_after_running_s,
        new_target_checks=settings.new_target_checks or None,
        fails_on_certainty=settings.fail_on_certainty,
        stopped_task_kept_s=settings.stopped_task_kept_s,
    )

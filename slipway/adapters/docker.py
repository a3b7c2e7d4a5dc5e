"""The docker runtime: single containers on any Docker Engine from 20.10 on.

A container is called `slipway-<task id>-<container>`, so that creating it twice is seen, and carries the task's payload
as a label, so that a restarted control plane adopts it from the engine alone. One that ended and was reported is
renamed to `slipway-ended-…`: its output stays readable, and it is never taken for a task again.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import msgspec

from slipway.adapters.container_runtime import (
    ContainerExit,
    ContainerUsage,
    FoundContainer,
    RuntimeFault,
    StartedContainer,
)
from slipway.adapters.docker_containers import DockerContainers
from slipway.adapters.docker_engine import ENGINE_GONE, Engine, EngineError, EngineGone
from slipway.adapters.docker_exits import DockerExits
from slipway.adapters.docker_images import DockerImages, PullBehavior
from slipway.adapters.docker_kept import DockerKept, Kept, is_kept_name, kept_name
from slipway.adapters.docker_labels import payload_in
from slipway.adapters.docker_logs import read_lines
from slipway.adapters.docker_network import DockerNetwork
from slipway.adapters.docker_probes import DockerProbes
from slipway.adapters.docker_spec import Place, container_name, create_body, is_terminal
from slipway.adapters.docker_state import EngineContainer, bindings_of
from slipway.adapters.docker_usage import usage_of
from slipway.adapters.process_ports import Ports
from slipway.core.model.task_definitions import ContainerHealthCheck, NetworkMode
from slipway.core.model.tasks import HealthProbe
from slipway.core.plan import ContainerPayload, TaskPayload
from slipway.ports import Clock

log = logging.getLogger(__name__)

#: Seconds before a stop is asked for again after the engine went away: its event stream may not have noticed yet.
STOP_RETRY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A container that runs, or ended and was not removed yet."""

    id: str
    task: TaskPayload
    container: ContainerPayload
    started: StartedContainer
    exited: asyncio.Future[ContainerExit]
    owns_network: bool  # awsvpc: the task's other containers join its network


class DockerRuntime:
    """Implements `ContainerRuntime`. `data_id` tells this data directory's containers from any other's."""

    name = "docker"
    #: Containers created and started at the same time. Measured on 2 cores (20.10, overlay2, bridge), tasks/s by
    #: concurrency: 1: 6.5, 2: 10.3, 4: 11.3, 8: 13.1, 16: 12.7; the kernel's network lock is what bounds it.
    START_CONCURRENCY = 8

    def __init__(self, data_id: str, pull_behavior: PullBehavior, clock: Clock, address: str | None = None) -> None:
        self._data_id = data_id
        self._clock = clock
        self._engine = Engine(address)
        self._images = DockerImages(self._engine, pull_behavior)
        self._containers = DockerContainers(self._engine, data_id=data_id)
        self._network = DockerNetwork(self._engine, data_id=data_id)
        self._exits = DockerExits(
            self._engine, data_id=data_id, now=clock.now, on_return=self._containers.discard_abandoned
        )
        self._turns = asyncio.Semaphore(self.START_CONCURRENCY)
        self._task_turns: dict[str, asyncio.Lock] = {}  # awsvpc: the first makes the network that the others join
        self._held: dict[str, dict[str, Held]] = {}  # by task ARN and container name
        self._kept = DockerKept(discard=self._containers.discard)
        self._cpus = 1
        self._ports: Ports | None = None  # None: not needed yet

    async def open(self) -> tuple[FoundContainer, ...]:
        """Connect and adopt. Raises `RuntimeFault("CannotReachDockerError", …)`."""
        try:
            await self._engine.open()
            self._cpus = (await self._engine.call("GET", "/info"))["NCPU"]
            await self._exits.open()
            listed = await self._containers.list()
        except (EngineGone, EngineError) as fault:
            await self.close()
            raise RuntimeFault("CannotReachDockerError", fault.message) from fault
        except RuntimeFault:
            await self.close()
            raise
        found = [await self._adopt(each) for each in sorted(listed, key=_age)]
        return tuple(each for each in found if each is not None)

    async def close(self) -> None:
        """Let go of the containers, leaving them running."""
        await self._images.close()
        await self._exits.close()
        await self._engine.close()

    async def pull(self, container: ContainerPayload) -> None:
        """Make the image present, by the pull behaviour set. Raises `RuntimeFault("CannotPullContainerError", …)`."""
        await self._images.ensure(container.image, container.image_digest)

    async def start(self, task: TaskPayload, container: ContainerPayload) -> StartedContainer:
        """Create and start a container, or adopt the one already made for it. Raises `RuntimeFault`."""
        async with self._task_turns.setdefault(task.task_arn, asyncio.Lock()), self._turns:
            held = self._held.get(task.task_arn, {}).get(container.name)
            return held.started if held else await self._start(task, container)

    async def restart(self, task_arn: str, container_name: str) -> StartedContainer:
        """Have the engine start a container that has ended again. Raises `RuntimeFault`."""
        held = self._known(task_arn, container_name)
        if not held.exited.done():
            return held.started
        ended = held.exited.result()
        async with self._turns:
            self._exits.expect_again(held.id, ended)
            try:
                found = await self._containers.start_again(held.id)
                await self._check_address(held, found)
            except RuntimeFault:
                self._exits.expect_no_more(held.id, ended)
                raise
            return await self._hold(held.task, held.container, found=found)

    async def wait(self, task_arn: str, container_name: str) -> ContainerExit:
        """Wait until a started or found container has ended. Raises `RuntimeFault` for one that is neither."""
        return await asyncio.shield(self._known(task_arn, container_name).exited)

    async def stop(self, task_arn: str, container_name: str, *, timeout_s: float) -> None:
        """Send the image's stop signal, and SIGKILL `timeout_s` seconds later. Returns when it has ended.

        The engine keeps the time, so a restart of the control plane does not lose it; if the engine itself goes away,
        what is left of the time is asked for again when it is back.
        """
        held = self._known(task_arn, container_name)
        deadline = self._clock.now() + timeout_s
        while not held.exited.done():
            try:
                await self._containers.stop(held.id, timeout_s=max(0, math.ceil(deadline - self._clock.now())))
            except EngineGone:
                await asyncio.sleep(STOP_RETRY_S)
                await self._exits.connected()
            else:
                await asyncio.shield(held.exited)

    async def probes(
        self, task_arn: str, container_name: str, check: ContainerHealthCheck
    ) -> AsyncIterator[HealthProbe]:
        """The runs of the container's health check that the engine has noted, as it was created with it.

        Raises `RuntimeFault` for a container that is not here.
        """
        held = self._known(task_arn, container_name)
        reader = DockerProbes(self._containers, held.id, exited=held.exited, now=self._clock.now)
        async for probe in reader.read(check, since=held.started.started_at):
            yield probe

    async def usage(self, task_arn: str, container_name: str) -> ContainerUsage | None:
        """What a running container uses; None: it does not run, or the engine does not say."""
        held = self._held.get(task_arn, {}).get(container_name)
        if held is None or held.exited.done():
            return None
        return await usage_of(self._engine, held.id, at=self._clock.now())

    async def image_lack(self, image: str) -> str | None:
        """Why `image` could not be pulled now, told by the images at hand, else by its registry within 3 seconds."""
        return await self._images.lack(image)

    async def remove(self, task_arn: str) -> None:
        """Forget a task whose containers have ended, keeping their output for `logs` until newer ones replace it."""
        ended = self._held.get(task_arn, {})
        if running := sorted(name for name, held in ended.items() if not held.exited.done()):
            raise RuntimeFault("CannotRemoveContainerError", f"{', '.join(running)} of {task_arn} still runs; stop it.")
        for name, held in ended.items():
            await self._containers.rename(held.id, kept_name(task_arn, name))
            self._exits.forget(held.id)
            self._kept.add(task_arn, held.container, held.id)
        self._held.pop(task_arn, None)
        self._task_turns.pop(task_arn, None)
        await self._kept.trim()

    async def logs(self, task_arn: str, container_name: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]:
        """Output of a container, both streams, by line; of an ended one while it is kept. Raises `RuntimeFault`."""
        held = self._held.get(task_arn, {}).get(container_name)
        kept = self._kept.get(task_arn, container_name)
        if held is not None:
            kept = Kept(id=held.id, is_terminal=is_terminal(held.container))
        if kept is None:
            raise RuntimeFault(
                "CannotReadLogsError", f"{container_name} of {task_arn} is not, or no longer, on this host."
            )
        try:
            async for line in read_lines(self._engine, kept.id, terminal=kept.is_terminal, tail=tail, follow=follow):
                yield line
        except (EngineError, EngineGone) as fault:
            raise RuntimeFault("CannotReadLogsError", fault.message) from fault

    async def _start(self, task: TaskPayload, container: ContainerPayload) -> StartedContainer:
        owner = self._network_owner(task)
        place = Place(data_id=self._data_id, network=await self._network_for(task, owner), cpus=self._cpus)
        image = await self._images.runnable(container.image, container.image_digest)
        body = create_body(task, replace(self._with_lasting_ports(task, container), image=image), place)
        made = await self._containers.create(container_name(task.task_id, container.name), body)
        if isinstance(made, EngineContainer) and made.started_at is not None:
            return await self._hold(task, container, found=made)
        container_id = made.id if isinstance(made, EngineContainer) else made
        self._exits.expect(container_id)  # before it starts: it may end before the answer is here
        try:
            await self._containers.start(container_id)
            found = await self._containers.inspect(container_id)
        except RuntimeFault:
            self._exits.forget(container_id)
            await self._containers.discard(container_id)
            raise
        return await self._hold(task, container, found=found)

    async def _adopt(self, found: EngineContainer) -> FoundContainer | None:
        """Take up a container that was there; None for one that never ran, or is kept for its output only."""
        if found.started_at is None:  # the control plane ended between create and start
            await self._containers.discard(found.id)
            return None
        try:
            task = payload_in(found.labels)
            container = next(each for each in task.containers if each.name == found.container)
        except (msgspec.MsgspecError, KeyError, StopIteration):
            log.warning("container=%s carries a payload that this version cannot read; it was left alone", found.name)
            return None
        if is_kept_name(found.name):
            self._kept.add(task.task_arn, container, found.id)
            return None
        started = await self._hold(task, container, found=found)
        return FoundContainer(payload=task, container_name=container.name, started=started)

    async def _hold(
        self, task: TaskPayload, container: ContainerPayload, *, found: EngineContainer
    ) -> StartedContainer:
        digest = container.image_digest or await self._images.digest_of(found.image_id, container.image)
        own_address = found.addresses.get(self._network.name)
        owner = self._network_owner(task)
        started = StartedContainer(
            runtime_id=found.id,
            started_at=found.started_at if found.started_at is not None else self._clock.now(),
            image_digest=digest,
            ip_address=own_address or (owner.started.ip_address if owner else None),
            network_bindings=bindings_of(task, container, found.ports),
        )
        self._held.setdefault(task.task_arn, {})[container.name] = Held(
            id=found.id,
            task=task,
            container=container,
            started=started,
            exited=self._exits.expect(found.id, found.exit),
            owns_network=own_address is not None,
        )
        return started

    async def _check_address(self, held: Held, found: EngineContainer) -> None:
        """The engine gives an address anew at each start: mostly the one before, but that may be another's by now."""
        address = found.addresses.get(self._network.name)
        if held.owns_network and found.exit is None and address != held.started.ip_address:
            await self._containers.kill(held.id)
            raise RuntimeFault(
                "CannotStartContainerError",
                f"{held.container.name} was restarted at {address} instead of {held.started.ip_address}, where its "
                "task is known: the task must be replaced.",
            )

    def _with_lasting_ports(self, task: TaskPayload, container: ContainerPayload) -> ContainerPayload:
        """The engine gives a dynamic port anew at each start, so one that may be restarted is given a static one."""
        if task.network_mode is not NetworkMode.BRIDGE or container.restart_policy is None:
            return container
        mappings = tuple(
            port if port.host_port else replace(port, host_port=self._free_port(port.protocol))
            for port in container.port_mappings
        )
        return replace(container, port_mappings=mappings)

    def _free_port(self, protocol: str) -> int:
        """A port that nobody has now. Ports are told in turn, so the next to ask is not told the same."""
        self._ports = self._ports or Ports()
        port = self._ports.take(protocol)
        self._ports.release((port,))
        return port

    def _known(self, task_arn: str, container_name: str) -> Held:
        held = self._held.get(task_arn, {}).get(container_name)
        if held is None:
            raise RuntimeFault("CannotInspectContainerError", f"{container_name} of {task_arn} is not on this host.")
        return held

    def _network_owner(self, task: TaskPayload) -> Held | None:
        """The running container whose network the task's others share; the first one started, while it runs."""
        held = self._held.get(task.task_arn, {}).values()
        return next((each for each in held if each.owns_network and not each.exited.done()), None)

    async def _network_for(self, task: TaskPayload, owner: Held | None) -> str:
        """The engine's network mode for the next container of a task. Raises `RuntimeFault`."""
        if task.network_mode is not NetworkMode.AWSVPC:
            return task.network_mode.value
        if owner is not None:
            return f"container:{owner.id}"
        try:
            await self._network.ensure()
        except EngineGone as gone:
            raise RuntimeFault(ENGINE_GONE, gone.message) from gone
        return self._network.name


def _age(found: EngineContainer) -> tuple[float, str]:
    """Ended ones by when they ended, then the running ones by when they started."""
    ended_at = found.exit.at if found.exit else None
    return (ended_at, found.id) if ended_at is not None else (math.inf, f"{found.started_at or 0:020.6f}")

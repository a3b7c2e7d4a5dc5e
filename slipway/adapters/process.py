"""The process runtime: a container is a group of plain processes on this machine. Contract: `ContainerRuntime`.

It runs commands; image names are labels. Every port mapping gets a port on 127.0.0.1, told to the program as `PORT` (of
the first mapping) and `PORT_<containerPort>`, and the address by `HOST`; a static `hostPort` is used as it is, but not
with awsvpc, where tasks have no address of their own here and would collide. The memory of a container, or of its task
where it names none, is bounded by a control group where this process may make one, else by RLIMIT_DATA; CPU units serve
placement only.
Linux only.
"""

import asyncio
import errno
import os
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from slipway.adapters.background import Background
from slipway.adapters.container_runtime import (
    ContainerExit,
    ContainerUsage,
    FoundContainer,
    RuntimeFault,
    StartedContainer,
)
from slipway.adapters.process_container import ProcessContainer
from slipway.adapters.process_files import ContainerFiles, ContainerRecord, TaskFolders
from slipway.adapters.process_identity import boot_id
from slipway.adapters.process_launch import Launch, check_has_command, plan_launch
from slipway.adapters.process_logs import cut_long_logs, read_log
from slipway.adapters.process_memory import RESERVED_PER_USED, MemoryGroups, find_memory_groups, remove_group
from slipway.adapters.process_ports import Ports
from slipway.adapters.process_probes import CheckLimits, probe_container
from slipway.adapters.process_shim import Shim
from slipway.adapters.process_strays import end_strays
from slipway.adapters.process_usage import usage_of
from slipway.core.model.task_definitions import ContainerHealthCheck, NetworkMode
from slipway.core.model.tasks import HealthProbe, NetworkBinding
from slipway.core.plan import ContainerPayload, TaskPayload
from slipway.core.tasks.lifecycle import may_restart

#: Seconds between two rounds of keeping house: cutting long logs, deleting old folders and unused memory groups.
HOUSEKEEPING_S = 5.0
#: Where the ports of containers are.
ADDRESS = "127.0.0.1"
KIB_PER_MIB = 1024
#: Containers started in one turn of the event loop, so that a thousand of them leave the server its breath: a start
#: takes half a millisecond.
STARTS_PER_TURN = 8
#: How often, and how far apart in seconds, `close` tries to remove a memory group that its killed processes still hold.
GROUP_REMOVAL_TRIES, GROUP_REMOVAL_PAUSE_S = 20, 0.01

_Key = tuple[str, str]  # task ARN, container name


class ProcessRuntime:
    """Runs containers as processes; what it must know of them after a restart is below `data`/tasks."""

    def __init__(self, data: Path) -> None:
        """`data` is the server's data folder. Raises `RuntimeFault` where the system cannot serve."""
        if not hasattr(os, "pidfd_open"):
            raise RuntimeFault("CannotStartRuntimeError", "the process runtime runs on Linux 5.3 or later only")
        self._data = data.absolute()
        self._folders = TaskFolders(self._data / "tasks")
        self._containers: dict[_Key, ProcessContainer] = {}
        self._payloads: dict[str, TaskPayload] = {}
        self._ports = Ports()
        self._waiting: set[_Key] = set()  # ended, and keep their ports, for they may be restarted
        self._memory: MemoryGroups | None = None  # None: not open, or no groups can be made
        self._used_groups: set[str] = set()  # of containers that have ended, still to be removed
        self._shim: Shim | None = None  # None: not open
        self._turns = asyncio.Semaphore(STARTS_PER_TURN)
        self.background = Background()

    @property
    def name(self) -> str:
        """`process`."""
        return "process"

    async def open(self) -> tuple[FoundContainer, ...]:
        """Find every container started on this data folder. Raises `OSError` where the folder cannot be used.

        One that was ordered and did not come to start, for the control plane was killed, is started now.
        """
        self._folders.open()
        self._memory = find_memory_groups(self._data)
        self._shim = Shim(boot_id())
        end_strays(self._folders.root, frozenset(self._folders.stems()))
        for payload in tuple(self._folders.payloads()):
            if sum(self._find(payload, container) for container in payload.containers):
                self._payloads[payload.task_arn] = payload
            else:
                self._folders.remove(payload)
        if self._memory is not None:
            groups = (container.record.memory_group for container in self._containers.values())
            self._memory.sweep(frozenset(group for group in groups if group is not None))
        self.background.start(self._keep_house(), name="process runtime housekeeping")
        return tuple(
            FoundContainer(
                payload=self._payloads[task_arn],
                container_name=container_name,
                started=container.started,
            )
            for (task_arn, container_name), container in self._containers.items()
        )

    async def pull(self, container: ContainerPayload) -> None:
        """There is nothing to pull; a container without a command is refused, saying what to do."""
        check_has_command(container)

    async def start(self, task: TaskPayload, container: ContainerPayload) -> StartedContainer:
        """Start a container, or give the one started before."""
        key = (task.task_arn, container.name)
        async with self._turns:
            if key not in self._containers:
                self._containers[key] = self._start(task, container)
                await asyncio.sleep(0)
            return self._containers[key].started

    async def restart(self, task_arn: str, container_name: str) -> StartedContainer:
        """Run a container that has ended again, on its files and ports. Raises `RuntimeFault`."""
        key = (task_arn, container_name)
        async with self._turns:
            ended = self._known(*key)
            if ended.has_ended:
                self._containers[key] = self._restart(key, ended)
                await asyncio.sleep(0)
            return self._containers[key].started

    async def wait(self, task_arn: str, container_name: str) -> ContainerExit:
        """Wait for the end of a container that was started or found."""
        return await self._known(task_arn, container_name).wait()

    async def stop(self, task_arn: str, container_name: str, *, timeout_s: float) -> None:
        """Stop a container; one that is not here, or has ended, is stopped."""
        container = self._containers.get((task_arn, container_name))
        if container is not None and not container.has_ended:
            await container.stop(timeout_s)

    def probes(self, task_arn: str, container_name: str, check: ContainerHealthCheck) -> AsyncIterator[HealthProbe]:
        """The runs of a container's health check; they are ours, so there are none while no control plane runs."""
        container = self._known(task_arn, container_name)
        payload = self._payload(task_arn, container_name)
        memory = payload.memory or self._payloads[task_arn].memory
        is_grouped = container.record.memory_group is not None
        return probe_container(
            container,
            payload,
            check,
            CheckLimits(open_files=self._the_shim.open_files, data_kib=None if is_grouped else _data_limit_kib(memory)),
        )

    async def usage(self, task_arn: str, container_name: str) -> ContainerUsage | None:
        """What a running container uses, its health checks included; None: it does not run."""
        container = self._containers.get((task_arn, container_name))
        return None if container is None else usage_of(container)

    async def image_lack(self, image: str) -> str | None:
        """None: images are labels here."""
        return None

    async def remove(self, task_arn: str) -> None:
        """Forget a task whose containers have ended, but for its logs."""
        payload = self._payloads.pop(task_arn, None)
        if payload is None:
            return
        for name in [container.name for container in payload.containers]:
            container = self._containers.pop((task_arn, name), None)
            assert container is None or container.has_ended, f"{task_arn} {name} is removed while it runs"
            if container is not None and (task_arn, name) in self._waiting:
                self._waiting.remove((task_arn, name))
                self._release(container.record)
        try:
            self._folders.remove(payload)
        except OSError as error:
            raise RuntimeFault("CannotRemoveContainerError", f"{error}") from error

    def logs(self, task_arn: str, container_name: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]:
        """The log of a container, also of a task that was removed, as long as it is among those kept."""
        key = (task_arn, container_name)

        def has_ended() -> bool:
            container = self._containers.get(key)
            return container is None or container.has_ended

        files = self._folders.container(task_arn.rpartition("/")[2], container_name)
        return read_log(files, tail=tail, follow=follow, has_ended=has_ended)

    async def close(self) -> None:
        """Let go of the containers, leaving them running."""
        await self.background.close()
        for container in self._containers.values():
            container.let_go()
        for _ in range(GROUP_REMOVAL_TRIES):
            self._remove_used_groups()
            if not self._used_groups:
                break
            await asyncio.sleep(GROUP_REMOVAL_PAUSE_S)
        if self._memory is not None:
            self._memory.close()

    @property
    def _the_shim(self) -> Shim:
        assert self._shim is not None, "open() comes first"
        return self._shim

    def _known(self, task_arn: str, container_name: str) -> ProcessContainer:
        container = self._containers.get((task_arn, container_name))
        if container is None:
            raise RuntimeFault("NoSuchContainerError", f"task {task_arn} has no container {container_name} here")
        return container

    def _payload(self, task_arn: str, container_name: str) -> ContainerPayload:
        return next(each for each in self._payloads[task_arn].containers if each.name == container_name)

    def _start(self, task: TaskPayload, container: ContainerPayload) -> ProcessContainer:
        files = self._folders.container(task.task_id, container.name)
        bindings = self._bind(task, container)
        try:
            launch = plan_launch(container, bindings)
            self._payloads.setdefault(task.task_arn, task)
            self._folders.write(task)
            record = ContainerRecord(
                container_name=container.name,
                started_at=time.time(),
                network_bindings=bindings,
                ip_address=ADDRESS if task.network_mode is NetworkMode.AWSVPC else None,
                memory_group=self._bound_memory(task, container),
            )
            files.write(record)
        except (OSError, RuntimeFault) as error:
            files.forget()
            self._ports.release(binding.host_port for binding in bindings)
            raise _as_fault(error, "CannotCreateContainerError", f"container {container.name}") from error
        started = self._container(task, files, record)
        self._spawn_or_forget(started, launch, container.memory or task.memory)
        return started

    def _restart(self, key: _Key, ended: ProcessContainer) -> ProcessContainer:
        task, container = self._payloads[key[0]], self._payload(*key)
        files, last = ended.files, ended.exit
        assert last is not None, f"{key} is restarted while it runs"
        group: str | None = None
        try:
            launch = plan_launch(container, ended.record.network_bindings)
            # A group of its own, for a group never forgets that memory ran out in it.
            group = self._bound_memory(task, container, run=f"-{time.time_ns():x}")
            record = replace(ended.record, started_at=time.time(), memory_group=group)
            files.renew(record)
            started = self._container(task, files, record)
            try:
                self._spawn(started, launch, container.memory or task.memory)
            except OSError:
                files.put_back(ended.record, code=last.exit_code, at=last.at)
                raise
        except (OSError, RuntimeFault) as error:
            if group is not None:
                remove_group(group)
            raise _as_fault(error, "CannotStartContainerError", f"container {container.name}") from error
        self._waiting.discard(key)
        return started

    def _find(self, payload: TaskPayload, container: ContainerPayload) -> bool:
        """Take up a container that an earlier control plane recorded. False: it recorded none."""
        files = self._folders.container(payload.task_id, container.name)
        record = files.record()
        if record is None:
            return False
        self._ports.keep(binding.host_port for binding in record.network_bindings)
        found = self._container(payload, files, record)
        if files.is_claimed():
            self._containers[payload.task_arn, container.name] = found
            found.adopt()
            return True
        # It was to be started, or restarted, when the control plane was killed.
        try:
            record = replace(record, started_at=time.time(), memory_group=self._bound_memory(payload, container))
            files.write(record)
            found = self._container(payload, files, record)
            launch = plan_launch(container, record.network_bindings)
            self._spawn_or_forget(found, launch, container.memory or payload.memory)
        except (OSError, RuntimeFault) as error:
            found.fail(str(_as_fault(error, "CannotStartContainerError", f"container {container.name}")))
        self._containers[payload.task_arn, container.name] = found
        return True

    def _spawn_or_forget(self, container: ProcessContainer, launch: Launch, memory: int) -> None:
        """As `_spawn`; where that cannot be done, the container was not started. Raises `RuntimeFault`."""
        try:
            self._spawn(container, launch, memory)
        except OSError as error:
            container.files.forget()
            self._release(container.record)
            name = container.record.container_name
            raise _as_fault(error, "CannotStartContainerError", f"container {name}") from error

    def _spawn(self, container: ProcessContainer, launch: Launch, memory: int) -> None:
        """Start a shim for a recorded container. Of several shims for the same one, the first runs the program.

        Raises `OSError`.
        """
        group = container.record.memory_group
        pid = self._the_shim.spawn(
            launch,
            container.files.stem,
            memory_group=group,
            data_limit_kib=_data_limit_kib(memory) if group is None else None,
        )
        container.follow_child(pid)

    def _container(self, task: TaskPayload, files: ContainerFiles, record: ContainerRecord) -> ProcessContainer:
        return ProcessContainer(
            runtime_id=f"{task.task_id}-{zlib.crc32(record.container_name.encode()):010d}",  # Fargate's form
            files=files,
            record=record,
            on_end=lambda container: self._let_end(task, container),
        )

    def _bind(self, task: TaskPayload, container: ContainerPayload) -> tuple[NetworkBinding, ...]:
        bindings: list[NetworkBinding] = []
        try:
            for mapping in container.port_mappings:
                is_static = mapping.host_port != 0 and task.network_mode is not NetworkMode.AWSVPC
                bindings.append(
                    NetworkBinding(
                        bind_ip=ADDRESS,
                        container_port=mapping.container_port,
                        host_port=self._ports.take_exactly(mapping.host_port, mapping.protocol)
                        if is_static
                        else self._ports.take(mapping.protocol),
                        protocol=mapping.protocol,
                    )
                )
        except RuntimeFault as fault:
            self._ports.release(binding.host_port for binding in bindings)
            raise RuntimeFault(fault.name, f"container {container.name}: {fault.message}") from fault
        return tuple(bindings)

    def _bound_memory(self, task: TaskPayload, container: ContainerPayload, *, run: str = "") -> str | None:
        memory = container.memory or task.memory
        if self._memory is None or not memory:
            return None
        name = f"{task.task_id}-{zlib.crc32(container.name.encode()):08x}{run}"
        return self._memory.create(name, memory)

    def _let_end(self, task: TaskPayload, container: ProcessContainer) -> None:
        """A container has ended. One that may be restarted keeps its ports until its task is removed."""
        record, ended = container.record, container.exit
        assert ended is not None, f"{record.container_name} runs"
        policy = next(each.restart_policy for each in task.containers if each.name == record.container_name)
        if not container.was_stopped and may_restart(
            policy, exit_code=ended.exit_code, started_at=record.started_at, ended_at=ended.at
        ):
            self._waiting.add((task.task_arn, record.container_name))
            self._remove_group(record)
        else:
            self._release(record)

    def _release(self, record: ContainerRecord) -> None:
        """Give back what a container that has ended was given."""
        self._ports.release(binding.host_port for binding in record.network_bindings)
        self._remove_group(record)

    def _remove_group(self, record: ContainerRecord) -> None:
        if record.memory_group is not None and not remove_group(record.memory_group):
            self._used_groups.add(record.memory_group)

    def _remove_used_groups(self) -> None:
        self._used_groups = {group for group in self._used_groups if not remove_group(group)}

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            self._remove_used_groups()
            running = [container.files for container in self._containers.values() if not container.has_ended]
            await asyncio.to_thread(cut_long_logs, running)
            await asyncio.to_thread(self._folders.prune)


def _data_limit_kib(memory: int) -> int | None:
    """The limit of private memory that serves for one of `memory` MiB; None: there is none."""
    return memory * KIB_PER_MIB * RESERVED_PER_USED or None


def _as_fault(error: Exception, name: str, what: str) -> RuntimeFault:
    """`error` as the runtime's fault: an error of the operating system under `name`, with a sentence."""
    if isinstance(error, RuntimeFault):
        return error
    assert isinstance(error, OSError)
    hint = ": free some space on the data disk" if error.errno == errno.ENOSPC else ""
    return RuntimeFault(name, f"{what}: {error.strerror} ({error.filename or 'exec'}){hint}")

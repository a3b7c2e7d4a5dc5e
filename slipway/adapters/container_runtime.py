"""What the local host asks of a container runtime: the one protocol that docker and process implement.

`adapters/local_host.py` runs tasks (order of containers, essential ones, stop timeouts, reports) over this protocol; a
runtime knows single containers only. Contract: `tests/contracts/runtime_contract.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from slipway.core.model.task_definitions import ContainerHealthCheck
from slipway.core.model.tasks import HealthProbe, NetworkBinding
from slipway.core.plan import ContainerPayload, TaskPayload


class RuntimeFault(Exception):
    """The runtime could not do what was asked; `name` is the public ECS agent's error name (`CannotPullContainerError`,
    `CannotCreateContainerError`, `CannotStartContainerError` …) and `message` the sentence behind it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedContainer:
    """A container that runs, or ran. `runtime_id` is what `DescribeTasks` shows as runtimeId."""

    runtime_id: str
    started_at: float
    image_digest: str | None = None  # None: the runtime knows none
    ip_address: str | None = None  # the task's own address; None: reached through its bindings
    network_bindings: tuple[NetworkBinding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerExit:
    """How a container ended. Killed by signal n is 128 + n."""

    exit_code: int | None  # None: it vanished and nobody knows
    at: float
    reason: str | None = None  # "OutOfMemoryError: Container killed due to memory usage"; None: plain exit
    was_killed: bool = False  # its time to end was over, and the runtime, or its engine, sent SIGKILL


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerUsage:
    """What a container has used and holds at this moment."""

    cpu_s: float  # processor time since it was started, seconds of one core
    memory: int  # bytes
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContainer:
    """A container of ours that was there when the runtime was opened, running or ended."""

    payload: TaskPayload  # the task as it was ordered, kept with the container
    container_name: str
    started: StartedContainer


class ContainerRuntime(Protocol):
    """Runs single containers, and finds them again after a restart of the control plane."""

    @property
    def name(self) -> str:
        """`docker` or `process`."""

    async def open(self) -> tuple[FoundContainer, ...]:
        """Connect, and find every container of ours on this data directory."""

    async def pull(self, container: ContainerPayload) -> None:
        """Make the image present, by the pull behaviour set. Raises `RuntimeFault("CannotPullContainerError", …)`."""

    async def start(self, task: TaskPayload, container: ContainerPayload) -> StartedContainer:
        """Create and start a container, or adopt the one already made for it. Raises `RuntimeFault`."""

    async def wait(self, task_arn: str, container_name: str) -> ContainerExit:
        """Wait until a started or found container has ended."""

    async def restart(self, task_arn: str, container_name: str) -> StartedContainer:
        """Start a container that has ended again, in place: same name, id, ports and log; `started_at` is of the new
        run, and `wait`, `stop`, `probes` and `usage` are then about that. One that runs is left as it is. Raises
        `RuntimeFault`: it counts as ended still."""

    async def stop(self, task_arn: str, container_name: str, *, timeout_s: float) -> None:
        """Send the stop signal, and SIGKILL `timeout_s` seconds later if it still runs. Returns when it has ended."""

    def probes(self, task_arn: str, container_name: str, check: ContainerHealthCheck) -> AsyncIterator[HealthProbe]:
        """Each run of the container's health check as it ends, until the container does; the first one interval after
        the start. A run that outlasts the check's timeout is killed. What they add up to is not decided here. After a
        restart of the control plane runs that ended meanwhile may be told again, or be left out."""

    async def usage(self, task_arn: str, container_name: str) -> ContainerUsage | None:
        """What a running container uses; None: it does not run, or nobody knows."""

    async def image_lack(self, image: str) -> str | None:
        """Why `image` could not be had if a task with it were started now, as a sentence; None: it could, or nobody
        knows. Answers within some seconds and pulls nothing."""

    async def remove(self, task_arn: str) -> None:
        """Forget a task whose containers have ended; logs may be kept for `logs`."""

    def logs(self, task_arn: str, container_name: str, *, tail: int | None, follow: bool) -> AsyncIterator[bytes]:
        """Output of a container, both streams, by line; `tail` the last so many lines, None all; `follow` goes on."""

    async def close(self) -> None:
        """Let go of the containers, leaving them running."""

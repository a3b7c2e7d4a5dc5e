"""Placement: which host has room for a task, and if none has, why not.

Theory of operation. A task reserves CPU units, memory and static host ports on one host from the commit that creates it
until its host reports it STOPPED; reservations of all clusters count against the same host, so nothing is ever sold
twice. Hosts are tried by what is left (fewest tasks first, whose ever they are, then the most CPU left, then the id),
each through the same list of filters. A filter that refuses says what was lacking, and the refusal of the host that
came closest (the one that passed most filters) becomes the sentence of ECS's placement event and the reason of
RunTask's failure.

The snapshot keeps hosts on which as much is left together (`HostOrder`): a kind of host is filtered once, not host by
host, and a placement that finds room looks no further than the last host it takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from slipway.core.model.hosts import Host
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition
from slipway.core.placing.host_order import HostOrder, Standing
from slipway.core.snapshot import Snapshot

#: The filters that a host must pass: it is connected, takes tasks, and has the CPU, the memory and the ports.
_FILTERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What a task reserves: CPU units, MiB, and static host ports."""

    cpu: int
    memory: int
    host_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where tasks go: a host for each that found room, and why the next found none (None: all found room)."""

    hosts: tuple[Host, ...]
    refusal: "Refusal | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no host can take a task: RunTask's failure reason, the closest host and what it lacks, as a sentence."""

    reason: str  # RESOURCE:CPU, RESOURCE:MEMORY, RESOURCE:PORTS, AGENT; EMPTY: there are no hosts
    host_id: str | None  # the closest host; None: there are no hosts
    lack: str  # "has insufficient CPU units available", with the numbers


def footprint(definition: TaskDefinition, *, cpu: int | None = None, memory: int | None = None) -> Footprint:
    """What a task of `definition` reserves; `cpu` and `memory` override the task's.

    Source: `ContainerDefinition` of the ECS API (the task's value, else the sum; a reservation before a hard limit).
    """
    containers = definition.containers
    task_cpu = cpu if cpu is not None else definition.cpu
    task_memory = memory if memory is not None else definition.memory
    return Footprint(
        cpu=task_cpu if task_cpu is not None else sum(container.cpu for container in containers),
        memory=task_memory
        if task_memory is not None
        else sum(container.memory_reservation or container.memory or 0 for container in containers),
        host_ports=_static_ports(definition),
    )


def _static_ports(definition: TaskDefinition) -> tuple[int, ...]:
    """The host's own ports that a task takes: none with an address of its own (awsvpc) or no network at all."""
    mappings = [mapping for container in definition.containers for mapping in container.port_mappings]
    match definition.network_mode:
        case NetworkMode.HOST:
            return tuple(sorted({mapping.host_port or mapping.container_port for mapping in mappings}))
        case NetworkMode.BRIDGE:
            return tuple(sorted({mapping.host_port for mapping in mappings if mapping.host_port}))
        case _:
            return ()


def place(snapshot: Snapshot, need: Footprint, count: int, taken_hosts: frozenset[str] | None = None) -> Placement:
    """Hosts for `count` tasks of one footprint, as many as there is room for, each chosen with the others placed.

    With `taken_hosts` each host gets one at most, and those named none (DAEMON services). Costs the tasks placed and
    the kinds of hosts.
    """
    trial = _Trial(snapshot.host_order, need, taken_hosts)
    chosen: list[Host] = []
    while len(chosen) < count and (host_id := trial.next_host()) is not None:
        chosen.append(snapshot.hosts[host_id])
    is_complete = len(chosen) == count
    return Placement(hosts=tuple(chosen), refusal=None if is_complete else trial.refusal())


class _Trial:
    """One placement in the making: which hosts are tried next, as they stand with the tasks placed so far."""

    __slots__ = ("_closest", "_kinds", "_need", "_queue", "_taken_hosts")

    def __init__(self, order: HostOrder, need: Footprint, taken_hosts: frozenset[str] | None) -> None:
        self._need = need
        self._taken_hosts = taken_hosts
        self._kinds = iter(order)
        # A heap by rank: a host that passes, with those of its kind behind it; and with no id, so that it comes before
        # all hosts of its rank, the next kind that is not judged yet.
        self._queue: list[tuple[int, int, str, Standing, Iterator[str]]] = []
        self._closest: tuple[int, tuple[int, int, str], Standing] | None = None  # None: nothing was refused
        self._await_next_kind()

    def next_host(self) -> str | None:
        """The host that takes the next task; None: no host does."""
        need = self._need
        while self._queue:
            _, _, host_id, standing, others = heappop(self._queue)
            if not host_id:
                self._judge(standing, others)
                self._await_next_kind()
                continue
            self._offer(standing, others)
            if self._taken_hosts is None:
                after = standing.with_task(cpu=need.cpu, memory=need.memory, host_ports=need.host_ports)
                self._judge(after, iter((host_id,)))
            return host_id
        return None

    def refusal(self) -> Refusal:
        """The refusal of the host that passed most filters, the first tried of those."""
        if self._closest is None:
            return Refusal(reason="EMPTY", host_id=None, lack="")
        passed, (_, _, host_id), standing = self._closest
        reason, lack = _refusal(standing, self._need, passed)
        return Refusal(reason=reason, host_id=host_id, lack=lack)

    def _await_next_kind(self) -> None:
        for standing, host_ids in self._kinds:
            taken = self._taken_hosts
            hosts = iter(host_ids) if not taken else (host_id for host_id in host_ids if host_id not in taken)
            heappush(self._queue, (standing.task_count, standing.cpu_rank, "", standing, hosts))
            return

    def _judge(self, standing: Standing, hosts: Iterator[str]) -> None:
        """Have hosts of one kind tried in their turn, or note the refusal of the first of them."""
        passed = _passed(standing, self._need)
        if passed == _FILTERS:
            self._offer(standing, hosts)
            return
        host_id = next(hosts, None)
        if host_id is not None:
            rank = (standing.task_count, standing.cpu_rank, host_id)
            closest = self._closest
            if closest is None or passed > closest[0] or (passed == closest[0] and rank < closest[1]):
                self._closest = passed, rank, standing

    def _offer(self, standing: Standing, hosts: Iterator[str]) -> None:
        host_id = next(hosts, None)
        if host_id is not None:
            heappush(self._queue, (standing.task_count, standing.cpu_rank, host_id, standing, hosts))


def _passed(standing: Standing, need: Footprint) -> int:
    """How many filters, in their order, a host passes before one refuses it."""
    if not standing.is_connected:
        return 0
    if standing.is_draining:
        return 1
    if need.cpu > standing.cpu_left:
        return 2
    if need.memory > standing.memory_left:
        return 3
    return 4 if any(port in standing.ports for port in need.host_ports) else _FILTERS


def _refusal(standing: Standing, need: Footprint, passed: int) -> tuple[str, str]:
    """The reason and the sentence of the filter that refuses a host which passed so many."""
    refusals = (
        ("AGENT", 'encountered error "AGENT"'),
        ("NO ACTIVE INSTANCES", "is DRAINING"),
        ("RESOURCE:CPU", _lack("CPU units", need.cpu, standing.cpu_left)),
        ("RESOURCE:MEMORY", _lack("memory", need.memory, standing.memory_left)),
        ("RESOURCE:PORTS", _port_lack(need, standing)),
    )
    return refusals[passed]


def _lack(what: str, needed: int, left: int) -> str:
    return f"has insufficient {what} available (the task needs {needed}, {left} are left)"


def _port_lack(need: Footprint, standing: Standing) -> str:
    ports = ", ".join(str(port) for port in sorted(need.host_ports) if port in standing.ports)
    return f"is already using a port required by your task (host port {ports})"


def placement_sentence(refusal: Refusal, container_instance_id: str | None) -> str:
    """The end of ECS's placement event: why no container instance met the task's requirements."""
    start = "was unable to place a task because no container instance met all of its requirements."
    if container_instance_id is None:
        return f"{start} Reason: No Container Instances were found in your cluster."
    return f"{start} The closest matching (container-instance {container_instance_id}) {refusal.lack}."

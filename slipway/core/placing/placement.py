"""Placement: which host has room for a task, and if none has, why not.

Theory of operation. A task reserves CPU units, memory and static host ports on one host from the commit that creates it
until its host reports it STOPPED; reservations of all clusters count against the same host, so nothing is ever sold
twice. Hosts are tried by what is left (fewest tasks first, whose ever they are, then the most CPU left, then the id),
each through the same list of filters. A filter that refuses says what was lacking, and the refusal of the host that
came closest (the one that passed most filters) becomes the sentence of ECS's placement event and the reason of
RunTask's failure.
"""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from slipway.core.model.hosts import Host
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition
from slipway.core.placing.host_room import HostRoom
from slipway.core.snapshot import Snapshot


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

    With `taken_hosts` each host gets one at most, and those named none (DAEMON services).
    """
    rooms = {host_id: snapshot.room(host_id).copy() for host_id in snapshot.hosts}
    for host_id in taken_hosts or ():
        rooms.pop(host_id, None)
    ranked = [(_rank(snapshot.hosts[host_id], room), snapshot.hosts[host_id]) for host_id, room in rooms.items()]
    heapify(ranked)
    chosen: list[Host] = []
    refusals: list[tuple[int, Refusal]] = []
    while len(chosen) < count and ranked:
        _, host = heappop(ranked)
        passed, refusal = _check(host, rooms[host.id], need)
        if refusal is not None:
            refusals.append((passed, refusal))  # it has no room for another task of this footprint either
            continue
        chosen.append(host)
        rooms[host.id].hold(cpu=need.cpu, memory=need.memory, host_ports=need.host_ports)
        if taken_hosts is None:
            heappush(ranked, (_rank(host, rooms[host.id]), host))
    is_complete = len(chosen) == count
    return Placement(hosts=tuple(chosen), refusal=None if is_complete else _closest(refusals))


def _closest(refusals: list[tuple[int, Refusal]]) -> Refusal:
    """The refusal of the host that passed most filters, the first tried of those."""
    if not refusals:
        return Refusal(reason="EMPTY", host_id=None, lack="")
    return max(refusals, key=lambda refused: refused[0])[1]


def _rank(host: Host, room: HostRoom) -> tuple[int, int, str]:
    """The order in which hosts are tried: fewest tasks, most CPU left, then the id."""
    return room.task_count, -room.cpu_left(host), host.id


def _check(host: Host, room: HostRoom, need: Footprint) -> tuple[int, Refusal | None]:
    """How many filters a host passes, and the refusal of the first it does not pass (None: it passes all)."""
    lacks = (
        ("AGENT", "" if host.is_connected else 'encountered error "AGENT"'),
        ("NO ACTIVE INSTANCES", "is DRAINING" if host.is_draining else ""),
        ("RESOURCE:CPU", _lack("CPU units", need.cpu, room.cpu_left(host))),
        ("RESOURCE:MEMORY", _lack("memory", need.memory, room.memory_left(host))),
        ("RESOURCE:PORTS", _port_lack(room.taken(host, need.host_ports))),
    )
    for passed, (reason, lack) in enumerate(lacks):
        if lack:
            return passed, Refusal(reason=reason, host_id=host.id, lack=lack)
    return len(lacks), None


def _lack(what: str, needed: int, left: int) -> str:
    if needed <= left:
        return ""
    return f"has insufficient {what} available (the task needs {needed}, {left} are left)"


def _port_lack(taken: tuple[int, ...]) -> str:
    if not taken:
        return ""
    ports = ", ".join(map(str, taken))
    return f"is already using a port required by your task (host port {ports})"


def placement_sentence(refusal: Refusal, container_instance_id: str | None) -> str:
    """The end of ECS's placement event: why no container instance met the task's requirements."""
    start = "was unable to place a task because no container instance met all of its requirements."
    if container_instance_id is None:
        return f"{start} Reason: No Container Instances were found in your cluster."
    return f"{start} The closest matching (container-instance {container_instance_id}) {refusal.lack}."

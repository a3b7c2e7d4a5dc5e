"""Placement as its rules read, host by host: what the indexed one must equal, and is measured beside."""

from heapq import heapify, heappop, heappush

from slipway.core.model.hosts import Host
from slipway.core.placing.host_room import HostRoom
from slipway.core.placing.placement import Footprint, Placement, Refusal
from slipway.core.snapshot import Snapshot


def place_plainly(
    snapshot: Snapshot, need: Footprint, count: int, taken_hosts: frozenset[str] | None = None
) -> Placement:
    """As `place`, on a copy of every host's room: the one of the lowest rank takes the task, or refuses it for good."""
    rooms = {host_id: snapshot.room(host_id).copy() for host_id in snapshot.hosts if host_id not in (taken_hosts or ())}
    ranked = [(_rank(snapshot.hosts[host_id], room), snapshot.hosts[host_id]) for host_id, room in rooms.items()]
    heapify(ranked)
    chosen: list[Host] = []
    refusals: list[tuple[int, Refusal]] = []
    while len(chosen) < count and ranked:
        _, host = heappop(ranked)
        room = rooms[host.id]
        passed, refusal = _check(host, room, need)
        if refusal is not None:
            refusals.append((passed, refusal))
            continue
        chosen.append(host)
        room.hold(cpu=need.cpu, memory=need.memory, host_ports=need.host_ports)
        if taken_hosts is None:
            heappush(ranked, (_rank(host, room), host))
    if len(chosen) == count:
        return Placement(hosts=tuple(chosen), refusal=None)
    nowhere = Refusal(reason="EMPTY", host_id=None, lack="")
    closest = max(refusals, key=lambda refused: refused[0])[1] if refusals else nowhere
    return Placement(hosts=tuple(chosen), refusal=closest)


def _rank(host: Host, room: HostRoom) -> tuple[int, int, str]:
    return room.task_count, -room.cpu_left(host), host.id


def _check(host: Host, room: HostRoom, need: Footprint) -> tuple[int, Refusal | None]:
    """How many filters a host passes, and the refusal of the first it does not pass (None: it passes all)."""
    taken = ", ".join(map(str, room.taken(host, need.host_ports)))
    lacks = (
        ("AGENT", "" if host.is_connected else 'encountered error "AGENT"'),
        ("NO ACTIVE INSTANCES", "is DRAINING" if host.is_draining else ""),
        ("RESOURCE:CPU", _lack("CPU units", need.cpu, room.cpu_left(host))),
        ("RESOURCE:MEMORY", _lack("memory", need.memory, room.memory_left(host))),
        ("RESOURCE:PORTS", taken and f"is already using a port required by your task (host port {taken})"),
    )
    for passed, (reason, lack) in enumerate(lacks):
        if lack:
            return passed, Refusal(reason=reason, host_id=host.id, lack=lack)
    return len(lacks), None


def _lack(what: str, needed: int, left: int) -> str:
    if needed <= left:
        return ""
    return f"has insufficient {what} available (the task needs {needed}, {left} are left)"

"""How many tasks of one footprint would fit on the hosts, with those of a service there, and without them."""

from collections import Counter
from dataclasses import dataclass

from slipway.core.model.hosts import Host
from slipway.core.model.services import Service
from slipway.core.placing.host_room import HostRoom
from slipway.core.placing.placement import Footprint
from slipway.core.snapshot import Snapshot
from slipway.core.tasks.service_tasks import Phase

#: A number of tasks that no host ever holds: what a footprint of nothing is counted as.
BOUNDLESS = 1_000_000

_ALIVE = tuple(phase for phase in Phase if phase is not Phase.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The room for tasks of one footprint on all hosts that take tasks."""

    hosts: int  # that take tasks
    own: int  # tasks of the service that hold room now
    beside: int  # tasks that fit while they do
    alone: int  # tasks that will fit when none of them does


def room_for(snapshot: Snapshot, service: Service, need: Footprint) -> Room:
    """The room for tasks of a service. Costs what its tasks are, and the hosts."""
    hosts = [host for host in snapshot.hosts.values() if host.is_connected and not host.is_draining]
    rooms = {host.id: snapshot.room(host.id).copy() for host in hosts}
    beside = sum(_fitting(host, rooms[host.id], need) for host in hosts)
    tasks = snapshot.service_tasks(service.arn)
    own: Counter[str] = Counter()
    for deployment in snapshot.service_deployments_of(service.arn):
        of = tasks.of(deployment.id)
        for arn in (arn for phase in _ALIVE for arn in of.first(phase, of.count(phase))):
            task = snapshot.tasks[arn]
            own[task.host_id] += 1
            if task.host_id in rooms:
                rooms[task.host_id].hold(cpu=task.cpu, memory=task.memory, host_ports=task.host_ports, sign=-1)
    alone = sum(_fitting(host, rooms[host.id], need) for host in hosts)
    return Room(hosts=len(hosts), own=own.total(), beside=beside, alone=alone)


def _fitting(host: Host, room: HostRoom, need: Footprint) -> int:
    """How many more tasks one host can take; with static ports one at most."""
    most = [BOUNDLESS]
    if need.cpu:
        most.append(room.cpu_left(host) // need.cpu)
    if need.memory:
        most.append(room.memory_left(host) // need.memory)
    if need.host_ports:
        most.append(0 if room.taken(host, need.host_ports) else 1)
    return max(min(most), 0)

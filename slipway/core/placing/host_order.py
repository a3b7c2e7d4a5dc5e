"""Hosts in the order in which placement tries them, kept as their rooms change.

Theory of operation. Whether a host takes a task depends on nothing but what is left on it: hosts of which as much is
left pass and fail the same filters, so they are kept together, and a placement judges each such kind once, however
many hosts are of it. A task that comes or goes moves its host from one kind to another, by binary searches. On hosts
of one size there are about as many kinds as tasks on a host; at worst every host is a kind of its own.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from slipway.core.model.hosts import Host
from slipway.core.placing.host_room import HostRoom


class Standing(NamedTuple):
    """All that placement knows of a host but its id. Standings sort as hosts are tried: fewest tasks, most CPU left.

    A named tuple, because it is a key and is compared: ten times as fast as a dataclass with `order`.
    """

    task_count: int  # whose ever they are
    cpu_rank: int  # the CPU units left, negated: the most come first
    memory_left: int  # MiB
    ports: tuple[int, ...]  # of the host that are reserved or taken, sorted
    is_connected: bool
    is_draining: bool

    @property
    def cpu_left(self) -> int:
        """CPU units no task has reserved."""
        return -self.cpu_rank

    def with_task(self, *, cpu: int, memory: int, host_ports: tuple[int, ...]) -> "Standing":
        """The standing of the host with one more task."""
        ports = tuple(sorted({*self.ports, *host_ports})) if host_ports else self.ports
        return Standing(
            self.task_count + 1,
            self.cpu_rank + cpu,
            self.memory_left - memory,
            ports,
            self.is_connected,
            self.is_draining,
        )


def standing_of(host: Host, room: HostRoom) -> Standing:
    """The standing of a host whose room is reserved like this."""
    return Standing(
        room.task_count,
        -room.cpu_left(host),
        room.memory_left(host),
        room.ports_of(host),
        host.is_connected,
        host.is_draining,
    )


class HostOrder:
    """Host ids by standing. Reading costs the standings, a change two binary searches and memory moves."""

    __slots__ = ("_ids", "_order", "_standings")

    def __init__(self) -> None:
        self._standings: dict[str, Standing] = {}  # by host id
        self._ids: dict[Standing, list[str]] = {}  # sorted; no list is empty
        self._order: list[Standing] = []  # the keys of `_ids`, sorted

    def put(self, host: Host, room: HostRoom) -> None:
        """Bring a host to where it stands now."""
        standing = standing_of(host, room)
        known = self._standings.get(host.id)
        if standing == known:
            return
        self.discard(host.id)
        self._standings[host.id] = standing
        ids = self._ids.get(standing)
        if ids is None:
            self._ids[standing] = [host.id]
            insort(self._order, standing)
        else:
            insort(ids, host.id)

    def discard(self, host_id: str) -> None:
        """Forget a host, if it is known."""
        standing = self._standings.pop(host_id, None)
        if standing is None:
            return
        ids = self._ids[standing]
        del ids[bisect_left(ids, host_id)]
        if not ids:
            del self._ids[standing]
            del self._order[bisect_left(self._order, standing)]

    def __iter__(self) -> Iterator[tuple[Standing, Sequence[str]]]:
        """The standings as hosts are tried, each with the ids of its hosts, sorted."""
        return ((standing, self._ids[standing]) for standing in self._order)

"""What is left on a host: its resources less what its tasks have reserved."""

from collections import Counter
from collections.abc import Iterable

from slipway.core.model.hosts import Host
from slipway.core.model.tasks import Task


class HostRoom:
    """The reservations on one host. A task holds its room until it is STOPPED."""

    __slots__ = ("cpu_used", "memory_used", "ports_used", "task_count", "tasks")

    def __init__(self) -> None:
        self.cpu_used = 0
        self.memory_used = 0
        self.ports_used: Counter[int] = Counter()
        self.task_count = 0
        self.tasks: set[str] = set()

    def copy(self) -> "HostRoom":
        """The same reservations, to try placements on; the names of the tasks are left out."""
        room = HostRoom()
        room.cpu_used, room.memory_used, room.task_count = self.cpu_used, self.memory_used, self.task_count
        room.ports_used = self.ports_used.copy()
        return room

    def replace(self, old: Task | None, new: Task | None) -> bool:
        """Bring the reservations from `old` to `new`, and tell whether they changed.

        A stopped task reserves nothing, any other what it began with.
        """
        held = old is not None and not old.is_stopped
        holds = new is not None and not new.is_stopped
        if held is holds:
            return False
        task = new if holds else old
        assert task is not None, "one of them holds room"
        self.hold(cpu=task.cpu, memory=task.memory, host_ports=task.host_ports, sign=1 if holds else -1)
        (self.tasks.add if holds else self.tasks.discard)(task.arn)
        return True

    def hold(self, *, cpu: int, memory: int, host_ports: Iterable[int], sign: int = 1) -> None:
        """Reserve for one more task (`sign` 1), or give a reservation back (-1)."""
        self.cpu_used += sign * cpu
        self.memory_used += sign * memory
        self.task_count += sign
        for port in host_ports:
            self.ports_used[port] += sign
            if not self.ports_used[port]:
                del self.ports_used[port]

    def cpu_left(self, host: Host) -> int:
        """CPU units no task has reserved."""
        return host.cpu - self.cpu_used

    def memory_left(self, host: Host) -> int:
        """MiB no task has reserved."""
        return host.memory - self.memory_used

    def ports_of(self, host: Host) -> tuple[int, ...]:
        """The host's ports that are reserved, by itself or by its tasks."""
        if not self.ports_used:
            return host.reserved_ports
        return tuple(sorted({*host.reserved_ports, *self.ports_used}))

    def taken(self, host: Host, ports: Iterable[int]) -> tuple[int, ...]:
        """Those of `ports` that are reserved already, sorted."""
        return tuple(sorted(port for port in ports if port in host.reserved_ports or self.ports_used[port] > 0))

"""What is left on a host: its resources less what its tasks have reserved."""

from collections import Counter
from collections.abc import Iterable

from slipway.core.model.hosts import Host
from slipway.core.model.tasks import Task


class HostRoom:
    """The reservations on one host. A task holds its room until it is STOPPED."""

    __slots__ = ("cpu_used", "memory_used", "ports_used", "tasks")

    def __init__(self) -> None:
        self.cpu_used = 0
        self.memory_used = 0
        self.ports_used: Counter[int] = Counter()
        self.tasks: set[str] = set()

    def replace(self, old: Task | None, new: Task | None) -> None:
        """Bring the reservations from `old` to `new`; a stopped task reserves nothing."""
        if old is not None and not old.is_stopped:
            self._reserve(old, -1)
            self.tasks.discard(old.arn)
        if new is not None and not new.is_stopped:
            self._reserve(new, 1)
            self.tasks.add(new.arn)

    def _reserve(self, task: Task, sign: int) -> None:
        self.cpu_used += sign * task.cpu
        self.memory_used += sign * task.memory
        for port in task.host_ports:
            self.ports_used[port] += sign

    def cpu_left(self, host: Host) -> int:
        """CPU units no task has reserved."""
        return host.cpu - self.cpu_used

    def memory_left(self, host: Host) -> int:
        """MiB no task has reserved."""
        return host.memory - self.memory_used

    def taken(self, host: Host, ports: Iterable[int]) -> tuple[int, ...]:
        """Those of `ports` that are reserved already, sorted."""
        return tuple(sorted(port for port in ports if port in host.reserved_ports or self.ports_used[port] > 0))

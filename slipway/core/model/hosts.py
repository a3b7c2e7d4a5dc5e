"""Hosts: the machines tasks run on. Every host is a container instance of every cluster."""

from dataclasses import dataclass

#: TCP ports a host never gives to tasks (public ECS agent: SSH, Docker and the agent's own).
DEFAULT_RESERVED_PORTS = (22, 2375, 2376, 51678, 51679)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host and what it offers; what is left is counted by the snapshot."""

    id: str
    cpu: int  # CPU units
    memory: int  # MiB
    address: str  # where the published ports of its tasks are reached
    runtime: str  # "docker" or "process"
    registered_at: float
    reserved_ports: tuple[int, ...] = DEFAULT_RESERVED_PORTS
    is_connected: bool = True
    is_draining: bool = False  # it leaves: it gets no tasks, and those it has are stopped

    @property
    def key(self) -> str:
        """The host's id, 32 hex digits."""
        return self.id

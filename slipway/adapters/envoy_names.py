"""At which ports of 127.0.0.1 load balancers are served by name.

Names below `.localhost` lead to 127.0.0.1 (RFC 6761, 6.3), and load balancers have addresses of their own. So for each
port that some load balancer listens on, Envoy listens at 127.0.0.1 too and goes by the Host header. That is a
convenience, and gives way to whatever has a better claim to the port: it is left out where a program has the port,
and where a task or a target is to have it, even while it does not run.
"""

import logging
from collections.abc import Callable, Iterable

from slipway.adapters.envoy_ports import bind_error, is_free
from slipway.core.model.task_definitions import NetworkMode, TaskDefinition, TaskDefinitionStatus
from slipway.core.placing.placement import footprint
from slipway.core.snapshot import Snapshot

logger = logging.getLogger(__name__)

#: Where names below `.localhost` lead.
LOOPBACK = "127.0.0.1"

#: A load balancer there has the port at 127.0.0.1 itself.
_OWN = (LOOPBACK, "0.0.0.0")

#: Looks in a row at which a port that a program had must be free before we take it. A program that is only started
#: again, as at every change of its source, finds its port free; at 5 s a look that is a minute.
FREE_LOOKS = 12

_PREFIX = "names:"


def name_listener(port: int) -> str:
    """What Envoy calls the listener at 127.0.0.1:`port`."""
    return f"{_PREFIX}{port}"


def named_port(listener: str) -> int | None:
    """The port of a listener at 127.0.0.1 by its name in Envoy; None: it is a load balancer's own."""
    return int(listener.removeprefix(_PREFIX)) if listener.startswith(_PREFIX) else None


def claimed_ports(definition: TaskDefinition) -> tuple[int, ...]:
    """The ports of the host that tasks of an ACTIVE definition take: its static host ports."""
    is_claiming = definition.status is TaskDefinitionStatus.ACTIVE and (
        definition.network_mode in (NetworkMode.BRIDGE, NetworkMode.HOST)
    )
    return footprint(definition).host_ports if is_claiming else ()


def wanted_ports(snapshot: Snapshot) -> set[int]:
    """The ports of 127.0.0.1 to serve names at, as far as the records say."""
    balancers = snapshot.load_balancers
    listened = [
        (balancers[listener.load_balancer_arn].address, listener.port)
        for listener in snapshot.listeners.values()
        if listener.load_balancer_arn in balancers
    ]
    wanted = {port for _, port in listened} - {port for address, port in listened if address in _OWN}
    if not wanted:
        return wanted
    for definition in snapshot.task_definitions.values():
        wanted.difference_update(claimed_ports(definition))
    for host_id in snapshot.hosts:
        wanted.difference_update(port for port, count in snapshot.room(host_id).ports_used.items() if count > 0)
    wanted.difference_update(target.port for target in snapshot.targets.values() if target.address == LOOPBACK)
    return wanted


class LoopbackNames:
    """The ports of 127.0.0.1 at which Envoy is told to serve names."""

    def __init__(self, named: Iterable[int], *, envoy_pid: Callable[[], int | None]) -> None:
        self._named = set(named)  # what Envoy was told last
        self._envoy_pid = envoy_pid
        self._left_out: dict[int, int] = {}  # wanted ports that were taken, with the looks at which they were free

    def choose(self, snapshot: Snapshot) -> set[int]:
        """The ports to tell Envoy of: those wanted and free. Logs once of each that is not free."""
        wanted = wanted_ports(snapshot)
        self._left_out = {port: looks for port, looks in self._left_out.items() if port in wanted}
        self._named = {port for port in sorted(wanted) if port not in self._left_out and self._is_ours(port)}
        return self._named

    def _is_ours(self, port: int) -> bool:
        pid = self._envoy_pid()
        if port in self._named and pid is not None:
            return True
        reason = bind_error(LOOPBACK, port, own_pid=pid)
        if reason is not None:
            self.leave_out(port, reason)
        return reason is None

    def leave_out(self, port: int, reason: str) -> None:
        """Leave a port to the program that has it, until it is free for a while."""
        logger.warning("names of load balancers are not served address=%s port=%d reason=%r", LOOPBACK, port, reason)
        self._left_out[port] = 0

    def look(self, snapshot: Snapshot) -> bool:
        """Look again at the ports that were taken; gives whether `choose` would choose others now."""
        for port, looks in list(self._left_out.items()):
            self._left_out[port] = looks + 1 if is_free(LOOPBACK, port) else 0
            if self._left_out[port] >= FREE_LOOKS:
                del self._left_out[port]
        return wanted_ports(snapshot) - self._left_out.keys() != self._named

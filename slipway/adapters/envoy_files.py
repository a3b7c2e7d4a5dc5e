"""The files that Envoy watches, kept as the snapshot says.

A file is written only if its bytes change, beside the watched directory, and moved into place: Envoy reads whole files
only. Endpoints come before the cluster that reads them, clusters before the routes that name them, routes before the
listeners of their port. Envoy reads what changed in no certain order, so routes are held back until it has the
clusters they name (`awaited`, `release`), and clusters that routes may still name stay for a while (`prune`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from slipway.adapters.envoy_clusters import clusters, endpoints, used_groups
from slipway.adapters.envoy_config import (
    CLUSTERS_FILE,
    LISTENERS_FILE,
    Document,
    endpoints_file,
    resource_file,
    routes_file,
    watched_directory,
)
from slipway.adapters.envoy_listeners import listeners
from slipway.adapters.envoy_names import LoopbackNames, claimed_ports, named_port
from slipway.adapters.envoy_routes import routes
from slipway.adapters.envoy_watches import missing_watches, watches_of
from slipway.core.model.load_balancing import Listener, LoadBalancer, Target, TargetGroup
from slipway.core.model.task_definitions import TaskDefinition
from slipway.core.plan import Change
from slipway.core.snapshot import Snapshot


@dataclass(slots=True, kw_only=True)
class Touched:
    """What a set of changes makes stale; a record that holds what is collected, not frozen."""

    groups: set[str] = field(default_factory=set)  # their endpoints
    has_listeners: bool = False  # the list of listeners, and their routes
    has_clusters: bool = False  # the list of clusters


def touched_by(changes: Iterable[Change]) -> Touched:
    """What must be written again after `changes`."""
    touched = Touched()
    for change in changes:
        match change.record:
            case Target(target_group_arn=arn):
                touched.groups.add(arn)
            case TargetGroup(arn=arn):
                touched.groups.add(arn)
                touched.has_clusters = True
            case Listener():
                touched.has_listeners = touched.has_clusters = True
            case LoadBalancer():
                touched.has_listeners = True
            case TaskDefinition() as definition if claimed_ports(definition):
                touched.has_listeners = True  # names at 127.0.0.1 give way
            case _:
                pass
    return touched


class EnvoyFiles:
    """What Envoy was told last, and the writing of what changed."""

    def __init__(self, directory: Path, *, envoy_pid: Callable[[], int | None]) -> None:
        self._directory = directory
        self._envoy_pid = envoy_pid  # of the Envoy that reads the files
        self._watched = watched_directory(directory)
        self._staging = directory / "staging"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._watched.mkdir(exist_ok=True, mode=0o700)
        self._staging.mkdir(exist_ok=True, mode=0o700)
        self._bytes = {path.name: path.read_bytes() for path in self._watched.iterdir()}
        self.groups = self._names_in(CLUSTERS_FILE)  # the groups that Envoy has a cluster for
        told_ports = {named_port(name) for name in self._names_in(LISTENERS_FILE)} - {None}
        self.names = LoopbackNames((port for port in told_ports if port is not None), envoy_pid=envoy_pid)
        self.awaited: set[str] = set()  # the clusters that Envoy must have before the routes held back are written
        self._is_held = False  # routes and listeners are held back
        self.refusal: str | None = None  # why some groups or listeners had to be left out; None: none was

    def _names_in(self, file: str) -> set[str]:
        try:
            return {item["name"] for item in msgspec.json.decode(self._bytes.get(file, b""))["resources"]}
        except msgspec.DecodeError:
            return set()  # there is no such file yet, or the machine stopped while it was written

    def listeners_version(self) -> str:
        """The version of the listeners written last; Envoy names it once it has read them."""
        return str(msgspec.json.decode(self._bytes[LISTENERS_FILE])["version_info"])

    def rewrite(self, snapshot: Snapshot) -> None:
        """Write all that differs from what the snapshot says."""
        groups = used_groups(snapshot, self.groups)
        self.write(snapshot, Touched(groups=groups, has_listeners=True, has_clusters=True))

    def write(self, snapshot: Snapshot, touched: Touched) -> None:
        """Write what is touched and differs; routes and listeners only if no new cluster is `awaited`."""
        used = used_groups(snapshot, self.groups) if touched.has_clusters else self.groups
        if touched.has_clusters or touched.has_listeners:
            self.refusal = self._missing_watches(used, _listened_ports(snapshot))
        if self.refusal is not None:
            used = used & self.groups
        kept = self.groups | used
        for arn in sorted((touched.groups & kept) | (used - self.groups)):
            self._put(endpoints_file(arn), resource_file([endpoints(snapshot, arn)]))
        if touched.has_clusters:
            self.awaited |= used - self.groups
            self.groups = kept & snapshot.target_groups.keys() | used
            self._put(CLUSTERS_FILE, resource_file(clusters(snapshot, self._directory, self.groups)))
        self._is_held |= touched.has_listeners
        if not self.awaited:
            self.release(snapshot)

    def release(self, snapshot: Snapshot) -> None:
        """Write the routes and listeners that were held back: Envoy has the clusters, or there is no Envoy."""
        is_held, self._is_held = self._is_held, False
        self.awaited = set()
        if not is_held:
            return
        ports = _listened_ports(snapshot)
        if self.refusal is not None:
            ports = {port for port in ports if routes_file(port) in self._bytes}
        for port in sorted(ports):
            self._put(routes_file(port), resource_file([routes(snapshot, port)]))
        told = listeners(snapshot, self._directory, self.names.choose(snapshot))
        self._put(LISTENERS_FILE, resource_file([item for item in told if _port_of(item) in ports]))

    def _missing_watches(self, groups: set[str], ports: set[int]) -> str | None:
        files = {endpoints_file(arn) for arn in groups} | {routes_file(port) for port in ports}
        added = files - self._bytes.keys()
        return missing_watches(len(added | self._bytes.keys()) - watches_of(self._envoy_pid())) if added else None

    def unneeded(self, snapshot: Snapshot) -> set[str]:
        """The files that no listener and no draining target needs."""
        needed = {LISTENERS_FILE, CLUSTERS_FILE}
        needed.update(endpoints_file(arn) for arn in used_groups(snapshot, self.groups))
        needed.update(routes_file(listener.port) for listener in snapshot.listeners.values())
        return self._bytes.keys() - needed

    def prune(self, snapshot: Snapshot, names: set[str]) -> None:
        """Take away those of the files `names` that are not needed now, and the clusters that read them. To be called
        only for files that were not needed for a while: Envoy may read the clusters before the routes."""
        gone = names & self.unneeded(snapshot)
        self.groups = {arn for arn in self.groups if endpoints_file(arn) not in gone}
        self._put(CLUSTERS_FILE, resource_file(clusters(snapshot, self._directory, self.groups)))
        for name in gone:
            (self._watched / name).unlink(missing_ok=True)
            del self._bytes[name]

    def announce_listeners(self) -> None:
        """Have Envoy read the listeners again, as after the port of one became free."""
        self._move_into_place(LISTENERS_FILE, self._bytes[LISTENERS_FILE])

    def _put(self, name: str, content: bytes) -> None:
        if self._bytes.get(name) != content:
            self._move_into_place(name, content)
            self._bytes[name] = content

    def _move_into_place(self, name: str, content: bytes) -> None:
        staged = self._staging / name
        staged.write_bytes(content)
        staged.rename(self._watched / name)


def _listened_ports(snapshot: Snapshot) -> set[int]:
    balancers = snapshot.load_balancers
    return {listener.port for listener in snapshot.listeners.values() if listener.load_balancer_arn in balancers}


def _port_of(listener: Document) -> int:
    port: int = listener["address"]["socket_address"]["port_value"]
    return port

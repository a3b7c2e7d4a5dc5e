"""What Envoy tells about itself, asked at its admin socket."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

import httptools
import msgspec

from slipway.adapters.envoy_metrics import EnvoyStats

#: Envoy's admin page is served by its main thread, which also reads the files; it answers within milliseconds.
ADMIN_TIMEOUT_S = 5.0

#: A question for no statistic at all has Envoy gather the histograms of its threads, which takes a moment.
_GATHER = urlencode({"filter": "^$"})
GATHERING_S = 0.01

#: What metrics are made of, as far as it was ever counted: one answer, whatever the number of targets.
_METRICS = urlencode(
    {
        "format": "json",
        "histogram_buckets": "detailed",
        "filter": r"^(slipway\.|http\.app/|cluster\.[^.]*\.upstream_cx_(active|connect_fail|total)$)",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """One endpoint as Envoy has it."""

    eds_health: str  # HEALTHY, UNHEALTHY, DRAINING
    active_requests: int


#: Endpoints by cluster name, address and port.
HostStatuses = dict[tuple[str, str, int], HostStatus]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerStatus:
    """What became of the listeners file: the version Envoy accepted, and why it refused single listeners."""

    version: str | None  # None: none was accepted yet
    errors: tuple[tuple[str, str], ...]  # listener ARN, Envoy's sentence


class EnvoyAdmin:
    """A client of Envoy's admin socket. Every method raises OSError (TimeoutError among them) where nobody answers."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    async def host_statuses(self) -> HostStatuses:
        """Every endpoint of every cluster."""
        page = await self._clusters()
        return {
            (cluster.name, host.address.socket_address.address, host.address.socket_address.port_value): HostStatus(
                eds_health=host.health_status.eds_health_status, active_requests=host.active_requests()
            )
            for cluster in page.cluster_statuses
            for host in cluster.host_statuses
        }

    async def cluster_names(self) -> set[str]:
        """The clusters that requests can be sent to."""
        return {cluster.name for cluster in (await self._clusters()).cluster_statuses}

    async def _clusters(self) -> "_Clusters":
        return msgspec.json.decode(await self._request("GET", "/clusters?format=json"), type=_Clusters)

    async def listener_status(self) -> ListenerStatus:
        """The listeners Envoy has."""
        page = msgspec.json.decode(
            await self._request("GET", "/config_dump?mask=version_info,dynamic_listeners"), type=_ConfigDump
        )
        versions = [config.version_info for config in page.configs if config.version_info]
        errors = [
            (listener.name or listener.error_state.failed_configuration.name, listener.error_state.details)
            for config in page.configs
            for listener in config.dynamic_listeners
            if listener.error_state is not None
        ]
        return ListenerStatus(version=versions[0] if versions else None, errors=tuple(sorted(errors)))

    async def stats(self, pid: int) -> EnvoyStats:
        """What Envoy, whose pid is `pid`, counted of requests and connections since it began, up to this moment."""
        await self._request("GET", f"/stats?{_GATHER}")
        await asyncio.sleep(GATHERING_S)
        return read_stats(await self._request("GET", f"/stats?usedonly&{_METRICS}"), pid)

    async def is_live(self) -> bool:
        """Whether Envoy has read its first listeners and clusters and serves."""
        return b"LIVE" in await self._request("GET", "/ready")

    async def reopen_logs(self) -> None:
        """Have Envoy open its log file anew, after it was moved away."""
        await self._request("POST", "/reopen_logs")

    async def _request(self, method: str, path: str) -> bytes:
        async with asyncio.timeout(ADMIN_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(self._socket)
            try:
                request = f"{method} {path} HTTP/1.1\r\nhost: envoy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                writer.write(request.encode())
                answer = _Answer()
                parser = httptools.HttpResponseParser(answer)
                while not answer.is_complete:
                    chunk = await reader.read(1 << 16)
                    if not chunk:
                        raise ConnectionResetError(f"Envoy closed its admin socket {self._socket} in mid-answer.")
                    parser.feed_data(chunk)
                return b"".join(answer.parts)
            finally:
                writer.close()


def read_stats(page: bytes, pid: int) -> EnvoyStats:
    """Envoy's page of statistics, in JSON with detailed histograms."""
    found = msgspec.json.decode(page, type=_Stats).stats
    return EnvoyStats(
        pid=pid,
        values={each.name: each.value for each in found if isinstance(each.value, int)},
        histograms={
            histogram.name: {each.lower_bound + each.width / 2: each.count for each in histogram.totals}
            for each in found
            if each.histograms is not None
            for histogram in each.histograms.details
        },
    )


class _Answer:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.is_complete = False

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.is_complete = True


# The parts of Envoy's admin messages that are read here (envoy.admin.v3); zero values are left out by Envoy.


class _SocketAddress(msgspec.Struct):
    address: str = ""
    port_value: int = 0


class _Address(msgspec.Struct):
    socket_address: _SocketAddress = msgspec.field(default_factory=_SocketAddress)


class _Stat(msgspec.Struct):
    name: str = ""
    value: str = "0"


class _Health(msgspec.Struct):
    eds_health_status: str = "UNKNOWN"


class _Host(msgspec.Struct):
    address: _Address = msgspec.field(default_factory=_Address)
    stats: list[_Stat] = []
    health_status: _Health = msgspec.field(default_factory=_Health)

    def active_requests(self) -> int:
        return next((int(stat.value) for stat in self.stats if stat.name == "rq_active"), 0)


class _Cluster(msgspec.Struct):
    name: str = ""
    host_statuses: list[_Host] = []


class _Clusters(msgspec.Struct):
    cluster_statuses: list[_Cluster] = []


class _FailedConfiguration(msgspec.Struct):
    name: str = ""


class _ErrorState(msgspec.Struct):
    failed_configuration: _FailedConfiguration = msgspec.field(default_factory=_FailedConfiguration)
    details: str = ""


class _Listener(msgspec.Struct):
    name: str = ""
    error_state: _ErrorState | None = None


class _Config(msgspec.Struct):
    version_info: str = ""
    dynamic_listeners: list[_Listener] = []


class _ConfigDump(msgspec.Struct):
    configs: list[_Config] = []


class _Bin(msgspec.Struct):
    lower_bound: float = 0.0
    width: float = 0.0
    count: int = 0


class _Histogram(msgspec.Struct):
    name: str = ""
    totals: list[_Bin] = []


class _Histograms(msgspec.Struct):
    details: list[_Histogram] = []


class _Statistic(msgspec.Struct):
    name: str = ""
    value: int | str | None = None
    histograms: _Histograms | None = None


class _Stats(msgspec.Struct):
    stats: list[_Statistic] = []

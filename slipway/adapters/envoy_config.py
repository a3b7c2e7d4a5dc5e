"""Envoy's bootstrap, and how the files it watches are named and written. Pure: equal records give equal bytes.

The layout of the directory: `bootstrap.json` is read at start; `xds/` holds what Envoy watches: `lds.json` (listeners),
`cds.json` (clusters), one `rds.*.json` a port (routes) and one `eds.*.json` a target group (endpoints).
"""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

Document = dict[str, Any]

LISTENERS_FILE = "lds.json"
CLUSTERS_FILE = "cds.json"

#: Envoy's type URLs, by what we write.
TYPES = "type.googleapis.com/envoy"
LISTENER_TYPE = f"{TYPES}.config.listener.v3.Listener"
CLUSTER_TYPE = f"{TYPES}.config.cluster.v3.Cluster"
ROUTES_TYPE = f"{TYPES}.config.route.v3.RouteConfiguration"
ENDPOINTS_TYPE = f"{TYPES}.config.endpoint.v3.ClusterLoadAssignment"

#: The filter state in which a connection carries the name of its listener.
LISTENER_KEY = "slipway.listener"


def routes_file(port: int) -> str:
    """The name of the file that holds the routes of a port."""
    return f"rds.{port}.json"


def endpoints_file(target_group_arn: str) -> str:
    """The name of the file that holds a target group's endpoints."""
    return f"eds.{_file_stem(target_group_arn)}.json"


def _file_stem(arn: str) -> str:
    resource = arn.split(":", 5)[-1]  # "targetgroup/web/73e2d6bc24d8a067"; the ids in it are unique
    return re.sub(r"[^A-Za-z0-9-]", ".", resource)


def watched_directory(directory: Path) -> Path:
    """Where the files that Envoy watches are; nothing else is ever written there."""
    return directory / "xds"


def config_source(directory: Path, name: str) -> Document:
    """How Envoy is told to read the watched file `name`."""
    path = str(watched_directory(directory) / name)
    return {"path_config_source": {"path": path}, "resource_api_version": "V3"}


def encode(document: Document) -> bytes:
    """The document as JSON, keys sorted."""
    return msgspec.json.encode(document, order="sorted")


def resource_file(resources: list[Document]) -> bytes:
    """A discovery response as Envoy reads it from a file; its version is a digest of the resources."""
    return encode({"resources": resources, "version_info": version_of(resources)})


def version_of(resources: list[Document]) -> str:
    """The version that `resource_file` writes for these resources."""
    return sha256(msgspec.json.encode(resources, order="sorted")).hexdigest()[:16]


def bootstrap(directory: Path, admin_socket: str) -> Document:
    """What Envoy is started with: its admin socket and where listeners and clusters come from."""
    return {
        "node": {"id": "slipway", "cluster": "slipway"},
        "admin": {"address": {"pipe": {"path": admin_socket, "mode": 0o600}}},
        "dynamic_resources": {
            "lds_config": config_source(directory, LISTENERS_FILE),
            "cds_config": config_source(directory, CLUSTERS_FILE),
        },
        "stats_flush_on_admin": True,  # histograms can be read as of the question before: see `EnvoyAdmin.stats`
        "stats_config": {"stats_matcher": {"inclusion_list": {"patterns": _KEPT_STATS}}},
    }


#: The rest costs memory for each group and time for each request; requests a target are counted without it.
_KEPT_STATS: list[Document] = [
    {"prefix": "listener_manager.lds."},
    {"prefix": "cluster_manager.cds."},
    {"prefix": "server."},
    # What metrics are made of, beside what the access loggers count.
    {"prefix": "slipway."},
    {"safe_regex": {"regex": r"http\.app/.*\.downstream_cx_(active|total)"}},
    {"safe_regex": {"regex": r"cluster\..*\.upstream_cx_(active|connect_fail|total)"}},
]

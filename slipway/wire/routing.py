"""Which service, protocol and operation a request is for, as AWS's clients say it.

AWS JSON: the header `X-Amz-Target: <prefix>.<Operation>`. Smithy RPC v2 CBOR: the path
`/service/<prefix>/operation/<Operation>`. AWS Query: the form's `Action` and `Version`, and the name in the SigV4
credential scope, which tells apart services that share a version or an action.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.api.errors import ApiError
from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.models import WireService
from slipway.wire.parse_query import read_query
from slipway.wire.protocols import QueryProtocol, WireProtocol, cbor_protocol, json_protocol

# Stands for the service in refusals of requests whose service is not known yet.
UNROUTED = WireService(
    name="",
    signing_name="",
    api_version="",
    json_version="1.1",
    xml_namespace="",
    target_prefix=None,
    operations={},
    errors={},
)

_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")


def is_wire_path(path: str) -> bool:
    """Whether requests to this path are of the AWS wire."""
    return path == "/" or path.startswith("/service/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes. `content` is what the protocol's `parse` takes."""

    protocol: WireProtocol
    operation: str
    content: Any


class Router:
    """Routes among the served services."""

    def __init__(self, services: Iterable[WireService]) -> None:
        services = tuple(services)
        self._by_target = {
            service.target_prefix: json_protocol(service) for service in services if service.target_prefix
        }
        self._by_path = {service.target_prefix: cbor_protocol(service) for service in services if service.speaks_cbor}
        self._queries = tuple(QueryProtocol(service) for service in services if service.xml_namespace)
        self._json, self._cbor, self._query = json_protocol(UNROUTED), cbor_protocol(UNROUTED), QueryProtocol(UNROUTED)

    def unrouted(self, headers: Mapping[str, str]) -> WireProtocol:
        """The protocol in which a request is refused that could not be routed, by what its client seems to speak."""
        if "smithy-protocol" in headers:
            return self._cbor
        speaks_json = "x-amz-target" in headers or "json" in headers.get("content-type", "")
        return self._json if speaks_json else self._query

    def route(self, headers: Mapping[str, str], body: bytes, signing_name: str | None, path: str = "/") -> Route:
        """The route of a request; `signing_name` is the service of its credential scope, None where it is unsigned.

        `path` is one that `is_wire_path` knows.

        Raises `ApiError`: `UnknownOperationException`, `MissingAction`, or `SerializationException` for a bad form.
        """
        if path != "/":
            return self._route_path(path, body)
        target = headers.get("x-amz-target")
        if target is None:
            return self._route_query(body, signing_name)
        prefix, _, operation = target.rpartition(".")
        protocol = self._by_target.get(prefix)
        if protocol is None or operation not in protocol.service.operations:
            raise ApiError("UnknownOperationException", f"The X-Amz-Target {target} is not an operation served here.")
        return Route(protocol=protocol, operation=operation, content=body)

    def _route_path(self, path: str, body: bytes) -> Route:
        found = _RPC_PATH.fullmatch(path)
        protocol = self._by_path.get(found[1]) if found else None
        if found is None or protocol is None or found[2] not in protocol.service.operations:
            raise ApiError("UnknownOperationException", f"The path {path} is not an operation served here.")
        return Route(protocol=protocol, operation=found[2], content=body)

    def _route_query(self, body: bytes, signing_name: str | None) -> Route:
        try:
            tree = read_query(body)
        except ShapeMismatch as mismatch:
            raise ApiError("SerializationException", f"{mismatch}.") from None
        action, version = tree.get("Action"), tree.get("Version")
        if not isinstance(action, str) or not action:
            raise ApiError("MissingAction", "The request names no operation: give Action, or the header X-Amz-Target.")
        for protocol in self._candidates(signing_name):
            service = protocol.service
            if action in service.operations and version in (service.api_version, None):
                return Route(protocol=protocol, operation=action, content=tree)
        raise ApiError("UnknownOperationException", f"Could not find operation {action} for version {version}.")

    def _candidates(self, signing_name: str | None) -> Iterable[QueryProtocol]:
        """Those that the scope names; all where it names none of ours: verifying tells the caller which it should."""
        named = [protocol for protocol in self._queries if protocol.service.signing_name == signing_name]
        return named or self._queries

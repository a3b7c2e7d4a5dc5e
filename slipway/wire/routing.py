"""Which service, protocol and operation a request is for, as AWS's clients say it.

AWS JSON: the header `X-Amz-Target: <prefix>.<Operation>`. AWS Query: the form's `Action` and `Version`, and the name in
the SigV4 credential scope, which tells apart services that share a version or an action.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slipway.api.errors import ApiError
from slipway.wire.mismatch import ShapeMismatch
from slipway.wire.models import WireService
from slipway.wire.parse_query import read_query
from slipway.wire.protocols import JsonProtocol, QueryProtocol, WireProtocol

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
            service.target_prefix: JsonProtocol(service) for service in services if service.target_prefix
        }
        self._queries = tuple(QueryProtocol(service) for service in services if service.xml_namespace)
        self._json, self._query = JsonProtocol(UNROUTED), QueryProtocol(UNROUTED)

    def unrouted(self, headers: Mapping[str, str]) -> WireProtocol:
        """The protocol in which a request is refused that could not be routed, by what its client seems to speak."""
        speaks_json = "x-amz-target" in headers or "json" in headers.get("content-type", "")
        return self._json if speaks_json else self._query

    def route(self, headers: Mapping[str, str], body: bytes, signing_name: str | None) -> Route:
        """The route of a request; `signing_name` is the service of its credential scope, None where it is unsigned.

        Raises `ApiError`: `UnknownOperationException`, `MissingAction`, or `SerializationException` for a bad form.
        """
        target = headers.get("x-amz-target")
        if target is None:
            return self._route_query(body, signing_name)
        prefix, _, operation = target.rpartition(".")
        protocol = self._by_target.get(prefix)
        if protocol is None or operation not in protocol.service.operations:
            raise ApiError("UnknownOperationException", f"The X-Amz-Target {target} is not an operation served here.")
        return Route(protocol=protocol, operation=operation, content=body)

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

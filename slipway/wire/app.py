"""The AWS endpoint as an ASGI application: the AWS wire is `POST /`, and the paths below `/service/` for CBOR; every
other path goes to the routes given."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from slipway.api.errors import ApiError
from slipway.wire.auth import Authenticator
from slipway.wire.body import MAX_BODY_BYTES, decoded_body, read_body
from slipway.wire.errors import internal_failure
from slipway.wire.models import load_services
from slipway.wire.protocols import Answer
from slipway.wire.routing import Route, Router, is_wire_path
from slipway.wire.signature import SignedRequest, parse_authorization

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request as its handler sees it: botocore's name of the service, parameters in AWS's member names."""

    service: str
    operation: str
    params: Mapping[str, Any]
    region: str
    request_id: str


Invoke = Callable[[ApiRequest], Awaitable[Mapping[str, Any]]]


def create_app(
    *,
    services: tuple[str, ...],
    invoke: Invoke,
    authenticator: Authenticator | None,
    clock: Callable[[], float],
    routes: Sequence[BaseRoute] = (),
    region: str = "us-east-1",
    max_body: int = MAX_BODY_BYTES,
    reraise: bool = False,
) -> ASGIApp:
    """The application that serves these services (botocore's names) by calling `invoke` for each request.

    `invoke` raises `ApiError` for the caller's faults; anything else it raises is logged and answered with status 500,
    and raised again afterwards where `reraise` is set, as tests do. `authenticator` None takes every request unsigned
    or not. `clock` gives epoch seconds. `region` is told to handlers of unsigned requests; else it is the one signed
    for. `max_body` is in bytes. `routes` serve every request that is not of the AWS wire.
    """
    return WireApp(
        router=Router(load_services(services)),
        invoke=invoke,
        gate=_Gate(authenticator, clock, region),
        others=Starlette(routes=list(routes)),
        max_body=max_body,
        reraise=reraise,
    )


class _Gate:
    """Lets requests in and says for which region; without an authenticator it lets in all."""

    def __init__(self, authenticator: Authenticator | None, clock: Callable[[], float], region: str) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._region = region

    def region_of(self, request: SignedRequest, signing_name: str) -> str:
        """The region the caller signed for; `ApiError` where the signature is missing or wrong."""
        if self._authenticator is None:
            claimed = parse_authorization(request.headers.get("authorization", ""))
            return claimed.region if claimed else self._region
        return self._authenticator.verify(request, signing_name=signing_name, now=self._clock()).region


class WireApp:
    """A raw ASGI callable: Starlette's request and response objects would cost more than the wire itself."""

    def __init__(
        self, *, router: Router, invoke: Invoke, gate: _Gate, others: ASGIApp, max_body: int, reraise: bool
    ) -> None:
        self._router = router
        self._invoke = invoke
        self._gate = gate
        self._others = others
        self._max_body = max_body
        self._reraise = reraise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "http" and scope["method"] == "POST" and is_wire_path(scope["path"]):
            await self._serve(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The loop top of requests: a fault of ours ends here, as a line in the log and an answer with status 500."""
        request_id = str(uuid.uuid4())
        headers = _headers(scope)
        protocol = self._router.unrouted(headers)
        operation = "unknown"
        try:
            try:
                body = await read_body(receive, headers, self._max_body)
                if body is None:
                    return
                content = decoded_body(headers, body, self._max_body)
                route = self._router.route(headers, content, _claimed_service(headers), scope["path"])
                protocol, operation = route.protocol, route.operation
                answer = await self._answer(_signed_request(scope, headers, body), route, request_id)
            except ApiError as error:
                answer = protocol.refuse(error, request_id)
        except Exception:
            _log.exception(
                "request failed service=%s operation=%s request_id=%s", protocol.service.name, operation, request_id
            )
            await _send(send, protocol.refuse(internal_failure(protocol.service), request_id))
            if self._reraise:
                raise
        else:
            await _send(send, answer)

    async def _answer(self, request: SignedRequest, route: Route, request_id: str) -> Answer:
        """Let the request in, parse it, have it handled, and shape the answer; `ApiError` for the caller's faults."""
        region = self._gate.region_of(request, route.protocol.service.signing_name)
        api_request = ApiRequest(
            service=route.protocol.service.name,
            operation=route.operation,
            params=route.protocol.parse(route.operation, route.content),
            region=region,
            request_id=request_id,
        )
        result = await self._invoke(api_request)
        return route.protocol.answer(route.operation, result, request_id)


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name in lower case; those given more than once are joined, as SigV4 signs them."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _claimed_service(headers: Mapping[str, str]) -> str | None:
    """The service in the credential scope, not verified yet."""
    claimed = parse_authorization(headers.get("authorization", ""))
    return claimed.signing_name if claimed else None


def _signed_request(scope: Scope, headers: Mapping[str, str], body: bytes) -> SignedRequest:
    query = scope["query_string"].decode("latin-1")
    return SignedRequest(method=scope["method"], path=scope["path"], query=query, headers=headers, body=body)


async def _send(send: Send, answer: Answer) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, length]})
    await send({"type": "http.response.body", "body": answer.body})

"""A client for an ASGI application, without sockets: raw requests, and botocore's own client."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.session import Session
from starlette.types import ASGIApp, Message, Scope

URL = "http://127.0.0.1:8400/"
HOST = "127.0.0.1:8400"


@dataclass(kw_only=True)
class Reply:
    """An answer; header names in lower case. `chunks_taken` says how much of the request's body was read."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks_taken: int = 0


def send(
    app: ASGIApp, headers: Mapping[str, str], chunks: Iterable[bytes], *, method: str = "POST", path: str = "/"
) -> Reply:
    """Send one request whose body arrives in these chunks. What the application raises is raised here."""
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    reply = Reply()
    waiting: Iterator[bytes] = iter(chunks)

    async def receive() -> Message:
        chunk = next(waiting, None)
        reply.chunks_taken += chunk is not None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            reply.body += message["body"]

    asyncio.run(_run(app, scope, receive, take))
    return reply


async def _run(app: ASGIApp, scope: Scope, receive: Any, take: Any) -> None:
    await app(scope, receive, take)


def botocore_client(app: ASGIApp, service: str, access_key_id: str, secret: str) -> Any:
    """A botocore client that signs and sends to the application, and retries nothing."""
    client = Session().create_client(
        service,
        region_name="eu-west-1",
        endpoint_url=URL,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}),
    )

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {name: _text(value) for name, value in request.headers.items()} | {"Host": HOST}
        body = request.body.encode() if isinstance(request.body, str) else request.body
        reply = send(app, headers, [body])
        return AWSResponse(request.url, reply.status, reply.headers, _Raw(reply.body))

    client.meta.events.register("before-send", answer)
    return client


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        """The body, in one piece."""
        yield self._body

"""Reading a request's body with a bound: never more than the bound and one chunk is held."""

import zlib
from collections.abc import Mapping

from starlette.types import Receive

from slipway.api.errors import ApiError

# Ours: the largest request that AWS takes in these services is a task definition of 64 KiB (ECS service quotas); with
# room for many targets and tags. AWS answers RequestEntityTooLargeException, status 413, above its own bound.
MAX_BODY_BYTES = 1024 * 1024


async def read_body(receive: Receive, headers: Mapping[str, str], max_body: int) -> bytes | None:
    """The whole body; None when the client went away before its end.

    Raises `ApiError` `RequestEntityTooLargeException` as soon as the body is known to be larger than `max_body` bytes:
    before it is read where its length was announced.
    """
    announced = headers.get("content-length", "")
    if (
        announced.isascii()
        and announced.isdigit()
        and (len(announced) > len(str(max_body)) or int(announced) > max_body)
    ):
        raise _too_large(max_body)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_body:
            raise _too_large(max_body)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def decoded_body(headers: Mapping[str, str], body: bytes, max_body: int) -> bytes:
    """The body as it was before it was compressed: clients send larger ones of PutMetricData with gzip.

    What is signed is the body as it was sent. Raises `ApiError` `SerializationException` for another coding or a body
    that is not in it, and `RequestEntityTooLargeException` as `read_body` does: no more than the bound is unpacked.
    """
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding in ("identity", ""):
        return body
    if coding != "gzip":
        raise ApiError("SerializationException", f"The Content-Encoding {coding} is not known; use gzip, or none.")
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = unpacking.decompress(body, max_body + 1)
    except zlib.error as error:
        raise ApiError("SerializationException", f"The body is not gzip: {error}.") from None
    if len(content) > max_body:
        raise _too_large(max_body)
    if not unpacking.eof:
        raise ApiError("SerializationException", "The body is not gzip: it ends too soon.")
    return content


def _too_large(max_body: int) -> ApiError:
    return ApiError(
        "RequestEntityTooLargeException", f"The body of the request is larger than {max_body} bytes; send less."
    )

"""Who signed a request: SigV4 signatures in the header are verified against the keys the server holds.

The refusals are AWS's own codes and sentences. They are raised by their names in AWS JSON; the wire answers a Query
client with `SignatureDoesNotMatch`, `InvalidClientTokenId` and `MissingAuthenticationToken`.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from slipway.api.errors import ApiError
from slipway.wire.signature import (
    Authorization,
    SignedRequest,
    derive_signing_key,
    parse_authorization,
    signature_of,
)

# AWS: "the timestamp must be within 5 minutes of the AWS system time when the request is received".
MAX_SKEW_S = 300
# One key per day, region and service is in use; others are asked for by mistake or in bad faith.
CACHED_SIGNING_KEYS = 64


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key. Its repr shows `***` for the secret, so that it gets into no log and no assertion message."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Credentials(access_key_id={self.access_key_id!r}, secret_access_key=***)"


class Authenticator:
    """Verifies signatures made with any of the credentials, for any region."""

    def __init__(self, credentials: Iterable[Credentials]) -> None:
        self._credentials = {each.access_key_id: each for each in credentials}
        self._signing_key = lru_cache(maxsize=CACHED_SIGNING_KEYS)(self._derive)

    def verify(self, request: SignedRequest, *, signing_name: str, now: float) -> Authorization:
        """What the request was signed with; `now` is epoch seconds, `signing_name` the service it goes to.

        Raises `ApiError`: `MissingAuthenticationTokenException`, `IncompleteSignatureException`,
        `UnrecognizedClientException` (no such key) or `InvalidSignatureException` (wrong secret, another body or
        header than was signed, another service, or a clock more than five minutes off).
        """
        header = request.headers.get("authorization")
        if not header:
            raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
        authorization = parse_authorization(header)
        if authorization is None:
            raise _incomplete(
                "The Authorization header is not AWS4-HMAC-SHA256 with Credential, SignedHeaders, Signature."
            )
        if authorization.access_key_id not in self._credentials:
            raise ApiError("UnrecognizedClientException", "The security token included in the request is invalid.")
        _check_scope(authorization, signing_name)
        _check_signed_headers(request, authorization)
        _check_date(request.headers["x-amz-date"], authorization.date, now)
        _check_content(request)
        key = self._signing_key(
            authorization.access_key_id, authorization.date, authorization.region, authorization.signing_name
        )
        if not hmac.compare_digest(signature_of(request, authorization, key), authorization.signature):
            raise _mismatch()
        return authorization

    def _derive(self, access_key_id: str, date: str, region: str, signing_name: str) -> bytes:
        return derive_signing_key(self._credentials[access_key_id].secret_access_key, date, region, signing_name)


def _check_scope(authorization: Authorization, signing_name: str) -> None:
    if authorization.signing_name != signing_name:
        raise _invalid(f"Credential should be scoped to correct service: '{signing_name}'.")


def _check_signed_headers(request: SignedRequest, authorization: Authorization) -> None:
    """What steers a request must be signed: the host and every x-amz- header; the date must be there."""
    signed = authorization.signed_headers
    for name in ("host", "x-amz-date", *(name for name in request.headers if name.startswith("x-amz-"))):
        if name not in signed:
            raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in signed:
        if name not in request.headers:
            raise _incomplete(f"The signed header '{name}' is not in the request.")


def _check_date(stamp: str, scope_date: str, now: float) -> None:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _incomplete(f"X-Amz-Date '{stamp}' is not a date of the form YYYYMMDDTHHMMSSZ.") from None
    if not stamp.startswith(scope_date):
        raise _invalid(f"The date of the credential scope, {scope_date}, is not that of X-Amz-Date, {stamp}.")
    earliest, latest = now - MAX_SKEW_S, now + MAX_SKEW_S
    if signed_at < earliest:
        raise _invalid(f"Signature expired: {stamp} is now earlier than {_stamp(earliest)} ({_stamp(now)} - 5 min.)")
    if signed_at > latest:
        raise _invalid(
            f"Signature not yet current: {stamp} is still later than {_stamp(latest)} ({_stamp(now)} + 5 min.)"
        )


def _check_content(request: SignedRequest) -> None:
    claimed = request.headers.get("x-amz-content-sha256")
    if claimed is not None and claimed != hashlib.sha256(request.body).hexdigest():
        raise _mismatch()


def _stamp(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y%m%dT%H%M%SZ")


def _incomplete(sentence: str) -> ApiError:
    return ApiError("IncompleteSignatureException", sentence)


def _invalid(sentence: str) -> ApiError:
    return ApiError("InvalidSignatureException", sentence)


def _mismatch() -> ApiError:
    return _invalid(
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )

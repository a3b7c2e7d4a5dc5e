"""AWS Signature Version 4, as a receiver computes it: pure functions from a request and a secret to a signature.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=([^/,\s]+)/(\d{{8}})/([^/,\s]+)/([^/,\s]+)/aws4_request"
    r",\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature covers. Header names are in lower case; `path` and `query` are as sent, still escaped."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The parts of an `Authorization` header. `date` is `YYYYMMDD`, `signing_name` the service in the scope."""

    access_key_id: str
    date: str
    region: str
    signing_name: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential scope, as it enters the string to sign."""
        return f"{self.date}/{self.region}/{self.signing_name}/aws4_request"


def parse_authorization(header: str) -> Authorization | None:
    """The header's parts; None where it is not a whole SigV4 header."""
    match = _AUTHORIZATION.fullmatch(header.strip())
    if match is None:
        return None
    access_key_id, date, region, signing_name, signed_headers, signature = match.groups()
    return Authorization(
        access_key_id=access_key_id,
        date=date,
        region=region,
        signing_name=signing_name,
        signed_headers=tuple(signed_headers.split(";")),
        signature=signature,
    )


def derive_signing_key(secret: str, date: str, region: str, signing_name: str) -> bytes:
    """The key for one day, region and service: four rounds of HMAC."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, signing_name, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature_of(request: SignedRequest, authorization: Authorization, key: bytes) -> str:
    """The signature, in hex, that the holder of `key` gives to this request. All signed headers must be present."""
    canonical = hashlib.sha256(_canonical_request(request, authorization.signed_headers).encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{request.headers['x-amz-date']}\n{authorization.scope}\n{canonical}"
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _canonical_request(request: SignedRequest, signed_headers: tuple[str, ...]) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signed_headers)
    return "\n".join(
        (
            request.method,
            request.path,
            _canonical_query(request.query),
            headers,
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parse_qsl(query, True))
    return "&".join(f"{name}={value}" for name, value in pairs)

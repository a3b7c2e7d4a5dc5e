"""Signatures made by botocore's signer, verified by ours."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SignerCredentials
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.errors import ApiError
from slipway.wire.auth import MAX_SKEW_S, Authenticator, Credentials
from slipway.wire.signature import SignedRequest, derive_signing_key, parse_authorization
from tests.wire.asgi import HOST, URL

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TARGET = "AmazonEC2ContainerServiceV20141113.ListClusters"
AUTHENTICATOR = Authenticator([Credentials(KEY, SECRET), Credentials("OTHER", "another secret")])
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def signed(
    body: bytes = b"{}",
    *,
    key: str = KEY,
    secret: str = SECRET,
    region: str = "us-east-1",
    query: str = "",
    extra: Mapping[str, str] = NO_HEADERS,
) -> SignedRequest:
    """A request as botocore signs it, at the present time."""
    headers = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1", **extra}
    url = f"{URL}?{query}" if query else URL
    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    SigV4Auth(SignerCredentials(key, secret), "ecs", region).add_auth(request)
    sent = {name.lower(): str(value) for name, value in request.headers.items()} | {"host": HOST}
    return SignedRequest(method="POST", path="/", query=query, headers=sent, body=body)


def altered(request: SignedRequest, *, body: bytes | None = None, **headers: str | None) -> SignedRequest:
    """The request with another body, or with headers (`x_amz_target=…`) set, or removed where None."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in (request.headers | changed).items() if value is not None}  # type: ignore[operator]
    return SignedRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=kept,
        body=request.body if body is None else body,
    )


def instant_of(request: SignedRequest) -> float:
    """When the request was signed, in epoch seconds."""
    return datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def refusal(request: SignedRequest, *, signing_name: str = "ecs", now: float | None = None) -> ApiError:
    """The error with which a request is refused."""
    at = now if now is not None else instant_of(request)
    with pytest.raises(ApiError) as caught:
        AUTHENTICATOR.verify(request, signing_name=signing_name, now=at)
    return caught.value


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(), id="plain"),
        pytest.param(signed(b""), id="empty-body"),
        pytest.param(signed("Übergröße 🚢".encode()), id="unicode-body"),
        pytest.param(signed(region="eu-central-1"), id="any-region"),
        pytest.param(signed(key="OTHER", secret="another secret"), id="another-key"),
        pytest.param(signed(extra={"X-Custom": "  many   spaces "}), id="spaces-in-a-header"),
        pytest.param(signed(extra={"User-Agent": "aws-cli/2"}), id="unsigned-user-agent"),
        pytest.param(signed(query="b=2&a=%20x&a=1&c="), id="query"),
    ],
)
def test_a_good_signature_is_accepted(request_: SignedRequest) -> None:
    authorization = AUTHENTICATOR.verify(request_, signing_name="ecs", now=instant_of(request_))
    assert authorization.access_key_id in (KEY, "OTHER")
    assert authorization.region in ("us-east-1", "eu-central-1")


@given(body=st.binary(max_size=200), secret=st.text("ABCxyz019+/", min_size=1, max_size=40))
def test_any_body_and_secret_verify(body: bytes, secret: str) -> None:
    request = signed(body, secret=secret)
    assert Authenticator([Credentials(KEY, secret)]).verify(request, signing_name="ecs", now=instant_of(request))


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(secret="wrong"), id="wrong-secret"),
        pytest.param(altered(signed(), body=b'{"a":1}'), id="tampered-body"),
        pytest.param(altered(signed(), x_amz_target=TARGET.replace("List", "Delete")), id="tampered-header"),
        pytest.param(altered(signed(), host="evil.example"), id="tampered-host"),
        pytest.param(altered(signed(extra={"X-Amz-Content-SHA256": "0" * 64})), id="wrong-content-hash"),
        pytest.param(altered(signed(extra={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})), id="unsigned-payload"),
    ],
)
def test_a_wrong_signature_is_refused(request_: SignedRequest) -> None:
    error = refusal(request_)
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("The request signature we calculated does not match the signature you provided.")


@pytest.mark.parametrize(
    ("request_", "code", "sentence"),
    [
        pytest.param(
            altered(signed(), authorization=None),
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
            id="no-header",
        ),
        pytest.param(
            altered(signed(), authorization="Basic dXNlcjpwYXNz"),
            "IncompleteSignatureException",
            "AWS4-HMAC-SHA256",
            id="another-scheme",
        ),
        pytest.param(
            signed(key="NOBODY"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            id="unknown-key",
        ),
        pytest.param(
            altered(signed(), x_amz_meta="added"),
            "InvalidSignatureException",
            "'x-amz-meta' must be a 'SignedHeader'",
            id="unsigned-amz-header",
        ),
        pytest.param(
            altered(signed(), content_type=None),
            "IncompleteSignatureException",
            "'content-type' is not in the request",
            id="signed-header-gone",
        ),
        pytest.param(
            altered(signed(extra={"X-Amz-Date": "yesterday"}), x_amz_date="yesterday"),
            "IncompleteSignatureException",
            "X-Amz-Date 'yesterday' is not a date",
            id="bad-date",
        ),
    ],
)
def test_what_is_not_a_whole_signature_is_refused(request_: SignedRequest, code: str, sentence: str) -> None:
    error = refusal(request_, now=0.0)
    assert error.code == code
    assert sentence in error.message


def test_a_signature_for_another_service_is_refused() -> None:
    error = refusal(signed(), signing_name="sts")
    assert error.code == "InvalidSignatureException"
    assert error.message == "Credential should be scoped to correct service: 'sts'."


def test_a_date_other_than_that_of_the_scope_is_refused() -> None:
    request = signed()
    other = altered(request, x_amz_date="20200102T030405Z")
    assert "The date of the credential scope" in refusal(other).message


@pytest.mark.parametrize("skew", [-MAX_SKEW_S, 0, MAX_SKEW_S])
def test_clocks_may_differ_by_five_minutes(skew: int) -> None:
    request = signed()
    assert AUTHENTICATOR.verify(request, signing_name="ecs", now=instant_of(request) + skew)


@pytest.mark.parametrize(
    ("skew", "sentence"),
    [
        pytest.param(MAX_SKEW_S + 1, r"Signature expired: \d{8}T\d{6}Z is now earlier than", id="too-old"),
        pytest.param(-MAX_SKEW_S - 1, r"Signature not yet current: \d{8}T\d{6}Z is still later", id="too-new"),
    ],
)
def test_clocks_may_not_differ_by_more(skew: int, sentence: str) -> None:
    request = signed()
    error = refusal(request, now=instant_of(request) + skew)
    assert error.code == "InvalidSignatureException"
    with pytest.raises(ApiError, match=sentence):
        raise error


def test_a_secret_shows_in_no_repr() -> None:
    assert repr(Credentials(KEY, SECRET)) == "Credentials(access_key_id='AKIDEXAMPLE', secret_access_key=***)"
    assert SECRET not in f"{Credentials(KEY, SECRET)} {vars(AUTHENTICATOR)}"


def test_the_signing_key_is_that_of_the_documentation() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    key = derive_signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


@pytest.mark.parametrize(
    "header", ["", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=, Signature="]
)
def test_a_broken_authorization_header_is_none(header: str) -> None:
    assert parse_authorization(header) is None

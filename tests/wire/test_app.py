"""The whole endpoint, driven by raw requests and by botocore's client, without sockets."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from slipway.api.errors import ApiError
from slipway.wire.app import ApiRequest, create_app
from slipway.wire.auth import Authenticator, Credentials
from slipway.wire.body import MAX_BODY_BYTES
from tests.wire.asgi import botocore_client, send

KEY, SECRET = "AKIDEXAMPLE", "a secret"
CLUSTERS = {"x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
GROUPS = b"Action=DescribeTargetGroups&Version=2015-12-01"


class Handlers:
    """Remembers what it was asked, and answers or raises what it is given."""

    def __init__(self, answer: Mapping[str, Any] | BaseException) -> None:
        self.asked: list[ApiRequest] = []
        self._answer = answer

    async def invoke(self, request: ApiRequest) -> Mapping[str, Any]:
        """Serve one request."""
        self.asked.append(request)
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


def app_of(handlers: Handlers, *, is_authenticated: bool = False, reraise: bool = True) -> ASGIApp:
    """The endpoint in front of these handlers."""

    async def healthz(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    return create_app(
        services=("ecs", "elbv2", "sts"),
        invoke=handlers.invoke,
        authenticator=Authenticator([Credentials(KEY, SECRET)]) if is_authenticated else None,
        clock=time.time,
        routes=[Route("/healthz", healthz)],
        reraise=reraise,
    )


def test_a_botocore_client_calls_an_operation_in_json() -> None:
    handlers = Handlers({"services": [{"serviceName": "web", "createdAt": 1_700_000_000.5}], "failures": []})
    client = botocore_client(app_of(handlers, is_authenticated=True), "ecs", KEY, SECRET)

    answer = client.describe_services(cluster="default", services=["web"])

    assert answer["services"][0]["createdAt"].timestamp() == 1_700_000_000.5
    (asked,) = handlers.asked
    assert (asked.service, asked.operation, asked.region) == ("ecs", "DescribeServices", "eu-west-1")
    assert asked.params == {"cluster": "default", "services": ["web"]}
    assert answer["ResponseMetadata"]["RequestId"] == asked.request_id


def test_a_botocore_client_calls_an_operation_in_xml() -> None:
    handlers = Handlers({"TargetGroups": [{"TargetGroupName": "a & b", "Port": 80, "HealthCheckEnabled": False}]})
    client = botocore_client(app_of(handlers, is_authenticated=True), "elbv2", KEY, SECRET)

    answer = client.describe_target_groups(Names=["a & b"])

    assert answer["TargetGroups"] == [{"TargetGroupName": "a & b", "Port": 80, "HealthCheckEnabled": False}]
    assert handlers.asked[0].params == {"Names": ["a & b"]}
    assert answer["ResponseMetadata"]["RequestId"] == handlers.asked[0].request_id


@pytest.mark.parametrize(
    ("service", "call", "exception"),
    [
        pytest.param("ecs", "list_clusters", "ClusterNotFoundException", id="json"),
        pytest.param("elbv2", "describe_rules", "RuleNotFoundException", id="xml"),
    ],
)
def test_a_botocore_client_raises_the_exception_of_the_model(service: str, call: str, exception: str) -> None:
    app = app_of(Handlers(ApiError(exception, "Not found.")), is_authenticated=True)
    client = botocore_client(app, service, KEY, SECRET)
    with pytest.raises(getattr(client.exceptions, exception), match=r"Not found\."):
        getattr(client, call)()


@pytest.mark.parametrize(
    ("service", "call", "key", "code"),
    [
        pytest.param("ecs", "list_clusters", KEY, "InvalidSignatureException", id="json-secret"),
        pytest.param("ecs", "list_clusters", "NOBODY", "UnrecognizedClientException", id="json-key"),
        pytest.param("elbv2", "describe_rules", KEY, "SignatureDoesNotMatch", id="xml-secret"),
        pytest.param("sts", "get_caller_identity", "NOBODY", "InvalidClientTokenId", id="xml-key"),
    ],
)
def test_a_botocore_client_with_wrong_keys_is_refused(service: str, call: str, key: str, code: str) -> None:
    handlers = Handlers({})
    client = botocore_client(app_of(handlers, is_authenticated=True), service, key, "wrong")
    with pytest.raises(ClientError) as caught:
        getattr(client, call)()
    assert caught.value.response["Error"]["Code"] == code
    assert handlers.asked == []


def test_an_unsigned_request_is_refused_in_its_own_protocol() -> None:
    app = app_of(Handlers({}), is_authenticated=True)
    in_json = send(app, CLUSTERS, [b"{}"])
    assert (in_json.status, json.loads(in_json.body)["__type"]) == (400, "MissingAuthenticationTokenException")
    in_xml = send(app, FORM, [GROUPS])
    assert in_xml.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in in_xml.body


def test_without_an_authenticator_any_request_is_served_for_the_region_it_names() -> None:
    handlers = Handlers({})
    app = app_of(handlers)
    assert send(app, CLUSTERS, [b"{}"]).status == 200
    botocore_client(app, "ecs", "ANY", "thing").list_clusters()
    assert [asked.region for asked in handlers.asked] == ["us-east-1", "eu-west-1"]


@pytest.mark.parametrize(
    ("headers", "body", "status", "sentence"),
    [
        pytest.param(CLUSTERS, b'{"maxResults": }', 400, b'"SerializationException"', id="malformed-json"),
        pytest.param(CLUSTERS, b'{"maxResults": "5"}', 400, b"(at maxResults)", id="wrong-type"),
        pytest.param({"x-amz-target": "X.Y"}, b"{}", 404, b'"UnknownOperationException"', id="unknown-operation"),
        pytest.param({"content-type": "application/json"}, b"{}", 404, b'"UnknownOperationException"', id="no-target"),
        pytest.param(FORM, b"Action=Fly", 400, b"<Code>InvalidAction</Code>", id="unknown-action"),
        pytest.param(FORM, b"", 400, b"<Code>MissingAction</Code>", id="no-action"),
        pytest.param(FORM, GROUPS + b"&PageSize=x", 400, b"<Code>MalformedInput</Code>", id="malformed-form"),
    ],
)
def test_a_bad_request_is_refused_in_its_own_protocol(
    headers: dict[str, str], body: bytes, status: int, sentence: bytes
) -> None:
    handlers = Handlers({})
    reply = send(app_of(handlers), headers, [body])
    assert reply.status == status
    assert sentence in reply.body
    assert len(reply.headers["x-amzn-requestid"]) == 36
    assert reply.headers["content-length"] == str(len(reply.body))
    assert handlers.asked == []


def test_a_body_of_a_megabyte_is_served() -> None:
    handlers = Handlers({})
    token = "x" * 1_000_000
    body = json.dumps({"nextToken": token}).encode()
    assert send(app_of(handlers), CLUSTERS, [body[:500_000], body[500_000:]]).status == 200
    assert handlers.asked[0].params["nextToken"] == token


def test_a_body_above_the_limit_is_refused_without_being_held() -> None:
    app = app_of(Handlers({}))
    announced = send(app, CLUSTERS | {"content-length": str(MAX_BODY_BYTES + 1)}, [b"{}"])
    assert (announced.status, announced.chunks_taken) == (413, 0)
    assert json.loads(announced.body)["__type"] == "RequestEntityTooLargeException"

    chunked = send(app, FORM, (b"x" * 65_536 for _ in range(1_000)))
    assert (chunked.status, chunked.chunks_taken) == (413, MAX_BODY_BYTES // 65_536 + 1)
    assert b"<Code>RequestEntityTooLarge</Code>" in chunked.body

    assert send(app, CLUSTERS, [b"{}"]).status == 200


@pytest.mark.parametrize(
    ("headers", "body", "sentence"),
    [
        pytest.param(CLUSTERS, b"{}", b'"__type":"ServerException"', id="json"),
        pytest.param(FORM, GROUPS, b"<Type>Receiver</Type><Code>InternalFailure</Code>", id="xml"),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(KeyError("secret detail"), id="exception"),
        pytest.param({"NoSuchMember": "secret detail"}, id="wrong-answer"),
        pytest.param(ApiError("NoSuchException", "secret detail"), id="wrong-code"),
    ],
)
def test_a_fault_of_ours_is_logged_and_answered_without_its_details(
    headers: dict[str, str],
    body: bytes,
    sentence: bytes,
    answer: Mapping[str, Any] | Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="slipway.wire.app"):
        reply = send(app_of(Handlers(answer), reraise=False), headers, [body])
    assert reply.status == 500
    assert sentence in reply.body
    assert b"secret detail" not in reply.body
    (record,) = caplog.records
    assert reply.headers["x-amzn-requestid"] in record.getMessage()
    assert record.exc_info is not None


def test_a_fault_of_ours_is_raised_again_where_tests_ask_for_it() -> None:
    with pytest.raises(KeyError):
        send(app_of(Handlers(KeyError("x"))), CLUSTERS, [b"{}"])


def test_every_other_path_goes_to_the_routes_given() -> None:
    app = app_of(Handlers({}))
    assert send(app, {}, [b""], method="GET", path="/healthz").body == b"ok"
    assert send(app, {}, [b""], method="GET", path="/nowhere").status == 404
    assert send(app, {}, [b""], method="GET", path="/").status == 404

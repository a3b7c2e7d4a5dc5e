"""What CBOR and a second protocol of one service bring: paths, bad bodies, codes of AWS Query, compression."""

import gzip
import json
import time
from typing import Any

import cbor2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SignerCredentials

from slipway.api.errors import ApiError
from slipway.wire.app import create_app
from slipway.wire.auth import Authenticator, Credentials
from slipway.wire.body import MAX_BODY_BYTES
from tests.wire.asgi import HOST, URL, Reply, botocore_client, send
from tests.wire.test_app import Handlers

KEY, SECRET = "AKIDEXAMPLE", "a secret"
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
PATH = "/service/GraniteServiceVersion20100801/operation"
TARGET = {"x-amz-target": "GraniteServiceVersion20100801.SetAlarmState"}
STATE = {"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "a drill"}


def cbor(
    handlers: Handlers, body: bytes, *, operation: str = "SetAlarmState", headers: dict[str, str] | None = None
) -> Reply:
    """The answer to a request in CBOR."""
    return send(app(handlers), CBOR | (headers or {}), [body], path=f"{PATH}/{operation}")


def app(handlers: Handlers, *, is_authenticated: bool = False) -> Any:
    """The endpoint with CloudWatch."""
    return create_app(
        services=("ecs", "cloudwatch"),
        invoke=handlers.invoke,
        authenticator=Authenticator([Credentials(KEY, SECRET)]) if is_authenticated else None,
        clock=time.time,
        reraise=True,
    )


def test_an_operation_is_served_in_cbor() -> None:
    handlers = Handlers({})
    reply = cbor(handlers, cbor2.dumps(STATE))
    assert (reply.status, reply.body, reply.headers["smithy-protocol"]) == (200, b"", "rpc-v2-cbor")
    (asked,) = handlers.asked
    assert (asked.service, asked.operation, asked.params) == ("cloudwatch", "SetAlarmState", STATE)


@pytest.mark.parametrize("secret", [pytest.param(SECRET, id="right secret"), pytest.param("wrong", id="wrong secret")])
def test_the_path_is_signed_too(secret: str) -> None:
    handlers = Handlers({})
    body, path = cbor2.dumps(STATE), f"{PATH}/SetAlarmState"
    request = AWSRequest(method="POST", url=f"{URL.rstrip('/')}{path}", data=body, headers=dict(CBOR))
    SigV4Auth(SignerCredentials(KEY, secret), "monitoring", "eu-west-1").add_auth(request)
    headers = {name: str(value) for name, value in request.headers.items()} | {"Host": HOST}
    reply = send(app(handlers, is_authenticated=True), headers, [body], path=path)
    if secret == SECRET:
        assert (reply.status, handlers.asked[0].region) == (200, "eu-west-1")
    else:
        assert cbor2.loads(reply.body)["__type"] == "com.amazonaws.cloudwatch#InvalidSignatureException"
        assert handlers.asked == []


def test_instants_are_tagged() -> None:
    point = {"Timestamp": 1_700_000_000.5, "Sum": 3}
    handlers = Handlers({"Label": "Errors", "Datapoints": [point]})
    instant = cbor2.CBORTag(1, 1_700_000_000.5)
    asked = {"Namespace": "shop", "MetricName": "Errors", "StartTime": instant, "EndTime": instant, "Period": 60}
    reply = cbor(handlers, cbor2.dumps(asked), operation="GetMetricStatistics")
    assert handlers.asked[0].params["StartTime"] == 1_700_000_000.5
    read = cbor2.loads(reply.body, semantic_decoders={1: lambda value, _: ("instant", value)})
    assert read == {"Label": "Errors", "Datapoints": [{"Timestamp": ("instant", 1_700_000_000.5), "Sum": 3.0}]}
    assert reply.headers["content-type"] == "application/cbor"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"\xff", "no CBOR", id="no cbor"),
        pytest.param(b"\x9f" * 1_000, "nesting", id="deep"),
        pytest.param(b"\xbb" + b"\xff" * 8, "premature end", id="short"),
        pytest.param(cbor2.dumps([1]), "An array was given for a structure", id="array"),
        pytest.param(cbor2.dumps(STATE | {"StateReason": 1}), "(at StateReason)", id="type"),
        pytest.param(cbor2.dumps(STATE | {"StateReason": float("nan")}), "(at StateReason)", id="nan for a text"),
        pytest.param(cbor2.dumps({"AlarmName": "errors"}), "StateValue and StateReason are required", id="missing"),
    ],
)
def test_a_bad_body_is_refused_in_cbor(body: bytes, sentence: str) -> None:
    handlers = Handlers({})
    reply = cbor(handlers, body)
    assert (reply.status, handlers.asked) == (400, [])
    assert sentence in cbor2.loads(reply.body)["message"]


@pytest.mark.parametrize(
    "value",
    [pytest.param(float("nan"), id="nan"), pytest.param(float("inf"), id="infinity"), pytest.param("1", id="text")],
)
def test_only_finite_numbers_are_numbers(value: Any) -> None:
    body = cbor2.dumps({"Namespace": "shop", "MetricData": [{"MetricName": "Errors", "Value": value}]})
    reply = cbor(Handlers({}), body, operation="PutMetricData")
    assert reply.status == 400
    assert "(at MetricData[0].Value)" in cbor2.loads(reply.body)["message"]


@pytest.mark.parametrize("path", ["/service/Other/operation/SetAlarmState", f"{PATH}/Fly", "/service/", f"{PATH}/a/b"])
def test_an_unknown_path_is_refused_in_cbor(path: str) -> None:
    reply = send(app(Handlers({})), CBOR, [b""], path=path)
    assert reply.status == 404
    assert cbor2.loads(reply.body)["__type"] == "UnknownOperationException"


def test_an_error_goes_by_its_name_and_by_its_code_of_query() -> None:
    refusal = ApiError("InvalidParameterValueException", "No such period.")
    reply = cbor(Handlers(refusal), cbor2.dumps(STATE))
    assert cbor2.loads(reply.body) == {
        "__type": "com.amazonaws.cloudwatch#InvalidParameterValueException",
        "message": "No such period.",
    }
    assert (reply.status, reply.headers["x-amzn-query-error"]) == (400, "InvalidParameterValue;Sender")

    in_json = send(app(Handlers(refusal)), TARGET, [json.dumps(STATE).encode()])
    assert json.loads(in_json.body)["__type"] == "InvalidParameterValueException"
    assert in_json.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"

    form = b"Action=SetAlarmState&Version=2010-08-01&AlarmName=a&StateValue=OK&StateReason=b"
    in_query = send(app(Handlers(refusal)), {"content-type": "application/x-www-form-urlencoded"}, [form])
    assert b"<Code>InvalidParameterValue</Code>" in in_query.body


def test_botocores_client_is_served_as_it_comes_with_a_large_body_too() -> None:
    handlers = Handlers({})
    client = botocore_client(app(handlers, is_authenticated=True), "cloudwatch", KEY, SECRET)
    data = [{"MetricName": f"Metric{number}", "Value": 1.0} for number in range(1_000)]
    client.put_metric_data(Namespace="shop", MetricData=data)
    assert handlers.asked[0].params["MetricData"] == data


def test_a_packed_body_is_unpacked() -> None:
    handlers = Handlers({})
    packed = gzip.compress(json.dumps(STATE).encode())
    assert send(app(handlers), TARGET | {"content-encoding": "gzip"}, [packed]).status == 200
    assert handlers.asked[0].params == STATE


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        pytest.param("br", b"{}", 400, id="unknown coding"),
        pytest.param("gzip", b"{}", 400, id="not packed"),
        pytest.param("gzip", gzip.compress(b"{}")[:-6], 400, id="cut"),
        pytest.param("gzip", gzip.compress(b" " * (MAX_BODY_BYTES + 1)), 413, id="too large when unpacked"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_refused(coding: str, body: bytes, status: int) -> None:
    handlers = Handlers({})
    assert send(app(handlers), TARGET | {"content-encoding": coding}, [body]).status == status
    assert handlers.asked == []

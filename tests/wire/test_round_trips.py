"""Every operation and error of every served service, against botocore's own serialisers and parsers."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import AWSRequest
from botocore.model import OperationModel
from botocore.parsers import ResponseParserFactory
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp

from slipway.api.errors import ApiError
from slipway.wire.models import WireService, load_service_model, load_services
from slipway.wire.protocols import Answer
from slipway.wire.routing import Route, Router
from tests.wire.values import Values, values_of

SERVED = ("ecs", "elbv2", "sts", "cloudwatch")
MODELS = {name: load_service_model(name) for name in SERVED}
SERVICES = {service.name: service for service in load_services(SERVED)}
ROUTER = Router(SERVICES.values())
PROTOCOLS = [(service, protocol) for service, model in MODELS.items() for protocol in model.metadata["protocols"]]
OPERATIONS = [
    pytest.param(MODELS[service].operation_model(name), protocol, id=f"{service}-{protocol}-{name}")
    for service, protocol in PROTOCOLS
    for name in MODELS[service].operation_names
]
ERRORS = [
    pytest.param(service, protocol, shape, id=f"{service}-{protocol}-{shape.name}")
    for service, protocol in PROTOCOLS
    for shape in MODELS[service].error_shapes
]


def sent(
    operation: OperationModel, params: Mapping[str, Any], services: Iterable[WireService], protocol: str | None = None
) -> Route:
    """What botocore's client would send in a protocol, the model's first if None, routed by us among these services."""
    service = operation.service_model
    serializer = create_serializer(protocol or service.protocol, include_validation=False)
    serialized = serializer.serialize_to_request(params, operation)
    request = AWSRequest(method="POST", url="http://127.0.0.1:8400/", data=serialized["body"]).prepare()
    headers = {name.lower(): value for name, value in serialized["headers"].items()}
    body = request.body.encode() if isinstance(request.body, str) else request.body
    return Router(services).route(headers, body, service.signing_name, serialized["url_path"])


def route_of(operation: OperationModel, params: Mapping[str, Any], protocol: str | None = None) -> Route:
    """The same among the served services."""
    return sent(operation, params, SERVICES.values(), protocol)


def _asked(operation: OperationModel) -> dict[str, Any]:
    return dict(Values(1, fill=0.0).of(operation.input_shape)) if operation.input_shape else {}


def parsed(answer: Answer, protocol: str, shape: Any) -> dict[str, Any]:
    """What botocore's client would make of an answer, with instants as epoch seconds."""
    factory = ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=lambda value: parse_timestamp(value).timestamp())
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    response = {"status_code": answer.status, "headers": headers, "body": answer.body}
    return dict(factory.create_parser(protocol).parse(response, shape))


@pytest.mark.parametrize(("operation", "protocol"), OPERATIONS)
def test_requests_of_botocore_are_parsed_to_what_was_asked(operation: OperationModel, protocol: str) -> None:
    for params in values_of(operation.input_shape) if operation.input_shape else [{}]:
        route = route_of(operation, params, protocol)
        assert (route.protocol.service.name, route.operation) == (operation.service_model.service_name, operation.name)
        assert route.protocol.parse(route.operation, route.content) == params


@pytest.mark.parametrize(("operation", "protocol"), OPERATIONS)
def test_answers_are_parsed_by_botocore_to_what_was_said(operation: OperationModel, protocol: str) -> None:
    shape = operation.output_shape
    ours = route_of(operation, _asked(operation), protocol).protocol
    for result in values_of(shape) if shape else [{}]:
        answer = ours.answer(operation.name, result, "request-1")
        read = parsed(answer, protocol, shape)
        metadata = read.pop("ResponseMetadata")
        assert read == result
        assert metadata["HTTPStatusCode"] == 200
        if shape or protocol != "smithy-rpc-v2-cbor":  # botocore looks for no request id in an empty answer of CBOR
            assert metadata["RequestId"] == "request-1"
        assert answer.body or (b"x-amzn-requestid", b"request-1") in answer.headers


@pytest.mark.parametrize(("service", "protocol", "shape"), ERRORS)
def test_errors_are_parsed_by_botocore_to_their_code_message_and_fields(
    service: str, protocol: str, shape: Any
) -> None:
    model = MODELS[service]
    ours = route_of(model.operation_model(model.operation_names[0]), {}, protocol).protocol
    message = "Cluster <not> found & 'gone'."
    fields = {name: value for name, value in Values(1, fill=1.0).of(shape).items() if name.lower() != "message"}

    answer = ours.refuse(ApiError(shape.name, message, **fields), "request-1")

    read = parsed(answer, protocol, None)
    assert (read["Error"]["Code"], read["Error"]["Message"]) == (shape.error_code, message)
    assert read["ResponseMetadata"]["RequestId"] == "request-1"
    # botocore finds the members of an error in JSON alone: in XML it looks for them beside <Error>.
    assert protocol == "query" or fields.items() <= parsed(answer, protocol, shape).items()
    expected = 500 if shape.name == "ServerException" else 400
    assert answer.status == shape.metadata.get("error", {}).get("httpStatusCode", expected)


def test_an_error_in_json_names_its_shape() -> None:
    protocol = route_of(MODELS["ecs"].operation_model("ListClusters"), {}).protocol
    answer = protocol.refuse(ApiError("ConflictException", "Taken.", resourceIds=["arn"]), "request-1")
    assert (b"x-amzn-errortype", b"ConflictException") in answer.headers
    assert answer.body == b'{"__type":"ConflictException","message":"Taken.","resourceIds":["arn"]}'


def test_an_error_in_xml_has_the_code_of_the_model_and_its_sender() -> None:
    protocol = route_of(MODELS["elbv2"].operation_model("DescribeRules"), {}).protocol
    answer = protocol.refuse(ApiError("TargetGroupNotFoundException", "Gone."), "request-1")
    assert answer.body == (
        b'<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type>'
        b"<Code>TargetGroupNotFound</Code><Message>Gone.</Message></Error><RequestId>request-1</RequestId>"
        b"</ErrorResponse>"
    )


@pytest.mark.parametrize("service", SERVED)
def test_a_code_that_the_service_has_not_is_our_fault(service: str) -> None:
    model = MODELS[service]
    protocol = route_of(model.operation_model(model.operation_names[0]), {}).protocol
    with pytest.raises(AssertionError, match="ClusterMissing is not an error of"):
        protocol.refuse(ApiError("ClusterMissing", "No."), "request-1")


@pytest.mark.parametrize(
    ("service", "operation", "result", "sentence"),
    [
        pytest.param("ecs", "ListClusters", {"arns": []}, "no such member .at arns", id="json-unknown"),
        pytest.param(
            "ecs", "ListClusters", {"clusterArns": [1]}, r"int given .* \(at clusterArns\[0\]", id="json-type"
        ),
        pytest.param("ecs", "DescribeServices", {"services": [{"events": 1}]}, r"services\[0\].events", id="json-list"),
        pytest.param("ecs", "DescribeTasks", {"tasks": ["x"]}, r"structure \(at tasks\[0\]", id="json-structure"),
        pytest.param("elbv2", "DescribeRules", {"Rule": []}, "no such member .at Rule", id="xml-unknown"),
        pytest.param("elbv2", "DescribeTags", {"TagDescriptions": [{"Tags": 1}]}, r"\[0\].Tags", id="xml-list"),
        pytest.param("sts", "GetCallerIdentity", {"Account": 1}, "int given for a string .at Account", id="xml-type"),
    ],
)
def test_an_answer_that_does_not_fit_the_model_is_our_fault(
    service: str, operation: str, result: dict[str, Any], sentence: str
) -> None:
    model = MODELS[service].operation_model(operation)
    protocol = route_of(model, Values(1, fill=0.0).of(model.input_shape)).protocol
    with pytest.raises(AssertionError, match=sentence):
        protocol.answer(operation, result, "request-1")


def test_members_that_are_none_are_left_out() -> None:
    for service, operation, absent in (("ecs", "ListClusters", "nextToken"), ("elbv2", "DescribeRules", "NextMarker")):
        model = MODELS[service].operation_model(operation)
        protocol = route_of(model, {}).protocol
        assert absent.encode() not in protocol.answer(operation, {absent: None}, "request-1").body


def test_instants_keep_their_milliseconds() -> None:
    groups = {"services": [{"createdAt": 1_700_000_000.25}]}
    ecs = route_of(MODELS["ecs"].operation_model("ListClusters"), {}).protocol
    assert ecs.answer("DescribeServices", groups, "request-1").body == b'{"services":[{"createdAt":1700000000.25}]}'
    elbv2 = route_of(MODELS["elbv2"].operation_model("DescribeRules"), {}).protocol
    answer = elbv2.answer("DescribeLoadBalancers", {"LoadBalancers": [{"CreatedTime": 1_700_000_000.25}]}, "request-1")
    assert b"<CreatedTime>2023-11-14T22:13:20.250Z</CreatedTime>" in answer.body


def test_characters_that_xml_can_not_hold_do_not_spoil_the_answer() -> None:
    model = MODELS["sts"].operation_model("GetCallerIdentity")
    answer = route_of(model, {}).protocol.answer("GetCallerIdentity", {"UserId": "a\x00b\x1bc"}, "request-1")
    assert parsed(answer, "query", model.output_shape)["UserId"] == "a\ufffdb\ufffdc"


def test_only_the_named_services_are_loaded_and_without_prose() -> None:
    assert [service.name for service in load_services(("sts",))] == ["sts"]
    assert MODELS["ecs"].operation_model("CreateService").documentation == ""
    assert SERVICES["elbv2"].signing_name == "elasticloadbalancing"


def test_query_services_are_told_apart_by_version_where_a_request_is_unsigned() -> None:
    body = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"}).encode()
    assert ROUTER.route({}, body, None).protocol.service.name == "sts"

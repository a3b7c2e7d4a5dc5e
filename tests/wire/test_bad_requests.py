"""Requests that no botocore client would send: each is refused with a sentence that names the place."""

from typing import Any
from urllib.parse import urlencode

import pytest

from slipway.api.errors import ApiError
from slipway.wire.models import load_services
from slipway.wire.parse_query import MAX_DEPTH, MAX_FIELDS
from slipway.wire.routing import Router

ROUTER = Router(load_services(("ecs", "elbv2", "sts")))
PREFIX = "AmazonEC2ContainerServiceV20141113"


def parse_json(operation: str, body: bytes) -> dict[str, Any]:
    """The parameters of a request to ECS."""
    route = ROUTER.route({"x-amz-target": f"{PREFIX}.{operation}"}, body, "ecs")
    return route.protocol.parse(route.operation, route.content)


def parse_query(body: bytes) -> dict[str, Any]:
    """The parameters of a request to ELB."""
    route = ROUTER.route({}, body, "elasticloadbalancing")
    return route.protocol.parse(route.operation, route.content)


def form(action: str, **fields: str) -> bytes:
    """A form; `__` in a field's name stands for a dot."""
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return urlencode({"Action": action, "Version": "2015-12-01", **named}).encode()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b'{"services": ["a",]}', "trailing comma in array (byte 18)", id="trailing-comma"),
        pytest.param(b'{"services"', "of 11 bytes: Input data was truncated", id="truncated"),
        pytest.param(b"{} {}", "trailing characters (byte 4)", id="two-values"),
        pytest.param(b'{"cluster": NaN}', "invalid character (byte 12)", id="nan"),
        pytest.param(b'{"cluster": "\xff"}', "The body is not UTF-8", id="not-utf-8"),
        pytest.param(b'{"cluster": "\\ud800"}', "could not be parsed", id="lone-surrogate"),
        pytest.param(b"[" * 100_000, "The body is nested too deeply", id="deep"),
        pytest.param(b"[]", "START_ARRAY can not be converted to a Structure", id="not-an-object"),
        pytest.param(b"null", "NULL_VALUE can not be converted to a Structure", id="null"),
        pytest.param(b'{"cluster": 1}', "NUMBER_VALUE can not be converted to a String (at cluster)", id="number"),
        pytest.param(b'{"services": "a"}', "STRING_VALUE can not be converted to a List (at services)", id="string"),
        pytest.param(b'{"services": [[]]}', "START_ARRAY can not be converted to a String (at services[0])", id="item"),
        pytest.param(b'{"services": ["a", null]}', "NULL_VALUE can not be converted", id="null-item"),
    ],
)
def test_json_that_does_not_fit_is_a_serialization_exception(body: bytes, sentence: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_json("DescribeServices", body)
    assert caught.value.code == "SerializationException"
    assert sentence in caught.value.message


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b'{"count": "1"}', "STRING_VALUE can not be converted to an Integer (at count)", id="string"),
        pytest.param(b'{"count": 1.5}', "NUMBER_VALUE can not be converted to an Integer (at count)", id="fraction"),
        pytest.param(b'{"count": true}', "BOOLEAN_VALUE can not be converted to an Integer (at count)", id="boolean"),
        pytest.param(b'{"count": 2147483648}', "2147483648 does not fit an Integer; give a number from", id="range"),
        pytest.param(b'{"enableExecuteCommand": 1}', "NUMBER_VALUE can not be converted to a Boolean", id="bool"),
        pytest.param(
            b'{"overrides": {"containerOverrides": [{}, {"environment": [{"name": {}}]}]}}',
            "(at overrides.containerOverrides[1].environment[0].name)",
            id="place",
        ),
    ],
)
def test_a_value_of_another_type_is_a_serialization_exception(body: bytes, sentence: str) -> None:
    with pytest.raises(ApiError, match="SerializationException") as caught:
        parse_json("RunTask", body)
    assert sentence in caught.value.message


def test_unknown_and_null_members_are_ignored_and_an_empty_body_is_an_empty_request() -> None:
    assert parse_json("ListClusters", b'{"colour": "red", "nextToken": null, "maxResults": 5.0}') == {"maxResults": 5}
    assert parse_json("ListClusters", b"") == {}
    assert parse_query(form("DescribeRules", Colour="red")) == {}


def test_a_required_member_that_is_missing_is_named() -> None:
    with pytest.raises(ApiError) as caught:
        parse_json("CreateService", b"{}")
    assert (caught.value.code, caught.value.message) == (
        "InvalidParameterException",
        "serviceName is required; give it a value.",
    )


def test_required_members_that_are_missing_inside_others_are_named() -> None:
    with pytest.raises(ApiError) as caught:
        parse_query(form("RegisterTargets", Targets__member__1__Port="80"))
    assert caught.value.code == "ValidationError"
    assert caught.value.message == "TargetGroupArn and Targets[0].Id are required; give each a value."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(form("CreateTargetGroup", Port="http"), "'http' is not a whole number", id="integer"),
        pytest.param(form("CreateTargetGroup", Port="9" * 5000), "is not a whole number", id="long-integer"),
        pytest.param(form("CreateTargetGroup", HealthCheckEnabled="yes"), "'yes' is not a Boolean", id="boolean"),
        pytest.param(form("CreateTargetGroup", Name__x="a"), "where a plain value is expected (at Name)", id="tree"),
        pytest.param(
            form("CreateTargetGroup", Tags="a"), "'a' was given where a list is expected (at Tags)", id="leaf"
        ),
        pytest.param(form("CreateTargetGroup", Tags__1__Key="a"), "written .member.1, .member.2", id="no-member"),
        pytest.param(form("CreateTargetGroup", Tags__member__x="a"), "'x' is not the number of a list", id="index"),
        pytest.param(b"Action=DescribeRules&a=1&a.b=2", "a.b goes on below a, which has a value", id="both"),
        pytest.param(b"Action=DescribeRules&Action=DeleteRule", "Action is given twice", id="twice"),
        pytest.param(b"Action=DescribeRules&a=%ff", "The body is not a form in UTF-8", id="not-utf-8"),
        pytest.param(b"Action=\xff", "The body is not a form in UTF-8", id="raw-bytes"),
        pytest.param(b"a." * (MAX_DEPTH + 9) + b"b=1", f"nested deeper than {MAX_DEPTH} levels", id="deep"),
        pytest.param(b"a=1&" * (MAX_FIELDS + 1), f"more than {MAX_FIELDS} fields", id="many"),
    ],
)
def test_a_form_that_does_not_fit_is_malformed(body: bytes, sentence: str) -> None:
    with pytest.raises(ApiError, match="SerializationException") as caught:
        parse_query(body)
    assert sentence in caught.value.message


def test_list_items_come_in_the_order_of_their_numbers() -> None:
    fields = {f"Names__member__{number}": str(number) for number in (10, 2, 1)}
    assert parse_query(form("DescribeLoadBalancers", **fields)) == {"Names": ["1", "2", "10"]}


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        pytest.param({"x-amz-target": f"{PREFIX}.Fly"}, b"{}", "UnknownOperationException", id="operation"),
        pytest.param({"x-amz-target": "Lambda_20150331.ListClusters"}, b"{}", "UnknownOperationException", id="prefix"),
        pytest.param({"x-amz-target": ""}, b"{}", "UnknownOperationException", id="empty-target"),
        pytest.param({}, b"Action=Fly&Version=2015-12-01", "UnknownOperationException", id="action"),
        pytest.param({}, b"Action=DescribeRules&Version=2012-06-01", "UnknownOperationException", id="version"),
        pytest.param({}, b"Version=2015-12-01", "MissingAction", id="no-action"),
        pytest.param({}, b"", "MissingAction", id="nothing"),
    ],
)
def test_what_is_not_served_is_an_unknown_operation(headers: dict[str, str], body: bytes, code: str) -> None:
    with pytest.raises(ApiError) as caught:
        ROUTER.route(headers, body, None)
    assert caught.value.code == code

"""The table of operations: complete, current, and refused by errors that the models have."""

import pytest

from slipway.api.errors import ApiError
from slipway.api.operations import (
    SERVICES,
    TABLE_PATH,
    dispatch,
    operations,
    operations_table,
    refusal_code,
    refusal_sentence,
)
from slipway.wire.models import load_service_model


def test_the_table_is_current() -> None:
    assert TABLE_PATH.read_text(encoding="utf-8") == operations_table(), "run python -m slipway.api.operations"


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_handlers_are_those_of_operations_in_the_model(service: str) -> None:
    assert set(SERVICES[service]) <= set(operations(service))


def test_ecs_refuses_by_errors_that_the_operation_lists() -> None:
    model = load_service_model("ecs")
    for name in set(model.operation_names) - set(SERVICES["ecs"]):
        listed = {shape.name for shape in model.operation_model(name).error_shapes}
        nearest = "UnsupportedFeatureException"
        assert refusal_code("ecs", name) == (nearest if nearest in listed else "ClientException"), name


def test_elbv2_refuses_by_an_error_of_its_model() -> None:
    errors = {shape.name for shape in load_service_model("elbv2").error_shapes}
    assert refusal_code("elbv2", "ModifyIpPools") in errors


def test_a_served_operation_has_its_handler() -> None:
    assert dispatch("ecs", "ListClusters") is SERVICES["ecs"]["ListClusters"]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        pytest.param("ecs", "CreateTaskSet", id="ecs"),
        pytest.param("elbv2", "CreateTrustStore", id="elbv2"),
        pytest.param("cloudwatch", "PutCompositeAlarm", id="cloudwatch"),
        pytest.param("sts", "AssumeRole", id="sts"),
    ],
)
def test_what_is_not_served_says_so(service: str, operation: str) -> None:
    with pytest.raises(ApiError) as refused:
        dispatch(service, operation)
    assert refused.value.message == refusal_sentence(service, operation)
    assert refused.value.message.startswith(f"{operation} is not served by Slipway yet; see docs/operations.md.")

"""Tags through their handlers."""

from dataclasses import replace
from typing import Any

import pytest

from slipway.api.errors import ApiError
from slipway.core.deployments.extensions import Extensions, extensions_of
from slipway.core.model.deployments import RolloutState
from tests.api.ecs_records import ecs_caller, put, put_service, put_task, register

CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/default"


@pytest.mark.parametrize("kind", ["cluster", "service", "task", "task-definition"])
def test_resources_are_tagged_and_untagged(kind: str) -> None:
    caller = ecs_caller()
    definition = register(caller)
    service = put_service(caller, definition=definition)
    arns = {"cluster": CLUSTER, "service": service.arn, "task-definition": definition}
    arn = arns.get(kind) or put_task(caller, definition).arn
    caller.call("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b"}])
    caller.call("TagResource", resourceArn=arn, tags=[{"key": "a", "value": "2"}])
    tags = caller.call("ListTagsForResource", resourceArn=arn)["tags"]
    assert tags == [{"key": "a", "value": "2"}, {"key": "b", "value": ""}]
    caller.call("UntagResource", resourceArn=arn, tagKeys=["a", "c"])
    assert caller.call("ListTagsForResource", resourceArn=arn)["tags"] == [{"key": "b", "value": ""}]
    caller.call("UntagResource", resourceArn=arn, tagKeys=["c"])
    assert not caller.changes


def some(count: int, start: int = 0) -> list[dict[str, str]]:
    """So many tags."""
    return [{"key": f"k{number}", "value": "v"} for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("arn", "tags", "code", "words"),
    [
        pytest.param(CLUSTER, some(51), "InvalidParameterException", "more than 50", id="too-many"),
        pytest.param(CLUSTER, some(30, 30), "LimitExceededException", "would make 60", id="too-many-in-all"),
        pytest.param(CLUSTER, [{"key": "AWS:x"}], "InvalidParameterException", "aws:", id="reserved"),
        pytest.param(CLUSTER, [{"key": ""}], "InvalidParameterException", "1 to 128", id="no-key"),
        pytest.param(CLUSTER, [{"key": "k" * 129}], "InvalidParameterException", "1 to 128", id="long-key"),
        pytest.param(CLUSTER, [{"key": "k", "value": "v" * 257}], "InvalidParameterException", "256", id="long-value"),
        pytest.param(CLUSTER, [{"key": "k", "value": "<"}], "InvalidParameterException", "value '<'", id="characters"),
        pytest.param(CLUSTER, [{"key": "k"}, {"key": "k"}], "InvalidParameterException", "given twice", id="repeated"),
        pytest.param(f"{CLUSTER}x", some(1), "ResourceNotFoundException", "cluster could not be found", id="missing"),
        pytest.param("default", some(1), "InvalidParameterException", "ARN of a cluster", id="no-arn"),
        pytest.param(
            "arn:aws:ecs:us-east-1:000000000000:container-instance/default/1",
            some(1),
            "InvalidParameterException",
            "cannot have tags here",
            id="container-instance",
        ),
    ],
)
def test_bad_tags_are_refused(arn: str, tags: list[dict[str, Any]], code: str, words: str) -> None:
    caller = ecs_caller()
    caller.call("TagResource", resourceArn=CLUSTER, tags=some(30))
    with pytest.raises(ApiError, match=words) as refused:
        caller.call("TagResource", resourceArn=arn, tags=tags)
    assert refused.value.code == code


def test_a_deleted_cluster_has_no_tags() -> None:
    caller = ecs_caller()
    caller.call("DeleteCluster", cluster="default")
    with pytest.raises(ApiError, match="The specified cluster is inactive"):
        caller.call("ListTagsForResource", resourceArn=CLUSTER)


DEADLINE = "slipway:deployment-deadline"
READINESS = {"key": "slipway:target-health", "value": "readiness"}


def test_a_services_own_settings_are_tags_that_act_at_once() -> None:
    caller = ecs_caller()
    service = put_service(caller, definition=register(caller))
    caller.call("TagResource", resourceArn=service.arn, tags=[READINESS, {"key": DEADLINE, "value": "10m"}])
    tagged = extensions_of(caller.snapshot.services[service.arn])
    assert (tagged.is_readiness_only, tagged.deadline_s) == (True, 600)
    primary = caller.snapshot.primary(service.arn)
    assert primary is not None
    assert primary.deadline_at == primary.created_at + 600
    caller.call("UntagResource", resourceArn=service.arn, tagKeys=[READINESS["key"], DEADLINE])
    assert extensions_of(caller.snapshot.services[service.arn]) == Extensions()
    assert caller.snapshot.primary(service.arn) == replace(primary, deadline_at=None)


def test_a_deployment_that_is_complete_gets_no_deadline() -> None:
    caller = ecs_caller()
    service = put_service(caller, definition=register(caller))
    [primary] = caller.snapshot.service_deployments_of(service.arn)
    put(caller, replace(primary, rollout_state=RolloutState.COMPLETED))
    caller.call("TagResource", resourceArn=service.arn, tags=[{"key": DEADLINE, "value": "10m"}])
    assert caller.snapshot.deployments[primary.id].deadline_at is None


@pytest.mark.parametrize(
    ("tag", "start"),
    [
        pytest.param({"key": "slipway:colour", "value": "red"}, "The tag slipway:colour is not known;", id="unknown"),
        pytest.param({**READINESS, "value": "yes"}, "The tag slipway:target-health is 'yes'; use", id="value"),
        pytest.param({"key": DEADLINE, "value": "soon"}, f"The tag {DEADLINE} is 'soon'; give seconds", id="duration"),
    ],
)
def test_a_setting_of_a_service_that_cannot_be_is_refused(tag: dict[str, str], start: str) -> None:
    caller = ecs_caller()
    service = put_service(caller, definition=register(caller))
    creation = {"serviceName": "web", "taskDefinition": "users", "desiredCount": 1, "tags": [tag]}
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("TagResource", {"resourceArn": service.arn, "tags": [tag]}),
        ("CreateService", creation),
    )
    for operation, params in calls:
        with pytest.raises(ApiError) as refused:
            caller.call(operation, **params)
        assert (refused.value.code, refused.value.message[: len(start)]) == ("InvalidParameterException", start)
    caller.call("TagResource", resourceArn=CLUSTER, tags=[tag])  # on anything else it is a tag like any other

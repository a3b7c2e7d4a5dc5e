"""Tags through their handlers."""

from typing import Any

import pytest

from slipway.api.errors import ApiError
from tests.api.ecs_records import ecs_caller, put_service, put_task, register

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

"""Tags of alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.cloudwatch_forms import invalid_value
from slipway.api.errors import ApiError
from slipway.api.parameters import first_repeated
from slipway.core.model.alarms import Alarm
from slipway.core.model.tags import Tag, drop_tags, merge_tags

# Source of the limits: CloudWatch API reference, PutMetricAlarm Tags, and Tag.
MAX_TAGS = 50
MAX_KEY = 128
MAX_VALUE = 256


def tags_of(given: Sequence[Mapping[str, str]]) -> tuple[Tag, ...]:
    """The tags of a request. Raises `ApiError` InvalidParameterValue for those that break a limit."""
    for item in given:
        if not 1 <= len(item["Key"]) <= MAX_KEY or item["Key"].lower().startswith("aws:"):
            raise invalid_value(f"The tag key '{item['Key']}' has not 1 to {MAX_KEY} characters, or begins with aws:.")
        if len(item["Value"]) > MAX_VALUE:
            raise invalid_value(f"The value of tag '{item['Key']}' is too long; give at most {MAX_VALUE} characters.")
    if (key := first_repeated(item["Key"] for item in given)) is not None:
        raise invalid_value(f"The tag key '{key}' is given twice; give each key one value.")
    return _limited(tuple(Tag(key=item["Key"], value=item["Value"]) for item in given))


def _limited(tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
    if len(tags) > MAX_TAGS:
        raise invalid_value(f"An alarm has at most {MAX_TAGS} tags; this would be {len(tags)}.")
    return tags


def tag_resource(call: Call) -> dict[str, Any]:
    """TagResource."""
    alarm = _alarm(call)
    call.put(replace(alarm, tags=_limited(merge_tags(alarm.tags, tags_of(call.params["Tags"])))))
    return {}


def untag_resource(call: Call) -> dict[str, Any]:
    """UntagResource."""
    alarm = _alarm(call)
    call.put(replace(alarm, tags=drop_tags(alarm.tags, frozenset(call.params["TagKeys"]))))
    return {}


def list_tags_for_resource(call: Call) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"Tags": [{"Key": tag.key, "Value": tag.value} for tag in _alarm(call).tags]}


def _alarm(call: Call) -> Alarm:
    arn: str = call.params["ResourceARN"]
    alarm = call.snapshot.alarms.get(arn)
    if alarm is None:
        raise ApiError(
            "ResourceNotFoundException", f"{arn} is the ARN of no alarm.", ResourceType="alarm", ResourceId=arn
        )
    return alarm


HANDLERS: Mapping[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}

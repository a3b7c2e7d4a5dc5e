"""ELBv2 tags: those given at creation, and AddTags, RemoveTags, DescribeTags."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.elbv2_forms import at_most, invalid
from slipway.api.elbv2_records import listener, load_balancer, target_group
from slipway.api.errors import ApiError
from slipway.core.model.load_balancing import Listener, LoadBalancer, TargetGroup
from slipway.core.model.tags import Tag, drop_tags, merge_tags

# Source of the limits: Application Load Balancers guide, "Tag restrictions"; ELBv2 API, Tag.
MAX_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256
#: Resources one call may name (DescribeTags, ResourceArns).
MAX_RESOURCES = 20

_PUNCTUATION = frozenset("_.:/=+-@")


def tags_of(call: Call) -> tuple[Tag, ...]:
    """The `Tags` of a request, empty where there are none; DuplicateTagKeys, TooManyTags, ValidationError."""
    tags = tuple(_tag(item) for item in call.params.get("Tags", ()))
    keys = [tag.key for tag in tags]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated:
        raise ApiError("DuplicateTagKeysException", f"Tag keys must be unique; given more than once: {repeated[0]}.")
    return _limited(tags)


def _tag(item: Mapping[str, str]) -> Tag:
    key, value = item["Key"], item.get("Value", "")
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise invalid(f"Tag key '{key}' has {len(key)} characters; it must have from 1 to {MAX_KEY_LENGTH}.")
    if len(value) > MAX_VALUE_LENGTH:
        raise invalid(f"The value of tag '{key}' has {len(value)} characters; at most {MAX_VALUE_LENGTH} are allowed.")
    if key.lower().startswith("aws:"):
        raise invalid(f"Tag key '{key}' begins with aws:, which is reserved; choose another.")
    for text in (key, value):
        if not all(_may_stand(character) for character in text):
            raise invalid(f"Tag '{text}' may have letters, digits, spaces and + - = . _ : / @ only.")
    return Tag(key=key, value=value)


def _may_stand(character: str) -> bool:
    """Whether a tag may have the character: the model's pattern, letters, separators, numbers and some marks."""
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN"


def _limited(tags: tuple[Tag, ...]) -> tuple[Tag, ...]:
    if len(tags) > MAX_TAGS:
        raise ApiError("TooManyTagsException", f"A resource has at most {MAX_TAGS} tags; this would be {len(tags)}.")
    return tags


def add_tags(call: Call) -> dict[str, Any]:
    """AddTags."""
    tags = tags_of(call)
    if not tags:
        raise invalid("Tags is empty; give at least one tag.")
    for item in _resources(call):
        call.put(replace(item, tags=_limited(merge_tags(item.tags, tags))))
    return {}


def remove_tags(call: Call) -> dict[str, Any]:
    """RemoveTags."""
    keys = frozenset(call.params["TagKeys"])
    for item in _resources(call):
        call.put(replace(item, tags=drop_tags(item.tags, keys)))
    return {}


def describe_tags(call: Call) -> dict[str, Any]:
    """DescribeTags."""
    return {
        "TagDescriptions": [
            {"ResourceArn": item.arn, "Tags": [{"Key": tag.key, "Value": tag.value} for tag in item.tags]}
            for item in _resources(call)
        ]
    }


def _resources(call: Call) -> list[LoadBalancer | Listener | TargetGroup]:
    arns: Sequence[str] = call.params["ResourceArns"]
    at_most("ResourceArns", arns, MAX_RESOURCES)
    return [_resource(call, arn) for arn in dict.fromkeys(arns)]


def _resource(call: Call, arn: str) -> LoadBalancer | Listener | TargetGroup:
    resource = arn.split(":", 5)[-1].partition("/")[0]
    match resource:
        case "loadbalancer":
            return load_balancer(call, arn)
        case "listener":
            return listener(call, arn)
        case "targetgroup":
            return target_group(call, arn)
        case "listener-rule":
            raise ApiError("RuleNotFoundException", f"One or more rules not found: {arn}")
        case "truststore":
            raise ApiError("TrustStoreNotFoundException", f"Trust store '{arn}' not found")
        case _:
            raise invalid(f"'{arn}' is not a valid load balancer, listener or target group ARN")


HANDLERS: Mapping[str, Handler] = {"AddTags": add_tags, "RemoveTags": remove_tags, "DescribeTags": describe_tags}

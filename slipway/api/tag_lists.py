"""Tags in ECS's JSON: a list of `key` and `value`, checked against AWS's limits."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from slipway.api.parameters import first_repeated, invalid
from slipway.core.deployments.extensions import tag_error
from slipway.core.model.tags import Tag

#: Most tags of one resource (ECS Developer Guide, "Tagging your Amazon ECS resources", restrictions).
TAGS_LIMIT = 50
KEY_LIMIT = 128
VALUE_LIMIT = 256

# Letters, digits and spaces of any script, and `+ - = . _ : / @` (ECS API, `TagKey`, `TagValue`).
_FORM = re.compile(r"[\w .:/=+\-@]*")


def read_tags(params: Mapping[str, Any], name: str = "tags") -> tuple[Tag, ...]:
    """The tags in the member `name`. Raises `ApiError` InvalidParameterException for those that break a limit."""
    tags = tuple(Tag(key=item.get("key", ""), value=item.get("value", "")) for item in params.get(name, ()))
    if len(tags) > TAGS_LIMIT:
        raise invalid(f"Tags can not have more than {TAGS_LIMIT} elements; {len(tags)} were given.")
    for tag in tags:
        _check(tag)
    if (key := first_repeated(tag.key for tag in tags)) is not None:
        raise invalid(f"Duplicate tag keys found: '{key}' is given twice; give each key one value.")
    return tags


def read_service_tags(params: Mapping[str, Any]) -> tuple[Tag, ...]:
    """`read_tags` of a service: those whose keys begin with `slipway:` are its settings, and must be ones that are."""
    tags = read_tags(params)
    check_service_tags(tags)
    return tags


def check_service_tags(tags: Iterable[Tag]) -> None:
    """Check the tags that are settings of a service. Raises `ApiError` InvalidParameterException for another value."""
    for tag in tags:
        if (error := tag_error(tag)) is not None:
            raise invalid(error)


def show_tags(tags: Iterable[Tag]) -> list[dict[str, str]]:
    """Tags as answers show them."""
    return [{"key": tag.key, "value": tag.value} for tag in tags]


def _check(tag: Tag) -> None:
    if not 1 <= len(tag.key) <= KEY_LIMIT:
        raise invalid(f"A tag's key has 1 to {KEY_LIMIT} characters; '{tag.key}' has {len(tag.key)}.")
    if len(tag.value) > VALUE_LIMIT:
        raise invalid(f"A tag's value has at most {VALUE_LIMIT} characters; that of '{tag.key}' has {len(tag.value)}.")
    if tag.key.lower().startswith("aws:"):
        raise invalid(f"Tag keys can't start with aws: (in any case), which is reserved; rename '{tag.key}'.")
    for part, text in (("key", tag.key), ("value", tag.value)):
        if not _FORM.fullmatch(text):
            raise invalid(
                f"The tag {part} '{text}' has other characters than letters, digits, spaces and + - = . _ : / @."
            )

"""Pages of a List operation, and the opaque tokens that lead to the next one.

A token holds the sort key of the last item given, not a position: items that come and go between two calls neither
repeat nor hide others.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from slipway.api.errors import ApiError
from slipway.api.parameters import number

#: The most items a page of most List operations has, which is their default too (ECS API, `maxResults`).
PAGE_LIMIT = 100

Item = TypeVar("Item")
Key = tuple[str | float, ...]


def page(
    items: Iterable[Item],
    params: Mapping[str, Any],
    scope: str,
    *,
    key: Callable[[Item], Key],
    default: int = PAGE_LIMIT,
    maximum: int = PAGE_LIMIT,
    is_descending: bool = False,
) -> tuple[list[Item], dict[str, str]]:
    """The items of the page that `params` (`maxResults`, `nextToken`) asks for, and `{"nextToken": …}` if more follow.

    Items are given in the order of `key`, which must tell them apart. `scope` is the operation: a token of another one
    is refused. Raises `ApiError` InvalidParameterException for a bad token or size.
    """
    size = number(params, "maxResults", low=1, high=maximum) or default
    token = params.get("nextToken")
    ordered = sorted(items, key=key, reverse=is_descending)
    if token:
        after = _key_of(token, scope)
        ordered = _after(ordered, after, key, is_descending)
    found = ordered[:size]
    return found, ({"nextToken": _token(key(found[-1]), scope)} if len(ordered) > size else {})


def page_of_names(
    names: Iterable[str], params: Mapping[str, Any], scope: str, *, default: int = PAGE_LIMIT
) -> tuple[list[str], dict[str, str]]:
    """`page` of names or ARNs, in their alphabetical order."""
    return page(names, params, scope, key=lambda name: (name,), default=default)


def _after(ordered: list[Item], last: Key, key: Callable[[Item], Key], is_descending: bool) -> list[Item]:
    try:
        if is_descending:
            return [item for item in ordered if key(item) < last]
        return [item for item in ordered if key(item) > last]
    except TypeError:
        raise _bad_token() from None


def _token(key: Key, scope: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([scope, *key]).encode()).decode()


def _key_of(token: str, scope: str) -> Key:
    try:
        content = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise _bad_token() from None
    if not isinstance(content, list) or content[:1] != [scope]:
        raise _bad_token()
    return tuple(content[1:])


def _bad_token() -> ApiError:
    return ApiError(
        "InvalidParameterException", "Invalid token. Use the nextToken of the answer before, of the same operation."
    )

"""Pages of ELBv2's describe operations: `PageSize` and `Marker` in, `NextMarker` out."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from slipway.api.call import Call
from slipway.api.elbv2_forms import in_range, invalid

#: The largest page, and the page where none is asked for (ELBv2 API, PageSize).
MAX_PAGE_SIZE = 400

Item = TypeVar("Item")


def page(
    call: Call, member: str, items: Iterable[Item], *, position: Callable[[Item], str], view: Callable[[Item], Any]
) -> dict[str, Any]:
    """The page of `items` that the call asks for, as the member `member` of its answer, each item shown by `view`.

    Items are ordered by `position`, which tells them apart; the marker is the position of the last item shown, so that
    what is created or deleted between two pages neither repeats nor hides any other item.
    """
    size = in_range("PageSize", call.params.get("PageSize", MAX_PAGE_SIZE), 1, MAX_PAGE_SIZE)
    marker = call.params.get("Marker")
    after = "" if not marker else _position(marker)
    rest = sorted((item for item in items if position(item) > after), key=position)
    answer: dict[str, Any] = {member: [view(item) for item in rest[:size]]}
    if len(rest) > size:
        answer["NextMarker"] = base64.urlsafe_b64encode(position(rest[size - 1]).encode()).decode()
    return answer


def _position(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise invalid(f"Marker '{marker}' is not valid; send the NextMarker of the page before.") from None

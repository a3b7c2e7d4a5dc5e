"""Changed records are what `dataclasses.replace` makes of them."""

import dataclasses
from typing import Any

import pytest

from slipway.core.model.hosts import Host
from slipway.core.plan import Record
from slipway.core.records import replace
from tests.core.records import a_deployment, a_host, a_revision, a_roll_out, a_service, a_target, a_task


@pytest.mark.parametrize(
    ("record", "members"),
    [
        pytest.param(a_task(), {"wake_at": 3.0, "version": 2}, id="task"),
        pytest.param(a_task(), {}, id="nothing"),
        pytest.param(a_target(), {"is_drained": True}, id="target"),
        pytest.param(a_service(), {"desired_count": 3}, id="service"),
        pytest.param(a_deployment(), {"failed_tasks": 1}, id="deployment"),
        pytest.param(a_revision(), {"created_at": 2.0}, id="revision"),
        pytest.param(a_roll_out(), {"status_reason": "x"}, id="service deployment"),
    ],
)
def test_as_the_library_does(record: Record, members: dict[str, Any]) -> None:
    before = repr(record)
    changed = replace(record, **members)
    assert changed == dataclasses.replace(record, **members)
    assert repr(record) == before


def test_a_member_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="Host has no member 'colour'"):
        replace(a_host(), colour="red")  # type: ignore[call-arg]


def test_what_was_changed_is_frozen() -> None:
    host: Host = replace(a_host(), cpu=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        host.cpu = 2  # type: ignore[misc]

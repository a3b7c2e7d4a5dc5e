"""Account settings through their handlers."""

import pytest

from slipway.api.errors import ApiError
from tests.api.ecs_records import ecs_caller


def test_effective_settings_are_listed_in_pages() -> None:
    caller = ecs_caller()
    first = caller.call("ListAccountSettings", effectiveSettings=True)
    second = caller.call("ListAccountSettings", effectiveSettings=True, nextToken=first["nextToken"])
    values = {item["name"]: item["value"] for item in first["settings"] + second["settings"]}
    assert (len(first["settings"]), len(values)) == (10, 11)
    assert values["serviceLongArnFormat"] == "enabled"
    assert caller.call("ListAccountSettings")["settings"] == []
    [one] = caller.call("ListAccountSettings", effectiveSettings=True, name="taskLongArnFormat")["settings"]
    assert one["value"] == "enabled"


@pytest.mark.parametrize("operation", ["PutAccountSetting", "PutAccountSettingDefault"])
def test_a_setting_can_be_set_to_what_it_is(operation: str) -> None:
    caller = ecs_caller()
    assert caller.call(operation, name="containerInsights", value="disabled")["setting"]["value"] == "disabled"
    assert caller.call(operation, name="tagResourceAuthorization", value="off")["setting"]["type"] == "user"
    with pytest.raises(ApiError, match="containerInsights is always 'disabled'") as refused:
        caller.call(operation, name="containerInsights", value="enhanced")
    assert refused.value.code == "InvalidParameterException"


def test_deleting_answers_the_value_there_is() -> None:
    assert ecs_caller().call("DeleteAccountSetting", name="awsvpcTrunking")["setting"]["value"] == "disabled"


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ApiError, match="name 'x' is not known"):
        ecs_caller().call("PutAccountSetting", name="x", value="enabled")

"""ECS account settings: what Slipway always does. They can be read, and set to what they are."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler
from slipway.api.paging import page
from slipway.api.parameters import choice, invalid

#: Settings by name (ECS API, `SettingName`) and the value that says what Slipway does.
SETTINGS: Mapping[str, str] = {
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "containerInstanceLongArnFormat": "enabled",
    "defaultLogDriverMode": "blocking",
    "fargateEventWindows": "disabled",
    "fargateFIPSMode": "disabled",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "disabled",
    "serviceLongArnFormat": "enabled",
    "tagResourceAuthorization": "disabled",
    "taskLongArnFormat": "enabled",
}

#: Values that older clients write (ECS API, PutAccountSetting: "on and off are accepted").
_SYNONYMS = {"on": "enabled", "off": "disabled"}

#: Settings of one page (ECS API, ListAccountSettings).
PAGE_LIMIT = 10


def list_account_settings(call: Call) -> dict[str, Any]:
    """None is ever set for a principal, so only `effectiveSettings` shows any."""
    name = choice(call.params, "name", tuple(SETTINGS))
    wanted = call.params.get("value")
    names = [
        each
        for each, value in SETTINGS.items()
        if call.params.get("effectiveSettings") and name in (None, each) and wanted in (None, value)
    ]
    found, rest = page(
        names, call.params, "ListAccountSettings", key=lambda each: (each,), default=PAGE_LIMIT, maximum=PAGE_LIMIT
    )
    return {"settings": [_view(call, each) for each in found], **rest}


def put_account_setting(call: Call) -> dict[str, Any]:
    """Accepted where the value is the one Slipway has; refused otherwise."""
    name = choice(call.params, "name", tuple(SETTINGS)) or ""
    value = call.params["value"]
    if _SYNONYMS.get(value, value) != SETTINGS[name]:
        raise invalid(f"The setting {name} is always '{SETTINGS[name]}' in Slipway; it cannot be set to '{value}'.")
    return {"setting": _view(call, name)}


def delete_account_setting(call: Call) -> dict[str, Any]:
    """Nothing is set, so there is nothing to delete: the answer is the value there is."""
    return {"setting": _view(call, choice(call.params, "name", tuple(SETTINGS)) or "")}


def _view(call: Call, name: str) -> dict[str, str]:
    return {
        "name": name,
        "value": SETTINGS[name],
        "principalArn": f"arn:aws:iam::{call.arns.account}:root",
        "type": "aws_managed" if name == "guardDutyActivate" else "user",
    }


HANDLERS: Mapping[str, Handler] = {
    "ListAccountSettings": list_account_settings,
    "PutAccountSetting": put_account_setting,
    "PutAccountSettingDefault": put_account_setting,
    "DeleteAccountSetting": delete_account_setting,
}

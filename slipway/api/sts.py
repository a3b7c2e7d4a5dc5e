"""STS: who the caller is."""

from collections.abc import Mapping
from typing import Any

from slipway.api.call import Call, Handler


def get_caller_identity(call: Call) -> dict[str, Any]:
    """GetCallerIdentity: the root user, whose key is the one key Slipway gives out."""
    account = call.arns.account
    return {"UserId": account, "Account": account, "Arn": f"arn:aws:iam::{account}:root"}


HANDLERS: Mapping[str, Handler] = {"GetCallerIdentity": get_caller_identity}

"""STS handlers."""

from slipway.api.sts import HANDLERS
from tests.api.calls import ACCOUNT, Caller


def test_the_caller_is_the_root_user_of_the_account() -> None:
    answer = Caller(HANDLERS, "sts").call("GetCallerIdentity")
    assert answer == {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}

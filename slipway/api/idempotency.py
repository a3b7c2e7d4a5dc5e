"""Idempotency tokens: whether a call repeats an earlier one, and what that one made."""

import json
from collections.abc import Iterable
from itertools import islice

from slipway.api.call import Call
from slipway.core.ids import stable_hex
from slipway.core.model.tokens import ClientToken

#: Seconds a token is remembered (AWS publishes none for ECS; a day is what EC2 promises at least).
TOKEN_KEPT_S = 24 * 3600
#: Tokens looked at, the oldest, when one is added: more than one, so that they do not pile up.
DROPPED_AT_ONCE = 4


def fingerprint(call: Call) -> str:
    """The same digest for the same parameters, the client token apart."""
    params = {name: value for name, value in call.params.items() if name != "clientToken"}
    return stable_hex(json.dumps(params, sort_keys=True, default=str))


def earlier(call: Call, scope: str, token: str) -> ClientToken | None:
    """What a call with this token made, if it did within the last day."""
    found = call.snapshot.client_tokens.get(f"{scope} {token}")
    if found is None or call.now - found.created_at > TOKEN_KEPT_S:
        return None
    return found


def remember(call: Call, scope: str, token: str, resource_arns: Iterable[str]) -> None:
    """Keep what this call made under its token, and drop some tokens whose day is over."""
    for old in islice(call.snapshot.client_tokens.values(), DROPPED_AT_ONCE):
        if call.now - old.created_at > TOKEN_KEPT_S:
            call.remove(old)
    call.put(
        ClientToken(
            scope=scope,
            token=token,
            fingerprint=fingerprint(call),
            resource_arns=tuple(resource_arns),
            created_at=call.now,
        )
    )

"""Advice as JSON."""

from typing import Any

import msgspec

from slipway.foresight.advise import Advice


def advise_document(advice: Advice) -> dict[str, Any]:
    """All of the advice. Times are seconds; `trade` has the fastest roll first. What to change first is its `sentence`:
    a `verdict` is how a roll ended, everywhere."""
    told: dict[str, Any] = msgspec.to_builtins(advice)
    sentence = told.pop("verdict")
    if not advice.today.has_ended:
        told["today"]["duration_s"] = None  # how far was looked ahead is not how long it takes
    return {
        "is_worth_changing": bool(advice.singles),
        "sentence": sentence,
        "duration_s": told["today"]["duration_s"],
        **told,
    }

"""Advice as JSON."""

from typing import Any

import msgspec

from slipway.foresight.advise import Advice


def advise_document(advice: Advice) -> dict[str, Any]:
    """All of the advice. Times are seconds; `trade` has the fastest roll first."""
    told: dict[str, Any] = msgspec.to_builtins(advice)
    return {"is_worth_changing": bool(advice.singles), "duration_s": advice.today.duration_s, **told}

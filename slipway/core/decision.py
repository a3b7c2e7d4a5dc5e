"""What every decision is given beside the snapshot: the time, the source of ids, names and settings."""

from dataclasses import dataclass

from slipway.core.arns import Arns
from slipway.core.ids import Ids
from slipway.core.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The circumstances of a decision. `now` is epoch seconds."""

    now: float
    ids: Ids
    arns: Arns
    rules: Rules

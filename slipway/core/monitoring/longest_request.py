"""The longest request: what a deregistration delay must leave time for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestRequest:
    """The longest request to a target group that was seen. Instants are epoch seconds, to the minute."""

    target_group_arn: str
    seconds: float  # from its first byte to the end of its answer, rounded up to two digits
    at: float  # when it ended
    since: float  # when the first request ended of those that are known
    count: int  # how many are known

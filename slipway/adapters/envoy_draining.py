"""Which draining targets Envoy has taken out of rotation, and which have no request left."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from slipway.adapters.envoy_admin import HostStatus, HostStatuses
from slipway.core.model.load_balancing import Target
from slipway.core.observations import TargetDrained, TargetDraining

#: The main thread shows a target DRAINING a moment before the last worker hears of it, and a worker may give the target
#: one more request in between; a target is drained if it has no request this long after it was first seen draining.
SETTLE_S = 0.05

#: Seconds between two questions about draining targets, and the share of a core they may cost at most.
POLL_S = 0.05
POLL_SHARE = 0.1

#: The longest rest between two questions: an Envoy that was slow to answer once, or was stopped and goes on, must not
#: have its targets drain until their delay is over.
POLL_MOST_S = 0.5


def rest_s(took_s: float) -> float:
    """Seconds to rest after a question that took `took_s` seconds."""
    return min(POLL_MOST_S, max(POLL_S, took_s / POLL_SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    target: Target
    draining_since: float | None = None  # monotonic seconds; None: Envoy does not show it yet
    requests: int | None = None  # in flight when Envoy was asked last; None: it did not say yet


class DrainWatch:
    """The targets that drain and are not yet reported drained."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}

    def __bool__(self) -> bool:
        return bool(self._watched)

    def add(self, target: Target) -> None:
        """Watch a draining target until it is drained; one that is watched already stays as it is."""
        self._watched.setdefault(target.key, _Watched(target=target))

    def discard(self, target_key: str) -> None:
        """Stop watching: the target is gone, or registered again."""
        self._watched.pop(target_key, None)

    def requests(self, target_key: str) -> int | None:
        """Requests in flight to a watched target when Envoy was asked last; None: not watched, or not known yet."""
        watched = self._watched.get(target_key)
        return None if watched is None else watched.requests

    def observe(
        self, statuses: HostStatuses, *, monotonic: float, at: float
    ) -> Iterator[TargetDraining | TargetDrained]:
        """What Envoy's endpoints say that was not reported yet. An endpoint that Envoy does not have has no request."""
        for key, watched in list(self._watched.items()):
            target = watched.target
            status = statuses.get((target.target_group_arn, target.address, target.port))
            if status is not None and status.eds_health != "DRAINING":
                continue
            if watched.draining_since is None:
                self._watched[key] = watched = replace(watched, draining_since=monotonic)
                yield TargetDraining(target_key=key, at=at)
            if status is not None and status.active_requests != watched.requests:
                self._watched[key] = watched = replace(watched, requests=status.active_requests)
            if status is None or self._is_quiet(watched, status, monotonic):
                del self._watched[key]
                yield TargetDrained(target_key=key, at=at)

    @staticmethod
    def _is_quiet(watched: _Watched, status: HostStatus, monotonic: float) -> bool:
        since = watched.draining_since
        return status.active_requests == 0 and since is not None and monotonic - since >= SETTLE_S

"""Health checks of targets, as ELB does them (ELB guide, target-group-health-checks).

A check is a fresh connection and one `GET`; redirects are not followed; the answer counts by its status line, before
its body. One loop over a heap of due times starts the checks: a target at rest costs an entry of the heap, not a task.
"""

import asyncio
import heapq
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from slipway.adapters.target_probe import Probe, check_http, check_tcp
from slipway.core.model.load_balancing import HealthCheck, Target, TargetState
from slipway.core.observations import CheckOutcome, TargetCheck
from slipway.core.plan import Change, Remove
from slipway.core.snapshot import Snapshot
from slipway.core.traffic.targets import targets_touched
from slipway.ports import Clock, Report

logger = logging.getLogger(__name__)

#: Checks started together, and the pause after them: targets registered at once are checked over a stretch of time,
#: which their next checks keep.
BATCH = 20
BATCH_PAUSE_S = 0.01

#: Checks in flight; above that, due ones wait their turn.
MAX_IN_FLIGHT = 512

_CHECKED = (TargetState.INITIAL, TargetState.HEALTHY, TargetState.UNHEALTHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    at: float  # the event loop's time
    key: str

    def __lt__(self, other: "_Due") -> bool:
        return self.at < other.at


class TargetHealthChecker:
    """Checks the targets of all groups that a listener forwards to, and reports what the core must know.

    A passed check of a target that is healthy and has not failed since is not reported: it would change nothing.
    """

    def __init__(self, report: Report, clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._snapshot: Snapshot | None = None  # None: nothing to check yet
        self._heap: list[_Due] = []
        self._due: dict[str, float] = {}  # by target key; an entry of the heap that says otherwise is void
        self._in_flight = 0
        self._changed = asyncio.Event()

    def open(self, snapshot: Snapshot) -> None:
        """Check all targets of the snapshot from now on, the first time at once."""
        self._snapshot = snapshot
        for target in snapshot.targets.values():
            self._schedule(target, after_interval=False)

    def update(self, snapshot: Snapshot, changes: Iterable[Change]) -> None:
        """Check what `changes` make checkable; targets that need no check drop out when due.

        The first check comes one interval after the registration: a new target is healthy after interval × threshold,
        the arithmetic of ELB's settings, and a program has that long to begin to listen.
        """
        self._snapshot = snapshot
        for change in changes:
            if not isinstance(change, Remove):
                for target in targets_touched(snapshot, change):
                    self._schedule(target, after_interval=True)

    def next_check_at(self, target_key: str) -> float | None:
        """When the next check of a target begins, epoch seconds; None: it is not checked."""
        due = self._due.get(target_key)
        if due is None or self._probe(target_key) is None:
            return None
        return self._clock.now() + max(due - asyncio.get_running_loop().time(), 0.0)

    def _schedule(self, target: Target, *, after_interval: bool) -> None:
        probe = self._probe(target.key) if target.key not in self._due else None
        if probe is not None:
            now = asyncio.get_running_loop().time()
            self._push(target.key, now + (probe.interval_s if after_interval else 0))

    def _push(self, key: str, at: float) -> None:
        is_first = not self._heap or at < self._heap[0].at
        self._due[key] = at
        heapq.heappush(self._heap, _Due(at=at, key=key))
        if is_first:
            self._changed.set()

    async def run(self) -> None:
        """Start the checks that are due, until cancelled. A check in flight then ends unreported."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as checks:
            while True:
                self._changed.clear()
                started = self._start_due(checks, loop.time())
                if started == BATCH:
                    await asyncio.sleep(BATCH_PAUSE_S)
                else:
                    await self._wait_until_due(loop)

    def _start_due(self, checks: asyncio.TaskGroup, now: float) -> int:
        started = 0
        while self._heap and self._heap[0].at <= now and started < BATCH and self._in_flight < MAX_IN_FLIGHT:
            due = heapq.heappop(self._heap)
            if self._due.get(due.key) != due.at:
                continue
            probe = self._probe(due.key)
            if probe is None:
                del self._due[due.key]
                continue
            self._in_flight += 1
            started += 1
            checks.create_task(self._check(due.key, probe))
        return started

    async def _wait_until_due(self, loop: asyncio.AbstractEventLoop) -> None:
        is_full = self._in_flight >= MAX_IN_FLIGHT
        wait_s = max(0.0, self._heap[0].at - loop.time()) if self._heap and not is_full else None
        timer = loop.call_later(wait_s, self._changed.set) if wait_s is not None else None
        try:
            await self._changed.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _check(self, key: str, probe: Probe) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            outcome, code = await (check_tcp(probe) if probe.protocol == "TCP" else check_http(probe))
        finally:
            self._in_flight -= 1
            self._push(key, max(began + probe.interval_s, loop.time()))
            if self._in_flight == MAX_IN_FLIGHT - 1:
                self._changed.set()
        if self._is_news(key, outcome):
            at = self._clock.now()
            self._report(TargetCheck(target_key=key, outcome=outcome, at=at, response_code=code))

    def _is_news(self, key: str, outcome: CheckOutcome) -> bool:
        target = self._snapshot.targets.get(key) if self._snapshot is not None else None
        if target is None or target.state not in _CHECKED:
            return False
        is_steady = target.state is TargetState.HEALTHY and target.failed_checks == 0
        return not (is_steady and outcome is CheckOutcome.PASSED)

    def _probe(self, key: str) -> Probe | None:
        """How a target is to be checked now; None if it is not."""
        snapshot = self._snapshot
        target = snapshot.targets.get(key) if snapshot is not None else None
        if snapshot is None or target is None or target.state not in _CHECKED:
            return None
        group = snapshot.target_groups.get(target.target_group_arn)
        if group is None or not group.health_check.enabled or not snapshot.group_listeners(group.arn):
            return None
        return _probe_of(target, group.health_check)


def _probe_of(target: Target, check: HealthCheck) -> Probe:
    return Probe(
        address=target.address,
        port=target.port if check.port == "traffic-port" else int(check.port),
        protocol=check.protocol,
        path=check.path,
        timeout_s=check.timeout_s,
        interval_s=check.interval_s,
        matcher=check.matcher,
    )

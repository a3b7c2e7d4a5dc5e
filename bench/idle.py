"""Processor time of a control plane that has nothing to decide: tasks that run on, targets that stay healthy."""

import time

from bench.balancer import balanced
from bench.envoys import answering
from bench.fleet import LIGHT, Fleet, fresh_server, processes_of
from bench.procfs import cpu_seconds
from bench.result import Row

TASKS, QUICK_TASKS = 1000, 100
TARGETS = 100
CHECK_INTERVAL_S = 5
WATCHED_S, QUICK_WATCHED_S = 20.0, 5.0
#: Seconds after the last task started, or the last target turned healthy, that are left for the dust to settle.
SETTLE_S = 6.0


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: percent of one core with nothing, with many tasks, and with targets under health checks."""
    count = QUICK_TASKS if is_quick else TASKS
    watched_s = QUICK_WATCHED_S if is_quick else WATCHED_S
    rows: list[Row] = []
    with fresh_server(processes_of(count)) as server:
        nothing = _percent(server.pid, watched_s)
        fleet = Fleet(ecs=server.client("ecs"), name="light", count=count, container=LIGHT)
        fleet.define()
        fleet.start()
        tasks = _percent(server.pid, watched_s)
        fleet.stop()
    with answering(TARGETS) as ports, balanced(ports, interval_s=CHECK_INTERVAL_S) as site:
        targets = _percent(site.server.pid, watched_s)
    rows += [
        Row(measure="nothing at all", ours=nothing, unit="% of a core"),
        Row(measure=f"{count:,} tasks", ours=tasks, unit="% of a core", reference=nothing, against="nothing at all"),
        Row(
            measure=f"{TARGETS} targets", ours=targets, unit="% of a core", reference=nothing, against="nothing at all"
        ),
    ]
    note = f"over {watched_s:.0f} s each; {TARGETS / CHECK_INTERVAL_S:.0f} targets are checked a second"
    return tuple(rows), (note, "nothing is polled by a client meanwhile")


def _percent(pid: int, watched_s: float) -> float:
    time.sleep(SETTLE_S)
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(watched_s)
    return 100 * (cpu_seconds(pid) - before) / (time.monotonic() - began)

"""(e) Resident memory of the control plane: with nothing to do, and with many tasks running.

Beside it: a Python process that has only imported what the server is made of, which no server in Python can undercut.
The processes of the tasks, their shims and Envoy are not the control plane's.
"""

import subprocess
import sys

from bench.fleet import LIGHT, Fleet, fresh_server, processes_of
from bench.procfs import open_files, peak_mib, proportional_mib, resident_mib
from bench.result import Of, Row, Target

TASKS, QUICK_TASKS = 1000, 100
IDLE_MIB, BUSY_MIB = 120.0, 250.0  # what is aimed at: docs/benchmarks.md
_IMPORTED = "import slipway.serving, sys; print(flush=True); sys.stdin.read()"


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: VmRSS of a server just started, of one with its tasks, and the most it ever had."""
    count = QUICK_TASKS if is_quick else TASKS
    floor = _imported_mib()
    with fresh_server(processes_of(count)) as server:
        idle = resident_mib(server.pid)
        fleet = Fleet(ecs=server.client("ecs"), name="light", count=count, container=LIGHT)
        fleet.define()
        fleet.start()
        busy, peak, own = resident_mib(server.pid), peak_mib(server.pid), proportional_mib(server.pid)
        files = open_files(server.pid)
        fleet.stop()
    rows = (
        _row("resident, idle", idle, floor, limit=IDLE_MIB),
        _row(f"resident, {count:,} tasks", busy, floor, limit=BUSY_MIB),
        Row(measure="a task", ours=(busy - idle) * 1024 / count, unit="KiB"),
        Row(measure="most ever resident", ours=peak, unit="MiB"),
    )
    return rows, (f"with {count:,} tasks: {own:.0f} MiB proportional (Pss), {files:,} files open",)


def _row(measure: str, ours: float, floor: float, *, limit: float) -> Row:
    target = Target(limit=limit, of=Of.OURS)
    return Row(measure=measure, ours=ours, unit="MiB", reference=floor, against="imports alone", target=target)


def _imported_mib() -> float:
    command = [sys.executable, "-c", _IMPORTED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        found = resident_mib(process.pid)
        process.stdin.close()
        return found

"""(a) The process runtime: how long until a service of many light processes is steady, and how fast they start.

Beside it, in turn: the same program started as many times by `asyncio.create_subprocess_exec` in a bare Python process,
nothing recorded, nothing watched but its end. Slipway starts two processes a task (the program and its shim), in a
memory group of their own, writes what it must find again after a crash, and answers the API meanwhile.
"""

import asyncio
import resource
import time
from asyncio.subprocess import DEVNULL
from statistics import median

from bench.fleet import LIGHT, Fleet, fresh_server, processes_of
from bench.procfs import cpu_seconds
from bench.result import Of, Row, Target, interleaved

TASKS, QUICK_TASKS = 1000, 100
ROUNDS, QUICK_ROUNDS = 5, 1
STEADY_S = 10.0  # what is promised for 1,000 tasks: docs/benchmarks.md
#: Processes asked for at once of bare asyncio; the best is what we are compared with.
CONCURRENCIES = (1, 8, 64)


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: seconds to steady, tasks a second, seconds to gone, the server's processor time a task."""
    count, rounds = (QUICK_TASKS, QUICK_ROUNDS) if is_quick else (TASKS, ROUNDS)
    rates = {width: bare_rate(count, width) for width in CONCURRENCIES}
    best = max(rates, key=lambda width: rates[width])
    gone: list[float] = []
    spent: list[float] = []

    def ours() -> float:
        with fresh_server(processes_of(count)) as server:
            fleet = Fleet(ecs=server.client("ecs"), name="light", count=count, container=LIGHT)
            fleet.define()
            before = cpu_seconds(server.pid)
            took = fleet.start()
            spent.append(cpu_seconds(server.pid) - before)
            gone.append(fleet.stop())
            return took

    took, bare = interleaved(rounds, ours, lambda: count / bare_rate(count, best))
    rows = (
        _row(f"{count:,} tasks to steady", took, bare, target=Target(limit=STEADY_S, of=Of.OURS)),
        Row(measure="starts", ours=count / took, unit="/s", reference=count / bare, against=f"asyncio, {best} at once"),
        Row(measure=f"{count:,} tasks gone", ours=median(gone), unit="s"),
        Row(measure="server's CPU a start", ours=1e3 * median(spent) / count, unit="ms"),
    )
    swept = ", ".join(f"{width} at once {rate:,.0f}/s" for width, rate in rates.items())
    return rows, (f"medians of {rounds} rounds, ours and asyncio's in turn; asyncio by concurrency: {swept}",)


def _row(measure: str, ours: float, bare: float, *, target: Target) -> Row:
    return Row(measure=measure, ours=ours, unit="s", reference=bare, against="bare asyncio", target=target)


def bare_rate(count: int, width: int) -> float:
    """Processes a second that asyncio starts, `width` asked for at once; they are killed and reaped afterwards."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # from Python 3.12 on asyncio keeps one open a process
    return asyncio.run(_bare_rate(count, width))


async def _bare_rate(count: int, width: int) -> float:
    turns = asyncio.Semaphore(width)

    async def start() -> asyncio.subprocess.Process:
        async with turns:
            return await asyncio.create_subprocess_exec(
                *LIGHT["command"], stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
            )

    began = time.monotonic()
    started = await asyncio.gather(*(start() for _ in range(count)))
    rate = count / (time.monotonic() - began)
    for process in started:
        process.kill()
    for process in started:
        await process.wait()
    return rate

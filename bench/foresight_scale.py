"""(i) What it costs to foresee a roll, by its size: 1,000 tasks on 100 hosts to 100,000 on 5,000.

`slipway.foresight.simulate` is called as `slipway simulate` calls it, each size in a process of its own: the set-up of
the old version, the roll by the production controller in virtual time, its rounds and its ledger. The hosts have room
for a fifth more tasks than there are, so that the roll goes in rounds; a load balancer checks the tasks, and those that
stop drain. The tasks of a round move at once, and in a second series each by itself (jitter): then nearly each of them
has steps and decisions of its own. Seconds are those that a user waits; what the size does to them is told by the
processor time a task.
"""

import gc
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import groupby

from bench.result import Of, Row, Target
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A roll of so many tasks on so many hosts, and the most seconds it may take; None: they are told, not judged."""

    tasks: int
    hosts: int
    most_s: float | None = None


SIZES = (
    Size(tasks=1_000, hosts=100),
    Size(tasks=10_000, hosts=1_000, most_s=20),
    Size(tasks=100_000, hosts=5_000, most_s=300),
)
QUICK_SIZES = SIZES[:-1]

#: How much dearer a task may be at any size than at the smallest.
LINEAR_WITHIN = 1.5

#: The most memory that any size may take, MiB.
MEMORY_MIB = 4096.0

#: By how much durations vary where tasks move one by one, percent.
JITTER_PERCENT = 30.0

#: Tasks that fit on the hosts, for each one that runs.
ROOM = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one call of `simulate` cost: seconds of the clock and of the processor, and the peak of memory."""

    tasks: int
    hosts: int
    how: str  # "at once", "one by one", "with the ways back"
    wall_s: float
    cpu_s: float
    peak_mib: float
    rounds: int
    virtual_s: float  # of the roll

    @property
    def per_thousand_s(self) -> float:
        """Seconds of processor time for each 1,000 tasks."""
        return 1000 * self.cpu_s / self.tasks


AT_ONCE, ONE_BY_ONE, WAYS_BACK = "at once", "one by one", "with the ways back"


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: for each size the seconds and the cost of a task beside the smallest; the peak of memory."""
    sizes = QUICK_SIZES if is_quick else SIZES
    costs = [apart(size, how) for how in (AT_ONCE, ONE_BY_ONE) for size in sizes]
    costs.append(apart(SIZES[1], WAYS_BACK))
    return rows_of(costs), tuple(map(_shown, costs))


def rollout_of(size: Size, how: str) -> Rollout:
    """The roll that is foreseen: one that is checked and drained, with room for a fifth of it at a time."""
    tasks_a_host = round(ROOM * size.tasks / size.hosts)
    defaults = Rollout()
    return Rollout(
        desired=size.tasks,
        hosts=size.hosts,
        host_cpu=tasks_a_host * defaults.cpu,
        host_memory=tasks_a_host * defaults.memory,
        health_interval=10,
        healthy_threshold=2,
        deregistration_delay=60,
        connection_age=20,
        exit=2,
        pull_time=10,
        start_time=2,
        jitter_percent=JITTER_PERCENT if how == ONE_BY_ONE else 0.0,
    )


def cost_of(size: Size, how: str) -> Cost:
    """Foresee one roll in this process; its peak of memory is the process's."""
    rollout = rollout_of(size, how)
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    forecast = simulate(rollout, ways_back=how == WAYS_BACK)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert forecast.has_ended, f"the roll did not end: {forecast.verdict}"
    return Cost(
        tasks=size.tasks,
        hosts=size.hosts,
        how=how,
        wall_s=wall,
        cpu_s=cpu,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        rounds=len(forecast.rounds),
        virtual_s=forecast.duration_s,
    )


def apart(size: Size, how: str) -> Cost:
    """The cost of one roll in a process of its own. Raises `subprocess.CalledProcessError` where that fails."""
    command = [sys.executable, "-m", "bench.foresight_scale", str(size.tasks), str(size.hosts), how]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return Cost(**json.loads(told.stdout))


def rows_of(costs: list[Cost]) -> tuple[Row, ...]:
    """The rows of costs; in each series the smallest size comes first and is what the others are compared with."""
    rows: list[Row] = []
    for _, series in groupby(costs, key=lambda cost: cost.how):
        first, *larger = series
        rows += [_seconds(cost) for cost in (first, *larger)]
        rows += [_per_thousand(cost, first) for cost in larger]
    most = max(costs, key=lambda cost: cost.peak_mib)
    limit = Target(limit=MEMORY_MIB, of=Of.OURS)
    rows.append(Row(measure=f"most memory: {_name(most)}", ours=most.peak_mib, unit="MiB", target=limit))
    return tuple(rows)


def _seconds(cost: Cost) -> Row:
    limits = {size.tasks: size.most_s for size in SIZES}
    limit = limits.get(cost.tasks)
    target = None if limit is None else Target(limit=limit, of=Of.OURS)
    return Row(measure=_name(cost), ours=cost.wall_s, unit="s", target=target)


def _per_thousand(cost: Cost, first: Cost) -> Row:
    return Row(
        measure=f"{_name(cost)}: processor time of 1,000 tasks",
        ours=cost.per_thousand_s,
        unit="s",
        reference=first.per_thousand_s,
        against=f"{first.tasks:,} tasks",
        target=Target(limit=LINEAR_WITHIN),
    )


def _name(cost: Cost) -> str:
    return f"{cost.tasks:,} tasks, {cost.hosts:,} hosts, {cost.how}"


def _shown(cost: Cost) -> str:
    return (
        f"{_name(cost)}: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of processor time, {cost.peak_mib:.0f} MiB at most; "
        f"{cost.rounds} rounds, {cost.virtual_s:.0f} s of virtual time"
    )


def main() -> None:
    """Foresee one roll, `TASKS HOSTS HOW`, and print its cost as JSON: what `apart` has run."""
    tasks, hosts, how = sys.argv[1:]
    print(json.dumps(asdict(cost_of(Size(tasks=int(tasks), hosts=int(hosts)), how))))


if __name__ == "__main__":
    main()

"""(f) Processor time of the control plane a task of a rollout, at growing numbers of simulated tasks: flat, if a step
costs what changed.

A service behind a load balancer is brought to its count and rolled to a new revision, in virtual time, on the store in
memory and on SQLite, with all tasks of a round moving at once and with each moving by itself (jitter).
"""

from bench.result import Row, Target
from bench.rollout_cost import FLAT_WITHIN, SIZES, Cost, measure_all
from slipway.serving import spare_collector

QUICK_SIZES = SIZES[:-1]


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: the cost of a task at the dearest size beside that at the cheapest, for each store and way to move."""
    spare_collector()  # as the server has it
    costs = measure_all(QUICK_SIZES if is_quick else SIZES)
    series: dict[str, list[Cost]] = {}
    for cost in costs:
        series.setdefault(f"{cost.store}{', one by one' if cost.jitter else ', at once'}", []).append(cost)
    notes = tuple(f"{name}: {', '.join(map(_shown, of))}" for name, of in series.items())
    return tuple(_row(name, of) for name, of in series.items()), notes


def _row(name: str, costs: list[Cost]) -> Row:
    dearest, cheapest = (pick(costs, key=lambda cost: cost.per_task_ms) for pick in (max, min))
    return Row(
        measure=f"{name}: {dearest.tasks:,} tasks",
        ours=dearest.per_task_ms,
        unit="ms a task",
        reference=cheapest.per_task_ms,
        against=f"{cheapest.tasks:,} tasks",
        target=Target(limit=FLAT_WITHIN),
    )


def _shown(cost: Cost) -> str:
    return f"{cost.tasks:,} tasks {cost.cpu_s:.2f} s"

"""What a rollout costs the control plane: CPU seconds per task, at 100, 1,000 and 10,000 simulated tasks.

One service behind a load balancer is brought to its desired count and rolled to a new revision, in virtual time: the
CPU time is what the controller and the simulation use together, with the garbage collector set as in the server. Flat
means that a step costs what changed.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from slipway.adapters.sql import SqliteStore
from slipway.controller import COLLECT_AFTER
from slipway.ports import Store
from slipway.sim.behaviours import Behaviour
from slipway.sim.operator import Operator
from slipway.sim.store import MemoryStore
from slipway.sim.world import World

SIZES = (100, 1_000, 10_000)

#: How much dearer a task may be at the largest size than at the smallest.
FLAT_WITHIN = 1.5

TASK = 4  # CPU units and MiB, the least ECS lets a container have


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one rollout cost; `cpu_s` are CPU seconds of this process, `…_per_task_ms` milliseconds."""

    store: str
    jitter: bool
    tasks: int
    cpu_s: float
    commits: int
    virtual_s: float

    @property
    def per_task_ms(self) -> float:
        """CPU milliseconds for each task of the service: one start and one replacement."""
        return 1000 * self.cpu_s / self.tasks


def measure(tasks: int, *, store: Store, has_jitter: bool) -> Cost:
    """Create a service of so many tasks and roll it, in a world on `store`; with jitter, tasks move one by one."""
    behaviour = Behaviour(pull_s=10, launch_s=2, exits_in_s=2, linger_s=20, jitter=0.5 if has_jitter else 0.0)
    gc.collect()
    began = time.process_time()
    world = World(store=store)
    world.add_host(cpu=2 * tasks * TASK, memory=2 * tasks * TASK)
    user = Operator(world)
    group = user.create_target_group("web")
    first = user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour)
    user.create_service("web", first, desired=tasks, target_group=group)
    _settle(world)
    user.deploy("web", user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour))
    _settle(world)
    return Cost(
        store=type(store).__name__.removesuffix("Store").lower(),
        jitter=has_jitter,
        tasks=tasks,
        cpu_s=time.process_time() - began,
        commits=world.store.commits,
        virtual_s=world.elapsed_s,
    )


def _settle(world: World) -> None:
    if not world.run():
        raise RuntimeError(f"the rollout did not settle in a day of virtual time, at {world.elapsed_s} s")


def measure_all(sizes: Iterable[int] = SIZES) -> tuple[Cost, ...]:
    """Every size on both stores, without and with jitter."""
    costs: list[Cost] = []
    gc.set_threshold(*COLLECT_AFTER)
    for has_jitter in (False, True):
        for size in sizes:
            costs.append(measure(size, store=MemoryStore(seed="1"), has_jitter=has_jitter))
            with tempfile.TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "store.db")) as store:
                costs.append(measure(size, store=store, has_jitter=has_jitter))
    return tuple(costs)


def growth(costs: Iterable[Cost]) -> dict[str, float]:
    """For each store and jitter, the cost of a task at the dearest size over that at the cheapest."""
    rows: dict[str, list[float]] = {}
    for cost in costs:
        rows.setdefault(f"{cost.store}{', jitter' if cost.jitter else ''}", []).append(cost.per_task_ms)
    return {name: max(each) / min(each) for name, each in rows.items()}


def main() -> int:
    """Print the table; exit status 1 if it is not flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="numbers of tasks")
    costs = measure_all(parser.parse_args().sizes)
    print(f"{'store':<8}{'jitter':<8}{'tasks':>8}{'CPU s':>9}{'ms/task':>9}{'commits':>9}{'virtual s':>11}")
    for cost in costs:
        jitter = "yes" if cost.jitter else "no"
        print(
            f"{cost.store:<8}{jitter:<8}{cost.tasks:>8,}{cost.cpu_s:>9.2f}{cost.per_task_ms:>9.3f}"
            f"{cost.commits:>9,}{cost.virtual_s:>11.0f}"
        )
    grown = growth(costs)
    for name, ratio in grown.items():
        print(f"{name}: dearest / cheapest size = {ratio:.2f} (aim: at most {FLAT_WITHIN})")
    return 0 if all(ratio <= FLAT_WITHIN for ratio in grown.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""(j) Placement decisions a second, by the number of hosts: a task placed and recorded, and one that finds no room.

Beside each, in turn, the same decisions by a plain scan of all hosts: the rules of placement host by host, which the
tests hold the other to. Both write the task they placed, so that what the index costs is within its number.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from bench.result import Row, Target, interleaved
from slipway.core.model.hosts import Host
from slipway.core.model.tasks import Task
from slipway.core.placing.placement import Footprint, Placement, place
from slipway.core.plan import Put, Remove
from slipway.core.snapshot import Snapshot
from tests.core.plain_placement import place_plainly
from tests.core.records import a_host, a_task

HOSTS, QUICK_HOSTS = (100, 1_000, 5_000), (100, 1_000)

#: Tasks that fit on a host, those that run there at first, and what one takes: CPU units and MiB.
ROOM, RUNNING, TASK = 12, 10, 64
NEED = Footprint(cpu=TASK, memory=TASK)

#: Tasks placed before they are removed again.
PLACED_MOST = 100

#: Rounds of each side, taken in turn, and the seconds of each.
ROUNDS = 5
ROUND_S = 1.0

#: With how many hosts a decision is to be how many times as fast as the plain scan, at least.
FASTER = {1_000: 10.0, 5_000: 50.0}

#: One way to decide: as `place`, of one task.
Way = Callable[[Snapshot, Footprint, int], Placement]


def measure(is_quick: bool) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Rows: decisions a second at each number of hosts, beside the plain scan; and of a whole round of tasks. Where no
    two hosts are alike, each is a kind of its own, and the index has nothing to put together: its worst."""
    rows: list[Row] = []
    for hosts in QUICK_HOSTS if is_quick else HOSTS:
        partly, full = filled(hosts, RUNNING), filled(hosts, ROOM)
        motley = filled(hosts, ROOM, is_motley=True)
        faster = FASTER.get(hosts)
        rows.append(_row(f"{hosts:,} hosts: placed", partly, one_by_one, faster))
        rows.append(_row(f"{hosts:,} hosts: no room", full, refused, faster))
        rows.append(_row(f"{hosts:,} hosts, no two alike: no room", motley, refused))
        rows.append(_row(f"{hosts:,} hosts: two a host at once", partly, together))
    return tuple(rows), (f"medians of {ROUNDS} rounds of {ROUND_S:g} s, in turn",)


def filled(hosts: int, tasks_a_host: int, *, is_motley: bool = False) -> Snapshot:
    """So many hosts, each with so many tasks; motley ones differ in what they have beyond the room for whole tasks."""
    snapshot = Snapshot(seed="1")
    names = [f"host{number:05}" for number in range(hosts)]
    snapshot.apply(Put(record=_host(name, number if is_motley else 0)) for number, name in enumerate(names))
    snapshot.apply(
        Put(record=_task(number * tasks_a_host + nth, name))
        for number, name in enumerate(names)
        for nth in range(tasks_a_host)
    )
    return snapshot


def _host(name: str, number: int) -> Host:
    memory, cpu = divmod(number, TASK)
    return a_host(name, cpu=ROOM * TASK + cpu, memory=ROOM * TASK + memory)


def _task(number: int, host_id: str) -> Task:
    return a_task(number, host_id=host_id, cpu=TASK, memory=TASK)


def one_by_one(snapshot: Snapshot, way: Way) -> int:
    """Place tasks one by one, each seeing those before it, and remove them again; the decisions."""
    new = _task(10**9, "")
    placed: list[Task] = []
    for number in range(min(PLACED_MOST, len(snapshot.hosts))):
        (host,) = way(snapshot, NEED, 1).hosts
        placed.append(replace(new, arn=f"{new.arn}{number}", host_id=host.id))
        snapshot.apply((Put(record=placed[-1]),))
    snapshot.apply(Remove(record=task) for task in placed)
    return len(placed)


def refused(snapshot: Snapshot, way: Way) -> int:
    """Ask for room where there is none, which names the closest host; the decisions."""
    found = way(snapshot, NEED, 1)
    assert found.refusal is not None, "there is room"
    return 1


def together(snapshot: Snapshot, way: Way) -> int:
    """Place two tasks for each host in one decision, as a round of a roll does, recording none; the tasks."""
    found = way(snapshot, NEED, 2 * len(snapshot.hosts))
    assert found.refusal is None, "there is no room"
    return len(found.hosts)


def _row(measure: str, snapshot: Snapshot, what: Callable[[Snapshot, Way], int], faster: float | None = None) -> Row:
    ours, plain = interleaved(
        ROUNDS, lambda: a_second(snapshot, what, place), lambda: a_second(snapshot, what, place_plainly), pause_s=0
    )
    target = None if faster is None else Target(limit=faster, is_floor=True)
    return Row(measure=measure, ours=ours, unit="/s", reference=plain, against="a plain scan", target=target)


def a_second(snapshot: Snapshot, what: Callable[[Snapshot, Way], int], way: Way) -> float:
    """How many decisions, or tasks, of a kind are made in a second of processor time."""
    done, began = 0, time.process_time()
    while (took_s := time.process_time() - began) < ROUND_S:
        done += what(snapshot, way)
    return done / took_s

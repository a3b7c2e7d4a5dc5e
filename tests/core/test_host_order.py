"""The order of hosts: whatever came and went, placement by it is placement host by host."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.model.hosts import Host
from slipway.core.model.tasks import DesiredStatus, Task, TaskStatus
from slipway.core.placing.host_order import HostOrder
from slipway.core.placing.placement import Footprint, place
from slipway.core.plan import Put, Remove
from slipway.core.snapshot import Snapshot
from tests.core.plain_placement import place_plainly
from tests.core.records import a_host, a_task, snapshot_of

PORTS = (80, 8080, 9100)


def some_host(random: Random, number: int) -> Host:
    """A host of one of a few sizes, at times one that takes no tasks."""
    return a_host(
        f"host{number}",
        cpu=random.choice((512, 1024, 2048)),
        memory=random.choice((512, 1024, 4096)),
        reserved_ports=random.choice(((), (22,), (80, 22))),
        is_connected=random.random() < 0.9,
        is_draining=random.random() < 0.1,
    )


def some_task(random: Random, number: int, hosts: int) -> Task:
    return a_task(
        number,
        host_id=f"host{random.randrange(hosts)}",
        cpu=random.choice((0, 128, 256)),
        memory=random.choice((0, 64, 512)),
        host_ports=tuple(random.sample(PORTS, random.choice((0, 0, 1, 2)))),
    )


def some_need(random: Random) -> Footprint:
    return Footprint(
        cpu=random.choice((0, 1, 128, 300, 4096)),
        memory=random.choice((0, 1, 64, 700)),
        host_ports=tuple(random.sample(PORTS, random.choice((0, 0, 1)))),
    )


def change_something(snapshot: Snapshot, random: Random, hosts: int) -> None:
    """A host or a task comes, changes or goes."""
    tasks = list(snapshot.tasks.values())
    match random.randrange(5):
        case 0:
            snapshot.apply([Put(record=some_host(random, random.randrange(hosts)))])
        case 1 if len(snapshot.hosts) > 1:
            snapshot.apply([Remove(record=random.choice(list(snapshot.hosts.values())))])
        case 2 if tasks:
            stopped = {"desired_status": DesiredStatus.STOPPED, "last_status": TaskStatus.STOPPED}
            snapshot.apply([Put(record=replace(random.choice(tasks), **stopped))])  # type: ignore[arg-type]
        case 3 if tasks:
            snapshot.apply([Remove(record=random.choice(tasks))])
        case _:
            snapshot.apply([Put(record=some_task(random, len(tasks) + random.randrange(10**6), hosts))])


@given(st.integers())
def test_placement_is_as_host_by_host(seed: int) -> None:
    random = Random(seed)
    hosts = random.randint(1, 12)
    snapshot = snapshot_of(*(some_host(random, number) for number in range(hosts)))
    for _ in range(random.randint(0, 40)):
        change_something(snapshot, random, hosts)
    for _ in range(5):
        need, count = some_need(random), random.choice((0, 1, 2, 7, 40))
        few = frozenset(random.sample(sorted(snapshot.hosts), random.randint(0, len(snapshot.hosts))))
        for taken in (None, frozenset[str](), few):
            assert place(snapshot, need, count, taken) == place_plainly(snapshot, need, count, taken)


@given(st.integers())
def test_order_is_as_made_anew(seed: int) -> None:
    random = Random(seed)
    snapshot = snapshot_of(*(some_host(random, number) for number in range(6)))
    for _ in range(40):
        change_something(snapshot, random, 6)
    anew = HostOrder()
    for host in snapshot.hosts.values():
        anew.put(host, snapshot.room(host.id))
    assert list(snapshot.host_order) == list(anew)


def test_hosts_alike_are_one_kind() -> None:
    snapshot = snapshot_of(*(a_host(name) for name in "abc"), a_task(1, host_id="b"))
    assert [list(ids) for _, ids in snapshot.host_order] == [["a", "c"], ["b"]]


@pytest.mark.parametrize("change", [{"is_connected": False}, {"is_draining": True}, {"cpu": 1}, {"reserved_ports": ()}])
def test_a_host_that_changed_is_another_kind(change: dict[str, object]) -> None:
    snapshot = snapshot_of(a_host("a"), a_host("b"))
    snapshot.apply([Put(record=replace(snapshot.hosts["a"], **change))])  # type: ignore[arg-type]
    assert len(list(snapshot.host_order)) == 2

"""The controller's promises to its callers: answered after the commit, or told that nothing was done."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from slipway.controller import Controller
from slipway.core.decision import Context
from slipway.core.model.clusters import Cluster
from slipway.core.plan import Plan, Put, StartTask
from slipway.core.rules import Rules
from slipway.core.snapshot import Snapshot
from slipway.ports import Commit, StoreError
from slipway.sim.clock import Agenda, VirtualClock
from slipway.sim.store import Faults, MemoryStore, WatchedStore
from slipway.sim.targets import SimLoadBalancer
from slipway.sim.world import ARNS
from tests.core.records import a_definition, a_host, a_task


def a_controller(
    store: WatchedStore, clock: VirtualClock, observers: tuple[Callable[[Commit], None], ...] = ()
) -> Controller:
    balancer = SimLoadBalancer(clock=clock, agenda=Agenda(), report=lambda seen: None, task_of=lambda arn: None)
    return Controller(store=store, load_balancer=balancer, clock=clock, arns=ARNS, rules=Rules(), observers=observers)


def a_store(faults: Faults = Faults()) -> WatchedStore:
    return WatchedStore(MemoryStore(seed="1"), told=lambda commit: None, faults=faults)


def create(snapshot: Snapshot, context: Context) -> tuple[Plan, str]:
    """Create the cluster `default`; answer with its ARN."""
    cluster = Cluster(arn=context.arns.cluster("default"), name="default", created_at=context.now)
    return Plan(changes=(Put(record=cluster, cause="created"),)), cluster.arn


def test_answered_after_the_commit() -> None:
    async def call() -> None:
        store = a_store()
        controller = a_controller(store, VirtualClock())
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(controller.transact(create))
            await asyncio.sleep(0)
            assert not answer.done()
            assert store.commits == 0
            controller.step()
        assert answer.result() == ARNS.cluster("default")
        assert store.commits == 1

    asyncio.run(call())


def test_a_question_is_answered_at_once() -> None:
    async def call() -> int:
        controller = a_controller(a_store(), VirtualClock())
        return await controller.transact(lambda snapshot, context: (Plan(), len(snapshot.clusters)))

    assert asyncio.run(call()) == 0


def test_a_commit_that_fails_is_told_and_undone() -> None:
    async def call() -> None:
        clock = VirtualClock()
        controller = a_controller(a_store(Faults(fails=frozenset({1}))), clock)
        answer = asyncio.ensure_future(controller.transact(create))
        await asyncio.sleep(0)
        retry_at = controller.step()
        with pytest.raises(StoreError):
            await answer
        assert controller.snapshot.clusters == {}
        assert retry_at == clock.now() + 1 == controller.retry_at
        clock.move_to(retry_at)
        controller.apply(create)
        controller.step()
        assert list(controller.snapshot.clusters) == [ARNS.cluster("default")]
        assert controller.retry_at is None

    asyncio.run(call())


def test_observers_are_told_of_what_was_committed_and_of_nothing_else() -> None:
    clock, told = VirtualClock(), list[Commit]()
    controller = a_controller(a_store(Faults(fails=frozenset({1}))), clock, (told.append,))
    controller.apply(create)
    retry_at = controller.step()
    assert told == []
    clock.move_to(retry_at or 0.0)
    controller.apply(create)
    controller.step()
    controller.step()
    assert [change.record.key for commit in told for change in commit.changes] == [ARNS.cluster("default")]


def test_a_transaction_that_raises_changes_nothing() -> None:
    def refuse(snapshot: Snapshot, context: Context) -> tuple[Plan, None]:
        raise KeyError("no such service")

    controller = a_controller(a_store(), VirtualClock())
    with pytest.raises(KeyError, match="no such service"):
        controller.apply(refuse)
    assert controller.step() is None
    assert controller.snapshot.clusters == {}


def test_a_host_that_is_not_there() -> None:
    """A host that another process had: it is given nothing, and a command to it waits for its report."""
    store = a_store()
    store.inner = MemoryStore(seed="1", records=[a_host("other"), a_definition(), a_task(1, host_id="other")])
    controller = a_controller(store, VirtualClock())
    assert controller.snapshot.hosts["other"] == replace(a_host("other"), is_connected=False)
    command = StartTask(host_id="other", payload=None)  # type: ignore[arg-type]  # it is not read
    controller.apply(lambda snapshot, context: (Plan(commands=(command,)), None))
    controller.step()
    assert store.commits == 1

"""What a chronicle keeps of records and commits: targets' lives, states of before, turns, and who was under way."""

from dataclasses import replace

import pytest

from slipway.core.explaining.chronicle import Chronicle
from slipway.core.explaining.life import TargetLife
from slipway.core.explaining.underway import Underway
from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.model.services import Service
from slipway.core.model.tasks import DesiredStatus, TaskStatus
from slipway.core.plan import Put, Remove
from slipway.core.tasks.service_tasks import Phase
from tests.core.records import CLUSTER, a_target, a_task

SERVICE = "arn:aws:ecs:local:000000000000:service/default/web"


def a_service(**members: object) -> Service:
    given: dict[str, object] = {"created_at": 0.0, "desired_count": 1, **members}
    return Service(arn=SERVICE, name="web", cluster_arn=CLUSTER, **given)  # type: ignore[arg-type]


def checked(*results: str, registered_at: float = 10.0) -> TargetLife:
    """The life of a target whose checks, one each ten seconds, passed (+) or failed (-), and which then `D`rains or is
    `R`emoved; healthy and unhealthy after two in a row."""
    task = a_task(1, service_arn=SERVICE, last_status=TaskStatus.RUNNING)
    target = a_target(task_arn=task.arn, registered_at=registered_at)
    chronicle = Chronicle(SERVICE, (a_service(), task), at=0.0)
    chronicle.tell(registered_at, [Put(record=target)])
    for number, result in enumerate(results, start=1):
        at = registered_at + 10 * number
        target = _after(target, result, at)
        chronicle.tell(at, [Remove(record=target) if result == "R" else Put(record=target)])
    (life,) = chronicle.life(task.arn).targets
    return life


def _after(target: Target, result: str, at: float) -> Target:
    if result == "D":
        return replace(target, state=TargetState.DRAINING, drain_until=at + 300)
    if result == "R":
        return target
    passed = target.passed_checks + 1 if result == "+" else 0
    failed = target.failed_checks + 1 if result == "-" else 0
    state = TargetState.HEALTHY if passed >= 2 else TargetState.UNHEALTHY if failed >= 2 else target.state
    since = (target.passing_since or at) if result == "+" else None
    return replace(target, passed_checks=passed, failed_checks=failed, state=state, passing_since=since)


@pytest.mark.parametrize(
    ("results", "first_passed_at", "failed", "healthy_at"),
    [
        pytest.param("++", 20, 0, 30, id="all pass"),
        pytest.param("-++", 30, 1, 40, id="one fails first"),
        pytest.param("+-++", 40, 1, 50, id="a row that is broken off does not count"),
        pytest.param("--++", 40, 2, 50, id="it was unhealthy first"),
        pytest.param("-", None, 1, None, id="it never passes"),
        pytest.param("++--++", 20, 0, 30, id="what comes after it was healthy changes nothing of that"),
    ],
)
def test_the_checks_of_a_target(
    results: str, first_passed_at: float | None, failed: int, healthy_at: float | None
) -> None:
    life = checked(*results)
    assert (life.first_passed_at, life.failed_checks, life.healthy_at) == (first_passed_at, failed, healthy_at)


def test_since_when_checks_fail() -> None:
    assert checked(*"++-").failing_since == 40
    assert checked(*"++--").failing_since == 40
    assert checked(*"++--+").failing_since == 40, "one that passes is not enough once it is unhealthy"
    assert checked(*"++--++").failing_since is None
    assert checked(*"++-+").failing_since is None, "it was healthy all the time"


def test_the_end_of_a_target() -> None:
    life = checked(*"++DR")
    assert (life.draining_at, life.removed_at, life.was_held_open) == (40, 50, False)
    held = replace(life, removed_at=340.5)
    assert held.was_held_open


def test_a_key_that_is_used_again_has_two_lives() -> None:
    task = a_task(1, service_arn=SERVICE, last_status=TaskStatus.RUNNING)
    target = a_target(task_arn=task.arn, registered_at=10.0)
    chronicle = Chronicle(SERVICE, (target, a_service(), task), at=0.0)
    chronicle.tell(20.0, [Remove(record=target)])
    chronicle.tell(30.0, [Put(record=replace(target, registered_at=30.0))])
    assert [(life.registered_at, life.removed_at) for life in chronicle.life(task.arn).targets] == [
        (10.0, 20.0),
        (30.0, None),
    ]


def test_states_of_before() -> None:
    chronicle = Chronicle(SERVICE, (a_service(desired_count=1),), at=10.0)
    chronicle.tell(20.0, [Put(record=a_service(desired_count=2))])

    def desired(at: float) -> int:
        service = chronicle.service_before(at)
        assert service is not None
        return service.desired_count

    assert [desired(at) for at in (5.0, 10.0, 20.0, 20.5)] == [1, 1, 1, 2]
    assert chronicle.deployment_before("ecs-svc/1", 20.0) is None
    assert (chronicle.has_commit(11.0, 20.0), chronicle.has_commit(11.0, 20.5), chronicle.has_commit(10.0, 11.0)) == (
        False,
        True,
        True,
    )


def test_what_was_there_did_not_turn() -> None:
    there = a_task(1, service_arn=SERVICE)
    other = a_task(2, service_arn="arn:aws:ecs:local:000000000000:service/default/api")
    chronicle = Chronicle(SERVICE, (a_service(), there, other), at=10.0)
    running = replace(there, last_status=TaskStatus.RUNNING)
    chronicle.tell(20.0, [Put(record=running), Put(record=replace(running, healthy_at=20.0)), Put(record=other)])
    assert chronicle.task_arns == (there.arn,)
    assert {at: [turn.phase for turn in turns] for at, turns in chronicle.turns.items()} == {
        20.0: [Phase.RUNNING, Phase.HEALTHY]
    }


@pytest.mark.parametrize(
    ("at", "number"),
    [
        pytest.param(10.0, None, id="none yet"),
        pytest.param(15.0, 1, id="the first"),
        pytest.param(25.0, 1, id="the first still, though another came"),
        pytest.param(30.0, 1, id="up to its end"),
        pytest.param(30.5, 2, id="then the other"),
        pytest.param(99.0, 3, id="one that stops, and does not come to an end"),
    ],
)
def test_who_is_under_way_for_longest(at: float, number: int | None) -> None:
    first, second, third = (a_task(one, service_arn=SERVICE) for one in (1, 2, 3))
    chronicle = Chronicle(SERVICE, (a_service(),), at=0.0)
    chronicle.tell(10.0, [Put(record=first)])
    chronicle.tell(20.0, [Put(record=second)])
    healthy = {"last_status": TaskStatus.RUNNING, "healthy_at": 30.0}
    chronicle.tell(30.0, [Put(record=replace(first, **healthy))])  # type: ignore[arg-type]
    chronicle.tell(40.0, [Put(record=replace(second, **healthy))])  # type: ignore[arg-type]
    chronicle.tell(50.0, [Put(record=third)])
    chronicle.tell(60.0, [Put(record=replace(third, desired_status=DesiredStatus.STOPPED))])
    arn = {None: None, 1: first.arn, 2: second.arn, 3: third.arn}[number]
    assert Underway(chronicle).longest_at(at) == arn

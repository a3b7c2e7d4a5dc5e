"""Settings that were changed on the way: a ledger blames each as it was at the time."""

import pytest

from slipway.core.decision import Context
from slipway.core.explaining.segment import SegmentKind
from slipway.core.model.load_balancing import HealthCheck, TargetGroup
from slipway.core.plan import Plan, Put
from slipway.core.records import replace
from slipway.core.snapshot import Snapshot
from slipway.sim.behaviours import Behaviour, HealthScript
from tests.core.explaining.rolls import TASK, Account, Watched

HEALTH = SegmentKind.HEALTH_WAIT
FAILED = SegmentKind.FAILED_CHECKS
DRAIN = SegmentKind.DRAIN
EXIT = SegmentKind.SIGTERM_TO_EXIT

SLOW = HealthCheck(interval_s=30, timeout_s=2, healthy_threshold=5, unhealthy_threshold=4)
QUICK = HealthCheck(interval_s=5, timeout_s=2, healthy_threshold=2, unhealthy_threshold=3)

#: Its connections stay to the deregistration delay, and it exits a second after SIGTERM.
HELD = Behaviour(exits_in_s=1, linger_s=None)


def rolled(behaviour: Behaviour, *, check: HealthCheck, to: HealthCheck, at_s: float) -> Watched:
    """One task, rolled to a version that behaves so. So many seconds later the health check of its target group is
    another, its deregistration delay 5 s instead of 300, and the grace period is gone."""
    watched = Watched(room=8)
    user, world = watched.user, watched.world
    group = user.create_target_group("web", health_check=check, deregistration_delay_s=300)
    user.create_service(
        "web",
        user.register("web", cpu=TASK, memory=TASK, behaviour=HELD),
        target_group=group,
        health_check_grace_period_s=600,
    )
    world.run()
    watched.roll("web", user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour))
    world.run_for(at_s)
    world.apply(lambda snapshot, context: _changed(snapshot, context, group.arn, to))
    user.update("web", health_check_grace_period_s=0)
    world.run()
    return watched


def _changed(snapshot: Snapshot, context: Context, arn: str, check: HealthCheck) -> Plan:
    group: TargetGroup = snapshot.target_groups[arn]
    attributes = {**group.attributes, "deregistration_delay.timeout_seconds": "5"}
    return Plan(changes=(Put(record=replace(group, health_check=check, attributes=attributes)),))


UNREADY = replace(HELD, health=HealthScript(ready_s=45))  # the checks after 30 s fails, the one after 60 s passes


@pytest.mark.parametrize(
    ("behaviour", "change", "at_s", "account", "blamed"),
    [
        pytest.param(
            HELD,
            (SLOW, QUICK),
            460.0,
            [(HEALTH, 150), (DRAIN, 300), (EXIT, 1)],
            [["30", "5"], ["300"], ["30"]],
            id="after all that they had made",
        ),
        pytest.param(
            HELD,
            (SLOW, QUICK),
            200.0,
            [(HEALTH, 150), (DRAIN, 300), (EXIT, 1)],
            [["30", "5"], ["300"], ["30"]],
            id="during the drain, which goes on as it began",
        ),
        pytest.param(
            UNREADY,
            (SLOW, QUICK),
            460.0,
            [(FAILED, 30), (HEALTH, 150), (DRAIN, 300), (EXIT, 1)],
            [["30", "4", "600"], ["30", "5"], ["300"], ["30"]],
            id="after checks that failed, within the grace period of then",
        ),
    ],
)
def test_changed_during_a_roll(
    behaviour: Behaviour,
    change: tuple[HealthCheck, HealthCheck],
    at_s: float,
    account: Account,
    blamed: list[list[str]],
) -> None:
    check, to = change
    watched = rolled(behaviour, check=check, to=to, at_s=at_s)
    assert watched.account() == account
    told = [[one.value for one in segment.settings] for segment in watched.ledger().segments]
    assert [values[: len(named)] for values, named in zip(told, blamed, strict=True)] == blamed


@pytest.mark.parametrize(
    ("change", "values"),
    [
        pytest.param((SLOW, QUICK), ["30", "2"], id="quicker: the first checks came as slowly as they did"),
        pytest.param((QUICK, SLOW), ["30", "5"], id="slower: the last checks do"),
    ],
)
def test_changed_between_the_checks(change: tuple[HealthCheck, HealthCheck], values: list[str]) -> None:
    """The interval is the longest there was meanwhile, so that no wait for a check is called overhead; the threshold
    that of the last check."""
    check, to = change
    watched = rolled(HELD, check=check, to=to, at_s=check.interval_s + 1)
    health, drain = watched.ledger().segments[:2]
    assert (health.kind, [one.value for one in health.settings]) == (HEALTH, values)
    assert (drain.kind, drain.seconds, drain.settings[0].value) == (DRAIN, 5, "5")

"""Ledgers of random rollouts: each part lasts exactly as long as the setting that it is put down to says."""

from math import inf
from random import Random

import pytest

from slipway.core.explaining.segment import SegmentKind
from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate


def drawn(seed: int) -> Rollout:
    """A rollout that ends well: something may always move, and tasks are ready before their first check."""
    random = Random(seed)
    desired = random.randint(1, 9)
    return Rollout(
        desired=desired,
        room=desired + random.randint(1, 6),
        minimum_healthy_percent=random.choice((0, 34, 50, 75, 100)),
        maximum_percent=random.choice((150, 200, 300)) if desired > 1 else 200,
        health_interval=random.choice((5, 10, 30)),
        health_timeout=4,
        healthy_threshold=random.choice((2, 3, 5)),
        deregistration_delay=random.choice((0, 5, 30, 300)),
        connection_age=random.choice((0.0, 3.0, 20.0, inf)),
        stop_timeout=random.choice((2, 10, 30)),
        exit=random.choice((0.0, 1.5, 5.0, inf)),
        pull_time=random.choice((0.0, 7.0)),
        start_time=random.choice((0.0, 2.5)),
        ready_time=random.choice((0.0, 3.0)),
        bake_time=random.choice((0.0, 0.0, 60.0)),
        sequential=random.random() < 0.3,
    )


def owed_s(rollout: Rollout) -> dict[SegmentKind, float]:
    """The seconds of each part of such a rollout, by its settings."""
    return {
        SegmentKind.PULL: rollout.pull_time,
        SegmentKind.CONTAINER_START: rollout.start_time,
        SegmentKind.HEALTH_WAIT: rollout.health_interval * rollout.healthy_threshold,
        SegmentKind.DRAIN: min(rollout.connection_age, rollout.deregistration_delay),
        SegmentKind.SIGTERM_TO_EXIT: rollout.exit,
        SegmentKind.KILL_WAIT: rollout.stop_timeout,
        SegmentKind.BAKE: rollout.bake_time,
    }


@pytest.mark.parametrize("seed", range(60))
def test_every_part_is_what_its_setting_says(seed: int) -> None:
    rollout = drawn(seed)
    forecast = simulate(rollout, ways_back=False)
    assert forecast.verdict is ServiceDeploymentStatus.SUCCESSFUL, forecast.reason
    owed = owed_s(rollout)
    parts = forecast.ledger.segments
    assert [(one.kind, one.seconds) for one in parts] == [(one.kind, owed[one.kind]) for one in parts]
    assert sum(one.seconds for one in parts) == forecast.duration_s > 0
    assert all(one.settings for one in parts if one.kind is not SegmentKind.CONTAINER_START)

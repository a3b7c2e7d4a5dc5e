"""The ways back of a roll: from a checkpoint as from the beginning, and evenly where there are many rounds."""

import gc

import pytest

from slipway.core.model.deployments import ServiceDeploymentStatus
from slipway.core.snapshot import Snapshot
from slipway.foresight.roll import LIMIT_S
from slipway.foresight.rollout import Rollout
from slipway.foresight.simulate import simulate
from slipway.foresight.stage import NAME, Stage
from slipway.foresight.ways_back import TASKS_MOST, Checkpoints
from slipway.sim.operator import Operator

UNEVEN = Rollout(
    desired=10,
    room=12,
    pull_time=7,
    start_time=3,
    ready_time=12,
    connection_age=40,
    exit=3,
    health_interval=10,
    jitter_percent=40,
)


def seconds_back(rollout: Rollout, at_s: float) -> float:
    """The way back asked for so long after the roll began, in a world that was there from the beginning."""
    stage = Stage(rollout)
    begun = stage.begin()
    stage.world.run_for(at_s)
    asked_at = stage.world.clock.now()
    Operator(stage.world).stop_deployment(NAME)
    assert stage.run_to_verdict(begun.arn, limit_s=LIMIT_S)
    assert stage.roll_out(begun.arn).status is ServiceDeploymentStatus.ROLLBACK_SUCCESSFUL
    return stage.world.clock.now() - asked_at


@pytest.mark.parametrize(
    "rollout",
    [
        pytest.param(Rollout(desired=6, room=8), id="the worked example"),
        pytest.param(UNEVEN, id="each task by itself"),
        pytest.param(Rollout(desired=6, hosts=2, host_cpu=1024, load_balancer=False), id="no load balancer"),
    ],
)
def test_a_way_back_from_a_checkpoint_is_that_from_the_beginning(rollout: Rollout) -> None:
    ways = simulate(rollout).ways_back
    assert ways[-1].round is None
    assert [way.seconds for way in ways] == pytest.approx([seconds_back(rollout, way.at_s) for way in ways])


def test_of_many_rounds_some_are_noted_evenly() -> None:
    stage = Stage(UNEVEN)
    begun = stage.begin()
    assert stage.chronicle is not None
    checkpoints = Checkpoints(stage.world, stage.chronicle, desired=TASKS_MOST // 2)
    stage.world.on_rest = checkpoints.note
    stage.run_to_verdict(begun.arn, limit_s=LIMIT_S)
    assert checkpoints.most == 2
    instants = [one.at for one in checkpoints.kept]
    assert 2 <= len(instants) <= 5
    assert instants == sorted(instants)


def test_hosts_and_tasks_of_others_count_too() -> None:
    """Each way back is a world of its own, with all that is in it."""
    stage = Stage(Rollout(desired=2, hosts=48))
    stage.begin()
    assert stage.chronicle is not None
    assert Checkpoints(stage.world, stage.chronicle, desired=2).most == TASKS_MOST // (2 + 48)


def test_no_world_of_a_forecast_stays() -> None:
    """Their records are gone with them, though the collector does not look meanwhile."""
    gc.collect()
    gc.disable()
    try:
        before = snapshots()
        assert len(simulate(Rollout(desired=6, room=8)).ways_back) == 7
        assert snapshots() == before
    finally:
        gc.enable()


def snapshots() -> int:
    """How many worlds' records there are in this process."""
    return sum(isinstance(one, Snapshot) for one in gc.get_objects())


def test_where_one_way_back_is_too_much_none_is_noted() -> None:
    stage = Stage(Rollout(desired=2))
    begun = stage.begin()
    assert stage.chronicle is not None
    checkpoints = Checkpoints(stage.world, stage.chronicle, desired=TASKS_MOST + 1)
    stage.world.on_rest = checkpoints.note
    stage.run_to_verdict(begun.arn, limit_s=LIMIT_S)
    assert checkpoints.kept == []

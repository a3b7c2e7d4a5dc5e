"""The arithmetic everyone meets: six old tasks to be replaced, in rounds and seconds that can be worked out by hand."""

from dataclasses import dataclass

import pytest

from slipway.core.model.deployments import RoundKind
from slipway.core.model.load_balancing import HealthCheck
from slipway.core.rules import Rules
from slipway.sim.behaviours import Behaviour
from slipway.sim.operator import Operator
from slipway.sim.world import World

TASK = 256  # CPU units and MiB

DEFAULTS = HealthCheck()  # 30 s × 5
TUNED = HealthCheck(interval_s=5, healthy_threshold=2)


@dataclass(frozen=True, kw_only=True)
class Roll:
    """What a roll took: its rounds as signed numbers of tasks, and its seconds."""

    rounds: tuple[int, ...]
    seconds: float


def roll(*, room: int, minimum: int, is_sequential: bool, is_tuned: bool = False) -> Roll:
    """Roll six tasks in a world with so much room: drained to the delay, and (untuned) deaf to SIGTERM."""
    world = World(rules=Rules(is_sequential=is_sequential), is_checked=True)
    world.add_host(cpu=room * TASK, memory=room * TASK)
    user = Operator(world)
    group = user.create_target_group(
        "web", health_check=TUNED if is_tuned else DEFAULTS, deregistration_delay_s=5 if is_tuned else 300
    )
    behaviour = Behaviour(linger_s=None, exits_in_s=2 if is_tuned else None)
    v1 = user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour)
    user.create_service("web", v1, desired=6, minimum_healthy_percent=minimum, target_group=group)
    assert world.run(), world.timeline.story()
    began = world.elapsed_s
    user.deploy("web", user.register("web", cpu=TASK, memory=TASK, behaviour=behaviour))
    assert world.run(), world.timeline.story()
    rounds = tuple(one.count if one.kind is RoundKind.START else -one.count for one in world.rounds("web"))
    return Roll(rounds=rounds, seconds=world.elapsed_s - began)


@pytest.mark.parametrize(
    ("room", "minimum", "is_tuned", "one_after_another", "overlapping"),
    [
        pytest.param(
            8,
            100,
            False,
            Roll(rounds=(2, -2, 2, -2, 2, -2), seconds=1440),
            Roll(rounds=(2, -2, 2, -2, 2, -2), seconds=1440),
            id="room 8, 100/200: nothing to overlap",
        ),
        pytest.param(
            8,
            50,
            False,
            Roll(rounds=(-3, 5, -3, 1), seconds=960),
            Roll(rounds=(-3, 2, -2, 3, -1, 1), seconds=810),
            id="room 8, 50/200",
        ),
        pytest.param(
            10,
            50,
            False,
            Roll(rounds=(-3, 6, -3), seconds=810),
            Roll(rounds=(-3, 4, -3, 2), seconds=480),
            id="room 10, 50/200",
        ),
        pytest.param(
            8,
            100,
            True,
            Roll(rounds=(2, -2, 2, -2, 2, -2), seconds=51),
            Roll(rounds=(2, -2, 2, -2, 2, -2), seconds=51),
            id="room 8, 100/200, tuned",
        ),
    ],
)
def test_rounds_and_seconds(
    room: int, minimum: int, is_tuned: bool, one_after_another: Roll, overlapping: Roll
) -> None:
    """One round after another as the documents have it; and as our scheduler does by default, overlapping rounds."""
    assert roll(room=room, minimum=minimum, is_tuned=is_tuned, is_sequential=True) == one_after_another
    assert roll(room=room, minimum=minimum, is_tuned=is_tuned, is_sequential=False) == overlapping

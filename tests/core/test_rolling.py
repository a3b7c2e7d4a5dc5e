"""The arithmetic of rolling deployments, situation by situation."""

import pytest

from slipway.core.deployments.rolling import Bounds, Counts, Limits, Move, back_off_s, bounds, plan_move


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "expected"),
    [
        pytest.param(4, 50, 200, Bounds(lower=2, upper=8), id="ECS: 4 at 50 % may stop 2; at 200 % may start 4"),
        pytest.param(2, 75, 200, Bounds(lower=2, upper=4), id="ECS: 2 at 75 % rounds up, may stop none"),
        pytest.param(3, 100, 125, Bounds(lower=3, upper=3), id="ECS: 3 at 125 % rounds down, may start none"),
        pytest.param(6, 100, 200, Bounds(lower=6, upper=12), id="the defaults"),
        pytest.param(3, 33, 150, Bounds(lower=1, upper=4), id="0.99 is one task, 4.5 are four"),
        pytest.param(5, 0, 100, Bounds(lower=0, upper=5), id="DAEMON's defaults"),
        pytest.param(0, 100, 200, Bounds(lower=0, upper=0), id="none"),
        pytest.param(1000, 99, 101, Bounds(lower=990, upper=1010), id="exact percentages do not round"),
    ],
)
def test_bounds(desired: int, minimum: int, maximum: int, expected: Bounds) -> None:
    assert bounds(desired, minimum_healthy_percent=minimum, maximum_percent=maximum) == expected


FULL = Bounds(lower=6, upper=12)  # 6 at 100/200
HALF = Bounds(lower=3, upper=12)  # 6 at 50/200


@pytest.mark.parametrize(
    ("counts", "limit", "expected"),
    [
        pytest.param(Counts(desired=6), FULL, Move(start_new=6), id="create"),
        pytest.param(Counts(desired=6, new_fit=6, new_healthy=6), FULL, Move(), id="steady"),
        pytest.param(
            Counts(desired=9, new_fit=6, new_healthy=6), Bounds(lower=9, upper=18), Move(start_new=3), id="scale out"
        ),
        pytest.param(
            Counts(desired=2, new_fit=6, new_healthy=6), Bounds(lower=2, upper=4), Move(stop_new=4), id="scale in"
        ),
        pytest.param(
            Counts(desired=0, new_fit=6, new_healthy=6), Bounds(lower=0, upper=0), Move(stop_new=6), id="scale to none"
        ),
        pytest.param(Counts(desired=6, new_fit=5, new_healthy=5), FULL, Move(start_new=1), id="a task died"),
        pytest.param(Counts(desired=6, old_healthy=6), FULL, Move(start_new=6), id="roll 100/200: start first"),
        pytest.param(
            Counts(desired=6, old_healthy=6),
            HALF,
            Move(stop_old_healthy=3, start_new=6),
            id="roll 50/200: stop first, then start",
        ),
        pytest.param(
            Counts(desired=6, new_fit=2, old_healthy=6),
            FULL,
            Move(start_new=4),
            id="two on their way: four more may start",
        ),
        pytest.param(
            Counts(desired=6, new_fit=2, new_healthy=2, old_healthy=6),
            FULL,
            Move(stop_old_healthy=2, start_new=4),
            id="two new ones healthy: two old ones may go",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=6), Bounds(lower=6, upper=6), Move(), id="100/100: nothing may move"
        ),
        pytest.param(
            Counts(desired=6, old_healthy=6),
            Bounds(lower=5, upper=6),
            Move(stop_old_healthy=1, start_new=1),
            id="at the maximum: one by one",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=4, old_rising=2),
            FULL,
            Move(start_new=6),
            id="old ones on their way are kept while needed",
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, new_healthy=6, old_rising=2),
            FULL,
            Move(stop_old_rising=2),
            id="and go when they are not",
        ),
        pytest.param(
            Counts(desired=6, old_unproven=6),
            FULL,
            Move(stop_old_unproven=6, start_new=6),
            id="never completed, never healthy: goes at once",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=6, old_unproven=6),
            FULL,
            Move(stop_old_unproven=6, start_new=6),
            id="back from a version that never was healthy: no old task is lost",
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, old_healthy=5, old_lost=1),
            FULL,
            Move(start_old=1),
            id="an old task died: replaced by its own revision",
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, old_healthy=5, old_rising=1), FULL, Move(), id="its replacement is on its way"
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, new_healthy=1, old_healthy=5, old_lost=1),
            FULL,
            Move(),
            id="not replaced where new ones make it up",
        ),
        pytest.param(
            Counts(desired=6, new_fit=3, old_healthy=5, old_sick=1, old_lost=1),
            FULL,
            Move(start_old=1, start_new=2),
            id="an old task is sick: its replacement comes first",
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, new_healthy=1, old_healthy=5, old_sick=1, old_lost=1),
            FULL,
            Move(stop_old_sick=1),
            id="a sick old task nobody needs goes",
        ),
        pytest.param(
            Counts(desired=6, new_fit=5, new_healthy=5, new_sick=1), FULL, Move(start_new=1), id="sick: start first"
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, new_healthy=5, new_sick=1), FULL, Move(), id="sick: wait for its replacement"
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, new_healthy=6, new_sick=1),
            FULL,
            Move(stop_sick=1),
            id="sick: its replacement is healthy",
        ),
        pytest.param(
            Counts(desired=6, new_fit=4, new_healthy=4, new_sick=2),
            Bounds(lower=0, upper=6),
            Move(stop_sick=1),
            id="sick at the maximum: one at a time",
        ),
        pytest.param(
            Counts(desired=6, new_fit=4, new_healthy=4, new_sick=1, settling=1),
            Bounds(lower=0, upper=5),
            Move(),
            id="sick at the maximum: the one before has not settled",
        ),
        pytest.param(
            Counts(desired=6, new_sick=6, old_healthy=6),
            FULL,
            Move(stop_sick=6),
            id="all new ones sick, at the maximum: all make way",
        ),
        pytest.param(
            Counts(desired=3, new_fit=6, old_healthy=6),
            Bounds(lower=3, upper=6),
            Move(stop_new=3, stop_old_healthy=3),
            id="scale in during a roll",
        ),
        pytest.param(
            Counts(desired=8, new_fit=6, old_healthy=6),
            Bounds(lower=8, upper=16),
            Move(start_new=2),
            id="scale out during a roll: the new revision",
        ),
        pytest.param(
            Counts(desired=0, old_healthy=2, new_fit=2),
            Bounds(lower=0, upper=0),
            Move(stop_new=2, stop_old_healthy=2),
            id="deleted",
        ),
    ],
)
def test_move(counts: Counts, limit: Bounds, expected: Move) -> None:
    assert plan_move(counts, limit) == expected


@pytest.mark.parametrize(
    ("counts", "limits", "expected"),
    [
        pytest.param(
            Counts(desired=6, new_fit=5, new_healthy=5, new_sick=1),
            Limits(is_blocked=True),
            Move(stop_sick=1, start_new=1),
            id="no room: the sick one makes way",
        ),
        pytest.param(
            Counts(desired=6, new_fit=5, new_healthy=5, new_sick=1, settling=1),
            Limits(is_blocked=True),
            Move(start_new=1),
            id="no room, one is on its way out: no other goes",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=5, old_sick=1, old_lost=1),
            Limits(is_blocked=True),
            Move(stop_old_sick=1, start_old=1, start_new=5),
            id="no room: a sick old one makes way for the new revision",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=6),
            Limits(is_blocked=True),
            Move(start_new=6),
            id="no room, none sick: only tried again",
        ),
        pytest.param(Counts(desired=6), Limits(new_waits=True), Move(), id="back-off: no start"),
        pytest.param(
            Counts(desired=6, new_sick=12),
            Limits(new_waits=True),
            Move(stop_sick=6),
            id="back-off: the sick stay, but for surplus",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=5, old_lost=1),
            Limits(new_waits=True),
            Move(start_old=1),
            id="back-off of the new: the old is made up for",
        ),
        pytest.param(
            Counts(desired=6, new_fit=6, old_healthy=5, old_lost=1),
            Limits(old_waits=True),
            Move(),
            id="back-off of the old",
        ),
        pytest.param(
            Counts(desired=6, old_healthy=6, settling=1),
            Limits(is_sequential=True),
            Move(),
            id="one after another: wait",
        ),
    ],
)
def test_move_held_back(counts: Counts, limits: Limits, expected: Move) -> None:
    assert plan_move(counts, FULL, limits) == expected


@pytest.mark.parametrize(
    ("counts", "limit", "expected"),
    [
        pytest.param(
            Counts(desired=1, new_fit=3, new_healthy=3, new_healthy_protected=1),
            Bounds(lower=1, upper=2),
            Move(stop_new=2),
            id="scale in: the others go",
        ),
        pytest.param(
            Counts(desired=1, new_fit=3, new_healthy=3, new_healthy_protected=2),
            Bounds(lower=1, upper=2),
            Move(stop_new=1, held_back=1),
            id="scale in: one that is too many is protected",
        ),
        pytest.param(
            Counts(desired=2, new_fit=2, new_healthy=2, old_healthy=2, old_healthy_protected=2),
            Bounds(lower=2, upper=4),
            Move(held_back=2),
            id="roll: both old ones are protected",
        ),
        pytest.param(
            Counts(desired=2, old_healthy=2, old_healthy_protected=2),
            Bounds(lower=1, upper=2),
            Move(held_back=1),
            id="roll at the maximum: nothing may move",
        ),
        pytest.param(
            Counts(desired=2, new_fit=2, new_healthy=2, old_rising=2, old_rising_protected=1),
            Bounds(lower=2, upper=6),
            Move(stop_old_rising=1, held_back=1),
            id="roll: an old one on its way is protected",
        ),
        pytest.param(
            Counts(desired=2, new_fit=2, old_unproven=2, old_unproven_protected=1),
            Bounds(lower=2, upper=4),
            Move(stop_old_unproven=1, held_back=1),
            id="roll: one that never was healthy is protected",
        ),
        pytest.param(
            Counts(desired=2, new_fit=2, new_healthy=2, new_sick=1, new_healthy_protected=2),
            Bounds(lower=2, upper=4),
            Move(stop_sick=1),
            id="the sick are not shielded",
        ),
        pytest.param(
            Counts(desired=2, new_fit=3, new_healthy=2, new_rising_protected=1, old_healthy=2),
            Bounds(lower=2, upper=4),
            Move(stop_new=1, stop_old_healthy=1, held_back=1),
            id="scale in: for a protected one on its way a healthy one goes, and an old one fewer",
        ),
    ],
)
def test_move_under_protection(counts: Counts, limit: Bounds, expected: Move) -> None:
    assert plan_move(counts, limit) == expected


FAILED = Limits(is_failed=True, new_waits=True)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param(Counts(desired=6, old_healthy=6), Move(), id="starts nothing"),
        pytest.param(
            Counts(desired=6, new_fit=6, new_healthy=6, old_healthy=3), Move(), id="takes nothing over, though healthy"
        ),
        pytest.param(
            Counts(desired=6, new_fit=3, new_healthy=3, old_healthy=2, old_lost=1),
            Move(start_old=1),
            id="what the old one lost is made up for",
        ),
        pytest.param(
            Counts(desired=2, new_fit=4, new_healthy=4, old_healthy=3),
            Move(stop_new=2, stop_old_healthy=1),
            id="scale in: down to what is desired of each",
        ),
        pytest.param(
            Counts(desired=6, new_fit=3, new_healthy=2, new_sick=1, old_healthy=4),
            Move(),
            id="a sick one serves on while no replacement may start",
        ),
    ],
)
def test_move_of_a_failed_deployment(counts: Counts, expected: Move) -> None:
    limit = Bounds(lower=counts.desired, upper=2 * counts.desired)
    assert plan_move(counts, limit, FAILED) == expected


def walk(*, room: int, limit: Bounds, desired: int = 6) -> list[int]:
    """The rounds of a roll, worked out: each stops or starts what it may, and all of it becomes healthy or is gone."""
    new, old, rounds = 0, desired, []
    while old or new < desired:
        counts = Counts(desired=desired, new_fit=new, new_healthy=new, old_healthy=old)
        move = plan_move(counts, limit, Limits(is_sequential=True))
        started = min(move.start_new, room - new - old)
        new, old = new + started, old - move.stop_old_healthy
        rounds.append(started - move.stop_old_healthy)
        assert rounds[-1], f"stuck with {new} new and {old} old tasks after {rounds}"
    return rounds


@pytest.mark.parametrize(
    ("room", "limit", "rounds"),
    [
        pytest.param(8, FULL, [2, -2, 2, -2, 2, -2], id="room 8, 100/200: six rounds"),
        pytest.param(8, HALF, [-3, 5, -3, 1], id="room 8, 50/200: four rounds"),
        pytest.param(10, HALF, [-3, 6, -3], id="room 10, 50/200: three rounds"),
        pytest.param(12, FULL, [6, -6], id="room for all of them twice: two rounds"),
        pytest.param(6, Bounds(lower=5, upper=6), [-1, 1] * 6, id="no room to spare, one at a time"),
    ],
)
def test_walk_through(room: int, limit: Bounds, rounds: list[int]) -> None:
    assert walk(room=room, limit=limit) == rounds


@pytest.mark.parametrize(
    ("failures", "expected"),
    [(0, 0), (3, 0), (4, 1), (5, 2), (6, 4), (13, 512), (14, 1024), (15, 1620), (10_000, 1620)],
)
def test_back_off(failures: int, expected: float) -> None:
    """Three failures are retried at once; then the delay doubles up to the 27 minutes that ECS documents."""
    assert back_off_s(failures, after=3, first_s=1, most_s=27 * 60) == expected

"""What the bench of foresight reckons from its costs, and that its rolls are what it says."""

from dataclasses import replace

import pytest

from bench.foresight_scale import AT_ONCE, ONE_BY_ONE, WAYS_BACK, Cost, Size, cost_of, rollout_of, rows_of
from bench.result import Verdict

FIRST = Cost(tasks=1_000, hosts=100, how=AT_ONCE, wall_s=2, cpu_s=1, peak_mib=50, rounds=10, virtual_s=270)
LARGER = replace(FIRST, tasks=10_000, hosts=1_000, wall_s=20, cpu_s=15, peak_mib=4096)


def verdicts(*costs: Cost) -> dict[str, Verdict]:
    return {row.measure: row.verdict for row in rows_of(list(costs))}


def test_a_series_is_compared_with_its_smallest_size() -> None:
    assert verdicts(FIRST, LARGER) == {
        "1,000 tasks, 100 hosts, at once": Verdict.TOLD,
        "10,000 tasks, 1,000 hosts, at once": Verdict.PASS,
        "10,000 tasks, 1,000 hosts, at once: processor time of 1,000 tasks": Verdict.PASS,
        "most memory: 10,000 tasks, 1,000 hosts, at once": Verdict.PASS,
    }


@pytest.mark.parametrize(
    ("worse", "missed"),
    [
        pytest.param({"wall_s": 20.1}, "10,000 tasks, 1,000 hosts, at once", id="seconds"),
        pytest.param({"cpu_s": 15.1}, "10,000 tasks, 1,000 hosts, at once: processor time of 1,000 tasks", id="growth"),
        pytest.param({"peak_mib": 4097}, "most memory: 10,000 tasks, 1,000 hosts, at once", id="memory"),
    ],
)
def test_a_bound_that_is_passed_is_a_miss(worse: dict[str, float], missed: str) -> None:
    found = verdicts(FIRST, replace(LARGER, **worse))  # type: ignore[arg-type]  # fields by name
    assert [measure for measure, verdict in found.items() if verdict is Verdict.MISS] == [missed]


@pytest.mark.parametrize(
    ("how", "rounds"),
    [
        pytest.param(AT_ONCE, 10, id="a fifth at a time: started and stopped five times"),
        pytest.param(WAYS_BACK, 10, id="with the ways back"),
    ],
)
def test_a_roll_goes_by_fifths_of_the_room(how: str, rounds: int) -> None:
    cost = cost_of(Size(tasks=10, hosts=2), how)
    assert (cost.tasks, cost.hosts, cost.how, cost.rounds) == (10, 2, how, rounds)


def test_tasks_move_one_by_one_by_chance() -> None:
    assert (rollout_of(Size(tasks=10, hosts=2), ONE_BY_ONE).jitter_percent > 0) is True
    assert rollout_of(Size(tasks=10, hosts=2), AT_ONCE).jitter_percent == 0

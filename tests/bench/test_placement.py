"""What the bench of placements decides: the same with and without the index, and nothing is left behind."""

import pytest

from bench.placement import NEED, ROOM, RUNNING, Way, filled, one_by_one, refused, together
from slipway.core.placing.placement import place
from tests.core.plain_placement import place_plainly

WAYS = [pytest.param(place, id="the index"), pytest.param(place_plainly, id="a plain scan")]


@pytest.mark.parametrize("way", WAYS)
def test_tasks_that_were_placed_are_removed_again(way: Way) -> None:
    snapshot = filled(3, RUNNING)
    before = list(snapshot.tasks)
    assert one_by_one(snapshot, way) == 3
    assert list(snapshot.tasks) == before


@pytest.mark.parametrize("way", WAYS)
def test_full_hosts_refuse_and_others_take_two_each(way: Way) -> None:
    assert refused(filled(3, ROOM), way) == 1
    assert together(filled(3, RUNNING), way) == 6


def test_motley_hosts_are_kinds_of_their_own() -> None:
    snapshot = filled(200, ROOM, is_motley=True)
    assert len(list(snapshot.host_order)) == 200
    assert place(snapshot, NEED, 1) == place_plainly(snapshot, NEED, 1)

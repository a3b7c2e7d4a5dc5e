"""When a target is reported draining and drained, each once."""

import pytest

from slipway.adapters.envoy_admin import HostStatus, HostStatuses
from slipway.adapters.envoy_draining import POLL_MOST_S, POLL_S, SETTLE_S, DrainWatch, rest_s
from slipway.core.model.load_balancing import Target, TargetState
from slipway.core.observations import TargetDrained, TargetDraining
from tests.adapters.balanced import Balanced, group_arn


def draining() -> Target:
    world = Balanced()
    world.target("web", 8001, TargetState.DRAINING)
    return world.snapshot.group_targets(group_arn("web"))[0]


def statuses(health: str, active: int) -> HostStatuses:
    return {(group_arn("web"), "127.0.0.1", 8001): HostStatus(eds_health=health, active_requests=active)}


def observed(watch: DrainWatch, seen: HostStatuses, monotonic: float) -> list[type]:
    return [type(found) for found in watch.observe(seen, monotonic=monotonic, at=1000 + monotonic)]


def test_a_target_drains_when_envoy_shows_it_and_is_drained_when_nothing_is_in_flight() -> None:
    watch = DrainWatch()
    watch.add(draining())
    assert observed(watch, statuses("HEALTHY", 1), 0) == []
    assert observed(watch, statuses("DRAINING", 1), 1) == [TargetDraining]
    assert observed(watch, statuses("DRAINING", 1), 2) == []
    assert observed(watch, statuses("DRAINING", 0), 3) == [TargetDrained]
    assert not watch
    assert observed(watch, statuses("DRAINING", 0), 4) == []


def test_the_requests_in_flight_are_those_envoy_told_last() -> None:
    watch, target = DrainWatch(), draining()
    assert watch.requests(target.key) is None
    watch.add(target)
    assert watch.requests(target.key) is None
    for count in (3, 1):
        observed(watch, statuses("DRAINING", count), 1)
        assert watch.requests(target.key) == count


def test_a_target_without_requests_is_drained_only_after_every_worker_heard_of_it() -> None:
    watch = DrainWatch()
    watch.add(draining())
    assert observed(watch, statuses("DRAINING", 0), 0) == [TargetDraining]
    assert observed(watch, statuses("DRAINING", 0), SETTLE_S / 2) == []
    assert observed(watch, statuses("DRAINING", 0), SETTLE_S) == [TargetDrained]


def test_a_target_that_envoy_does_not_have_is_drained_at_once() -> None:
    watch = DrainWatch()
    watch.add(draining())
    assert observed(watch, {}, 0) == [TargetDraining, TargetDrained]


def test_a_target_that_is_watched_already_is_reported_once() -> None:
    watch = DrainWatch()
    watch.add(draining())
    assert observed(watch, statuses("DRAINING", 1), 0) == [TargetDraining]
    watch.add(draining())
    assert observed(watch, statuses("DRAINING", 1), 1) == []


def test_a_target_that_was_registered_again_is_not_reported() -> None:
    watch = DrainWatch()
    watch.add(draining())
    watch.discard(draining().key)
    assert observed(watch, {}, 0) == []


@pytest.mark.parametrize(
    ("took_s", "rests_s"),
    [
        pytest.param(0.001, POLL_S, id="an idle Envoy is asked often"),
        pytest.param(0.02, 0.2, id="a busy one is spared"),
        pytest.param(5.0, POLL_MOST_S, id="one that did not answer is not left alone for long"),
    ],
)
def test_the_rest_between_two_questions(took_s: float, rests_s: float) -> None:
    assert rest_s(took_s) == pytest.approx(rests_s)
